"""Plans for the operations on whole bits: fills, copies, patterns, raster operations, colour keys.

A plan is made from a command without drawing anything: it tells the rectangles and how to draw them, or raises
GuestError for what cannot be drawn.
"""

from collections.abc import Callable
from typing import NamedTuple

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans import scaling
from gspice.gpu.plans.images import (
    MaskedArea,
    Origin,
    Target,
    check_picture,
    image_of,
    masked,
    within,
)
from gspice.gpu.plans.rops import ROP_CLEAR, ROP_COPY, ROP_DEST_TERMS, ROP_INVERT, ROP_SET, Ropd, rop_of
from gspice.gpu.plans.stroke import draw_stroke
from gspice.gpu.plans.text import draw_text
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import (
    Blackness,
    Blend,
    Brush,
    Copy,
    CopyBits,
    Fill,
    Invers,
    Mask,
    Opaque,
    Rop3,
    Stroke,
    Text,
    Transparent,
    Whiteness,
)


class Plan(NamedTuple):
    """What drawing a command would change, and how to do it."""

    rects: list[Rect]
    draw: Callable[[], None]
    opaque: bool = False
    """Whether nothing is left of what was in ``rects`` before, and nothing of it is read."""
    certain: bool = True
    """Whether drawing it cannot fail any more, but for want of memory."""


_BRUSH_NONE, _BRUSH_SOLID, _BRUSH_PATTERN = 0, 1, 2


def nothing(target: Target) -> Plan:
    """NOP."""
    return Plan([], lambda: None)


def fill(target: Target) -> Plan:
    """FILL."""
    op = target.drawable.op
    assert isinstance(op, Fill)
    where = masked(target, op.mask)
    paint = _brush(target, op.brush, rop_of(op.ropd, Ropd.INVERS_BRUSH), where)

    def draw() -> None:
        ready = paint()
        ready()

    return Plan(where.rects, draw)


def blackness(target: Target) -> Plan:
    """BLACKNESS."""
    op = target.drawable.op
    assert isinstance(op, Blackness)
    return _solid(target, ROP_CLEAR, op.mask)


def whiteness(target: Target) -> Plan:
    """WHITENESS."""
    op = target.drawable.op
    assert isinstance(op, Whiteness)
    return _solid(target, ROP_SET, op.mask)


def invers(target: Target) -> Plan:
    """INVERS."""
    op = target.drawable.op
    assert isinstance(op, Invers)
    return _solid(target, ROP_INVERT, op.mask)


def copy(target: Target) -> Plan:
    """COPY and BLEND, which are the same."""
    op = target.drawable.op
    assert isinstance(op, Copy | Blend)
    rop = rop_of(op.ropd, Ropd.INVERS_SRC)
    return _put(target, image_of(target, op.src), op.src_area, op.scale_mode, rop, masked(target, op.mask))


def copy_bits(target: Target) -> Plan:
    """COPY_BITS."""
    op, bbox = target.drawable.op, target.drawable.bbox
    assert isinstance(op, CopyBits)
    dx, dy = bbox.left - op.src.x, bbox.top - op.src.y
    if dx == dy == 0:
        return nothing(target)
    # Pixels that would come from outside the surface stay as they are.
    area = within(target.area, Rect.sized(dx, dy, target.spec.width, target.spec.height))
    return Plan(area, lambda: target.painter.move(target.surface, area, dx, dy))


def opaque(target: Target) -> Plan:
    """OPAQUE: the image is put, then the brush is combined into it."""
    op = target.drawable.op
    assert isinstance(op, Opaque)
    where = masked(target, op.mask)
    origin = image_of(target, op.src)
    put = _put(target, origin, op.src_area, op.scale_mode, ROP_COPY, where)
    paint = _brush(target, op.brush, rop_of(op.ropd, Ropd.INVERS_BRUSH, Ropd.INVERS_SRC), where)

    def draw() -> None:
        ready = paint()
        put.draw()
        ready()

    return Plan(where.rects, draw)


def transparent(target: Target) -> Plan:
    """TRANSPARENT: the pixels of one colour are left out. That colour is ``true_color``, for all depths; of pixels
    that are alpha alone it is those of 0."""
    op, bbox = target.drawable.op, target.drawable.bbox
    assert isinstance(op, Transparent)
    origin, part, area = image_of(target, op.src), op.src_area, target.area
    key = _color_key(op.true_color, target.spec.format)
    if (part.width, part.height) == (bbox.width, bbox.height):
        dx, dy = bbox.left - part.left, bbox.top - part.top
        area = within(area, origin.bounds.translate(dx, dy))

        def draw() -> None:
            needed = part.intersect(origin.bounds)
            if area:
                source, at = origin.pixels(needed)
                target.painter.colorkey(target.surface, area, source, dx + at.x, dy + at.y, key)

        return Plan(area, draw)
    check_picture(origin)
    way = scaling.stretch(part, bbox, scaling.NEAREST)

    def draw_scaled() -> None:
        source, at = scaling.scaled_source(target, origin, way, area)
        target.painter.colorkey(target.surface, area, source, at.x, at.y, key)

    return Plan(area, draw_scaled)


