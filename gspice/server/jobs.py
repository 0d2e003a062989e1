"""The job pool: work that takes long runs on a few threads, and its outcome comes back on the host loop."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
Post = Callable[[Callable[[], None]], None]
"""Runs a callback on the loop that owns the pool; any thread may call it."""


class JobPool:
    """A few threads for what must not run on a loop. ``submit`` and ``close`` belong to the owner's loop.

    What a job gives or raises is handed to its ``done`` on that loop; after ``close`` no ``done`` is called.
    """

    def __init__(self, post: Post, *, workers: int = 2, name: str = "gspice-job") -> None:
        self._post = post
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._running: set[Future[None]] = set()
        self._closed = False

    def submit(self, work: Callable[[], T], done: Callable[[T | Exception], None]) -> None:
        """Run ``work`` on a pool thread, then ``done(its result or exception)`` on the loop."""
        if self._closed:
            return
        # Jobs that finished need no joining: forgetting them here keeps the set on one thread, and small.
        self._running = {job for job in self._running if not job.done()}
        self._running.add(self._executor.submit(self._run, work, done))

    def _run(self, work: Callable[[], T], done: Callable[[T | Exception], None]) -> None:
        outcome: T | Exception
        try:
            outcome = work()
        except Exception as error:
            # Whatever it is, it belongs to the one who asked for the work.
            outcome = error
        if self._closed:
            return
        try:
            self._post(lambda: self._deliver(done, outcome))
        except (RuntimeError, OSError, ValueError):
            log.debug("a job finished after its loop had gone")

    def _deliver(self, done: Callable[[T | Exception], None], outcome: T | Exception) -> None:
        if not self._closed:
            done(outcome)

    def close(self, timeout: float = 2.0) -> bool:
        """Drop what has not begun and wait ``timeout`` seconds for the rest; False if some still runs."""
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        # Cancelled ones are left out: `wait` does not count them as done before a worker has seen them.
        unfinished = wait([job for job in self._running if not job.done()], timeout).not_done
        self._running.clear()
        if unfinished:
            log.warning("%d jobs were still running after %.1f s", len(unfinished), timeout)
        return not unfinished
