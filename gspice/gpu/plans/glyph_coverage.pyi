from gspice.geometry import Rect
from gspice.qxl.ops import Glyph

def bounds(glyphs: tuple[Glyph, ...]) -> Rect:
    """The smallest rectangle around the boxes of all glyphs, empty ones included; needs one glyph."""

def coverage(glyphs: tuple[Glyph, ...], bits: int, window: Rect) -> bytes:
    """How much of each pixel of ``window`` the glyphs cover, 0 to 255, row by row; ``bits`` 1, 4 or 8 a pixel.

    GuestError: a glyph's data is shorter than its size needs. ValueError: other bits, or an empty window.
    """
