"""Which pixels are unknown: against a model that keeps a flag for every pixel."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.client.completeness import UnknownPixels
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops

WIDTH, HEIGHT = 6, 5
WHOLE = Rect(0, 0, WIDTH, HEIGHT)
PUT, XOR = 8, 64
Flags = set[tuple[int, int]]

rects = st.builds(
    Rect.sized, st.integers(0, WIDTH - 2), st.integers(0, HEIGHT - 2), st.integers(1, 2), st.integers(1, 2)
)
steps = st.tuples(st.sampled_from(["lost", "fill", "xor", "move", "copy"]), st.integers(0, 1), rects, rects)


def cells(rect: Rect) -> Flags:
    return {(x, y) for x in range(rect.left, rect.right) for y in range(rect.top, rect.bottom)}


def drawable(surface: int, box: Rect, op: ops.Op) -> ops.Drawable:
    return ops.Drawable(surface_id=surface, bbox=box, op=op)


def surface_copy(source: int, area: Rect) -> ops.Copy:
    image = ops.SurfaceImage(id=0, flags=0, width=WIDTH, height=HEIGHT, surface_id=source)
    return ops.Copy(image, area, PUT, 0, ops.Mask())


@given(st.lists(steps, max_size=12))
def test_the_model_agrees(script: list[tuple[str, int, Rect, Rect]]) -> None:
    unknown = UnknownPixels()
    model: list[Flags] = [set(), set()]
    for what, surface, box, other in script:
        mine = model[surface]
        if what == "lost":
            unknown.lost(surface, [box])
            mine |= cells(box)
        elif what == "fill":
            unknown.drawn(drawable(surface, box, ops.Fill(ops.Brush(1, 0), PUT, ops.Mask())), [box])
            mine -= cells(box)
        elif what == "xor":
            unknown.drawn(drawable(surface, box, ops.Fill(ops.Brush(1, 0), XOR, ops.Mask())), [box])
        elif what == "move":
            source = Rect.sized(other.left, other.top, box.width, box.height).intersect(WHOLE)
            target = Rect.sized(box.left, box.top, source.width, source.height)
            dx, dy = target.left - source.left, target.top - source.top
            op = ops.CopyBits(Point(source.left, source.top))
            unknown.drawn(drawable(surface, target, op), [target])
            moved = {(x + dx, y + dy) for x, y in mine & cells(source)}
            mine -= cells(target)
            mine |= moved
        else:
            source = Rect.sized(box.left, box.top, other.width, other.height).intersect(WHOLE)
            target = Rect.sized(other.left, other.top, source.width, source.height)
            unknown.drawn(drawable(surface, target, surface_copy(1 - surface, source)), [target])
            dx, dy = target.left - source.left, target.top - source.top
            mine -= cells(target)
            mine |= {(x + dx, y + dy) for x, y in model[1 - surface] & cells(source)}
        for number in (0, 1):
            region = unknown.of(number)
            assert {cell for cell in cells(WHOLE) if region.contains_point(cell[0], cell[1])} == model[number]


def test_masked_and_unknown_operations_make_nothing_known() -> None:
    unknown = UnknownPixels()
    unknown.lost(0, [WHOLE])
    image = ops.BitmapImage(
        id=0, flags=0, width=8, height=8, format=BitmapFormat.BIT1_LE, top_down=True, stride=1, data=bytes(8)
    )
    mask = ops.Mask(image, Point(0, 0), False)
    for op in (ops.Whiteness(mask), ops.Invers(ops.Mask()), ops.Blend(image, WHOLE, PUT, 0, ops.Mask())):
        unknown.drawn(drawable(0, WHOLE, op), [WHOLE])
        assert unknown.of(0).covers(WHOLE)
    unknown.drawn(drawable(0, WHOLE, ops.Whiteness(ops.Mask())), [WHOLE])
    assert not unknown.of(0)


def test_masks_and_patterns_that_are_unknown() -> None:
    unknown = UnknownPixels()
    unknown.lost(1, [Rect(0, 0, 1, 1)])
    image = ops.SurfaceImage(id=0, flags=0, width=WIDTH, height=HEIGHT, surface_id=1)
    for op in (
        ops.Whiteness(ops.Mask(image, Point(0, 0), False)),
        ops.Fill(ops.Brush(2, pattern=image), PUT, ops.Mask()),
    ):
        unknown.drawn(drawable(0, WHOLE, op), [WHOLE])
        assert unknown.of(0).covers(WHOLE)
        unknown.forget(0)


def test_a_copy_of_the_region_is_handed_out() -> None:
    unknown = UnknownPixels()
    unknown.lost(0, [WHOLE])
    unknown.of(0).clear()
    assert unknown.of(0)
    unknown.forget(0)
    assert not unknown.of(0)


def test_copies_from_far_away_that_draw_nothing() -> None:
    unknown = UnknownPixels()
    unknown.lost(0, [WHOLE])
    far = -(1 << 31)
    unknown.drawn(drawable(0, Rect(2, 2, 4, 4), ops.CopyBits(Point(far, far))), [])
    unknown.drawn(drawable(0, Rect(2, 2, 4, 4), surface_copy(0, Rect.sized(far, far, 2, 2))), [])
    assert unknown.of(0).rects() == [WHOLE]
