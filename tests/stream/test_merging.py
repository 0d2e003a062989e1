"""Slivers put together: everything stays covered, and nothing grows more than it may."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.merging import merge

SIDES = st.integers(0, 400)
RECTS = st.lists(st.builds(Rect.sized, SIDES, SIDES, st.integers(1, 60), st.integers(1, 60)), max_size=60)


@given(RECTS, st.integers(0, 5000), st.integers(1, 40))
def test_everything_stays_covered_within_the_limit(rects: list[Rect], slack: int, limit: int) -> None:
    disjoint = Region(rects).rects()
    merged = merge(disjoint, slack, limit)
    assert len(merged) <= limit or len(merged) == len(disjoint) <= 1
    whole = Region(merged)
    assert all(whole.covers(rect) for rect in disjoint)
    assert merged == sorted(merged, key=lambda rect: (rect.top, rect.left))


def test_near_slivers_become_one_and_far_ones_stay() -> None:
    rows = [Rect(10, y, 200, y + 1) for y in range(10, 60, 2)]
    far = Rect(1000, 10, 1010, 20)
    assert merge([*rows, far], 4096, 48) == [Rect(10, 10, 200, 59), far]


def test_what_touches_nothing_more_merges_without_slack() -> None:
    assert merge([Rect(0, 0, 10, 5), Rect(0, 5, 10, 9)], 0, 48) == [Rect(0, 0, 10, 9)]
    assert merge([Rect(0, 0, 10, 5), Rect(0, 6, 10, 9)], 9, 48) == [Rect(0, 0, 10, 5), Rect(0, 6, 10, 9)]


def test_many_end_within_the_limit() -> None:
    rng = random.Random(1)
    rects = Region([Rect.sized(rng.randrange(1900), rng.randrange(1000), 4, 4) for _ in range(3000)]).rects()
    merged = merge(rects, 100, 32)
    assert 1 <= len(merged) <= 32
    assert all(Region(merged).covers(rect) for rect in rects)


def test_nothing_and_nonsense() -> None:
    assert merge([], 10, 1) == []
    for slack, limit in ((-1, 5), (5, 0)):
        with pytest.raises(ValueError, match="no merging"):
            merge([Rect(0, 0, 1, 1), Rect(5, 5, 6, 6)], slack, limit)
