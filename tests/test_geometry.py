"""Rectangles."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.geometry import Rect

number = st.integers(-20, 20)
rects = st.builds(Rect, number, number, number, number)


@given(rects, rects)
def test_intersection_lies_in_both_and_union_covers_both(a: Rect, b: Rect) -> None:
    common, both = a.intersect(b), a.union(b)
    if not common.empty:
        assert a.contains(common) and b.contains(common)
    for rect in (a, b):
        assert rect.empty or both.contains(rect)
    assert both.area >= max(a.area, b.area)


def test_sizes() -> None:
    rect = Rect.sized(3, 4, 5, 6)
    assert rect == Rect(3, 4, 8, 10)
    assert (rect.width, rect.height, rect.area, rect.empty) == (5, 6, 30, False)
    assert Rect(3, 4, 3, 9).area == 0
    assert rect.translate(-3, -4) == Rect(0, 0, 5, 6)
    assert rect.contains_point(7, 9) and not rect.contains_point(8, 9)
