"""Which commands may be one off: those that scale or transform, told by what they are."""

import pytest

from gspice.geometry import Point, Rect
from gspice.hosts.compare_sampling import allowed, samples
from gspice.pixels import BitmapFormat
from gspice.qxl import ops

BOX, SMALL = Rect(5, 5, 15, 13), Rect(0, 0, 5, 8)
SAME = Rect(1, 1, 11, 9)
IMAGE = ops.BitmapImage(
    id=0, flags=0, width=20, height=20, format=BitmapFormat.ARGB32, top_down=True, stride=80, data=bytes(1600)
)
MASK, BRUSH = ops.Mask(IMAGE), ops.Brush(2, 0, IMAGE)
ONE = 1 << 16
SRC, HAS_MASK, MASK_TRANSFORM = 1 << 20, 1 << 19, 1 << 21
SHIFTED = (ONE, 0, 3 * ONE, 0, ONE, -ONE)


def drawn(op: ops.Op) -> ops.Drawable:
    return ops.Drawable(surface_id=0, bbox=BOX, op=op)


def scaling(area: Rect) -> list[ops.Op]:
    return [
        ops.Copy(IMAGE, area, 8, 1, MASK),
        ops.Blend(IMAGE, area, 8, 0, MASK),
        ops.Opaque(IMAGE, area, BRUSH, 8, 0, MASK),
        ops.Rop3(IMAGE, area, BRUSH, 0xCC, 0, MASK),
        ops.Transparent(IMAGE, area, 0, 0),
        ops.AlphaBlend(0, 255, IMAGE, area),
    ]


def composite(
    flags: int, transform: tuple[int, ...] | None = None, mask_transform: tuple[int, ...] | None = None
) -> ops.Op:
    mask = IMAGE if flags & HAS_MASK else None
    return ops.Composite(flags | 3, IMAGE, mask, transform, mask_transform, Point(0, 0), Point(0, 0))


@pytest.mark.parametrize("number", range(6))
def test_areas_of_another_size_are_scaled(number: int) -> None:
    assert samples(drawn(scaling(SMALL)[number]))
    assert allowed(drawn(scaling(SMALL)[number])) == 1
    assert not samples(drawn(scaling(SAME)[number]))
    assert allowed(drawn(scaling(SAME)[number])) == 0


@pytest.mark.parametrize(
    "op",
    [
        ops.Fill(BRUSH, 8, MASK),
        ops.CopyBits(Point(0, 0)),
        ops.Invers(MASK),
        ops.Nop(),
        ops.Stroke((), 0, (), BRUSH, 8, 8),
        ops.Text(1, (), BOX, BRUSH, BRUSH, 8, 8),
    ],
)
def test_these_never_sample(op: ops.Op) -> None:
    assert not samples(drawn(op))


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (composite(0), False),
        (composite(SRC, (ONE, 0, 0, 0, ONE, 0)), False),
        (composite(SRC, SHIFTED), False),
        (composite(SRC, (ONE, 0, 3, 0, ONE, 0)), True),
        (composite(SRC, (2 * ONE, 0, 0, 0, ONE, 0)), True),
        (composite(SRC, (0, -ONE, 0, ONE, 0, 0)), True),
        (composite(0, (2 * ONE, 0, 0, 0, ONE, 0)), False),
        (composite(HAS_MASK | MASK_TRANSFORM, None, (ONE, 5, 0, 0, ONE, 0)), True),
        (composite(HAS_MASK | MASK_TRANSFORM, None, SHIFTED), False),
        (composite(MASK_TRANSFORM, None, (ONE, 5, 0, 0, ONE, 0)), False),
    ],
)
def test_composites_by_their_transforms(op: ops.Op, expected: bool) -> None:
    assert samples(drawn(op)) is expected
