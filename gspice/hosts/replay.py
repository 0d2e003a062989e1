"""The replay host: a recording takes the place of the guest, and a whole server stands behind it."""

import math
import time
from collections.abc import Callable, Iterator

from gspice.errors import GSpiceError
from gspice.hosts.replay_ahead import EventsAhead, NothingYet
from gspice.hosts.replay_guest import REPLAY_SIZES, ReplayGuest
from gspice.pixels import Pixels
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from gspice.qxl.recording_events import RecordedEvent
from gspice.qxl.structures import Interrupt
from gspice.server.loop import PollLoop
from gspice.server.spice_server import SpiceServer

SLICE_S = 0.010
"""Sockets are looked at again after events have been taken for so long."""
RETRY_MS = 20
"""A busy device interrupts when it has room; this is for what it does not interrupt for."""
POLL_MS = 50
"""How often the wait for a client, or for all of them to go, looks."""
LINGER_S = 1.0
"""How long clients get for the last frame, where the host does not stay."""
LONG_GAP_S = 60.0
"""Nobody waits longer than that for the next event: clocks jump, and machines are left alone for days."""


class ReplayHost:
    """Owns server, device and loop. ``run`` replays and returns at the end, or after ``stop``; then ``close``.

    ``stop`` may be used from signal handlers and other threads.
    """

    def __init__(
        self,
        server: SpiceServer,
        events: Iterator[RecordedEvent],
        *,
        real_time: bool,
        wait: bool = False,
        stay: bool = False,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        """``real_time``: commands come when they came, else as fast as the device takes them. ``wait``: for a
        client, before the first. ``stay``: serve the last picture until ``stop``. ``note`` gets lines for whoever
        watches. ``events`` are read on another thread.
        """
        self.server = server
        self.error: GSpiceError | None = None
        """Why the recording could not be replayed to its end."""
        self.picture: Pixels | None = None
        """The primary surface after the last event that was replayed."""
        self.ended = False
        """Whether all was replayed that will be."""
        self._note = note
        self._event: RecordedEvent | None = None
        """The next, where it is not due yet."""
        self._real_time = real_time
        self._stay = stay
        self._clock = clock
        self._last_ns: int | None = None
        """Recorded time of the event before."""
        self._due_s = 0.0
        """Host's time at which the event in hand is due."""
        self._linger_until = math.inf
        self._state = self._waiting if wait else self._playing
        self._closed = False
        self._ahead: EventsAhead | None = None
        self.loop = PollLoop(clock)
        try:
            server.init(self.loop)
            self._timer = self.loop.timer_add(self._tick)
            self.device = QXLDevice(sizes=REPLAY_SIZES, interrupt=self._interrupted)
            server.add_interface(self.device)
            self.driver = GuestDriver(self.device)
            self.guest = ReplayGuest(self.driver, updates=real_time)
            server.vm_start()
            self._ahead = EventsAhead(events, self._read_on)
        except BaseException:
            self.close()
            raise
        self._again(0)

    def run(self) -> None:
        """Replay."""
        self.loop.run()
        if not self.ended:
            self._look()  # stopped before the end

    def stop(self) -> None:
        """Make ``run`` return."""
        self.loop.stop()

    def close(self) -> None:
        """End the server and free the device."""
        if self._closed:
            return
        self._closed = True
        if self._ahead is not None:
            self._ahead.close()
        self.server.close()
        self.loop.close()

    # On the loop

    def _interrupted(self, bits: Interrupt) -> None:
        """On whatever thread raised the bits."""
        self.loop.call_soon_threadsafe(self._service)

    def _read_on(self) -> None:
        """On the reading thread."""
        self.loop.call_soon_threadsafe(self._resume)

    def _resume(self) -> None:
        if not (self._closed or self.ended):
            self._again(0)

    def _service(self) -> None:
        if not self._closed:
            self.driver.service()
            if not self.ended:
                self._again(0)

    def _again(self, milliseconds: int) -> None:
        self.loop.timer_start(self._timer, milliseconds)

    def _tick(self) -> None:
        """Do what the state asks for, which says after how many milliseconds to come again; None: not at all."""
        try:
            wait_ms = self._state()
        except GSpiceError as error:
            self.error = error
            self._end()
            wait_ms = 0
        except Exception:
            # The loop goes on after errors that nobody foresaw; this host has then nothing to do any more.
            self.ended = True
            self.loop.stop()
            raise
        if wait_ms is not None:
            self._again(wait_ms)

    def _waiting(self) -> int | None:
        """For a client."""
        if not self.server.num_clients:
            return POLL_MS
        self._state = self._playing
        return 0

    def _playing(self) -> int | None:
        end = self._clock() + SLICE_S
        while (now := self._clock()) < end:
            if not self.guest.advance():
                # A worker that found its rings empty looks again after a while only, unless it is woken.
                self.device.worker.wakeup()
                return RETRY_MS
            assert self._ahead is not None
            event = self._event
            if event is None:
                try:
                    event = self._ahead.take()
                except NothingYet:
                    return None
                if event is None:
                    self._end()
                    return 0
                self._plan(event, now)
            wait_s = self._due_s - now
            if wait_s > 0:
                self._event = event
                return math.ceil(wait_s * 1000)
            self._event = None
            self.guest.take(event)
        return 0

    def _plan(self, event: RecordedEvent, now: float) -> None:
        """When the event is due."""
        if not self._real_time or self._last_ns is None:
            self._due_s = now
        else:
            gap_s = max(0, event.time_ns - self._last_ns) / 1e9
            if gap_s > LONG_GAP_S:
                self._note(
                    f"nothing happens for {gap_s:.0f} s before event {event.counter}: {LONG_GAP_S:.0f} s are waited"
                )
            self._due_s += min(gap_s, LONG_GAP_S)
        self._last_ns = event.time_ns

    def _end(self) -> None:
        """All is in the rings: the worker draws it before it answers."""
        self.ended = True
        self._state = self._lingering
        self._linger_until = self._clock() + LINGER_S
        self._look()

    def _look(self) -> None:
        try:
            self.picture = self.server.snapshot(self.device)
        except GSpiceError as error:
            self.error = self.error or error

    def _lingering(self) -> int | None:
        if self._stay:
            return None
        if self.server.num_clients and self._clock() < self._linger_until:
            return POLL_MS
        self.loop.stop()
        return None
