"""Events read ahead on a thread of their own: a file that stalls must not keep anybody else waiting."""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from gspice.qxl.held_bytes import BASE_BYTES, held_bytes
from gspice.qxl.recording_events import RecordedCommand, RecordedEvent, RecordedMessage

MAX_EVENTS = 1024
MAX_BYTES = 64 << 20
"""What may wait; one event may be larger."""


class NothingYet(Exception):
    """The next event is not read yet; ``ready`` will be called when it is."""


class EventsAhead:
    """Reads until the end, an error, or ``close``. ``take`` is for one thread."""

    def __init__(self, events: Iterator[RecordedEvent], ready: Callable[[], None]) -> None:
        """``ready`` is called on the reading thread, after ``take`` found nothing."""
        self._events = events
        self._ready = ready
        self._queue: deque[tuple[RecordedEvent, int]] = deque()
        self._bytes = 0
        self._ended = self._closed = self._hungry = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        # A read of a pipe cannot be broken off: such a thread goes with the process.
        self._thread = threading.Thread(target=self._read, name="replay reader", daemon=True)
        self._thread.start()

    def take(self) -> RecordedEvent | None:
        """The next event, None: there is no more. NothingYet; or what the events raised, after all before it."""
        with self._changed:
            if self._queue:
                event, size = self._queue.popleft()
                self._bytes -= size
                self._changed.notify()
                return event
            if self._error is not None:
                raise self._error
            if self._ended:
                return None
            self._hungry = True
            raise NothingYet

    def close(self) -> None:
        """Read no more. A read in hand is not waited for."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _read(self) -> None:
        try:
            for event in self._events:
                if not self._put(event, event_bytes(event)):
                    return
        except Exception as error:
            # Whatever it is belongs to the thread that takes.
            self._error = error
        with self._changed:
            self._ended = True
            self._tell()

    def _put(self, event: RecordedEvent, size: int) -> bool:
        with self._changed:
            while not self._closed and self._full(size):
                self._changed.wait()
            if self._closed:
                return False
            self._queue.append((event, size))
            self._bytes += size
            self._tell()
            return True

    def _full(self, size: int) -> bool:
        return len(self._queue) >= MAX_EVENTS or bool(self._queue and self._bytes + size > MAX_BYTES)

    def _tell(self) -> None:
        if self._hungry and not self._closed:
            self._hungry = False
            self._ready()


def event_bytes(event: RecordedEvent) -> int:
    """About how much memory an event holds."""
    match event:
        case RecordedCommand():
            return held_bytes(event.command)
        case RecordedMessage(primary=primary) if primary is not None:
            return BASE_BYTES + len(primary.data)
    return BASE_BYTES
