"""STROKE on every canvas backend against the plain reference."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import Brush, Drawable, PathSegment, Stroke, SurfaceImage
from tests.conformance.reference_pixels import rop, rows_of, unpack
from tests.conformance.reference_stroke import dashed, plain
from tests.conformance.strategies import any_rects, descriptors, noise, rects_in, seeds

CanvasMaker = Callable[[], Canvas]
SIDE = 32
TILE = 5
BEGIN, END, CLOSE = 1, 2, 8
START_WITH_GAP, STYLED = 4, 8
spot = st.tuples(*[st.integers(-8, SIDE + 8)] * 2)
COLOR = 0x5A3C96F1


@st.composite
def strokes(
    draw: st.DrawFn, form: SurfaceFormat
) -> tuple[Stroke, list[list[tuple[int, int]]], list[int], int]:
    """A stroke of one or two lines, and what is to come of it: the lines, the dashes and where they start."""
    lines, path = [], []
    for _ in range(draw(st.integers(1, 2))):
        line = draw(st.lists(spot, min_size=1, max_size=4))
        closed = draw(st.booleans())
        # Anything that rounds to the same pixel.
        fixed = tuple((x * 16 + draw(st.integers(-7, 8)), y * 16 + draw(st.integers(-7, 8))) for x, y in line)
        cut = draw(st.integers(1, len(line)))
        path.append(PathSegment(BEGIN, fixed[:cut]))
        path.append(PathSegment(END | (CLOSE if closed else 0), fixed[cut:]))
        lines.append([*line, line[0]] if closed else line)
    dashes: list[int] = []
    flags = offset = 0
    style: tuple[int, ...] = ()
    if draw(st.booleans()):
        dashes = draw(st.lists(st.sampled_from((0, 1, 2, 3, 7, 255)), min_size=1, max_size=5))
        assume(any(dashes))
        flags, style = STYLED, tuple(dash * 16 + draw(st.integers(0, 8)) for dash in dashes)
        if draw(st.booleans()):
            flags |= START_WITH_GAP
            dashes = dashes[1:] + dashes[:1]
            offset = dashes[0]
    kind = draw(st.sampled_from((0, 1, 1, 2) if form is not SurfaceFormat.A1 else (0, 1)))
    image = SurfaceImage(id=1, flags=0, width=TILE, height=TILE, surface_id=1)
    at = Point(draw(st.integers(-9, 9)), draw(st.integers(-9, 9)))
    brush = Brush(kind, COLOR, image if kind == 2 else None, at)
    stroke = Stroke(tuple(path), flags, style, brush, draw(descriptors()), draw(descriptors()))
    return stroke, lines, dashes, offset


def inverting(mode: int) -> bool:
    """Whether the rop turns the destination round, for one value of the source or the other."""
    return any(rop(mode, True, src, 0, 1) == 1 and rop(mode, True, src, 1, 1) == 0 for src in (0, 1))


@pytest.mark.parametrize("form", SurfaceFormat)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_strokes(make_canvas: CanvasMaker, form: SurfaceFormat, data: st.DataObject) -> None:
    op, lines, dashes, offset = data.draw(strokes(form))
    box = data.draw(rects_in(SIDE, SIDE))
    clip = data.draw(st.none() | st.lists(any_rects(), max_size=3).map(tuple))
    spec, tile_spec = SurfaceSpec(SIDE, SIDE, form), SurfaceSpec(TILE, TILE, form)
    stride, tile_stride = row_bytes(SIDE, form.bits_per_pixel), row_bytes(TILE, form.bits_per_pixel)
    pixels, pattern = noise(data.draw(seeds), stride * SIDE), noise(data.draw(seeds), tile_stride * TILE)
    rows, tile = unpack(spec, pixels, stride), unpack(tile_spec, pattern, tile_stride)
    ones = (1 << form.bits_per_pixel) - 1

    def source(x: int, y: int) -> int:
        if op.brush.type == 2:
            return tile[(y - op.brush.pos.y) % TILE][(x - op.brush.pos.x) % TILE]
        return COLOR & ones if op.brush.type else 0

    unsure: set[tuple[int, int]] = set()
    for line in lines:
        counts: Counter[tuple[int, int]] = plain(line)
        if dashes:
            counts, doubtful = dashed(line, dashes, offset, inverting(op.fore_mode))
            unsure |= doubtful
        for (x, y), count in counts.items():
            if box.contains_point(x, y) and (clip is None or any(r.contains_point(x, y) for r in clip)):
                for _ in range(count):
                    rows[y][x] = rop(op.fore_mode, True, source(x, y), rows[y][x], ones)
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, spec, pixels, stride)
        canvas.create_surface(1, tile_spec, pattern, tile_stride)
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=box, op=op, clip=clip)])
        assert outcome.drawn, outcome.reason
        got = rows_of(canvas.read(0, Rect(0, 0, SIDE, SIDE)))
    for x, y in unsure:
        if 0 <= x < SIDE and 0 <= y < SIDE:
            rows[y][x] = got[y][x]
    assert got == rows


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (Stroke((PathSegment(BEGIN, ()),), 0, (), Brush(1, 1), 8, 8), "without a point"),
        (Stroke((), STYLED, (), Brush(1, 1), 8, 8), "no length"),
        (Stroke((), STYLED, (8, 4096), Brush(1, 1), 8, 8), "no length"),
        (Stroke((), 0, (), Brush(3, 1), 8, 8), "brush"),
        (Stroke((), 0, (), Brush(2), 8, 8), "pattern"),
        (
            Stroke(
                (), 0, (), Brush(2, 0, SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=7)), 8, 8
            ),
            "does not exist",
        ),
    ],
)
def test_strokes_that_make_no_sense(make_canvas: CanvasMaker, op: Stroke, reason: str) -> None:
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, SurfaceSpec(8, 8, SurfaceFormat.XRGB32))
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=Rect(0, 0, 8, 8), op=op)])
        assert not outcome.drawn
        assert reason in outcome.reason
        assert not any(canvas.read(0, Rect(0, 0, 8, 8)).data)
