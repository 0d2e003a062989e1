"""How much memory a parsed command holds: batches of them are bounded by it."""

from gspice.qxl.ops import Drawable

def drawable_bytes(drawable: Drawable) -> int:
    """Bytes of all images, masks, patterns, paths, glyphs and clip rectangles that the command owns.

    Counted are pixels, and for each small object what Python takes for it, roughly; a plain fill or copy within a
    surface counts nothing.
    """
