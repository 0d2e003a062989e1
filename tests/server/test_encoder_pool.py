"""The encoders' threads: few, late, and done is told to the worker that asked."""

import threading

from gspice.server.dispatcher import RedDispatcher
from gspice.server.encoder_pool import EncoderPool, WorkerEncoders
from gspice.server.worker_messages import Encoded

WAIT_S = 10.0


def test_threads_start_with_the_first_job_and_end_with_the_pool() -> None:
    before = threading.active_count()
    pool = EncoderPool(2)
    assert threading.active_count() == before
    done = threading.Semaphore(0)
    for _ in range(20):
        pool.submit(done.release)
    assert all(done.acquire(timeout=WAIT_S) for _ in range(20))
    assert before < threading.active_count() <= before + 2
    pool.close()
    assert threading.active_count() == before


def test_jobs_run_beside_each_other() -> None:
    pool = EncoderPool(2)
    meet = threading.Barrier(2, timeout=WAIT_S)
    met = threading.Semaphore(0)

    def job() -> None:
        meet.wait()
        met.release()

    for _ in range(2):
        pool.submit(job)
    assert met.acquire(timeout=WAIT_S) and met.acquire(timeout=WAIT_S)
    pool.close()


def test_a_job_that_fails_does_not_end_its_thread() -> None:
    pool = EncoderPool(1)
    done = threading.Event()
    pool.submit(lambda: 1 / 0)  # type: ignore[arg-type]
    pool.submit(done.set)
    assert done.wait(WAIT_S)
    pool.close()


def test_what_is_done_crosses_to_the_worker() -> None:
    pool, dispatcher = EncoderPool(1), RedDispatcher()
    heard: list[tuple[int, float]] = []
    encoders = WorkerEncoders(pool, dispatcher, lambda: 7.0)
    encoders.submit(lambda: 42, lambda result, now: heard.append((result, now)), 1.0)
    pool.close()
    assert not heard, "not on the encoder's thread"
    messages: list[Encoded] = []
    dispatcher.drain(messages.append)
    (message,) = messages
    message.deliver()
    assert heard == [(42, 7.0)]
    dispatcher.close()


def test_work_and_waiting_are_counted() -> None:
    pool = EncoderPool(1)
    assert pool.numbers().threads == 0
    begun, go_on = threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    pool.submit(job)
    assert begun.wait(WAIT_S)
    pool.submit(job)
    standing = pool.numbers()
    assert (standing.threads, standing.queued, standing.jobs) == (1, 1, 0)
    go_on.set()
    pool.close()
    done = pool.numbers()
    assert done.jobs == 2 and done.busy > 0 and done.wait > 0
