"""Surfaces in memory and the loops that draw on them. Long calls release the GIL; one thread per surface.

Everything here checks its rectangles and lengths and raises ValueError where they do not fit: what the
guest may get wrong must have been refused before.
"""

from collections.abc import Collection
from enum import IntEnum

from gspice.geometry import Rect
from gspice.gpu.plans import formats

Fetch: type[IntEnum]
"""The numbers of ``formats.Fetch`` as the loops have them."""
Pack: type[IntEnum]
"""Those of ``formats.Pack``."""

class Surface:
    """Pixels of 1, 8, 16 or 32 bits, zero at first; rows top-down, on 16-byte boundaries.

    MemoryError: none left.
    """

    width: int
    height: int
    bits: int
    stride: int
    def __init__(self, width: int, height: int, bits: int) -> None: ...
    def load(self, data: bytes, stride: int) -> None:
        """Take all pixels from rows ``stride`` bytes apart."""
    def read(self, rect: Rect) -> bytes:
        """A copy of a rectangle, rows without padding."""
    def view(self) -> memoryview:
        """All pixels where they lie, read-only; keeps the surface's memory alive."""

class Source:
    """Pixels to copy from (or a mask), kept alive and not copied.

    ``opaque``: RGB24 and XRGB32 get 0xff as their high byte.
    """

    width: int
    height: int
    def __init__(
        self,
        pixels: bytes | Surface,
        width: int,
        height: int,
        stride: int,
        *,
        fetch: formats.Fetch,
        pack: formats.Pack,
        top_down: bool = True,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> None: ...

def fill(
    target: Surface,
    rects: Collection[Rect],
    color: int,
    rop: int,
    mask: Source | None = None,
    mask_dx: int = 0,
    mask_dy: int = 0,
) -> None:
    """Combine one colour, whose low bits are a pixel of the target, with the rectangles.

    ``rop`` (0 to 15) says how, bit by bit: 1 ones, 2 source, 4 destination, 8 source and destination,
    the chosen terms xored. ``mask``: a LUT1 source with entries 0 and 0xffffffff; its pixel for (x, y) is at
    (x - mask_dx, y - mask_dy).
    """

def blit(
    target: Surface,
    rects: Collection[Rect],
    source: Source,
    dx: int,
    dy: int,
    rop: int,
    mask: Source | None = None,
    mask_dx: int = 0,
    mask_dy: int = 0,
) -> None:
    """Combine source pixels with the rectangles: the one for (x, y) is at (x - dx, y - dy) of the source."""

def move(target: Surface, rects: Collection[Rect], dx: int, dy: int) -> None:
    """Copy within a surface: (x, y) becomes what (x - dx, y - dy) was before the call.

    The rectangles must be banded: disjoint, and those that share one row share all of them, as
    ``Region.rects`` gives them.
    """
