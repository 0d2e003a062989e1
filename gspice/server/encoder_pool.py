"""The threads that pack images: few, started when they are first needed, shared by all workers of a server.

A job gets immutable pixels and spends its time in compiled code without the GIL, so that it runs beside the worker
and the host. What comes of it crosses back as a message to the worker that asked.
"""

import logging
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

from gspice.server import worker_messages as m
from gspice.server.dispatcher import RedDispatcher
from gspice.stream.encoders import Result

log = logging.getLogger(__name__)

MOST_THREADS = 4
"""The guest's own processors are the same ones."""


class EncoderPool:
    """Made by the server, on any thread; ``submit`` is called by workers."""

    def __init__(self, threads: int | None = None) -> None:
        self._most = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job as soon as a thread is free. Threads inherit the signal mask of the worker that starts them."""
        self._jobs.put(job)
        if len(self._threads) < self._most and self._jobs.qsize():
            self._start_one()

    def _start_one(self) -> None:
        with self._starting:
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=f"encoder-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                # Jobs look after themselves; what they let through must not cost the others their thread.
                log.exception("an encoder's job failed")
            del job  # with the pixels that it holds

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
