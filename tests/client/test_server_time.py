"""The server's clock as a client knows it."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.client.server_time import ServerTime


def test_time_goes_by_from_what_was_heard() -> None:
    now = 5.0
    time = ServerTime(lambda: now)
    assert time.until(1234) == 0, "nothing is known yet"
    time.heard(1000)
    assert time.until(1400) == 400
    now = 5.5
    assert time.until(1400) == -100
    time.heard(1400)
    assert time.until(1400) == 0


def test_the_clock_starts_over() -> None:
    time = ServerTime(lambda: 0.0)
    time.heard(0xFFFFFFF0)
    assert time.until(16) == 32
    time.heard(16)
    assert time.until(0xFFFFFFF0) == -32


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_any_two_times_are_as_far_apart_as_fits_a_report(heard: int, asked: int) -> None:
    time = ServerTime(lambda: 0.0)
    time.heard(heard)
    assert -(1 << 31) <= time.until(asked) < 1 << 31
    assert (heard + time.until(asked) - asked) % (1 << 32) == 0
