"""What planners draw with: the primitives of one backend, over surfaces and sources that only it looks into.

A painter may draw at once, or write down what is to be drawn and draw it later. So planners never see a pixel, and:

- Plans are made for a whole batch before anything of it is drawn; then each plan's ``draw`` is called, once and in
  order, on one thread. Only ``draw`` calls primitives, ``snapshot``, ``scratch`` and ``any_high_byte``; sources of
  bitmaps and surfaces are also made while planning, and some of them are never drawn.
- Each primitive sees what all earlier ones have drawn. A source of a surface has the pixels of the moment when a
  primitive reads it, a snapshot those of the moment when it was made.
- Snapshots and scratch surfaces belong to the command that makes them: after its ``draw`` returned or raised, no
  primitive reads or writes them, and the painter may use their memory for the next command.
- Bytes that were given to ``source`` or to a primitive never change; a painter that keeps them need not copy them.

Rectangles lie inside the target and, where a primitive reads a source at an offset, the source covers them; a mask
covers them as well. The target of a primitive is never its source, its mask or its pattern.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from gspice.geometry import Rect
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.stroke_pen import Pen
from gspice.pixels import SurfaceFormat


class SurfaceHandle(Protocol):
    """A surface as planners know it; which pixels it holds is known to the painter alone."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def bits(self) -> int:
        """Of one pixel: 1, 8, 16 or 32."""


