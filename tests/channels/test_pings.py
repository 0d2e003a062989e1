"""Pings: when they are sent, what they measure, and when a client counts as gone."""

import pytest

from gspice.channels.pings import PING_INTERVAL, SILENCE, LinePings
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping


class Line:
    def __init__(self, *, net_test: bool, now: float = 100.0) -> None:
        self.messages: list[Message] = []
        self.pings = LinePings(self.messages.append)
        self.pings.start(now, net_test=net_test)

    def take(self) -> list[tuple[int, int]]:
        """Ids and payload sizes of the pings since the last call."""
        got = [(m.id, len(m.data)) for m in self.messages if isinstance(m, Ping)]
        assert len(got) == len(self.messages)
        self.messages.clear()
        return got


def test_the_net_test_is_three_pings_at_once() -> None:
    line = Line(net_test=True)
    assert [m.timestamp for m in line.messages if isinstance(m, Ping)] == [100_000_000] * 3
    assert line.take() == [(1, 0), (2, 0), (3, 256_000)]


def test_the_net_test_gives_rate_and_latency() -> None:
    line = Line(net_test=True)
    assert not line.pings.pong(1, 100.3)
    assert not line.pings.pong(2, 100.1)
    assert line.pings.net_result is None
    assert line.pings.pong(3, 101.1)
    result = line.pings.net_result
    assert result is not None
    assert result.low_bandwidth
    assert line.pings.round_trip.value == pytest.approx(0.1)
    assert line.pings.round_trip.samples == 1


def test_without_a_net_test_one_ping_starts_the_round() -> None:
    line = Line(net_test=False)
    assert line.take() == [(1, 0)]
    assert not line.pings.pong(1, 100.25)
    assert line.pings.net_result is None
    assert line.pings.round_trip.value == pytest.approx(0.25)


def test_the_next_ping_follows_an_interval_after_the_answer() -> None:
    line = Line(net_test=False)
    line.take()
    line.pings.pong(1, 101)
    assert line.pings.deadline() == 101 + PING_INTERVAL
    assert line.pings.on_timer(101 + PING_INTERVAL - 0.1)
    assert line.take() == []
    assert line.pings.on_timer(101 + PING_INTERVAL)
    assert line.take() == [(2, 0)]
    assert line.pings.on_timer(102 + PING_INTERVAL)
    assert line.take() == [], "one at a time"
    assert line.pings.deadline() == 101 + PING_INTERVAL + SILENCE


def test_silence_counts_from_the_last_answer() -> None:
    line = Line(net_test=True)
    line.pings.pong(1, 120)
    assert line.pings.deadline() == 120 + SILENCE
    assert line.pings.on_timer(120 + SILENCE - 0.1)
    assert not line.pings.on_timer(120 + SILENCE)


@pytest.mark.parametrize("ping_id", [0, 4, 0xFFFFFFFF])
def test_unasked_pongs_neither_measure_nor_keep_alive(ping_id: int) -> None:
    line = Line(net_test=True)
    assert not line.pings.pong(ping_id, 110)
    assert line.pings.round_trip.samples == 0
    assert line.pings.deadline() == 100 + SILENCE


def test_a_pong_counts_once() -> None:
    line = Line(net_test=False)
    line.pings.pong(1, 101)
    line.pings.pong(1, 109)
    assert line.pings.round_trip.samples == 1


def test_ids_that_come_out_of_order_leave_the_test_unfinished_but_the_client_alive() -> None:
    line = Line(net_test=True)
    line.pings.pong(3, 101)
    assert line.pings.net_result is None
    line.pings.pong(1, 102)
    line.pings.pong(2, 103)
    assert line.pings.net_result is None
    assert line.pings.deadline() == 103 + PING_INTERVAL
