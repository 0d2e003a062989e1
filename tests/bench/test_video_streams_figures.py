"""What made-up streams are worth against made-up videos."""

import math

import pytest

from bench.video_streams_client import Stream, StreamLog
from bench.video_streams_figures import Figures, figures
from bench.video_streams_recording import LEAD_S, Film, Sample, Truth, Video
from gspice.geometry import Rect

RATE, SECONDS, BEGUN = 25.0, 10.0, 1000.0
PLACE = Rect.sized(100, 100, 200, 100)
LATER = PLACE.translate(300, 0)


def truth(
    *, start: float = 1.0, second: Rect = PLACE, moved: float = 5.0, paused: tuple[float, float] = (0.0, 0.0)
) -> Truth:
    """A video that plays from ``start`` on, and is at its second place after ``moved``."""
    samples = []
    for number in range(int(SECONDS * RATE)):
        t = number / RATE
        video = Video(7, PLACE if t < moved else second, not paused[0] <= t < paused[1])
        samples.append(Sample(LEAD_S + t, (video,) if t >= start else ()))
    return Truth(samples, {7: Film(LEAD_S + start, RATE)})


def log(*changes: tuple[float, tuple[Rect, ...]], created: int = 1) -> StreamLog:
    """What was streamed from which times of the scene on."""
    return StreamLog(
        streams=[Stream(BEGUN, 1, PLACE, None, [(BEGUN, 100)] * 3) for _ in range(created)],
        times=[BEGUN + LEAD_S + time for time, _ in changes],
        areas=[area for _, area in changes],
    )


def of(truth: Truth, log: StreamLog) -> Figures:
    return figures(truth, log, BEGUN, 1000)


@pytest.mark.parametrize(("after_s", "frames"), [(0.01, 1), (0.05, 2), (0.17, 5), (0.81, 21)])
def test_the_delay_is_in_frames_that_were_drawn(after_s: float, frames: int) -> None:
    assert of(truth(), log((1.0 + after_s, (PLACE,)))).delay == frames


def test_what_is_streamed_exactly_is_covered_and_nothing_else() -> None:
    run = of(truth(), log((1.1, (PLACE,))))
    assert (run.cover, run.excess, run.created, run.places) == (1.0, 0.0, 1, 1)
    assert (run.frames, run.stream_bytes, run.received_bytes) == (3, 300, 1000)
    assert run.drawn == pytest.approx(9 * RATE, abs=1)
    assert run.streamed == pytest.approx(0.89, abs=0.01)


def test_parts_are_of_the_videos_pixels() -> None:
    shifted = of(truth(), log((1.1, (PLACE.translate(20, 0),))))
    assert shifted.cover == pytest.approx(0.9)
    assert shifted.excess == pytest.approx(0.1)


def test_streams_that_overlap_count_once() -> None:
    left, right = PLACE._replace(right=250), PLACE._replace(left=150)
    run = of(truth(), log((1.1, (left, right))))
    assert (run.cover, run.excess) == (1.0, 0.0)


def test_a_small_part_of_a_video_is_not_the_video() -> None:
    corner = Rect.sized(100, 100, 90, 100)
    assert of(truth(), log((1.1, (corner,)), (3.0, (PLACE,)))).delay == pytest.approx(2 * RATE + 1, abs=1)


def test_a_video_that_is_never_streamed_is_not_covered() -> None:
    run = of(truth(), StreamLog())
    assert (run.delay, run.cover, run.created) == (math.inf, 0.0, 0)


def test_a_stream_that_stops_in_between_leaves_a_gap() -> None:
    run = of(truth(), log((1.1, (PLACE,)), (4.0, ()), (5.0, (PLACE,)), created=2))
    assert run.cover == pytest.approx(1 - 1 / 8.65, abs=0.01)
    assert (run.created, run.places) == (2, 1)


def test_edges_do_not_count_just_after_a_move() -> None:
    run = of(truth(second=LATER), log((1.1, (PLACE,)), (5.5, (LATER,)), created=2))
    assert (run.cover, run.excess, run.places) == (1.0, 0.0, 2)
    late = of(truth(second=LATER), log((1.1, (PLACE,)), (7.0, (LATER,))))
    assert late.cover < 0.9 < 1 + late.excess - 0.05


def test_what_is_paused_need_not_be_streamed() -> None:
    run = of(truth(paused=(4.0, 6.0)), log((1.1, (PLACE,)), (4.5, ()), (6.2, (PLACE,))))
    assert run.cover == 1.0
    assert run.drawn == pytest.approx(7 * RATE, abs=1)


def test_where_nothing_plays_there_is_nothing_to_find() -> None:
    samples = [Sample(LEAD_S + number / RATE, ()) for number in range(100)]
    run = of(Truth(samples), log((1.0, (PLACE,)), (2.0, ())))
    assert math.isnan(run.delay) and math.isnan(run.cover)
    assert (run.created, run.places) == (1, 0)
    assert run.streamed == pytest.approx(0.25)