class SourceHandle(Protocol):
    """Pixels to copy from, or a mask: what ``source``, ``surface_source`` and ``snapshot`` return."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


SurfaceT = TypeVar("SurfaceT", bound=SurfaceHandle)
SourceT = TypeVar("SourceT", bound=SourceHandle)

Transform = tuple[int, ...]
"""t00 t01 t02 t10 t11 t12 in 16.16 fixed point, as in RENDER: where a pixel is read, from where it is drawn."""


class Picture(NamedTuple):
    """Pixels to be composited, and how they are sampled; beyond them there is transparent black, or they repeat."""

    pixels: Any
    """A surface, which is read as it is when composited, or a source."""
    form: SurfaceFormat
    """What the pixels, packed as the source says, are taken for."""
    part: Rect
    """What is read at most, in pixels of the source; pixels beyond it may be anything, unless it is all there is."""
    transform: Transform | None = None
    repeat: int = 0
    """NONE 0, NORMAL 1, PAD 2, REFLECT 3."""
    filtering: int = 3
    """FAST 0, GOOD 1, BEST 2, NEAREST 3, BILINEAR 4."""
    component_alpha: bool = False
    """Whether as a mask it has one alpha for each channel."""
    alpha_if: Any = False
    """What ``any_high_byte`` gave: where that holds, pixels of XRGB32 are taken for ARGB32."""


class Painter(ABC, Generic[SurfaceT, SourceT]):
    """Draws on the surfaces of one canvas. GuestError or MemoryError: this command cannot be drawn, others can.

    ``rop`` (0 to 15) combines source and destination bit by bit: 1 ones, 2 source, 4 destination, 8 source and
    destination, the chosen terms xored. ``mask``: a LUT1 source with entries 0 and 0xffffffff; its pixel for (x, y)
    is at (x - mask_dx, y - mask_dy).
    """

    name: str
    """The canvas's name as the operator gives it, for what it tells of commands that it does not draw."""

    @abstractmethod
    def source(
        self,
        data: bytes,
        width: int,
        height: int,
        stride: int,
        *,
        fetch: Fetch,
        pack: Pack,
        top_down: bool = True,
        lut: Collection[int] = (),
        opaque: bool = False,
        key: Hashable = None,
    ) -> SourceT:
        """The pixels of a bitmap, rows ``stride`` bytes apart; ``opaque``: RGB24 and XRGB32 get 0xff on top.

        ``lut``: up to 256 entries; what is beyond them is 0. ``key``: the guest says that it will send these bytes
        again, under this key; it may lie. ValueError, OverflowError: numbers that do not fit.
        """

    @abstractmethod
    def surface_source(
        self, surface: SurfaceT, *, fetch: Fetch, pack: Pack, lut: Collection[int] = (), opaque: bool = False
    ) -> SourceT:
        """All pixels of a surface, as they are whenever a primitive reads them."""

    @abstractmethod
    def snapshot(
        self,
        surface: SurfaceT,
        rect: Rect,
        *,
        fetch: Fetch,
        pack: Pack,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> SourceT:
        """The pixels of a rectangle as they are now; its upper left one is the source's (0, 0)."""

    @abstractmethod
    def scratch(self, width: int, height: int, bits: int) -> SurfaceT:
        """A surface of zeros that lives while one command is drawn."""

    @abstractmethod
    def any_high_byte(self, surface: SurfaceT, rect: Rect) -> Any:
        """Whether, as it is now, any pixel of 32 bits in ``rect`` has a bit set in its high byte.

        A bool, or what the painter will know as one when a picture's ``alpha_if`` has it.
        """

    @abstractmethod
    def fill(
        self,
        target: SurfaceT,
        rects: Collection[Rect],
        color: int,
        rop: int,
        mask: SourceT | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """Combine one colour, whose low bits are a pixel of the target, with the rectangles."""

    @abstractmethod
    def blit(
        self,
        target: SurfaceT,
        rects: Collection[Rect],
        source: SourceT,
        dx: int,
        dy: int,
        rop: int,
        mask: SourceT | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """Combine source pixels with the rectangles: the one for (x, y) is at (x - dx, y - dy) of the source."""

    @abstractmethod
    def move(self, target: SurfaceT, rects: Collection[Rect], dx: int, dy: int) -> None:
        """Copy within a surface: (x, y) becomes what (x - dx, y - dy) was before the call; banded rectangles."""

    @abstractmethod
    def tile(
        self,
        target: SurfaceT,
        rects: Collection[Rect],
        pattern: SourceT,
        tile_x: int,
        tile_y: int,
        rop: int,
        mask: SourceT | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """Combine a pattern that repeats without end, its upper left pixel at (tile_x, tile_y) of the target."""

    @abstractmethod
    def colorkey(
        self, target: SurfaceT, rects: Collection[Rect], source: SourceT, dx: int, dy: int, key: int
    ) -> None:
        """Copy the source's pixels but for those equal to ``key``; of 32-bit pixels only the low 24 bits count."""

    @abstractmethod
    def rop3(
        self,
        target: SurfaceT,
        rects: Collection[Rect],
        source: SourceT,
        dx: int,
        dy: int,
        code: int,
        color: int = 0,
        pattern: SourceT | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
        mask: SourceT | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """Combine pattern (or ``color``), source and destination bit by bit.

        Bit ``4 * pattern + 2 * source + destination`` of ``code`` (0 to 255) is the result.
        """

    @abstractmethod
    def composite(
        self,
        op: int,
        picture: Picture,
        target: SurfaceT,
        form: SurfaceFormat,
        rects: Collection[Rect],
        dest: Rect,
        *,
        src_x: int = 0,
        src_y: int = 0,
        mask: Picture | None = None,
        mask_x: int = 0,
        mask_y: int = 0,
        alpha: int = 255,
    ) -> None:
        """PIXMAN_OP_* into ``dest`` of a target that is read and written as of format ``form``, only in ``rects``.

        The pixel at the corner of ``dest`` is sampled at (src_x, src_y). Without a mask ``alpha`` counts as one of
        that value everywhere.
        """

    @abstractmethod
    def glyphs_color(
        self,
        target: SurfaceT,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        color: int,
    ) -> None:
        """Blend a colour, A8R8G8B8 with alpha already in its channels, over the rectangles as pixman's OVER does.

        ``cover``: one byte for each pixel of ``window``, in which all rectangles lie. What a pixel has beside its
        channels stays as it is in 32 bits, and becomes 0 in 16.
        """

    @abstractmethod
    def glyphs_tile(
        self,
        target: SurfaceT,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        tile: SurfaceT,
        tile_x: int,
        tile_y: int,
    ) -> None:
        """The same with pixels of a scratch surface of A8R8G8B8 that repeats from (tile_x, tile_y)."""

    @abstractmethod
    def strokes(
        self,
        target: SurfaceT,
        rects: Collection[Rect],
        rop: int,
        draw: Callable[[Pen], None],
        color: int = 0,
        tile: SurfaceT | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
    ) -> None:
        """Let ``draw`` draw with a pen in banded rectangles; nothing is drawn where it raises before it draws.

        Spans count in the order in which the pen draws them, a pixel as often as it is drawn. The pen's colour is
        ``color``, or the pixels of a scratch surface of the target's depth that repeats from (tile_x, tile_y). Who
        draws later gives ``draw`` a RecordingPen and takes its ``boxes``.
        """


AnyPainter = Painter[Any, Any]
"""What planners are given: they join handles of one painter only, and never look into them."""
