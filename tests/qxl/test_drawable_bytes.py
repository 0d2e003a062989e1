"""What commands hold in memory, for every kind of operation."""

from collections.abc import Callable

import pytest

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.qxl.drawable_bytes import drawable_bytes

AREA = Rect(0, 0, 8, 8)
SIZE = 100_000


def bitmap(size: int = SIZE) -> ops.BitmapImage:
    return ops.BitmapImage(
        id=1,
        flags=0,
        width=1,
        height=1,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=size,
        data=bytes(size),
    )


def encoded() -> ops.EncodedImage:
    return ops.EncodedImage(id=1, flags=0, width=1, height=1, type=1, data=bytes(SIZE))


NOTHING = ops.SurfaceImage(id=1, flags=0, width=8, height=8, surface_id=3)
PLAIN, PATTERN = ops.Brush(1, 0xFF), ops.Brush(2, 0, bitmap())
NO_MASK, MASK = ops.Mask(), ops.Mask(bitmap())
PATH = tuple(ops.PathSegment(1, ((1, 2),) * 100) for _ in range(10))
GLYPHS = (ops.Glyph(Point(0, 0), Point(0, 0), 8, 8, bytes(SIZE)),)

LARGE: dict[str, Callable[[], ops.Op]] = {
    "fill with a pattern": lambda: ops.Fill(PATTERN, 8, NO_MASK),
    "fill with a mask": lambda: ops.Fill(PLAIN, 8, MASK),
    "opaque, its image": lambda: ops.Opaque(bitmap(), AREA, PLAIN, 8, 0, NO_MASK),
    "opaque, its brush": lambda: ops.Opaque(NOTHING, AREA, PATTERN, 8, 0, NO_MASK),
    "opaque, its mask": lambda: ops.Opaque(NOTHING, AREA, PLAIN, 8, 0, MASK),
    "copy": lambda: ops.Copy(bitmap(), AREA, 8, 0, NO_MASK),
    "copy of an encoded image": lambda: ops.Copy(encoded(), AREA, 8, 0, NO_MASK),
    "copy with a mask": lambda: ops.Copy(NOTHING, AREA, 8, 0, MASK),
    "blend": lambda: ops.Blend(bitmap(), AREA, 8, 0, NO_MASK),
    "blackness": lambda: ops.Blackness(MASK),
    "whiteness": lambda: ops.Whiteness(MASK),
    "invers": lambda: ops.Invers(MASK),
    "rop3, its image": lambda: ops.Rop3(bitmap(), AREA, PLAIN, 0xCC, 0, NO_MASK),
    "rop3, its brush": lambda: ops.Rop3(NOTHING, AREA, PATTERN, 0xCC, 0, NO_MASK),
    "stroke, its path": lambda: ops.Stroke(PATH, 0, (), PLAIN, 8, 8),
    "stroke, its brush": lambda: ops.Stroke((), 0, (), PATTERN, 8, 8),
    "stroke, its dashes": lambda: ops.Stroke((), 0, (16,) * 1000, PLAIN, 8, 8),
    "text, its glyphs": lambda: ops.Text(4, GLYPHS, AREA, PLAIN, PLAIN, 8, 8),
    "text, its brush": lambda: ops.Text(4, (), AREA, PATTERN, PLAIN, 8, 8),
    "text, its ground": lambda: ops.Text(4, (), AREA, PLAIN, PATTERN, 8, 8),
    "transparent": lambda: ops.Transparent(bitmap(), AREA, 1, 2),
    "alpha blend": lambda: ops.AlphaBlend(0, 9, bitmap(), AREA),
    "composite, its image": lambda: ops.Composite(0, bitmap(), None, None, None, Point(0, 0), Point(0, 0)),
    "composite, its mask": lambda: ops.Composite(0, NOTHING, bitmap(), None, None, Point(0, 0), Point(0, 0)),
}


@pytest.mark.parametrize("what", LARGE)
def test_what_is_large_counts(what: str) -> None:
    drawable = ops.Drawable(surface_id=0, bbox=AREA, op=LARGE[what]())
    assert SIZE <= drawable_bytes(drawable) < 1.5 * SIZE


def test_every_kind_of_operation_is_tried() -> None:
    tried = {type(make()) for make in LARGE.values()}
    assert tried == set(ops.Op.__subclasses__()) - {ops.Nop, ops.CopyBits}


@pytest.mark.parametrize("op", [ops.Nop(), ops.CopyBits(Point(1, 1)), ops.Fill(PLAIN, 8, NO_MASK)])
def test_what_owns_nothing_counts_nothing(op: ops.Op) -> None:
    assert drawable_bytes(ops.Drawable(surface_id=0, bbox=AREA, op=op)) == 0


def test_a_clip_counts_with_every_kind() -> None:
    for op in (ops.CopyBits(Point(1, 1)), ops.Fill(PLAIN, 8, NO_MASK)):
        assert drawable_bytes(ops.Drawable(surface_id=0, bbox=AREA, op=op, clip=(AREA,) * 1000)) >= SIZE
