"""STROKE commands: dashes of a style, and what hostile ones cost."""

import time

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.stroke import MAX_COST, START_WITH_GAP, STYLED, dashes_of, draw_stroke
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Brush, PathSegment, Stroke
from tests.gpu.targets import target_of

BEGIN, BEZIER = 1, 16
XOR, PUT = 64, 8
LOW, HIGH = -(2**31), 2**31 - 1
SPEC = SurfaceSpec(1000, 800, SurfaceFormat.XRGB32)
WHOLE = Rect(0, 0, 1000, 800)
SOLID = Brush(1, 0x00FFFFFF)
Points = tuple[tuple[int, int], ...]


def stroke(points: Points, style: tuple[int, ...] = (), flags: int = 0, mode: int = PUT) -> Stroke:
    """One path segment in fixed point."""
    return Stroke((PathSegment(BEGIN | flags, points),), STYLED if style else 0, style, SOLID, mode, 0)


@pytest.mark.parametrize(
    ("style", "flags", "want"),
    [
        ((48, 32), STYLED, (b"\3\2", 0)),
        ((56, 57, 8), STYLED, (b"\3\4\0", 0)),
        ((257 * 16, 16), STYLED, (b"\1\1", 0)),
        ((48, 32), STYLED | START_WITH_GAP, (b"\2\3", 2)),
        ((48, 32, 16), STYLED | START_WITH_GAP, (b"\2\1\3", 2)),
        ((48,), STYLED | START_WITH_GAP, (b"\3", 3)),
    ],
)
def test_dashes(style: tuple[int, ...], flags: int, want: tuple[bytes, int]) -> None:
    assert dashes_of(Stroke((), flags, style, SOLID, PUT, 0)) == want


@pytest.mark.parametrize("style", [(), (8, 7, 0), (4096,)])
def test_dashes_without_length_are_refused(style: tuple[int, ...]) -> None:
    with pytest.raises(GuestError, match="no length"):
        dashes_of(Stroke((), STYLED, style, SOLID, PUT, 0))


def test_a_line_is_drawn_within_the_area() -> None:
    surface = Surface(1000, 800, 32)
    area = [Rect(10, 10, 20, 11), Rect(30, 10, 40, 11)]
    op = stroke(((0, 160), (16 * 999, 160)))
    draw_stroke(target_of(surface, SPEC, area), op)
    row = surface.read(Rect(0, 10, 1000, 11))
    assert [x for x in range(1000) if row[4 * x]] == [*range(10, 20), *range(30, 40)]
    draw_stroke(target_of(surface, SPEC, []), Stroke((PathSegment(BEGIN, ()),), 0, (), SOLID, 8, 8))


WAVE: Points = tuple(((LOW, LOW), (HIGH, HIGH), (LOW, HIGH), (HIGH, LOW))[i % 4] for i in range(100_000))
FAN: Points = tuple((0, 0) if i % 2 else (16 * 999, 16 * (i * 7919 % 800)) for i in range(100_000))
CORNERS: Points = tuple((16 * (i % 3), 16 * (i % 2)) for i in range(100_000))
HOSTILE = {
    "far": stroke(WAVE),
    "far and dashed": stroke(WAVE, (4080, 16)),
    "far in the finest dashes": stroke(WAVE[:100], (16, 16)),
    "far curves": stroke(WAVE, flags=BEZIER),
    "many": stroke(FAN),
    "many xored in dashes": stroke(FAN[:30_000], (4080, 16), mode=XOR),
    "corners": stroke(CORNERS, (4080,), mode=XOR),
    "curves of no size": stroke(((5, 5),) * 100_000, flags=BEZIER),
    "many lines of dashes": Stroke(
        tuple(PathSegment(BEGIN, FAN[3 * i : 3 * i + 3]) for i in range(3_000)),
        STYLED,
        (64, 64),
        SOLID,
        XOR,
        0,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strokes_end_soon(name: str) -> None:
    surface = Surface(1000, 800, 32)
    start = time.perf_counter()
    try:
        draw_stroke(target_of(surface, SPEC, [WHOLE]), HOSTILE[name])
    except GuestError:
        assert not any(surface.read(WHOLE)), "refused, yet something was drawn"
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("style", [(), (16, 16)])
def test_what_would_take_too_long_is_refused(style: tuple[int, ...]) -> None:
    surface = Surface(32000, 2, 8)
    spec = SurfaceSpec(32000, 2, SurfaceFormat.A8)
    ends = ((0, 0), (16 * 31999, 16))
    count = MAX_COST // 32000 + 10 if not style else MAX_COST // 32 // 32000 + 10
    op = stroke(tuple(ends[i % 2] for i in range(count)), style)
    with pytest.raises(GuestError, match="more than"):
        draw_stroke(target_of(surface, spec, [Rect(0, 0, 32000, 2)]), op)
    assert not any(surface.read(Rect(0, 0, 32000, 2)))
