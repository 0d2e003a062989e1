"""The acknowledgement window: what blocks, what frees, and what counts for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.server.ack_window import AckWindow


def opened(window: int = 20) -> AckWindow:
    ack = AckWindow(window)
    ack.sync(ack.open())
    return ack


def test_nothing_flows_before_the_window_is_set() -> None:
    ack = AckWindow(20)
    assert ack.blocked
    assert not ack.ack(), "an acknowledgement of nothing"
    assert ack.blocked
    assert ack.open() == 1
    assert not ack.blocked


@pytest.mark.parametrize("window", [1, 20, 40])
def test_more_than_two_windows_block(window: int) -> None:
    ack = opened(window)
    for _ in range(2 * window):
        ack.sent()
    assert not ack.blocked
    ack.sent()
    assert ack.blocked
    assert ack.ack()
    assert not ack.blocked
    assert ack.outstanding == window + 1


def test_acks_before_the_sync_count_for_nothing() -> None:
    ack = AckWindow(20)
    ack.open()
    for _ in range(41):
        ack.sent()
    assert not ack.ack()
    assert ack.blocked
    ack.sync(2)
    assert not ack.ack(), "another generation"
    assert ack.blocked
    ack.sync(1)
    assert ack.ack()
    assert not ack.blocked


def test_a_new_generation_starts_from_zero() -> None:
    ack = opened()
    for _ in range(41):
        ack.sent()
    assert ack.open() == 2
    assert not ack.blocked
    ack.sent()
    assert not ack.ack(), "the client has not heard of it yet"
    assert ack.outstanding == 1
    ack.sync(2)
    assert ack.ack()


@given(st.lists(st.sampled_from(["sent", "ack"]), max_size=300))
def test_too_many_acks_earn_nothing(steps: list[str]) -> None:
    ack = opened(5)
    for step in steps:
        ack.sent() if step == "sent" else ack.ack()
        assert ack.outstanding >= 0
    for _ in range(11):
        ack.sent()
    assert ack.blocked
