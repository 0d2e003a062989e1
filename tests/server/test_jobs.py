"""JobPool: outcomes on the loop, exceptions included, and a bounded end."""

import threading
from collections.abc import Iterator

import pytest

from gspice.server.jobs import JobPool
from gspice.server.loop import PollLoop
from tests.server.net import settle, spin


@pytest.fixture
def loop() -> Iterator[PollLoop]:
    loop = PollLoop()
    yield loop
    loop.close()


def test_done_runs_on_the_loop_with_the_result(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe)
    outcomes: list[tuple[object, int, int]] = []
    here = threading.get_ident()
    pool.submit(threading.get_ident, lambda there: outcomes.append((1, _int(there), threading.get_ident())))
    spin(loop, lambda: bool(outcomes))
    _, worked_on, done_on = outcomes[0]
    assert done_on == here
    assert worked_on != here
    assert pool.close()


def _int(value: int | Exception) -> int:
    assert isinstance(value, int)
    return value


def test_an_exception_is_an_outcome(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe)
    outcomes: list[object] = []

    def fail() -> int:
        raise KeyError("lost")

    pool.submit(fail, outcomes.append)
    spin(loop, lambda: bool(outcomes))
    assert isinstance(outcomes[0], KeyError)
    assert pool.close()


def test_more_jobs_than_workers_all_finish(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe, workers=2)
    outcomes: list[object] = []
    for number in range(50):
        pool.submit(lambda number=number: number * number, outcomes.append)  # type: ignore[misc]
    spin(loop, lambda: len(outcomes) == 50)
    assert sorted(outcomes) == [number * number for number in range(50)]  # type: ignore[type-var]
    assert pool.close()


def test_close_waits_for_the_running_and_drops_the_rest(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe, workers=1)
    began, release = threading.Event(), threading.Event()
    done: list[object] = []
    ran: list[int] = []

    def first() -> None:
        began.set()
        release.wait(10)

    pool.submit(first, done.append)
    pool.submit(lambda: ran.append(1), done.append)
    assert began.wait(10)
    assert not pool.close(timeout=0.01), "it is still running, and close must not wait for it"
    release.set()
    settle(loop)
    assert done == [], "nothing is delivered after close"
    assert ran == []


def test_close_does_not_wait_for_what_never_began(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe, workers=1)
    for _ in range(1000):
        pool.submit(lambda: None, lambda outcome: None)
    assert pool.close(timeout=60)


def test_submit_after_close_does_nothing(loop: PollLoop) -> None:
    pool = JobPool(loop.call_soon_threadsafe)
    assert pool.close()
    done: list[object] = []
    pool.submit(lambda: 1, done.append)
    settle(loop)
    assert done == []


def test_a_job_that_outlives_its_loop_is_quiet() -> None:
    release, finished = threading.Event(), threading.Event()

    def post(callback: object) -> None:
        finished.set()
        raise RuntimeError("the loop is closed")

    pool = JobPool(post)
    pool.submit(lambda: release.wait(10), lambda outcome: None)
    release.set()
    assert finished.wait(10)
    assert pool.close()
