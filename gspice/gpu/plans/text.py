"""TEXT: a background, and glyphs blended over it.

Drawn as spice's canvas and its clients do. So the rows of glyphs come bottom up whatever the TOP_DOWN flag says,
``back_mode`` is not looked at, and a pattern of the foreground begins at the corner of the string's bounds.
"""

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.plans import glyph_coverage
from gspice.gpu.plans.images import Target, within
from gspice.gpu.plans.rops import ROP_COPY, Ropd
from gspice.gpu.plans.sources import surface_source
from gspice.gpu.plans.stroke_brush import NONE, PATTERN, SOLID, Ink, alpha_color, alpha_tile, ink_of
from gspice.qxl.ops import Text

_RASTER_BITS = ((1, 1), (2, 4), (4, 8))
"""(flag, bits of one glyph pixel); the first flag that is set counts."""


def draw_text(target: Target, op: Text) -> None:
    """Draw within the target's area.

    GuestError: the command makes no sense. Nothing is drawn then.
    """
    area, painter = target.area, target.painter
    if not area:
        return
    bits = next((bits for flag, bits in _RASTER_BITS if op.flags & flag), 0)
    if not bits:
        raise GuestError(f"string flags {op.flags:#x} name no glyph format")
    if op.fore_brush.type not in (NONE, SOLID, PATTERN):
        raise GuestError(f"no brush has type {op.fore_brush.type}")
    if not op.back_area.empty and op.fore_mode != Ropd.OP_PUT:
        raise GuestError(f"text with a background and fore_mode {op.fore_mode:#x}, which must be OP_PUT")
    back = within(area, op.back_area)
    ink = ink_of(target, op.back_brush) if back else None
    box = glyph_coverage.bounds(op.glyphs) if op.glyphs else Rect(0, 0, 0, 0)
    seen = within(area, box) if op.fore_brush.type != NONE else []
    tile = alpha_tile(target, op.fore_brush) if op.fore_brush.type == PATTERN else None
    window = _extents(seen)
    cover = glyph_coverage.coverage(op.glyphs, bits, window) if seen else b""
    if ink is not None:
        _fill(target, back, ink)
    form = target.spec.format
    if not seen:
        return
    if tile is not None:
        left, top = box.left + op.fore_brush.pos.x, box.top + op.fore_brush.pos.y
        painter.glyphs_tile(target.surface, form, seen, window, cover, tile, left, top)
    else:
        color = alpha_color(op.fore_brush, form)
        painter.glyphs_color(target.surface, form, seen, window, cover, color)


def _fill(target: Target, area: list[Rect], ink: Ink) -> None:
    painter, form = target.painter, target.spec.format
    color, tile, x, y = ink
    if tile is None:
        painter.fill(target.surface, area, color, ROP_COPY)
    else:
        painter.tile(target.surface, area, surface_source(painter, tile, form, form), x, y, ROP_COPY)


def _extents(area: list[Rect]) -> Rect:
    out = Rect(0, 0, 0, 0)
    for rect in area:
        out = out.union(rect)
    return out
