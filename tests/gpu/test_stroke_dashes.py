"""Dashed lines against polygons in floating point, and some pixel for pixel."""

import struct
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.gpu.plans import stroke_dashes
from gspice.region import Region
from tests.conformance.reference_stroke import dashed
from tests.gpu.test_stroke_lines import Point, packed, toggled

SIDE = 30
ROP_COPY, ROP_XOR = 2, 2 | 4
spot = st.integers(-5, SIDE + 5)
lengths = st.lists(st.sampled_from((0, 1, 1, 2, 3, 5, 8, 40)), min_size=1, max_size=6)


def check(line: list[Point], dashes: list[int], offset: int, xor: bool) -> None:
    """Draw and compare; pixels that the reference cannot tell may be either way."""
    surface = Surface(SIDE, SIDE, 8)
    pen = SurfacePen(surface, [Rect(0, 0, SIDE, SIDE)], ROP_XOR if xor else ROP_COPY, 1)
    stroke_dashes.draw(pen, [packed(*line)], bytes(dashes), offset)
    counts, unsure = dashed(line, dashes, offset, xor)
    want = {p for p, count in counts.items() if (count % 2 if xor else count)}
    inside = {(x, y) for x in range(SIDE) for y in range(SIDE)}
    assert toggled(surface) - unsure == (want & inside) - unsure


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(spot, spot), min_size=1, max_size=4),
    lengths,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_any_direction(line: list[Point], dashes: list[int], gap: bool, xor: bool, closed: bool) -> None:
    assume(any(dashes))
    check([*line, line[0]] if closed else line, dashes, dashes[0] if gap else 0, xor)


@settings(max_examples=120, deadline=None)
@given(st.lists(spot, min_size=3, max_size=7), lengths, st.booleans(), st.booleans(), st.booleans())
def test_along_the_axes(stops: list[int], dashes: list[int], gap: bool, xor: bool, closed: bool) -> None:
    """Here every pixel can be told."""
    assume(any(dashes))
    line = [
        (stops[i], stops[i + 1]) if i % 2 == 0 else (stops[i + 1], stops[i]) for i in range(len(stops) - 1)
    ]
    if closed and len(line) > 2:
        line += [(line[-1][0], line[0][1]), line[0]]
    check(line, dashes, dashes[0] if gap else 0, xor)


def art(surface: Surface) -> list[str]:
    """The surface as text."""
    data = surface.read(Rect(0, 0, surface.width, surface.height))
    return [
        "".join(".#"[v] for v in data[y * surface.width :][: surface.width]).rstrip(".")
        for y in range(surface.height)
    ]


def test_a_marquee() -> None:
    """What spice's clients draw for the rectangle that a user pulls open."""
    surface = Surface(12, 8, 8)
    pen = SurfacePen(surface, [Rect(0, 0, 12, 8)], ROP_XOR, 1)
    stroke_dashes.draw(pen, [packed((1, 1), (10, 1), (10, 6), (1, 6), (1, 1))], b"\x02\x01", 0)
    assert art(surface) == [
        "",
        ".##.##.##.#",
        "..........#",
        ".#",
        ".#........#",
        "..........#",
        ".##.##.##",
        "",
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-400, 400)] * 2), min_size=2, max_size=4),
    st.lists(st.sampled_from((1, 2, 7, 100, 255)), min_size=1, max_size=4),
    st.tuples(*[st.integers(0, 100)] * 2),
    st.booleans(),
)
def test_a_clip_changes_no_pixel_inside(line: list[Point], dashes: list[int], at: Point, xor: bool) -> None:
    whole, part = Surface(140, 140, 8), Surface(140, 140, 8)
    window = [Rect(at[0], at[1], at[0] + 40, at[1] + 9), Rect(at[0] + 3, at[1] + 9, at[0] + 20, at[1] + 30)]
    rop = ROP_XOR if xor else ROP_COPY
    stroke_dashes.draw(SurfacePen(whole, [Rect(0, 0, 140, 140)], rop, 1), [packed(*line)], bytes(dashes), 0)
    stroke_dashes.draw(SurfacePen(part, Region(window).rects(), rop, 1), [packed(*line)], bytes(dashes), 0)
    assert toggled(part) == {p for p in toggled(whole) if any(rect.contains_point(*p) for rect in window)}


def test_every_line_starts_the_dashes_anew() -> None:
    both, one = Surface(20, 3, 8), Surface(20, 3, 8)
    first, second = packed((0, 0), (5, 0)), packed((0, 2), (20, 2))
    stroke_dashes.draw(SurfacePen(both, [Rect(0, 0, 20, 3)], 2, 1), [first, second], b"\x03\x02", 1)
    stroke_dashes.draw(SurfacePen(one, [Rect(0, 0, 20, 3)], 2, 1), [second], b"\x03\x02", 1)
    assert {p for p in toggled(both) if p[1] == 2} == toggled(one)
    assert len(toggled(one)) == 12


def test_dashes_without_length_are_refused() -> None:
    pen = SurfacePen(Surface(4, 4, 8), [Rect(0, 0, 4, 4)], 2, 1)
    for dashes in (b"", b"\0\0"):
        with pytest.raises(ValueError, match="length"):
            stroke_dashes.draw(pen, [packed((0, 0), (3, 3))], dashes, 0)


def test_cost_grows_with_dashes_and_pixels() -> None:
    pen = SurfacePen(Surface(100, 4, 8), [Rect(0, 0, 100, 4)], 2, 1)
    line = [packed((0, 0), (100, 0))]
    assert stroke_dashes.cost(pen, line, b"\x01\x01") > stroke_dashes.cost(pen, line, b"\x64\x64") > 100
    far = [packed((0, 0), (100, 0), (1 << 27, 0))]
    assert stroke_dashes.cost(pen, far, b"\x01\x01") > 1 << 28
    assert stroke_dashes.cost(pen, far, b"\xff\xff") < 1 << 26


@pytest.mark.parametrize("rop", [ROP_COPY, ROP_XOR])
def test_long_dashes_far_outside_are_stepped_over(rop: int) -> None:
    surface = Surface(64, 64, 8)
    pen = SurfacePen(surface, [Rect(0, 0, 64, 64)], rop, 1)
    steep = packed((-(1 << 26), -(1 << 27)), (1 << 26, 1 << 27), (-(1 << 27), 5), (1 << 27, 3))
    start = time.perf_counter()
    stroke_dashes.draw(pen, [steep], b"\xff\x01\xff\x01", 0)
    assert time.perf_counter() - start < 5
    assert len(toggled(surface)) > 100


def test_points_are_pairs() -> None:
    surface = Surface(8, 8, 8)
    pen = SurfacePen(surface, [Rect(0, 0, 8, 8)], 2, 1)
    stroke_dashes.draw(pen, [b"", struct.pack("i", 3), packed((1, 1)), packed((2, 2), (2, 2))], b"\x01", 0)
    assert toggled(surface) == set()
