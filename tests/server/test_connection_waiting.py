"""The watch and the timer of one connection."""

import socket
from collections.abc import Iterator

import pytest

from gspice.server.connection_waiting import Waiting
from gspice.server.loop import PollLoop
from gspice.vdi.core import WatchEvent
from tests.server.net import Clock, settle


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.near, self.far = socket.socketpair()
        self.ready: list[WatchEvent] = []
        self.looks: list[float] = []
        self.waiting = Waiting(
            self.loop,
            self.near.fileno(),
            self.clock,
            self.on_ready,
            lambda: self.looks.append(self.clock.now),
        )

    def on_ready(self, events: WatchEvent) -> None:
        self.ready.append(events)
        self.waiting.on(WatchEvent(0), float("inf"))

    def at(self, now: float) -> list[float]:
        """The looks of the timer up to then."""
        self.clock.now = now
        settle(self.loop)
        return self.looks


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.loop.close()
    rig.near.close()
    rig.far.close()


def test_it_waits_for_what_it_was_told_last(rig: Rig) -> None:
    rig.far.send(b"x")
    rig.waiting.on(WatchEvent(0), float("inf"))
    settle(rig.loop)
    assert rig.ready == []
    rig.waiting.on(WatchEvent.READ | WatchEvent.WRITE, float("inf"))
    settle(rig.loop)
    assert rig.ready == [WatchEvent.READ | WatchEvent.WRITE]


def test_an_earlier_time_moves_the_timer_and_a_later_one_does_not(rig: Rig) -> None:
    start = rig.clock.now
    rig.waiting.on(WatchEvent(0), start + 5)
    rig.waiting.on(WatchEvent(0), start + 2)
    rig.waiting.on(WatchEvent(0), start + 9)
    assert rig.at(start + 1.5) == []
    assert rig.at(start + 2.1) == [start + 2.1]
    assert rig.at(start + 9.1) == [start + 2.1], "whoever looks says anew what it waits for"


def test_started_anew_it_may_be_later(rig: Rig) -> None:
    start = rig.clock.now
    rig.waiting.on(WatchEvent(0), start + 1)
    rig.waiting.start_anew()
    rig.waiting.on(WatchEvent(0), start + 3)
    assert rig.at(start + 2) == []
    assert rig.at(start + 3.1) == [start + 3.1]


def test_what_is_due_already_comes_from_the_loop(rig: Rig) -> None:
    rig.waiting.on(WatchEvent(0), rig.clock.now - 1)
    assert rig.looks == []
    assert len(rig.at(rig.clock.now + 0.01)) == 1


def test_after_the_end_nothing_comes(rig: Rig) -> None:
    start = rig.clock.now
    rig.far.send(b"x")
    rig.waiting.on(WatchEvent.READ, start + 1)
    rig.waiting.end()
    assert rig.at(start + 2) == [] and rig.ready == []
