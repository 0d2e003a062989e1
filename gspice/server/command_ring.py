"""One command ring as hosts expect it to be polled: never touched between asking for a wake-up and getting it."""

from collections.abc import Callable

from gspice.vdi.qxl import CommandExt

POLL_MS = 4
"""How soon a ring that has had commands lately is looked at again: whoever draws all the time wakes nobody."""
POLLS = 2
"""Empty looks, one after the other, after which a notification is asked for."""
FLOOD = 16
"""Commands found at once, half of what a guest's ring holds, that tell of a driver that may be waiting for room.

Guests write in bursts, and their rings are short: a driver whose ring is full spins until somebody takes from it, and
what it writes next comes within microseconds. To be woken costs a guest far more than looking costs the worker.
"""
FLOOD_POLLS = 2
"""Looks at once after such a burst."""


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
        self._found = 0
        """Commands of the largest ``take`` since the last ``rest``."""
        self._at_once = 0
        """Looks at once that are left of a burst's."""
        self._empty = 0
        """Looks that found nothing, one after the other."""

    @property
    def asleep(self) -> bool:
        """Only ``wakeup`` makes it worth a look."""
        return self._asleep

    def wakeup(self) -> None:
        """The host says that there are commands."""
        self._asleep = False
        self._empty = 0

    def take(self, limit: int) -> list[CommandExt]:
        """Up to ``limit`` commands; none while the ring sleeps."""
        if self._asleep:
            return []
        commands = self._fetch(limit)
        self._found = max(self._found, len(commands))
        return commands

    def rest(self) -> int | None:
        """What to do after an empty ``take``: milliseconds until the next one, or None: wait for ``wakeup``."""
        if self._asleep:
            return None
        found, self._found = self._found, 0
        if found:
            self._empty = 0
        if found >= FLOOD:
            self._at_once = FLOOD_POLLS
        if self._at_once:
            self._at_once -= 1
            return 0
        if self._empty < POLLS:
            self._empty += 1
            return POLL_MS
        self._empty = 0
        if self._request_wakeup():
            self._asleep = True
            return None
        return 0  # a command came meanwhile
