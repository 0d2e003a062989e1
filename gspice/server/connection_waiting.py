"""What a connection waits for on its loop: its socket and one timer."""

from collections.abc import Callable
from math import ceil, inf
from typing import Final

from gspice.vdi.core import CoreInterface, WatchEvent

SHORTEST_TIMER_MS: Final = 1


class Waiting:
    """A watch and a timer of one connection; ``end`` it. It belongs to the loop's thread."""

    def __init__(
        self,
        loop: CoreInterface,
        fd: int,
        clock: Callable[[], float],
        on_ready: Callable[[WatchEvent], None],
        on_due: Callable[[], None],
    ) -> None:
        """``on_due`` may come early: it is to look at the clock, and to say what it waits for then."""
        self._loop = loop
        self._clock = clock
        self._on_due = on_due
        self._due = inf
        """When the timer runs."""
        self._timer = loop.timer_add(self._on_timer)
        self._watch = loop.watch_add(fd, WatchEvent.READ, on_ready)

    def on(self, events: WatchEvent, due: float) -> None:
        """Wait for these events of the socket, and until then at most."""
        self._loop.watch_update_mask(self._watch, events)
        # A timer that runs early costs a look at the clock; moving it after every message would cost more.
        if due < self._due:
            self._due = due
            wait = ceil((due - self._clock()) * 1000)
            self._loop.timer_start(self._timer, max(SHORTEST_TIMER_MS, wait))

    def start_anew(self) -> None:
        """What the timer was started for is over: the next ``on`` starts it, even for later."""
        self._due = inf

    def end(self) -> None:
        """Wait for nothing any more."""
        self._loop.timer_remove(self._timer)
        self._loop.watch_remove(self._watch)

    def _on_timer(self) -> None:
        self._due = inf
        self._on_due()
