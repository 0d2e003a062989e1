"""Plain lines against a walk with an error term."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.gpu.plans import stroke_lines
from gspice.region import Region
from tests.conformance.reference_stroke import plain

SIDE = 24
ROP_XOR = 2 | 4
Point = tuple[int, int]
near = st.tuples(st.integers(-6, SIDE + 6), st.integers(-6, SIDE + 6))
points = near | st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))


def packed(*line: Point) -> bytes:
    """As path.flatten gives it."""
    return b"".join(struct.pack("ii", *point) for point in line)


def toggled(surface: Surface) -> set[Point]:
    """Pixels of an 8-bit surface that are set."""
    data = surface.read(Rect(0, 0, surface.width, surface.height))
    return {(i % surface.width, i // surface.width) for i, value in enumerate(data) if value}


@settings(max_examples=200, deadline=None)
@given(st.lists(points, max_size=5), st.lists(st.tuples(*[st.integers(0, SIDE - 1)] * 4), max_size=3))
def test_lines_under_a_clip(line: list[Point], corners: list[tuple[int, int, int, int]]) -> None:
    area = [Rect(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners]
    area = area or [Rect(0, 0, SIDE, SIDE)]
    surface = Surface(SIDE, SIDE, 8)
    pen = SurfacePen(surface, Region(area).rects(), ROP_XOR, 1)
    stroke_lines.draw(pen, [packed(*line)])
    want = {
        point
        for point, count in plain(line).items()
        if count % 2 and any(rect.contains_point(*point) for rect in area)
    }
    assert toggled(surface) == want


def test_a_line_and_its_reverse_take_the_same_way() -> None:
    for end in ((20, 7), (7, 20), (18, 9), (20, 10)):
        for mirror in (1, -1):
            start = (1, 1) if mirror > 0 else (1, 22)
            there = start[0] + end[0], start[1] + mirror * end[1]
            surface = Surface(SIDE, SIDE, 8)
            pen = SurfacePen(surface, [Rect(0, 0, SIDE, SIDE)], ROP_XOR, 1)
            stroke_lines.draw(pen, [packed(start, there), packed(there, start)])
            assert toggled(surface) <= {start, there}, end


def test_ties_go_aside_unless_the_longer_axis_goes_backwards() -> None:
    surface = Surface(8, 8, 8)
    pen = SurfacePen(surface, [Rect(0, 0, 8, 8)], 2, 1)
    stroke_lines.draw(pen, [packed((0, 0), (4, 2)), packed((4, 6), (0, 4))])
    assert toggled(surface) == {(0, 0), (1, 1), (2, 1), (3, 2), (4, 6), (3, 6), (2, 5), (1, 5)}


far = st.integers(-(2**27), 2**27)


@settings(max_examples=60, deadline=None)
@given(st.tuples(far, far), st.tuples(far, far))
def test_very_long_lines_pass_where_they_should(a: Point, b: Point) -> None:
    """Moved so that the middle of the line is on the surface."""
    middle = (a[0] + b[0]) // 2 - SIDE // 2, (a[1] + b[1]) // 2 - SIDE // 2
    a, b = (a[0] - middle[0], a[1] - middle[1]), (b[0] - middle[0], b[1] - middle[1])
    surface = Surface(SIDE, SIDE, 8)
    pen = SurfacePen(surface, [Rect(0, 0, SIDE, SIDE)], ROP_XOR, 1)
    stroke_lines.draw(pen, [packed(a, b)])
    dx, dy = b[0] - a[0], b[1] - a[1]
    want = set()
    for point in ((x, y) for x in range(SIDE) for y in range(SIDE)):
        way = [
            ((point[i] - a[i]) * (1 if length >= 0 else -1), abs(length), length < 0)
            for i, length in enumerate((dx, dy))
        ]
        (along, longer, backwards), (aside, shorter, _) = way if abs(dx) > abs(dy) else reversed(way)
        if 0 <= along < longer and (2 * shorter * along + longer - backwards) // (2 * longer) == aside:
            want.add(point)
    assert toggled(surface) == want
    assert stroke_lines.cost(pen, [packed(a, b)]) == len(want) + 1


@pytest.mark.parametrize("tail", [b"", b"1234567"])
def test_less_than_two_points_draw_nothing(tail: bytes) -> None:
    surface = Surface(4, 4, 8)
    pen = SurfacePen(surface, [Rect(0, 0, 4, 4)], 2, 1)
    stroke_lines.draw(pen, [b"", packed((1, 1)) + tail, packed((2, 2), (2, 2))])
    assert toggled(surface) == set()
    stroke_lines.draw(SurfacePen(surface, [], 2, 1), [packed((0, 0), (3, 3))])
    assert toggled(surface) == set()


def test_long_work_is_drawn_alike() -> None:
    """More than is done without letting other threads run."""
    surface = Surface(300, 300, 8)
    line = [(i * 7919 % 300, i * 104729 % 300) for i in range(400)]
    stroke_lines.draw(SurfacePen(surface, [Rect(0, 0, 300, 300)], ROP_XOR, 1), [packed(*line)])
    assert toggled(surface) == {point for point, count in plain(line).items() if count % 2}
