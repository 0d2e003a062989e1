"""Pens that note where they draw: in order, as often as they draw, joined where nothing is lost."""

import struct
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.gpu.plans import stroke_dashes, stroke_lines
from gspice.gpu.plans.stroke_pen import Pen, RecordingPen
from gspice.region import Region

SIDE = 40
COPY, XOR = 2, 2 | 4
WHOLE = [Rect(0, 0, SIDE, SIDE)]
points = st.tuples(st.integers(-9, SIDE + 9), st.integers(-9, SIDE + 9))
rects = st.builds(
    lambda x, y, w, h: Rect(x, y, min(x + w, SIDE), min(y + h, SIDE)),
    *[st.integers(0, SIDE - 1)] * 2,
    *[st.integers(1, SIDE)] * 2,
)


def boxes(pen: RecordingPen) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack("=4i", pen.boxes()))


def line(*ends: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("=2i", *end) for end in ends)


def draw(pen: Pen, path: bytes, dashes: bytes) -> None:
    if dashes:
        stroke_dashes.draw(pen, [path], dashes, 0)
    else:
        stroke_lines.draw(pen, [path])


@settings(max_examples=150, deadline=None)
@given(
    path=st.lists(points, min_size=2, max_size=8),
    area=st.lists(rects, min_size=1, max_size=4),
    dashes=st.sampled_from([b"", b"\3\2", b"\1\1\5\1"]),
    rop=st.sampled_from([COPY, XOR]),
)
def test_what_is_noted_is_what_is_drawn(
    path: list[tuple[int, int]], area: list[Rect], dashes: bytes, rop: int
) -> None:
    banded = Region(area).rects()
    surface, pen = Surface(SIDE, SIDE, 8), RecordingPen(SIDE, SIDE, banded, rop)
    draw(SurfacePen(surface, banded, rop, 1), line(*path), dashes)
    draw(pen, line(*path), dashes)
    times: Counter[tuple[int, int]] = Counter()
    for x1, y1, x2, y2 in boxes(pen):
        assert x1 < x2
        assert y1 < y2
        times.update((x, y) for x in range(x1, x2) for y in range(y1, y2))
    drawn = surface.read(WHOLE[0])
    for y in range(SIDE):
        for x in range(SIDE):
            count = times[x, y]
            assert drawn[y * SIDE + x] == (count & 1 if rop == XOR else min(count, 1))


def test_spans_that_make_a_rectangle_are_one_box() -> None:
    pen = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    pen.fill()
    assert boxes(pen) == [(0, 0, SIDE, SIDE)]
    down = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    draw(down, line((5, 3), (5, 30)), b"")
    assert boxes(down) == [(5, 3, 6, 30)]
    up = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    draw(up, line((5, 30), (5, 3)), b"")
    assert boxes(up) == [(5, 4, 6, 31)]
    left = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    draw(left, line((20, 3), (10, 3), (4, 3)), b"")
    assert boxes(left) == [(5, 3, 21, 4)]


def test_a_way_back_is_drawn_again() -> None:
    pen = RecordingPen(SIDE, SIDE, WHOLE, XOR)
    draw(pen, line((2, 2), (9, 2), (2, 2)), b"")
    assert sum(x2 - x1 for x1, _, x2, _ in boxes(pen)) == 14


def test_many_boxes_and_none() -> None:
    pen = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    assert pen.boxes() == b""
    path = [(x, y) for y in range(0, SIDE, 2) for x in (0, SIDE - 1)]
    draw(pen, line(*path), b"\1\1")
    assert len(boxes(pen)) > 300
    nowhere = RecordingPen(SIDE, SIDE, [], COPY)
    nowhere.fill()
    draw(nowhere, line((0, 0), (9, 9)), b"")
    assert nowhere.boxes() == b""


def test_areas_rops_and_second_starts_that_are_refused() -> None:
    for area in ([Rect(0, 0, SIDE + 1, 1)], [Rect(0, 5, 5, 6), Rect(0, 0, 5, 1)]):
        with pytest.raises(ValueError, match="rectangle"):
            RecordingPen(SIDE, SIDE, area, COPY)
    for rop in (-1, 16):
        with pytest.raises(ValueError, match="raster operation"):
            RecordingPen(SIDE, SIDE, WHOLE, rop)
    pen = RecordingPen(SIDE, SIDE, WHOLE, COPY)
    with pytest.raises(ValueError, match="anew"):
        pen.__init__(SIDE, SIDE, WHOLE, COPY)  # type: ignore[misc]
