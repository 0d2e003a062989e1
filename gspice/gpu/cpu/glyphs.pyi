from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import Glyph

def bounds(glyphs: tuple[Glyph, ...]) -> Rect:
    """The smallest rectangle around the boxes of all glyphs, empty ones included; needs one glyph."""

def coverage(glyphs: tuple[Glyph, ...], bits: int, window: Rect) -> bytes:
    """How much of each pixel of ``window`` the glyphs cover, 0 to 255, row by row; ``bits`` 1, 4 or 8 a pixel.

    GuestError: a glyph's data is shorter than its size needs. ValueError: other bits, or an empty window.
    """

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
