"""Region against a set of pixels."""

import operator

from hypothesis import given
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.region import Region

SIDE = 12
coordinate = st.integers(0, SIDE)
rects = st.builds(Rect, coordinate, coordinate, coordinate, coordinate)
steps = st.lists(st.tuples(st.sampled_from(["add", "subtract", "intersect"]), rects), min_size=1, max_size=12)


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.left, rect.right) for y in range(rect.top, rect.bottom)}


@given(steps, rects)
def test_operations_equal_sets_of_pixels(operations: list[tuple[str, Rect]], probe: Rect) -> None:
    region, model = Region(), set[tuple[int, int]]()
    for name, rect in operations:
        getattr(region, name)(rect)
        model = {"add": operator.or_, "subtract": operator.sub, "intersect": operator.and_}[name](
            model, pixels(rect)
        )
    covered = [pixel for rect in region.rects() for pixel in pixels(rect)]
    assert len(covered) == len(set(covered)), "rectangles must not overlap"
    assert set(covered) == model
    assert region.area == len(model)
    assert bool(region) == bool(model)
    assert len(region) == len(region.rects())
    assert region.overlaps(probe) == bool(pixels(probe) & model)
    assert region.covers(probe) == (pixels(probe) <= model)


@given(steps, steps)
def test_region_with_region(first: list[tuple[str, Rect]], second: list[tuple[str, Rect]]) -> None:
    a, b = Region(rect for _, rect in first), Region(rect for _, rect in second)
    both, only, common = a.copy(), a.copy(), a.copy()
    both.add_region(b)
    only.subtract_region(b)
    common.intersect_region(b)
    assert only.area + common.area == a.area
    assert both.area == a.area + b.area - common.area
    only.add_region(common)
    assert only == a
    a.clear()
    assert (not a and a != both) or not both


def test_translate_and_extents() -> None:
    region = Region([Rect(0, 0, 2, 2), Rect(5, 5, 7, 6)])
    region.translate(10, -3)
    assert region.extents == Rect(10, -3, 17, 3)
    assert region.contains_point(11, -2)
    assert not region.contains_point(13, 0)
    assert eval(repr(region), {"Region": Region, "Rect": Rect}) == region
