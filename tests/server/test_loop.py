"""PollLoop: timers, watches and calls from other threads."""

import logging
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from gspice.server.loop import PollLoop, Watch
from gspice.vdi.core import WatchEvent


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loop() -> Iterator[PollLoop]:
    loop = PollLoop(Clock())
    yield loop
    loop.close()


def advance(loop: PollLoop, seconds: float) -> None:
    assert isinstance(loop.now, Clock)
    loop.now.now += seconds
    loop.run_once(0)


def test_timer_runs_once_when_due(loop: PollLoop) -> None:
    ran: list[str] = []
    timer = loop.timer_add(lambda: ran.append("x"))
    loop.timer_start(timer, 20)
    advance(loop, 0.019)
    assert ran == []
    advance(loop, 0.002)
    assert ran == ["x"]
    advance(loop, 1)
    assert ran == ["x"]


def test_starting_a_running_timer_moves_it(loop: PollLoop) -> None:
    ran: list[str] = []
    timer = loop.timer_add(lambda: ran.append("x"))
    loop.timer_start(timer, 10)
    loop.timer_start(timer, 50)
    advance(loop, 0.02)
    assert ran == []
    advance(loop, 0.04)
    assert ran == ["x"]


@pytest.mark.parametrize("end", ["timer_cancel", "timer_remove"])
def test_cancelled_and_removed_timers_do_not_run(loop: PollLoop, end: str) -> None:
    timer = loop.timer_add(lambda: pytest.fail("ran"))
    loop.timer_start(timer, 1)
    getattr(loop, end)(timer)
    advance(loop, 1)


def test_timers_run_in_order_of_due_time(loop: PollLoop) -> None:
    ran: list[int] = []
    for ms in (30, 10, 20):
        loop.timer_start(loop.timer_add(lambda ms=ms: ran.append(ms)), ms)  # type: ignore[misc]
    advance(loop, 1)
    assert ran == [10, 20, 30]


def test_watches_of_one_descriptor_are_independent(loop: PollLoop) -> None:
    a, b = socket.socketpair()
    seen: list[tuple[str, WatchEvent]] = []
    reader = loop.watch_add(a.fileno(), WatchEvent.READ, lambda e: seen.append(("r", e)))
    writer = loop.watch_add(a.fileno(), WatchEvent.WRITE, lambda e: seen.append(("w", e)))
    loop.run_once(0)
    assert seen == [("w", WatchEvent.WRITE)]
    loop.watch_update_mask(writer, WatchEvent(0))
    b.send(b"x")
    loop.run_once(0)
    assert seen[1:] == [("r", WatchEvent.READ)]
    loop.watch_remove(reader)
    loop.run_once(0)
    assert len(seen) == 2
    loop.watch_remove(writer)
    loop.watch_remove(writer)  # harmless
    a.close()
    b.close()


def test_a_watch_removed_by_another_callback_is_not_called(loop: PollLoop) -> None:
    a, b = socket.socketpair()
    watches: list[Watch] = []
    first = loop.watch_add(a.fileno(), WatchEvent.WRITE, lambda e: loop.watch_remove(watches[0]))
    watches.append(loop.watch_add(a.fileno(), WatchEvent.WRITE, lambda e: pytest.fail("called")))
    loop.run_once(0)
    loop.watch_remove(first)
    a.close()
    b.close()


def test_a_failing_callback_does_not_stop_the_loop(loop: PollLoop, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("boom")

    ran: list[str] = []
    loop.call_soon_threadsafe(fail)
    loop.call_soon_threadsafe(lambda: ran.append("x"))
    with caplog.at_level(logging.ERROR):
        loop.run_once(0)
    assert ran == ["x"]
    assert "boom" in caplog.text


def test_stop_from_another_thread_ends_run() -> None:
    loop = PollLoop()
    order: list[int] = []

    def other() -> None:
        loop.call_soon_threadsafe(lambda: order.append(threading.get_ident()))
        loop.stop()

    threading.Thread(target=other).start()
    loop.run()
    loop.close()
    assert order == [threading.get_ident()]


def test_close_frees_its_descriptors() -> None:
    before = set(os.listdir("/proc/self/fd"))
    loop = PollLoop()
    loop.close()
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_timer_of_many_years_can_be_waited_for() -> None:
    loop = PollLoop()
    try:
        loop.timer_start(loop.timer_add(lambda: None), 10**14)
        loop.call_soon_threadsafe(lambda: None)
        loop.run_once(None)
    finally:
        loop.close()