def rop3(target: Target) -> Plan:
    """ROP3: any function of pattern, source and destination.

    Clients have code only for the 218 functions that depend on all three; of others they must be sent pixels.
    """
    op, bbox = target.drawable.op, target.drawable.bbox
    assert isinstance(op, Rop3)
    origin, part, where = image_of(target, op.src), op.src_area, masked(target, op.mask)
    tile = _pattern(target, op.brush)
    code, color = op.rop3 & 0xFF, op.brush.color if op.brush.type == _BRUSH_SOLID else 0
    same_size = (part.width, part.height) == (bbox.width, bbox.height)
    way = None
    if not same_size:
        check_picture(origin)
        corner = Point(origin.bounds.left, origin.bounds.top)
        way = scaling.stretch_rounded(part, bbox, op.scale_mode, corner)
    elif not origin.bounds.contains(part):
        raise GuestError(f"source area {tuple(part)} is not inside {tuple(origin.bounds)}")

    def draw() -> None:
        if way is None:
            source, at = origin.pixels(part)
            dx, dy = bbox.left - part.left + at.x, bbox.top - part.top + at.y
        else:
            source, (dx, dy) = scaling.scaled_source(target, origin, way, where.rects)
        pattern = None if tile is None else tile.pixels(tile.bounds)[0]
        target.painter.rop3(
            target.surface, where.rects, source, dx, dy, code, color, pattern, *op.brush.pos, where.mask,
            where.dx, where.dy
        )  # fmt: skip

    return Plan(where.rects, draw)


def _solid(target: Target, rop: int, mask: Mask) -> Plan:
    where = masked(target, mask)
    return Plan(where.rects, _filler(target, 0, rop, where))


def _filler(target: Target, color: int, rop: int, where: MaskedArea) -> Callable[[], None]:
    return lambda: target.painter.fill(
        target.surface, where.rects, color, rop, where.mask, where.dx, where.dy
    )


def _brush(target: Target, brush: Brush, rop: int, where: MaskedArea) -> Callable[[], Callable[[], None]]:
    """Combine a brush with what is there, in two steps: the first reads a pattern. No brush is one of zeros."""
    tile = _pattern(target, brush)
    if tile is None:
        # The colour is a pixel of the surface as it stands: 16-bit surfaces take its low 16 bits, not RRGGBB.
        # So do spice's canvas and its clients.
        color = brush.color if brush.type == _BRUSH_SOLID else 0
        return lambda: _filler(target, color, rop, where)

    def ready() -> Callable[[], None]:
        pattern, _ = tile.pixels(tile.bounds)
        x, y = brush.pos
        return lambda: target.painter.tile(
            target.surface, where.rects, pattern, x, y, rop, where.mask, where.dx, where.dy
        )

    return ready


def _pattern(target: Target, brush: Brush) -> Origin | None:
    if brush.type in (_BRUSH_NONE, _BRUSH_SOLID):
        return None
    if brush.type != _BRUSH_PATTERN or brush.pattern is None:
        raise GuestError(f"brush of type {brush.type} is not known, or has no pattern")
    return image_of(target, brush.pattern)


def _put(target: Target, origin: Origin, part: Rect, scale_mode: int, rop: int, where: MaskedArea) -> Plan:
    """Combine an image with what is there, scaled where its area is of another size than the bounding box."""
    bbox = target.drawable.bbox
    if (part.width, part.height) != (bbox.width, bbox.height):
        return _put_scaled(target, origin, part, scale_mode, rop, where)
    dx, dy = bbox.left - part.left, bbox.top - part.top
    # Where the source area leaves the image nothing is drawn.
    rects = within(where.rects, origin.bounds.translate(dx, dy))

    def draw() -> None:
        if rects:
            source, at = origin.pixels(part.intersect(origin.bounds))
            target.painter.blit(
                target.surface, rects, source, dx + at.x, dy + at.y, rop, where.mask, where.dx, where.dy
            )

    return Plan(rects, draw, opaque=where.unmasked and not rop & ROP_DEST_TERMS)


def _put_scaled(
    target: Target, origin: Origin, part: Rect, scale_mode: int, rop: int, where: MaskedArea
) -> Plan:
    check_picture(origin)
    way = scaling.stretch(part, target.drawable.bbox, scale_mode)
    if rop == ROP_COPY:
        covering = where.unmasked
        return Plan(where.rects, lambda: scaling.put_scaled(target, origin, way, where), opaque=covering)

    def draw() -> None:
        source, (dx, dy) = scaling.scaled_source(target, origin, way, where.rects)
        target.painter.blit(target.surface, where.rects, source, dx, dy, rop, where.mask, where.dx, where.dy)

    return Plan(where.rects, draw)


def _color_key(color: int, form: SurfaceFormat) -> int:
    match form:
        case SurfaceFormat.RGB555:
            return color >> 9 & 0x7C00 | color >> 6 & 0x3E0 | color >> 3 & 0x1F
        case SurfaceFormat.RGB565:
            return color >> 8 & 0xF800 | color >> 5 & 0x7E0 | color >> 3 & 0x1F
        case SurfaceFormat.XRGB32 | SurfaceFormat.ARGB32:
            return color
        case _:
            return 0


def stroke(target: Target) -> Plan:
    """STROKE."""
    op = target.drawable.op
    assert isinstance(op, Stroke)

    def draw() -> None:
        draw_stroke(target, op)

    return Plan(target.area, draw, certain=False)


def text(target: Target) -> Plan:
    """TEXT."""
    op = target.drawable.op
    assert isinstance(op, Text)

    def draw() -> None:
        draw_text(target, op)

    return Plan(target.area, draw, certain=False)
