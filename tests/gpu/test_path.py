"""Paths to lines: rounding, segment flags, and curves against a plain recursion in Python."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import GuestError
from gspice.gpu.plans.path import MAX_POINTS, flatten
from gspice.qxl.ops import PathSegment

BEGIN, END, CLOSE, BEZIER = 1, 2, 8, 16
Points = tuple[tuple[int, int], ...]


def lines(*path: PathSegment) -> list[list[tuple[int, int]]]:
    """The lines of a path as points."""
    return [list(struct.iter_unpack("ii", line)) for line in flatten(path)]


def half(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The middle, rounded towards 0."""
    return int((a[0] + b[0]) / 2), int((a[1] + b[1]) / 2)


def dot(o: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> int:
    """In sixteenths."""
    return ((a[0] - o[0]) * (b[0] - o[0]) + (a[1] - o[1]) * (b[1] - o[1])) >> 4


def curve(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> Points:
    """Points of a curve after its first, in fixed point."""
    chord, first, last = dot(a, d, d), dot(a, b, b), dot(d, c, c)
    off = max(first * chord - dot(a, b, d) ** 2, last * chord - dot(d, c, a) ** 2) >> 3
    if off < chord or chord == first == last == 0:
        return (d,)
    ab, bc, cd = half(a, b), half(b, c), half(c, d)
    abc, bcd = half(ab, bc), half(bc, cd)
    middle = half(abc, bcd)
    return curve(a, ab, abc, middle) + curve(middle, bcd, cd, d)


@pytest.mark.parametrize(
    ("fixed", "pixel"),
    [(0, 0), (8, 0), (9, 1), (16, 1), (24, 1), (25, 2), (-8, -1), (-7, 0), (-16, -1), (-23, -1)],
)
def test_halves_round_down(fixed: int, pixel: int) -> None:
    assert lines(PathSegment(BEGIN, ((fixed, 0), (0, fixed)))) == [[(pixel, 0), (0, pixel)]]


def test_segments_go_on_until_an_end_or_a_beginning() -> None:
    path = (
        PathSegment(BEGIN, ((0, 0), (16, 0))),
        PathSegment(0, ((32, 0),)),
        PathSegment(BEGIN, ((48, 0),)),
        PathSegment(END | CLOSE, ((64, 0), (64, 64))),
        PathSegment(0, ((80, 0),)),
        PathSegment(CLOSE, ((96, 0),)),
        PathSegment(END, ()),
        PathSegment(END, ()),
    )
    assert lines(*path) == [
        [(0, 0), (1, 0), (2, 0)],
        [(3, 0), (4, 0), (4, 4), (3, 0)],
        [(5, 0), (6, 0)],
    ]
    assert lines() == []


@pytest.mark.parametrize(
    "segment",
    [
        PathSegment(BEGIN, ()),
        PathSegment(BEGIN | BEZIER, ()),
        PathSegment(BEGIN | BEZIER, ((0, 0),) * 3),
        PathSegment(BEZIER, ((0, 0),) * 3),
        PathSegment(END | CLOSE, ()),
    ],
)
def test_segments_without_their_points_are_refused(segment: PathSegment) -> None:
    with pytest.raises(GuestError):
        flatten((segment,))


near = st.integers(-2000, 2000)
far = st.integers(-(2**20), 2**20)
points = st.tuples(near, near) | st.tuples(far, far)


@settings(deadline=None)
@given(points, st.lists(points, min_size=3, max_size=3), st.booleans())
def test_curves(start: tuple[int, int], rest: list[tuple[int, int]], loop: bool) -> None:
    (path,) = lines(
        PathSegment(BEGIN, (start,)), PathSegment(BEZIER, (*rest[:2], start if loop else rest[2]))
    )
    first = path[0][0] * 16, path[0][1] * 16
    want = curve(first, rest[0], rest[1], start if loop else rest[2])
    assert path[1:] == lines(PathSegment(0, want))[0]


def test_a_curve_bends() -> None:
    (path,) = lines(PathSegment(BEGIN | BEZIER, ((0, 0), (0, 1600), (1600, 1600), (1600, 0))))
    assert path[0] == (0, 0)
    assert path[-1] == (100, 0)
    assert (50, 75) in path
    assert 6 < len(path) < 40


@pytest.mark.parametrize("bulge", [1, 2])
def test_a_loop_to_its_own_start_is_no_point(bulge: int) -> None:
    rest = [(160, 160), (160, 160), (160, 160)]
    rest[bulge - 1] = (160, 8000)
    (path,) = lines(PathSegment(BEGIN | BEZIER, ((160, 160), *rest)))
    assert path[1:] == lines(PathSegment(0, curve((160, 160), rest[0], rest[1], rest[2])))[0]
    assert max(y for _, y in path) > 150


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=4, max_size=4))
def test_curves_of_no_size_end(tiny: list[tuple[int, int]]) -> None:
    (path,) = lines(PathSegment(BEGIN | BEZIER, tuple(tiny)))
    assert all(x in (-1, 0, 1) and y in (-1, 0, 1) for x, y in path)


def test_curves_as_far_as_numbers_go() -> None:
    low, high = -(2**31), 2**31 - 1
    (path,) = lines(PathSegment(BEGIN | BEZIER, ((low, low), (high, low), (low, high), (high, high))))
    assert path[-1] == (2**27, 2**27)
    assert len(path) < 100_000


def test_too_many_points_are_refused() -> None:
    flat = PathSegment(BEGIN, ((0, 0),) * (MAX_POINTS // 8))
    assert len(flatten((flat,) * 8)) == 8
    with pytest.raises(GuestError, match="more than"):
        flatten((flat,) * 9)
    high = 2**31 - 1
    wave = ((high, 0), (-high, high), (high, high), (-high, high), (high, 0), (-high, -high))
    wild = PathSegment(BEGIN | BEZIER, ((-high, -high), *wave * 100))
    with pytest.raises(GuestError, match="more than"):
        flatten((wild,))
