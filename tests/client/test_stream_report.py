"""Reports of how streams go: when they are due, and what they say."""

import pytest

from gspice.client.stream_report import LATE_IN_A_ROW, NO_DECODER, NO_SOUND, StreamReports, undecodable
from gspice.wire.messages import display


@pytest.fixture
def reports() -> StreamReports:
    return StreamReports(
        display.DisplayStreamActivateReport(stream_id=7, unique_id=9, max_window_size=5, timeout_ms=1000)
    )


def test_a_window_of_frames(reports: StreamReports) -> None:
    for round_ in range(2):
        for number in range(4):
            assert reports.frame(100 + number, 40, now=round_ + 0.1 * number) is None
        assert reports.frame(104, 37, now=round_ + 0.4) == display.DisplayStreamReport(
            stream_id=7,
            unique_id=9,
            start_frame_mm_time=100,
            end_frame_mm_time=104,
            num_frames=5,
            num_drops=0,
            last_frame_delay=37,
            audio_delay=NO_SOUND,
        )


def test_few_frames_after_a_while(reports: StreamReports) -> None:
    assert reports.frame(100, 40, now=3.0) is None
    assert reports.frame(1000, 40, now=3.999) is None
    report = reports.frame(1100, 40, now=4.0)
    assert report is not None and (report.num_frames, report.start_frame_mm_time) == (3, 100)
    assert reports.frame(1200, 40, now=5.1) is None, "a new window begins with its first frame"


def test_late_frames_and_what_is_not_shown_count_as_dropped(reports: StreamReports) -> None:
    assert reports.frame(1, -1, now=0.0) is None
    assert reports.frame(2, 10, now=0.0, shown=False) is None
    assert reports.frame(3, 0, now=0.0) is None
    assert reports.frame(4, -5, now=0.0) is None
    report = reports.frame(5, -7, now=0.0)
    assert report is not None and (report.num_frames, report.num_drops, report.last_frame_delay) == (5, 4, -7)


def test_late_frames_in_a_row_are_reported_at_once(reports: StreamReports) -> None:
    assert reports.frame(1, 5, now=0.0) is None
    for _ in range(LATE_IN_A_ROW - 1):
        assert reports.frame(2, -5, now=0.0) is None
    report = reports.frame(3, -5, now=0.0)
    assert report is not None and (report.num_frames, report.num_drops) == (4, 3)


def test_a_stream_that_cannot_be_shown() -> None:
    report = undecodable(7, 9)
    assert (report.stream_id, report.unique_id) == (7, 9)
    assert (report.num_frames, report.num_drops) == (0, NO_DECODER)
