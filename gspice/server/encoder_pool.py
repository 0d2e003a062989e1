"""The threads that pack images: few, started when they are first needed, shared by all workers of a server.

A job gets immutable pixels and spends its time in compiled code without the GIL, so that it runs beside the worker
and the host. What comes of it crosses back as a message to the worker that asked.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from gspice.server import worker_messages as m
from gspice.server.dispatcher import RedDispatcher
from gspice.server.statistics import EncoderNumbers
from gspice.stream.encoders import Result

log = logging.getLogger(__name__)

MOST_THREADS = 4
"""The guest's own processors are the same ones."""


@dataclass(slots=True)
class _Work:
    """What one thread has done; it alone writes here."""

    jobs: int = 0
    wait: float = 0.0
    busy: float = 0.0


class EncoderPool:
    """Made by the server, on any thread; ``submit`` is called by workers."""

    def __init__(self, threads: int | None = None) -> None:
        self._most = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._jobs: SimpleQueue[tuple[Callable[[], None], float] | None] = SimpleQueue()
        """With the time at which each came."""
        self._work: list[_Work] = []
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job as soon as a thread is free. Threads inherit the signal mask of the worker that starts them."""
        self._jobs.put((job, time.monotonic()))
        if len(self._threads) < self._most and self._jobs.qsize():
            self._start_one()

    def _start_one(self) -> None:
        with self._starting:
            if len(self._threads) < self._most:
                self._work.append(_Work())
                thread = threading.Thread(
                    target=self._run,
                    args=(self._work[-1],),
                    name=f"encoder-{len(self._threads)}",
                    daemon=True,
                )
                self._threads.append(thread)
                thread.start()

    def _run(self, work: _Work) -> None:
        while (entry := self._jobs.get()) is not None:
            job, came_at = entry
            begun_at = time.monotonic()
            try:
                job()
            except Exception:
                # Jobs look after themselves; what they let through must not cost the others their thread.
                log.exception("an encoder's job failed")
            del job, entry  # with the pixels that they hold
            work.wait += begun_at - came_at
            work.busy += time.monotonic() - begun_at
            work.jobs += 1

    def numbers(self) -> EncoderNumbers:
        """What was done so far; on any thread."""
        work = list(self._work)
        return EncoderNumbers(
            threads=len(work),
            queued=self._jobs.qsize(),
            jobs=sum([each.jobs for each in work]),
            wait=sum([each.wait for each in work]),
            busy=sum([each.busy for each in work]),
        )

    def close(self) -> None:
        """End the threads once the jobs that are queued are done; nothing may be submitted any more."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=1.0)


class WorkerEncoders:
    """The pool as one worker sees it: what is done comes back to the worker's own thread."""

    def __init__(self, pool: EncoderPool, dispatcher: RedDispatcher, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._clock = clock

    def submit(self, job: Callable[[], Result], done: Callable[[Result, float], None], now: float) -> None:
        """See ``gspice.stream.encoders.Encoders``."""

        def run() -> None:
            result = job()
            self._dispatcher.send(m.Encoded(lambda: done(result, self._clock())))

        self._pool.submit(run)
