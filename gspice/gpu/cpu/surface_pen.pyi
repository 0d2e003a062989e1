from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.stroke_pen import Pen

class SurfacePen(Pen):
    """A pen that draws at once, in a colour or a pattern, by a rop of ``kernels``.

    ``area`` as for Pen. ``tile``: a surface of the same depth that repeats over the target from (``tile_x``,
    ``tile_y``); without it ``color`` is drawn.
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
