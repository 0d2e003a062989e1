"""The checks by themselves: what counts as a difference, and what is told of it."""

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_checks import Checks, ReferenceFailed
from gspice.hosts.compare_lanes import MAX_DIFFERENCES, START, Difference, Kind, Lane, Place
from gspice.pixels import SurfaceFormat, SurfaceSpec
from tests.hosts.compared import fill, invers

HERE = Place(5, 6)
SPEC = SurfaceSpec(60, 40, SurfaceFormat.XRGB32)
BOX = Rect(0, 0, 20, 10)
SEEN: list[tuple[Lane, Lane, Difference]] = []


@pytest.fixture
def lanes() -> list[Lane]:
    made = [Lane("cpu", CpuCanvas()), Lane("other", CpuCanvas())]
    for lane in made:
        lane.canvas.create_surface(0, SPEC)
    return made


def judged(lanes: list[Lane], got: DrawOutcome, want: DrawOutcome) -> Difference | None:
    Checks(lanes).outcomes(lanes[1], START, [(fill(1, BOX), HERE)], [want], [got])
    return lanes[1].first


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (DrawOutcome((BOX,), True), DrawOutcome((BOX,), True)),
        (DrawOutcome((Rect(0, 0, 60, 40),), True), DrawOutcome((BOX,), True)),
        (DrawOutcome((Rect(0, 0, 9, 10), Rect(9, 0, 20, 10)), True), DrawOutcome((BOX,), True)),
        (DrawOutcome((), False, "one reason"), DrawOutcome((), False, "another")),
    ],
)
def test_outcomes_that_are_as_good(lanes: list[Lane], got: DrawOutcome, want: DrawOutcome) -> None:
    assert judged(lanes, got, want) is None


@pytest.mark.parametrize(
    ("got", "want", "kind", "words"),
    [
        (DrawOutcome((), False, "no"), DrawOutcome((BOX,), True), Kind.OUTCOME, "not drawn: no"),
        (DrawOutcome((BOX,), True), DrawOutcome((), False, "no"), Kind.OUTCOME, "the reference does not: no"),
        (DrawOutcome((), True), DrawOutcome((BOX,), True), Kind.AREA, "tells of no rectangle"),
        (DrawOutcome((Rect(0, 0, 19, 10),), True), DrawOutcome((BOX,), True), Kind.AREA, "(0, 0, 19, 10)"),
    ],
)
def test_outcomes_that_differ(
    lanes: list[Lane], got: DrawOutcome, want: DrawOutcome, kind: Kind, words: str
) -> None:
    first = judged(lanes, got, want)
    assert first is not None and (first.kind, first.upto) == (kind, HERE) and words in first.reason


def test_pixels_are_seen_while_they_differ_and_equal_afterwards(lanes: list[Lane]) -> None:
    seen: list[tuple[str, str, bytes]] = []

    def look(reference: Lane, lane: Lane, difference: Difference) -> None:
        seen.append((reference.label, lane.label, lane.canvas.read(0, Rect(3, 3, 4, 4)).data[:3]))

    checks = Checks(lanes, look)
    lanes[1].canvas.submit([fill(0x0A0B0C, Rect(3, 3, 5, 6))])
    for _ in range(2):
        checks.pixels(0, [Rect(0, 0, 60, 40)], 0, START, HERE)
    assert seen == [("cpu", "other", bytes([0x0C, 0x0B, 0x0A]))]
    first = lanes[1].first
    assert first is not None and first.apart.box == Rect(3, 3, 5, 6) and lanes[1].differences == 1


def test_errors(lanes: list[Lane]) -> None:
    checks = Checks(lanes)

    def guest(canvas: Canvas) -> None:
        raise GuestError("taken")

    with pytest.raises(GuestError):
        checks.call(lanes[1], START, HERE, guest, (GuestError,))
    assert checks.running == [lanes[1]]
    assert checks.call(lanes[1], START, HERE, guest) is None
    assert lanes[1].lost == "GuestError: taken" and not checks.running
    with pytest.raises(ReferenceFailed, match="the cpu canvas, the reference, failed: GuestError: taken"):
        checks.call(lanes[0], START, HERE, guest)
    assert lanes[0].lost and lanes[0].first is None


def test_enough_is_enough(lanes: list[Lane]) -> None:
    checks = Checks(lanes)
    for _ in range(MAX_DIFFERENCES + 5):
        lanes[1].canvas.submit([invers(Rect(0, 0, 1, 1))])
        checks.pixels(0, [Rect(0, 0, 60, 40)], 0, START, HERE)
    assert lanes[1].differences == MAX_DIFFERENCES and checks.running and not checks.compared
    assert judged(lanes, DrawOutcome((), False), DrawOutcome((BOX,), True)) is lanes[1].first
    assert lanes[1].differences == MAX_DIFFERENCES
