"""One command ring as hosts expect it to be polled: never touched between asking for a wake-up and getting it."""

from collections.abc import Callable

from gspice.vdi.qxl import CommandExt

REPOLL_MS = 10
"""An empty ring is looked at once more after this long before a notification is asked for: guests write in bursts."""


class CommandRing:
    """The worker's end of a display or cursor ring.

    After ``take`` came back empty the owner calls ``rest``: it says whether to look again in ``REPOLL_MS``, at once, or
    only after ``wakeup``.
    """

    def __init__(self, fetch: Callable[[], CommandExt | None], request_wakeup: Callable[[], bool]) -> None:
        self._fetch = fetch
        self._request_wakeup = request_wakeup
        self._asleep = False
        self._repolled = False

    def wakeup(self) -> None:
        """The host says that there are commands."""
        self._asleep = False
        self._repolled = False

    def take(self, limit: int) -> list[CommandExt]:
        """Up to ``limit`` commands; none while the ring sleeps."""
        commands: list[CommandExt] = []
        if self._asleep:
            return commands
        while len(commands) < limit and (command := self._fetch()) is not None:
            commands.append(command)
        if commands:
            self._repolled = False
        return commands

    def rest(self) -> int | None:
        """What to do after an empty ``take``: milliseconds until the next one, or None: wait for ``wakeup``."""
        if self._asleep:
            return None
        if not self._repolled:
            self._repolled = True
            return REPOLL_MS
        self._repolled = False
        if self._request_wakeup():
            self._asleep = True
            return None
        return 0  # a command came meanwhile
