"""Events read ahead: in order, bounded, and never waited for."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from gspice.hosts.replay_ahead import MAX_BYTES, MAX_EVENTS, EventsAhead, NothingYet, event_bytes
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
    RecordingError,
)


def message(size: int) -> RecordedEvent:
    return RecordedCommand(1, 4, 0, ops.MessageCommand(bytes(size)))


def nothing() -> None:
    """Nobody listens."""


def taken(ahead: EventsAhead) -> list[RecordedEvent]:
    """All events that are read by now."""
    ahead._thread.join(20)
    return list(iter(ahead.take, None))


def test_events_come_in_order_and_then_none() -> None:
    events = [message(size) for size in range(9)]
    ahead = EventsAhead(iter(events), nothing)
    assert taken(ahead) == events
    assert ahead.take() is None


@pytest.mark.parametrize("error", [RecordingError(5, "torn"), ZeroDivisionError()])
def test_errors_come_after_the_events_before_them(error: Exception) -> None:
    def events() -> Iterator[RecordedEvent]:
        yield message(1)
        raise error

    ahead = EventsAhead(events(), nothing)
    ahead._thread.join(20)
    assert ahead.take() == message(1)
    with pytest.raises(type(error)):
        ahead.take()


def test_who_found_nothing_is_called() -> None:
    go_on, ready = threading.Event(), threading.Event()

    def events() -> Iterator[RecordedEvent]:
        go_on.wait(20)
        yield message(1)

    ahead = EventsAhead(events(), ready.set)
    with pytest.raises(NothingYet):
        ahead.take()
    assert not ready.is_set()
    go_on.set()
    assert ready.wait(20)
    assert ahead.take() == message(1)


@pytest.mark.parametrize(("size", "most"), [(0, MAX_EVENTS), (MAX_BYTES // 4, 3), (MAX_BYTES * 2, 1)])
def test_what_waits_is_bounded(size: int, most: int) -> None:
    stuck = threading.Event()
    event = message(size)

    class Watched(EventsAhead):
        def _full(self, size: int) -> bool:
            full = super()._full(size)
            if full:
                stuck.set()
            return full

    ahead = Watched(itertools.repeat(event), nothing)
    assert stuck.wait(20)
    assert len(ahead._queue) == most
    ahead.close()
    ahead._thread.join(20)
    assert not ahead._thread.is_alive()


def test_sizes() -> None:
    primary = RecordedPrimary(width=1, height=1, stride=4, format=32, data=bytes(5000))
    assert event_bytes(RecordedMessage(1, 20, 0, primary)) >= 5000
    assert event_bytes(message(5000)) >= 5000
    assert event_bytes(RecordedMessage(1, 2, 0)) == event_bytes(RecordedBadCommand(1, 1, 1, "x")) > 0
