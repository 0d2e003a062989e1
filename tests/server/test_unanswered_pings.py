"""Pings under way: which pongs count, and what is measured."""

import pytest

from gspice.server.unanswered_pings import MAX_PINGS, UnansweredPings
from gspice.wire.messages.base import Ping, Pong


def ping(number: int, data: bytes = b"") -> Ping:
    return Ping(id=number, timestamp=0, data=data)


def pong(number: int) -> Pong:
    return Pong(id=number, timestamp=0)


def test_an_empty_ping_measures_the_round_trip_once() -> None:
    pings = UnansweredPings()
    pings.sent(ping(5), 10.0)
    assert pings.answered(pong(5), 10.25)
    assert not pings.answered(pong(5), 11.0), "answered already"
    assert pings.round_trip.samples == 1
    assert pings.round_trip.value == pytest.approx(0.25)


def test_one_with_data_measures_nothing() -> None:
    pings = UnansweredPings()
    pings.sent(ping(1, b"data"), 10.0)
    assert pings.answered(pong(1), 12.0)
    assert pings.round_trip.samples == 0


def test_the_oldest_is_forgotten() -> None:
    pings = UnansweredPings()
    for number in range(MAX_PINGS + 3):
        pings.sent(ping(number), 0.0)
    assert len(pings) == MAX_PINGS
    assert not pings.answered(pong(2), 1.0)
    assert pings.answered(pong(3), 1.0)
