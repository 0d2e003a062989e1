"""The crossings between threads: host loop to RedWorker, and any thread to the host loop.

Each object has one owner thread; what crosses is a message on a queue, woken through a socketpair so that either side
may sit in its own poll loop. Nothing here holds a lock while it calls anyone.
"""

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from gspice.errors import GSpiceError
from gspice.vdi.core import CoreInterface, WatchEvent

log = logging.getLogger(__name__)

ACK_TIMEOUT_S = 10.0
"""A worker that answers no acknowledged call for so long is taken for dead: the caller is a vCPU and must go on."""


LOGGED_REFUSALS = 20
"""Messages refused for the guest's fault that are logged as warnings; the rest is for the debug level."""


class DispatcherTimeout(GSpiceError):
    """The other thread did not handle an acknowledged message in time."""


class WakePipe:
    """A socketpair that wakes the reader's poll loop; many wakes before it looks are one."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that the reader watches."""
        return self._reader.fileno()

    def wake(self) -> None:
        try:
            self._writer.send(b"\0")
        except BlockingIOError:
            pass  # full of wakes that the reader has not seen: one is enough
        except OSError:
            pass  # closed: nobody is left to wake

    def clear(self) -> None:
        """Take the wakes out, before the queue is looked at."""
        try:
            while self._reader.recv(4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class MainDispatcher:
    """Any thread to the host loop: callables that run there, in the order they were posted."""

    def __init__(self, core: CoreInterface) -> None:
        self._core = core
        self._queue: deque[Callable[[], None]] = deque()
        self._pipe = WakePipe()
        self._watch = core.watch_add(self._pipe.fileno(), WatchEvent.READ, self._on_ready)
        self._closed = False

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the host loop soon. Any thread may call; after ``close`` it is dropped."""
        if not self._closed:
            self._queue.append(call)
            self._pipe.wake()

    def _on_ready(self, events: WatchEvent) -> None:
        self._pipe.clear()
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
            self._pipe.close()
            self._queue.clear()


class _Ack:
    """Where an acknowledged call waits for its result."""

    __slots__ = ("done", "error", "result")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


class RedDispatcher:
    """Host threads to one RedWorker: typed messages, in order, with or without acknowledgement.

    ``send`` returns at once. ``call`` waits until the worker has handled the message and gives its result. Messages
    that carry a ``cookie`` are answered by the worker through ``QXLInterface.async_complete`` instead.
    """

    def __init__(self) -> None:
        self._queue: deque[tuple[object, _Ack | None]] = deque()
        self._pipe = WakePipe()
        self._refusals = 0
        self.worker_thread: int | None = None
        """Identifier of the worker's thread: a call from there would wait for itself."""

    def fileno(self) -> int:
        """The descriptor that the worker watches."""
        return self._pipe.fileno()

    def send(self, message: object) -> None:
        """Queue a message for the worker. Any thread."""
        self._queue.append((message, None))
        self._pipe.wake()

    def call(self, message: object, timeout: float = ACK_TIMEOUT_S) -> Any:
        """Queue a message and wait until it is handled; its result, or the error that handling it raised.

        Raises DispatcherTimeout when the worker does not come round in ``timeout`` seconds.
        """
        if threading.get_ident() == self.worker_thread:
            raise RuntimeError(f"{type(message).__name__} called from the worker's own thread")
        ack = _Ack()
        self._queue.append((message, ack))
        self._pipe.wake()
        if not ack.done.wait(timeout):
            raise DispatcherTimeout(f"the worker did not handle {type(message).__name__} in {timeout:g} s")
        if ack.error is not None:
            raise ack.error
        return ack.result

    def drain(self, handle: Callable[[Any], Any]) -> None:
        """On the worker's thread: handle what is queued, in order. ``handle`` raises: the caller of ``call`` gets it.

        What nobody waits for is logged instead, so that one bad message costs only itself.
        """
        self._pipe.clear()
        for _ in range(len(self._queue)):
            message, ack = self._queue.popleft()
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
                    ack.done.set()

    def _refused(self, message: object, error: GSpiceError) -> None:
        """Guests can send such messages without end: only the first ones are worth a warning."""
        self._refusals += 1
        level = logging.WARNING if self._refusals <= LOGGED_REFUSALS else logging.DEBUG
        log.log(level, "%s refused: %s", type(message).__name__, error)

    def close(self) -> None:
        """Free the descriptors once the worker has gone; calls still queued are released with an error."""
        while self._queue:
            _, ack = self._queue.popleft()
            if ack is not None:
                ack.error = DispatcherTimeout("the worker has ended")
                ack.done.set()
        self._pipe.close()
