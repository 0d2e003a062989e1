"""A poll loop with timers and watches: the embedded host's main loop, and the loop of each RedWorker."""

import heapq
import itertools
import logging
import os
import selectors
import time
from collections import deque
from collections.abc import Callable

from gspice.vdi.core import CoreInterface, WatchEvent

log = logging.getLogger(__name__)

MAX_WAIT_S = 86_400.0
"""One wait of the selector; the kernel takes no more than 2**31 ms."""


class Timer:
    """A one-shot timer of a PollLoop."""

    __slots__ = ("callback", "due")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback
        self.due: float | None = None
        """When it runs, on the loop's clock; None while it is not running."""


class Watch:
    """Interest of one callback in one descriptor."""

    __slots__ = ("callback", "events", "fd")

    def __init__(self, fd: int, events: WatchEvent, callback: Callable[[WatchEvent], None]) -> None:
        self.fd = fd
        self.events = events
        self.callback: Callable[[WatchEvent], None] | None = callback


class PollLoop(CoreInterface):
    """Timers, watches and calls from other threads, all run on the thread that calls ``run``.

    A callback that raises is logged with its traceback and the loop goes on: one bad connection must not stop the
    others. Only ``call_soon_threadsafe`` and ``stop`` may be called from other threads.
    """

    description = "gspice poll loop"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = clock
        self._selector = selectors.DefaultSelector()
        self._watches: dict[int, list[Watch]] = {}
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._calls: deque[Callable[[], None]] = deque()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._running = False
        self.watch_add(self._wake_fd, WatchEvent.READ, self._on_wake)

    # Timers

    def timer_add(self, callback: Callable[[], None]) -> Timer:
        return Timer(callback)

    def timer_start(self, timer: object, milliseconds: int) -> None:
        assert isinstance(timer, Timer)
        timer.due = self.now() + max(milliseconds, 0) / 1000
        heapq.heappush(self._heap, (timer.due, next(self._order), timer))

    def timer_cancel(self, timer: object) -> None:
        assert isinstance(timer, Timer)
        timer.due = None  # its heap entries are skipped when they come up

    def timer_remove(self, timer: object) -> None:
        assert isinstance(timer, Timer)
        timer.due = None
        timer.callback = None

    # Watches

    def watch_add(self, fd: int, events: WatchEvent, callback: Callable[[WatchEvent], None]) -> Watch:
        watch = Watch(fd, events, callback)
        self._watches.setdefault(fd, []).append(watch)
        self._update(fd)
        return watch

    def watch_update_mask(self, watch: object, events: WatchEvent) -> None:
        assert isinstance(watch, Watch)
        if watch.events != events:
            watch.events = events
            self._update(watch.fd)

    def watch_remove(self, watch: object) -> None:
        assert isinstance(watch, Watch)
        if watch.callback is None:
            return
        watch.callback = None
        watches = self._watches[watch.fd]
        watches.remove(watch)
        self._update(watch.fd)
        if not watches:
            del self._watches[watch.fd]

    def _update(self, fd: int) -> None:
        """Make the selector wait for what the watches of ``fd`` want together."""
        events = 0
        for watch in self._watches[fd]:
            events |= watch.events
        known = fd in self._selector.get_map()
        # WatchEvent and selectors number READ 1 and WRITE 2 alike.
        if events and known:
            self._selector.modify(fd, events)
        elif events:
            self._selector.register(fd, events)
        elif known:
            self._selector.unregister(fd)

    # Calls from other threads

    def call_soon_threadsafe(self, callback: Callable[[], None]) -> None:
        """Run a callback on the loop's thread, after those already waiting. Any thread may call."""
        self._calls.append(callback)
        os.eventfd_write(self._wake_fd, 1)

    def _on_wake(self, events: WatchEvent) -> None:
        os.eventfd_read(self._wake_fd)
        for _ in range(len(self._calls)):
            self._guard(self._calls.popleft())

    # Running

    def run(self) -> None:
        """Serve until ``stop``."""
        self._running = True
        while self._running:
            self.run_once(None)

    def stop(self) -> None:
        """Make ``run`` return once the callbacks in hand are done. Any thread may call."""
        self.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self._running = False

    def run_once(self, timeout: float | None) -> None:
        """Wait at most ``timeout`` seconds (None: for ever) and run what is due."""
        due = self._next_due()
        if due is not None:
            wait = min(max(0.0, due - self.now()), MAX_WAIT_S)
            timeout = wait if timeout is None else min(timeout, wait)
        for key, mask in self._selector.select(timeout):
            for watch in list(self._watches.get(key.fd, ())):
                ready = watch.events & WatchEvent(mask)
                if ready and watch.callback is not None:
                    self._guard(watch.callback, ready)
        self._run_timers()

    def _next_due(self) -> float | None:
        while self._heap:
            due, _, timer = self._heap[0]
            if timer.due == due:
                return due
            heapq.heappop(self._heap)  # cancelled, or started anew
        return None

    def _run_timers(self) -> None:
        now = self.now()
        while (due := self._next_due()) is not None and due <= now:
            timer = heapq.heappop(self._heap)[2]
            timer.due = None
            if timer.callback is not None:
                self._guard(timer.callback)

    @staticmethod
    def _guard(callback: Callable[..., None], *args: object) -> None:
        try:
            callback(*args)
        except Exception:
            # The last line of defence of the loop: whatever a callback did wrong, the others go on.
            log.exception("callback %r failed", callback)

    def close(self) -> None:
        """Free the descriptors; the loop is dead afterwards."""
        self._selector.close()
        if self._wake_fd >= 0:
            os.close(self._wake_fd)
            self._wake_fd = -1
        self._watches.clear()
