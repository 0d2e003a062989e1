"""Where images are encoded: a pool of threads that the server has, or right here."""

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Encoders(Protocol):
    """Runs jobs that touch nothing but what they were given."""

    def submit(self, job: Callable[[], Result], done: Callable[[Result, float], None], now: float) -> None:
        """Run ``job`` on any thread, then ``done`` with its result and the time then, on the caller's.

        Never before ``submit`` has returned, but for ``EncodeHere``. ``job`` must not raise.
        """


class EncodeHere:
    """On the caller's thread, at once."""

    def submit(self, job: Callable[[], Result], done: Callable[[Result, float], None], now: float) -> None:
        done(job(), now)
