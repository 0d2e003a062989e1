from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.pixels import SurfaceFormat

def over_color(
    target: Surface, form: SurfaceFormat, area: Collection[Rect], window: Rect, cover: bytes, color: int
) -> None:
    """Blend a colour, A8R8G8B8 with alpha already in its channels, over the area, as pixman's OVER does.

    ``cover`` is that of ``window``, in which every rectangle of the area must lie. What a pixel has beside its
    channels stays as it is in 32 bits, and becomes 0 in 16.
    """

def over_tile(
    target: Surface,
    form: SurfaceFormat,
    area: Collection[Rect],
    window: Rect,
    cover: bytes,
    tile: Surface,
    tile_x: int,
    tile_y: int,
) -> None:
    """Blend as ``over_color`` does, but pixels of a 32-bit surface of A8R8G8B8 that repeats from (tile_x, tile_y)."""
