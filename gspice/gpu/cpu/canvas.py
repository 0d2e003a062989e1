"""The canvas that draws in main memory: the oracle of all others, and what is used where there is no GPU."""

import platform
from collections.abc import Sequence

from gspice.codec.image import decode as decode_image
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, CanvasCaps, DrawOutcome
from gspice.gpu.cpu import kernels
from gspice.gpu.cpu.batch import draw_batch
from gspice.gpu.cpu.painter import CpuPainter
from gspice.gpu.plans.painting import Plan
from gspice.gpu.plans.planners import plan, visible
from gspice.gpu.plans.reads import Decoder, surfaces_read
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import Drawable

MAX_SIDE = 32767
"""Width and height of a surface: coordinates in pixman and in clients are 16 bits wide."""
MAX_SURFACE_BYTES = 1 << 30
"""Memory of one surface: more than any guest display needs, less than what would starve the host."""


class CpuCanvas(Canvas):
    """Draws at once, in the caller's thread, and lets other threads run while large areas are drawn."""

    caps = CanvasCaps(
        name=CpuPainter.name,
        device=platform.machine(),
        surface_formats=frozenset(SurfaceFormat),
        max_width=MAX_SIDE,
        max_height=MAX_SIDE,
    )

    def __init__(self, decode: Decoder = decode_image) -> None:
        """``decode``: what makes pixels of images that the guest compressed."""
        self._decode, self._painter = decode, CpuPainter()
        self._surfaces: dict[int, tuple[kernels.Surface, SurfaceSpec]] = {}
        self.culled = 0
        """Commands that were not drawn so far because later ones of the same batch cover them whole."""

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """See Canvas; a ``stride`` of 0: rows without padding. GuestError also where memory is used up."""
        width, height, surface_format = spec
        if surface_id in self._surfaces:
            raise GuestError(f"surface {surface_id} exists already")
        if surface_format not in self.caps.surface_formats:
            raise GuestError(f"surface {surface_id} of unknown format {surface_format}")
        if not (0 < width <= self.caps.max_width and 0 < height <= self.caps.max_height):
            raise GuestError(f"surface {surface_id} of {width}x{height}: sides go from 1 to {MAX_SIDE}")
        bits = surface_format.bits_per_pixel
        tight = row_bytes(width, bits)
        if tight * height > MAX_SURFACE_BYTES:
            raise GuestError(f"surface {surface_id} of {width}x{height} takes over {MAX_SURFACE_BYTES} bytes")
        try:
            surface = kernels.Surface(width, height, bits)
            if data is not None:
                surface.load(data, stride or tight)
        except MemoryError as error:
            raise GuestError(f"surface {surface_id}: {error}") from error
        except (ValueError, OverflowError) as error:
            raise GuestError(f"data of surface {surface_id}: {error}") from error
        self._surfaces[surface_id] = surface, SurfaceSpec(width, height, surface_format)

    def destroy_surface(self, surface_id: int) -> None:
        """See Canvas."""
        if self._surfaces.pop(surface_id, None) is None:
            raise GuestError(f"surface {surface_id} does not exist")

    def surfaces(self) -> dict[int, SurfaceSpec]:
        """See Canvas."""
        return {surface_id: spec for surface_id, (_, spec) in self._surfaces.items()}

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """See Canvas. What is not drawn says why: an op not known here, or a command that makes no sense."""
        outcomes, culled = draw_batch(self._surfaces, batch, self._plan, visible, surfaces_read)
        self.culled += culled
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """See Canvas; the rows have no padding."""
        surface, spec = self._find(surface_id)
        try:
            data = surface.read(rect)
        except (ValueError, OverflowError) as error:
            raise GuestError(f"surface {surface_id}: {error}") from error
        return Pixels(rect.width, rect.height, row_bytes(rect.width, surface.bits), spec.format, data)

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        """See Canvas."""
        surface, _ = self._find(surface_id)
        return surface.view(), surface.stride

    def close(self) -> None:
        """Free all surfaces."""
        self._surfaces.clear()

    def _find(self, surface_id: int) -> tuple[kernels.Surface, SurfaceSpec]:
        found = self._surfaces.get(surface_id)
        if found is None:
            raise GuestError(f"surface {surface_id} does not exist")
        return found

    def _plan(self, drawable: Drawable) -> Plan:
        return plan(drawable, self._surfaces, self._painter, self._decode)
