"""STROKE: lines and curves of one pixel's width, plain or dashed.

Drawn as spice's canvas and its clients do, which took their lines from the X server. Two consequences: a line has no
pixel at its end, and ``back_mode`` is not looked at, for the gaps of a dashed line stay as they are.
"""

from gspice.errors import GuestError
from gspice.gpu.plans import stroke_dashes, stroke_lines
from gspice.gpu.plans.images import Target
from gspice.gpu.plans.path import flatten
from gspice.gpu.plans.rops import Ropd, rop_of
from gspice.gpu.plans.stroke_brush import ink_of
from gspice.gpu.plans.stroke_pen import Pen
from gspice.qxl.ops import Stroke

START_WITH_GAP = 4
STYLED = 8
MAX_COST = 1 << 24
"""Pixels that one command may draw: many times a screen's, yet less than a second's work."""


def draw_stroke(target: Target, op: Stroke) -> None:
    """Draw within the target's area.

    GuestError: the command makes no sense or would take too long. Nothing is drawn then.
    """
    if not target.area:
        return
    lines = flatten(op.path)
    ink = ink_of(target, op.brush)
    rop = rop_of(op.fore_mode, Ropd.INVERS_BRUSH)
    dashes, offset = dashes_of(op) if op.attr_flags & STYLED else (b"", 0)

    def draw(pen: Pen) -> None:
        if dashes:
            _check(stroke_dashes.cost(pen, lines, dashes))
            stroke_dashes.draw(pen, lines, dashes, offset)
        else:
            _check(stroke_lines.cost(pen, lines))
            stroke_lines.draw(pen, lines)

    target.painter.strokes(target.surface, target.area, rop, draw, *ink)


def dashes_of(op: Stroke) -> tuple[bytes, int]:
    """The dashes of a styled line in pixels, and how far into them each line of the path starts.

    Lengths are taken modulo 256, as clients do. GuestError: no length is left.
    """
    lengths = [(dash >> 4) + ((dash & 15) > 8) & 255 for dash in op.style]
    if not any(lengths):
        raise GuestError(f"line style {op.style} has no length in pixels")
    if not op.attr_flags & START_WITH_GAP:
        return bytes(lengths), 0
    # The gap that is to come first is the last dash of a round of which the first one is over.
    lengths.append(lengths.pop(0))
    return bytes(lengths), lengths[0]


def _check(cost: int) -> None:
    if cost > MAX_COST:
        raise GuestError(f"a line of {cost} pixels, more than {MAX_COST}")
