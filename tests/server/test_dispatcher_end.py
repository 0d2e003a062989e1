"""How a worker's dispatcher ends: parked for good with its process, or closed, with nobody left waiting."""

import threading
import time
from collections.abc import Iterator

import pytest

from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, RedDispatcher
from gspice.server.doorbell import OOM, WAKEUP
from tests.server.test_dispatcher import Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.dispatcher._never.set()
    worker.end()


def test_what_is_rung_comes_after_the_messages_and_once(worker: Worker) -> None:
    worker.gate.clear()
    worker.dispatcher.send("first")
    for bits in (WAKEUP, OOM, WAKEUP | OOM, WAKEUP):
        worker.dispatcher.bell.ring(bits)
    worker.dispatcher.send("second")
    worker.gate.set()
    worker.dispatcher.call("third")
    worker.dispatcher.call("fourth")  # what was rung has been handled by then
    assert [item for item in worker.handled if isinstance(item, str)] == [
        "first",
        "second",
        "third",
        "fourth",
    ]
    rung = [item for item in worker.handled if not isinstance(item, str)]
    assert set(map(type, rung)) == {m.Wakeup, m.Oom} and len(rung) <= 4
    assert worker.handled.index(m.Wakeup()) > 0


def test_a_parked_worker_touches_nothing_and_keeps_nobody(worker: Worker) -> None:
    abandoned: list[object] = []
    worker.dispatcher.on_abandoned = abandoned.append
    assert worker.dispatcher.call(1) == "did 1" and not worker.dispatcher.parked
    assert worker.dispatcher.park() and worker.dispatcher.parked
    assert worker.dispatcher.park(), "twice is no error"
    worker.dispatcher.send("late")
    worker.dispatcher.bell.ring(WAKEUP)
    with pytest.raises(DispatcherTimeout, match="ended"):
        worker.dispatcher.call("later", timeout=60)
    assert worker.handled == [1] and worker.thread.is_alive()
    assert abandoned == [], "the host is left alone"


def test_calls_that_wait_as_it_parks_are_released(worker: Worker) -> None:
    errors: list[BaseException] = []

    def call() -> None:
        try:
            worker.dispatcher.call("waits", timeout=60)
        except DispatcherTimeout as error:
            errors.append(error)

    worker.gate.clear()
    worker.dispatcher.send("busy")
    while worker.dispatcher._queue:
        time.sleep(0)  # until it is taken: now the worker waits at the gate
    thread = threading.Thread(target=call)
    thread.start()
    while not worker.dispatcher._queue:
        time.sleep(0)
    assert not worker.dispatcher.park(timeout=0.01), "it is busy"
    worker.gate.set()
    assert worker.dispatcher.park()
    thread.join(10)
    assert len(errors) == 1 and "waits" not in worker.handled


def test_messages_that_come_too_late_are_told() -> None:
    dispatcher = RedDispatcher()
    abandoned: list[object] = []
    dispatcher.on_abandoned = abandoned.append
    dispatcher.send("early")
    dispatcher.close()
    dispatcher.send("late")
    with pytest.raises(DispatcherTimeout):
        dispatcher.call("acknowledged")
    dispatcher.bell.ring(WAKEUP)
    assert abandoned == ["early", "late", "acknowledged"]
