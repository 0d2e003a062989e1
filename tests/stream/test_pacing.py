"""How much of a picture goes at a time, and what goes ahead."""

import pytest

from gspice.geometry import Rect
from gspice.stream.byte_window import FIRST_PIECE, INITIAL_WINDOW
from gspice.stream.pacing import FRAME_PIXELS, LEAST_PIXELS, SLOW_LINK, Pacing


def lines(count: int, height: int = 16) -> list[Rect]:
    return [Rect(0, height * n, 100, height * (n + 1)) for n in range(count)]


def test_a_frame_fills_the_room_as_the_last_frames_packed() -> None:
    pacing = Pacing()
    assert pacing.budget(0.0) == FIRST_PIECE * 2  # half a byte a pixel is the first guess
    for _ in range(100):
        pacing.framed(1000, 1000)
    assert pacing.budget(0.0) == pytest.approx(FIRST_PIECE, rel=0.01)
    assert pacing.expected([Rect(0, 0, 10, 10)]) in (99, 100)


def test_a_frame_is_neither_a_sliver_nor_without_end() -> None:
    pacing = Pacing()
    for _ in range(100):
        pacing.framed(1, 1 << 20)
    assert pacing.budget(0.0) == FRAME_PIXELS
    pacing.window.sent(INITIAL_WINDOW, 0.0)
    for _ in range(100):
        pacing.framed(4000, 1000)
    assert pacing.budget(0.0) == LEAST_PIXELS


def test_a_frame_of_copies_says_nothing_of_pixels() -> None:
    pacing = Pacing()
    before = pacing.budget(0.0)
    pacing.framed(5000, 0)
    assert pacing.budget(0.0) == before


def test_small_areas_go_ahead_of_large_ones() -> None:
    small, large = lines(2), [Rect(0, 100, 640, 480)]
    assert Pacing().first_of(small + large) == small


def test_nothing_goes_ahead_of_little() -> None:
    pacing = Pacing()
    assert not pacing.first_of(lines(3))
    assert not pacing.first_of([*lines(4), Rect(0, 100, 100, 200)])
    assert not pacing.first_of([Rect(0, 0, 640, 480)])
    assert not pacing.first_of([])


def hold_up(pacing: Pacing, frames: int, size: int, round_trip: float) -> None:
    """Frames that each wait for the answer to the one before."""
    now = 0.0
    for _ in range(frames):
        mark = pacing.window.sent(size, now)
        pacing.has_room(now)
        now += round_trip
        pacing.window.answered(mark, now)
        pacing.framed(size, 1000)


def test_a_link_is_slow_only_if_frames_wait_for_it() -> None:
    waited, never = Pacing(), Pacing()
    assert not waited.slow_link
    hold_up(waited, 20, 4 * INITIAL_WINDOW, 1.0)  # 256 KiB a second
    assert (waited.window.rate or SLOW_LINK) < SLOW_LINK
    assert waited.slow_link
    hold_up(never, 20, 1000, 1.0)  # the source was slow, not the link
    assert not never.slow_link


def test_a_fast_link_is_not_slow_though_frames_wait() -> None:
    pacing = Pacing()
    hold_up(pacing, 20, 4 * INITIAL_WINDOW, 0.01)
    assert not pacing.slow_link
