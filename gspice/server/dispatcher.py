"""The crossings between threads: host loop to RedWorker, and any thread to the host loop.

Each object has one owner thread; what crosses is a message on a queue, announced by a doorbell so that either side may
sit in its own poll loop. Nothing here holds a lock while it calls anyone.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from gspice.errors import GSpiceError
from gspice.server import worker_messages as m
from gspice.server.answer import Answer
from gspice.server.doorbell import MESSAGES, OOM, WAKEUP, Doorbell
from gspice.vdi.core import CoreInterface, WatchEvent

log = logging.getLogger(__name__)

ACK_TIMEOUT_S = 10.0
"""A worker that answers no acknowledged call for so long is taken for dead: the caller is a vCPU and must go on."""
PARK_TIMEOUT_S = 2.0
"""How long a process that ends waits for a worker to leave the host alone."""
LOGGED_REFUSALS = 20
"""Messages refused for the guest's fault that are logged as warnings; the rest is for the debug level."""

_RUNG: tuple[tuple[int, object], ...] = ((WAKEUP, m.Wakeup()), (OOM, m.Oom()))
"""What the doorbell's bits mean to a worker. Messages go first: rings are read in the state that they leave."""


class DispatcherTimeout(GSpiceError):
    """The other thread did not handle an acknowledged message in time."""


class MainDispatcher:
    """Any thread to the host loop: callables that run there, in the order they were posted."""

    def __init__(self, core: CoreInterface) -> None:
        self._core = core
        self._queue: deque[Callable[[], None]] = deque()
        self._bell = Doorbell()
        self._watch = core.watch_add(self._bell.fileno(), WatchEvent.READ, self._on_ready)
        self._closed = False

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the host loop soon. Any thread may call; after ``close`` it is dropped."""
        if not self._closed:
            self._queue.append(call)
            self._bell.ring(MESSAGES)

    def _on_ready(self, events: WatchEvent) -> None:
        self._bell.take()
        for _ in range(len(self._queue)):
            call = self._queue.popleft()
            try:
                call()
            except Exception:
                # One failed call must not take with it those that wait behind it.
                log.exception("call %r on the host loop failed", call)

    def close(self) -> None:
        """Stop listening; on the host loop."""
        if not self._closed:
            self._closed = True
            self._core.watch_remove(self._watch)
            self._bell.close()
            self._queue.clear()


class RedDispatcher:
    """Host threads to one RedWorker: typed messages, in order, with or without acknowledgement.

    ``send`` returns at once. ``call`` waits until the worker has handled the message and gives its result. Messages
    that carry a ``cookie`` are answered by the worker through ``QXLInterface.async_complete`` instead.
    """

    def __init__(self) -> None:
        self.bell = Doorbell()
        """Ring WAKEUP and OOM here, from any thread: however many are rung before the worker looks are one."""
        self.on_abandoned: Callable[[object], None] = lambda message: None
        """Hears of every message that nobody will handle, as the worker has ended; on any thread."""
        self._queue: deque[tuple[object, Answer | None]] = deque()
        self._refusals = 0
        self._closed = False
        self._parking = False
        self._parked = threading.Event()
        self._never = threading.Event()
        """What a parked worker waits for; only tests set it."""
        self.worker_thread: int | None = None
        """Identifier of the worker's thread: a call from there would wait for itself."""

    def fileno(self) -> int:
        """The descriptor that the worker watches."""
        return self.bell.fileno()

    @property
    def parked(self) -> bool:
        """The worker sleeps for good."""
        return self._parked.is_set()

    def send(self, message: object) -> None:
        """Queue a message for the worker. Any thread."""
        self._queue.append((message, None))
        self._announce()

    def call(self, message: object, timeout: float = ACK_TIMEOUT_S) -> Any:
        """Queue a message and wait until it is handled; its result, or the error that handling it raised.

        Raises DispatcherTimeout when the worker does not come round in ``timeout`` seconds, and at once when it has
        ended or is parked.
        """
        if threading.get_ident() == self.worker_thread:
            raise RuntimeError(f"{type(message).__name__} called from the worker's own thread")
        ack = Answer()
        self._queue.append((message, ack))
        self._announce()
        if not ack.wait(timeout):
            raise DispatcherTimeout(f"the worker did not handle {type(message).__name__} in {timeout:g} s")
        if ack.error is not None:
            raise ack.error
        return ack.result

    def _announce(self) -> None:
        """Tell of what was just queued. Whoever closes or parks looks at the queue once it has said so."""
        if self._closed or self.parked:
            self._abandon()
        else:
            self.bell.ring(MESSAGES)

    def drain(self, handle: Callable[[Any], Any]) -> None:
        """On the worker's thread: handle what is queued, in order, then what was rung.

        What ``handle`` raises goes to the caller of ``call``. What nobody waits for is logged instead, so that one
        bad message costs only itself.
        """
        bits = self.bell.take()
        for _ in range(len(self._queue)):
            self._park_if_asked()
            try:
                message, ack = self._queue.popleft()
            except IndexError:
                break  # taken by a caller that found the worker parked
            self._deliver(handle, message, ack)
        self._park_if_asked()
        for bit, message in _RUNG:
            if bits & bit:
                self._deliver(handle, message, None)

    def _deliver(self, handle: Callable[[Any], Any], message: object, ack: Answer | None) -> None:
        try:
            result = handle(message)
        except Exception as error:
            if ack is not None:
                ack.error = error
            elif isinstance(error, GSpiceError):
                self._refused(message, error)
            else:
                log.exception("worker message %s failed", type(message).__name__)
        else:
            if ack is not None:
                ack.result = result
        finally:
            if ack is not None:
                ack.give()

    def _refused(self, message: object, error: GSpiceError) -> None:
        """Guests can send such messages without end: only the first ones are worth a warning."""
        self._refusals += 1
        level = logging.WARNING if self._refusals <= LOGGED_REFUSALS else logging.DEBUG
        log.log(level, "%s refused: %s", type(message).__name__, error)

    # The end

    def park(self, timeout: float = PARK_TIMEOUT_S) -> bool:
        """Put the worker to sleep for good, for a process that ends; false if it did not come round in time.

        From then on its thread touches nothing, and calls fail at once. It is never to be joined: the thread's own
        clean-up would run into that of the process.
        """
        self._parking = True
        self.bell.ring(MESSAGES)
        return self._parked.wait(timeout)

    def _park_if_asked(self) -> None:
        if self._parking:
            self._parked.set()
            self._abandon()
            self._never.wait()

    def close(self) -> None:
        """Free the descriptors once the worker has gone; calls still queued are released with an error."""
        self._closed = True
        self._abandon()
        self.bell.close()

    def _abandon(self) -> None:
        """Release the callers of all that is queued: nobody will handle it."""
        while True:
            try:
                message, ack = self._queue.popleft()
            except IndexError:
                return
            if ack is not None:
                ack.error = DispatcherTimeout("the worker has ended")
                ack.give()
            if not self._parking:
                self.on_abandoned(message)
