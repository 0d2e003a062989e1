"""The crossings between threads."""

import logging
import select
import sys
import threading
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from gspice.errors import GuestError
from gspice.server.dispatcher import DispatcherTimeout, MainDispatcher, RedDispatcher
from gspice.server.loop import PollLoop
from gspice.vdi.core import WatchEvent


class Worker:
    """A thread that drains a RedDispatcher in its own poll loop."""

    def __init__(self) -> None:
        self.dispatcher = RedDispatcher()
        self.handled: list[Any] = []
        self.loop = PollLoop()
        self.gate = threading.Event()
        self.gate.set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        self.dispatcher.worker_thread = threading.get_ident()
        self.loop.watch_add(
            self.dispatcher.fileno(), WatchEvent.READ, lambda e: self.dispatcher.drain(self.handle)
        )
        self.loop.run()

    def handle(self, message: Any) -> Any:
        self.gate.wait(10)
        self.handled.append(message)
        if message == "bad":
            raise GuestError("no such surface")
        if message == "broken":
            raise ValueError("a fault of ours")
        return f"did {message}"

    def end(self) -> None:
        self.gate.set()
        self.loop.stop()
        self.thread.join(10)
        self.loop.close()
        self.dispatcher.close()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.end()


def test_call_returns_what_the_worker_answers_in_order(worker: Worker) -> None:
    worker.dispatcher.send(1)
    worker.dispatcher.send(2)
    assert worker.dispatcher.call(3) == "did 3"
    assert worker.handled == [1, 2, 3]


def test_call_raises_what_handling_raised_and_the_worker_goes_on(worker: Worker) -> None:
    with pytest.raises(GuestError, match="no such surface"):
        worker.dispatcher.call("bad")
    assert worker.dispatcher.call("good") == "did good"


def test_refused_messages_of_guests_do_not_fill_the_log(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            worker.dispatcher.send("bad")
        worker.dispatcher.call("good")
    assert len(caplog.records) == 20
    assert "Traceback" not in caplog.text


def test_a_failed_send_is_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        worker.dispatcher.send("broken")
        worker.dispatcher.call("good")
    assert "a fault of ours" in caplog.text and "Traceback" in caplog.text


def test_a_worker_that_does_not_come_round_times_out(worker: Worker) -> None:
    worker.gate.clear()
    with pytest.raises(DispatcherTimeout, match="str"):
        worker.dispatcher.call("late", timeout=0.05)


def test_call_from_the_workers_own_thread_is_refused(worker: Worker) -> None:
    worker.dispatcher.worker_thread = threading.get_ident()
    with pytest.raises(RuntimeError, match="own thread"):
        worker.dispatcher.call("x")


def test_close_releases_waiting_callers() -> None:
    dispatcher = RedDispatcher()
    errors: list[BaseException] = []

    def caller() -> None:
        try:
            dispatcher.call("x", timeout=10)
        except DispatcherTimeout as error:
            errors.append(error)

    thread = threading.Thread(target=caller)
    thread.start()
    while not dispatcher._queue:
        pass
    dispatcher.close()
    thread.join(10)
    assert "has ended" in str(errors[0])


@pytest.fixture
def eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switches")
def test_no_wake_is_lost_between_senders_and_a_worker_that_sleeps() -> None:
    """Each sender waits for the last of its burst: after a wake that was lost, worker and senders all sleep."""
    dispatcher = RedDispatcher()
    ended: list[str] = []

    def handle(message: object) -> None:
        if isinstance(message, threading.Event):
            message.set()
        elif message == "end":
            ended.append(message)

    def sender(seed: int) -> None:
        random = Random(seed)
        for _ in range(4000):
            for _ in range(random.randrange(4)):
                dispatcher.send("one of a burst")
            handled = threading.Event()
            dispatcher.send(handled)
            if not handled.wait(10):
                return
        dispatcher.send("end")

    senders = [threading.Thread(target=sender, args=(seed,), daemon=True) for seed in range(3)]
    for thread in senders:
        thread.start()
    while len(ended) < len(senders):
        assert select.select([dispatcher.fileno()], [], [], 10)[0], "asleep, and not everything is handled"
        dispatcher.drain(handle)
    for thread in senders:
        thread.join(10)
    dispatcher.close()


def test_main_dispatcher_runs_posts_from_any_thread_in_order(caplog: pytest.LogCaptureFixture) -> None:
    loop = PollLoop()
    main = MainDispatcher(loop)
    ran: list[tuple[int, int]] = []

    def fail() -> None:
        raise RuntimeError("boom")

    def other() -> None:
        for i in range(100):
            main.post(lambda i=i: ran.append((i, threading.get_ident())))  # type: ignore[misc]
            if i == 50:
                main.post(fail)
        main.post(loop.stop)

    thread = threading.Thread(target=other)
    thread.start()
    with caplog.at_level(logging.ERROR):
        loop.run()
    thread.join()
    assert ran == [(i, threading.get_ident()) for i in range(100)]
    assert "boom" in caplog.text
    main.close()
    main.post(lambda: pytest.fail("ran after close"))
    loop.close()
