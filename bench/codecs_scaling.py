"""How GSpice's encoders scale over the threads of its own pool."""

import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from bench.codecs_kernels import WINDOW, Kernel
from bench.libspice.codecs import Codec, Picture
from gspice.codec import glz_encode, lz_encode, quic_encode
from gspice.codec.lz import LzType
from gspice.codec.quic import QuicType
from gspice.server.encoder_pool import EncoderPool

SECONDS = 0.7
"""That a turn takes at the least."""


def threads() -> list[int]:
    """1 and each number after it, as far as there are cores for this process."""
    return list(range(1, len(os.sched_getaffinity(0)) + 1))


def images_per_second(
    kernels: Sequence[Kernel], pictures: dict[Kernel, list[Picture]], runs: int
) -> dict[Kernel, dict[int, float]]:
    """By the number of threads, medians of interleaved turns, in wall time."""
    turns: dict[Kernel, dict[int, list[float]]] = {kernel: {} for kernel in kernels}
    for _ in range(runs):
        for kernel in kernels:
            for count in threads():
                turns[kernel].setdefault(count, []).append(_turn(kernel, pictures[kernel], count))
    return {
        kernel: {count: statistics.median(rates) for count, rates in by_count.items()}
        for kernel, by_count in turns.items()
    }


def _turn(kernel: Kernel, pictures: list[Picture], count: int) -> float:
    pool = EncoderPool(count)
    # Clients take turns, so that threads seldom wait for the same dictionary.
    jobs = [
        job for turn in zip(*(_jobs(kernel, pictures) for _ in range(count)), strict=True) for job in turn
    ]
    done = threading.Semaphore(0)
    try:
        # Each thread is started by a job, and one pass over the images is not counted.
        _submit(pool, jobs, done)
        start, encoded = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            encoded += _submit(pool, jobs, done)
        return encoded / (time.perf_counter() - start)
    finally:
        pool.close()


def _submit(pool: EncoderPool, jobs: Sequence[Callable[[], object]], done: threading.Semaphore) -> int:
    def run(job: Callable[[], object]) -> None:
        job()
        done.release()

    for job in jobs:
        pool.submit(partial(run, job))
    for _ in jobs:
        done.acquire()
    return len(jobs)


def _jobs(kernel: Kernel, pictures: list[Picture]) -> list[Callable[[], object]]:
    """A job for each image. A GLZ dictionary belongs to one client: there are as many of those as threads."""
    if kernel.codec is Codec.GLZ:
        dictionary = glz_encode.GlzDictionary(WINDOW)
        return [partial(dictionary.encode, p.rows, LzType(p.kind), *p[1:4]) for p in pictures]
    if kernel.codec is Codec.LZ:
        return [partial(lz_encode.encode, p.rows, LzType(p.kind), *p[1:4]) for p in pictures]
    return [partial(quic_encode.encode, p.rows, QuicType(p.kind), *p[1:4]) for p in pictures]
