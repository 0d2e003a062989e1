"""What a batch draws, written down for the shader."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Self

from gspice.geometry import Rect

class GpuSurface:
    """Pixels on the device, one word each, rows without padding from word ``offset`` of the buffer of surfaces on."""

    width: int
    height: int
    bits: int
    offset: int
    """Below 0: its pixels are not on the device now."""
    batch: int
    """Rises with each list that draws on it or reads it."""
    def __init__(self, width: int, height: int, bits: int, offset: int) -> None: ...

class GpuSource:
    """Pixels to copy from, or a mask: bytes that go to the device with the batch, or a surface as a whole.

    ``fetch`` and ``pack``: as in plans.formats. ``key``: bytes of one key are likely to come again. ValueError:
    numbers that do not fit.
    """

    width: int
    height: int
    data: bytes | None
    size: int
    """Bytes of ``data``."""
    surface: GpuSurface | None
    lut: tuple[int, ...]
    """As long as indices go, or empty where there are none."""
    key: Hashable
    arguments: Mapping[str, Any]
    """Of the constructor, but for pixels and size."""
    def __init__(
        self,
        pixels: bytes | GpuSurface,
        width: int,
        height: int,
        stride: int,
        *,
        fetch: int,
        pack: int,
        top_down: bool = True,
        lut: Collection[int] = (),
        opaque: bool = False,
        key: Hashable = None,
    ) -> None: ...
    def sampled(
        self,
        form: int,
        repeat: int,
        bilinear: bool,
        component_alpha: bool,
        transform: tuple[int, ...] | None = None,
    ) -> Self:
        """The same pixels, to be composited: taken for SurfaceFormat ``form``."""

class PrimitiveList:
    """Primitives in the order in which they are drawn. ``binning.Binning`` finds out how."""

    commands_held: int
    """How often something was added."""
    weight: int
    """Tiles that all primitives touch, each for itself: what the binning may take in time and memory."""
    data_bytes: int
    """Of the sources."""
    def clear(self) -> None:
        """Forget all."""
    def __len__(self) -> int:
        """Rectangles."""
    def add(
        self,
        kind: int,
        target: GpuSurface,
        boxes: Collection[Rect] | bytes,
        *,
        rop: int = 0,
        code: int = 0,
        color: int = 0,
        source: GpuSource | None = None,
        dx: int = 0,
        dy: int = 0,
        whole: bool = False,
        mask: GpuSource | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
        mask_whole: bool = False,
        pattern: GpuSource | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
        form: int = 0,
        alpha: int = 255,
        sampled: bool = False,
        opaque: bool = False,
    ) -> None:
        """A primitive for each box: rectangles, or bytes as ``RecordingPen.boxes`` gives them.

        ``opaque``: nothing is left of what was in the boxes. ``sampled``: source and mask need not cover them.
        ``whole``, ``mask_whole``: they may be read anywhere. ValueError: something does not fit, or a surface is to be
        read where it is drawn on; nothing is added then.
        """
    def holds(self, surface: GpuSurface) -> bool:
        """Whether anything here draws on it or reads it."""
    def end(self, surface: GpuSurface) -> None:
        """Nobody looks at this surface any more once the list is drawn."""
    def used_sources(self) -> dict[int, GpuSource]:
        """After the binning: the sources of what is left to draw, by index."""
    def place(self, index: int, data_offset: int, lut_offset: int) -> None:
        """Say where a source's bytes (in bytes) and its table (in words) lie in the buffer of data."""
    def parts(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Commands, sources, surfaces and rectangles, as the shader reads them."""
