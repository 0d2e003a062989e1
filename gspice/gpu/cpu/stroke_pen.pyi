from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface

class Pen:
    """What lines are drawn with: where, in which colour or pattern, and by which rop of ``kernels``.

    ``area``: disjoint rectangles inside the surface, banded as ``Region.rects`` gives them. ``tile``: a surface
    of the same depth that repeats over the target from (``tile_x``, ``tile_y``); without it ``color`` is drawn.
    """

    def __init__(
        self,
        surface: Surface,
        area: Collection[Rect],
        rop: int,
        color: int = 0,
        tile: Surface | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
    ) -> None:
        """ValueError: the area is not as said, or the tile is of another depth or the surface itself."""
    def fill(self) -> None:
        """Draw the whole area."""
