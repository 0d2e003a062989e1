"""One command ring as hosts expect it to be polled: never touched between asking for a wake-up and getting it."""

from collections.abc import Callable

from gspice.vdi.qxl import CommandExt

REPOLLS_MS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 4)
"""After how many milliseconds an empty ring is looked at once more, each time, before a notification is asked for.

Guests write in bursts, and their rings are short: a driver whose ring is full spins until somebody takes from it, and
what it writes next comes within microseconds. To be woken costs a guest far more than looking costs the worker.
"""


class CommandRing:
    """The worker's end of a display or cursor ring.

    After ``take`` came back empty the owner calls ``rest``: it says whether to look again soon, at once, or only after
    ``wakeup``.
    """

    def __init__(self, fetch: Callable[[int], list[CommandExt]], request_wakeup: Callable[[], bool]) -> None:
        """``fetch`` takes up to so many commands; fewer only where the ring holds no more."""
        self._fetch = fetch
        self._request_wakeup = request_wakeup
        self._asleep = False
        self._repolls = 0

    def wakeup(self) -> None:
        """The host says that there are commands."""
        self._asleep = False
        self._repolls = 0

    def take(self, limit: int) -> list[CommandExt]:
        """Up to ``limit`` commands; none while the ring sleeps."""
        if self._asleep:
            return []
        commands = self._fetch(limit)
        if commands:
            self._repolls = 0
        return commands

    def rest(self) -> int | None:
        """What to do after an empty ``take``: milliseconds until the next one, or None: wait for ``wakeup``."""
        if self._asleep:
            return None
        if self._repolls < len(REPOLLS_MS):
            self._repolls += 1
            return REPOLLS_MS[self._repolls - 1]
        self._repolls = 0
        if self._request_wakeup():
            self._asleep = True
            return None
        return 0  # a command came meanwhile
