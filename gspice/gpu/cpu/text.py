"""TEXT: a background, and glyphs blended over it.

Drawn as spice's canvas and its clients do. So the rows of glyphs come bottom up whatever the TOP_DOWN flag says,
``back_mode`` is not looked at, and a pattern of the foreground begins at the corner of the string's bounds.
"""

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu import glyphs, kernels
from gspice.gpu.cpu.rops import ROP_COPY, Ropd
from gspice.gpu.cpu.sources import Surfaces
from gspice.gpu.cpu.stroke_brush import NONE, PATTERN, SOLID, alpha_color, alpha_tile, pen_of
from gspice.pixels import SurfaceSpec
from gspice.qxl.ops import Text

_RASTER_BITS = ((1, 1), (2, 4), (4, 8))
"""(flag, bits of one glyph pixel); the first flag that is set counts."""


def draw_text(
    surface: kernels.Surface, spec: SurfaceSpec, op: Text, area: list[Rect], surfaces: Surfaces
) -> list[Rect]:
    """Draw within ``area``: bounding box and clip, disjoint and banded, inside the surface; returns it.

    GuestError: the command makes no sense. Nothing is drawn then.
    """
    if not area:
        return []
    bits = next((bits for flag, bits in _RASTER_BITS if op.flags & flag), 0)
    if not bits:
        raise GuestError(f"string flags {op.flags:#x} name no glyph format")
    if op.fore_brush.type not in (NONE, SOLID, PATTERN):
        raise GuestError(f"no brush has type {op.fore_brush.type}")
    if not op.back_area.empty and op.fore_mode != Ropd.OP_PUT:
        raise GuestError(f"text with a background and fore_mode {op.fore_mode:#x}, which must be OP_PUT")
    back = _within(area, op.back_area)
    pen = pen_of(op.back_brush, surface, spec, back, ROP_COPY, surfaces) if back else None
    box = glyphs.bounds(op.glyphs) if op.glyphs else Rect(0, 0, 0, 0)
    seen = _within(area, box) if op.fore_brush.type != NONE else []
    tile = alpha_tile(op.fore_brush, spec.format, surfaces) if op.fore_brush.type == PATTERN else None
    window = _extents(seen)
    cover = glyphs.coverage(op.glyphs, bits, window) if seen else b""
    if pen is not None:
        pen.fill()
    if tile is not None:
        left, top = box.left + op.fore_brush.pos.x, box.top + op.fore_brush.pos.y
        glyphs.over_tile(surface, spec.format, seen, window, cover, tile, left, top)
    elif seen:
        color = alpha_color(op.fore_brush, spec.format)
        glyphs.over_color(surface, spec.format, seen, window, cover, color)
    return area


def _within(area: list[Rect], limit: Rect) -> list[Rect]:
    return [part for part in (rect.intersect(limit) for rect in area) if not part.empty]


def _extents(area: list[Rect]) -> Rect:
    out = Rect(0, 0, 0, 0)
    for rect in area:
        out = out.union(rect)
    return out
