"""The RedWorker: one thread per QXL device that owns its memory slots, canvas, display and cursor channels.

It sleeps in its own poll loop. Three things wake it: a message from the host, a socket of one of its channels, a timer.
Between two batches of commands it always looks at its messages, so that a host thread that waits is answered soon.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.server import worker_messages as m
from gspice.server.command_reader import CommandReader
from gspice.server.command_ring import POLL_MS
from gspice.server.dispatcher import MainDispatcher, RedDispatcher
from gspice.server.encoder_pool import EncoderPool, WorkerEncoders
from gspice.server.guest_surfaces import PRIMARY, GuestSurfaces
from gspice.server.loop import PollLoop
from gspice.server.qxl_worker import QXLWorker
from gspice.server.statistics_publisher import StatisticsPublisher
from gspice.server.video_recorder import VideoRecorder
from gspice.server.worker_channels import WorkerChannels
from gspice.server.worker_recorder import WorkerRecorder
from gspice.server.worker_scanout import WorkerScanout
from gspice.server.worker_surfaces import WorkerSurfaces
from gspice.stream.compression import DisplaySettings
from gspice.stream.encoder_choice import EncoderChoice
from gspice.vdi.core import WatchEvent
from gspice.vdi.qxl import QXLInterface

log = logging.getLogger(__name__)

JOIN_TIMEOUT_S = 5.0
LOOP_PAUSE_S = 0.1
"""Before a loop that failed is tried again: it must not eat a core and fill the log."""
FATAL_SIGNALS = {signal.SIGSEGV, signal.SIGFPE, signal.SIGILL, signal.SIGBUS}
"""Left unblocked in the thread; all others are the host's own threads' business."""


@dataclass(frozen=True, slots=True)
class WorkerEvents:
    """What the worker tells the server; called on the host loop."""

    channel_closed: Callable[[object, str], None]
    """A channel's connection is gone: its token and the reason."""
    primary_changed: Callable[[int, int, bool], None]
    """Width and height of the primary surface (0, 0: none), and whether an absolute pointer may be used on it."""


class RedWorker:
    """Made and started on the host loop; everything without a leading ``start``/``stop`` runs on its own thread."""

    def __init__(
        self,
        qxl: QXLInterface,
        main: MainDispatcher,
        make_canvas: Callable[[], Canvas],
        events: WorkerEvents,
        recorder: WorkerRecorder | None = None,
        *,
        settings: DisplaySettings,
        pool: EncoderPool,
        encoder_choice: EncoderChoice | None = None,
        publisher: StatisticsPublisher | None = None,
        acted_at: Callable[[], float] = lambda: -inf,
        film: VideoRecorder | None = None,
    ) -> None:
        """``publisher``: hears now and then of what was counted; ``acted_at``: when a client last acted.

        ``film``: what is made of what clients see; the worker ends it.
        """
        self.qxl = qxl
        self._info = qxl.get_init_info()
        self.dispatcher = RedDispatcher()
        self.dispatcher.on_abandoned = self._on_abandoned
        self.port = QXLWorker(self.dispatcher)
        self._main = main
        self._make_canvas = make_canvas
        self._events = events
        self._recorder = recorder
        self._settings = settings
        self._pool = pool
        self._encoder_choice = encoder_choice
        self._publisher = publisher
        self._acted_at = acted_at
        self._film = film
        self._clock = time.monotonic
        self._running = False
        self._ready = False
        """False for good where the canvas or anything else could not be made."""
        self._canvas: Canvas | None = None
        self._channels = WorkerChannels(qxl, main, events.channel_closed, self._clock)
        self._ending = False
        self._scanout: WorkerScanout | None = None
        self._handlers: dict[type, Callable[[Any], Any]] = {
            m.Wakeup: self._on_wakeup,
            m.Oom: self._on_oom,
            m.Start: self._on_start,
            m.Stop: self._on_stop,
            m.LoadVmCommands: self._on_loadvm,
            m.SetMouseMode: self._on_mouse_mode,
            m.SetDisplaySettings: self._on_settings,
            m.Encoded: self._on_encoded,
            m.Snapshot: self._on_snapshot,
            m.ReadStatistics: self._on_statistics,
            m.Quit: self._on_quit,
        }
        """What is done with each kind of message; ``_set_up`` adds those about surfaces."""
        self._handlers_without_display: dict[type, Callable[[Any], Any]] = {
            m.ConnectChannel: self._channels.refuse,
            m.ReadStatistics: lambda message: Counter(),
            m.Quit: self._on_quit,
        }
        """What a worker does that could not start."""
        self._loop = PollLoop(self._clock)
        self._thread = threading.Thread(target=self._run, name=f"red-worker-{qxl.id}", daemon=True)

    # On the host loop

    def start_thread(self) -> None:
        """Start the thread; its first message is handled once the canvas is made."""
        # The host's signals must reach the host's threads, never this one or those that it starts.
        old = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - FATAL_SIGNALS)
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)

    def park(self) -> bool:
        """Let the thread sleep for good, for a process that ends; false where it did not come round in time."""
        return not self._thread.is_alive() or self.dispatcher.park()

    def stop_thread(self) -> bool:
        """Close the worker's channels and end its thread; false where it did not end in time.

        A parked worker is left as it is.
        """
        if self.dispatcher.parked:
            return True
        if self._thread.is_alive():
            self.dispatcher.send(m.Quit())
            self._thread.join(JOIN_TIMEOUT_S)
        if self._thread.is_alive():
            log.error("worker %d did not end within %g s", self.qxl.id, JOIN_TIMEOUT_S)
            return False
        self.dispatcher.close()
        return True

    # On the worker's thread

    def _run(self) -> None:
        self.dispatcher.worker_thread = threading.get_ident()
        self._loop.watch_add(self.dispatcher.fileno(), WatchEvent.READ, self._on_messages)
        try:
            self._set_up()
            self._ready = True
        except Exception:
            # A worker that cannot start must say so and go on answering, or the host's next call hangs.
            log.exception("worker %d could not start; its display stays black", self.qxl.id)
        while not self._ending:
            try:
                self._loop.run()
            except Exception:
                # Whatever it was: without this thread the host's next call would hang.
                log.exception("worker %d: its loop failed, and goes on", self.qxl.id)
                time.sleep(LOOP_PAUSE_S)
        self._clean_up()

    def _clean_up(self) -> None:
        self._channels.close("the server is closing")
        for part in (self._film, self._scanout, self._canvas, self._recorder, self._loop):
            try:
                if part is not None:
                    part.close()
            except Exception:
                log.exception("worker %d: %s could not be closed", self.qxl.id, type(part).__name__)

    def _set_up(self) -> None:
        info = self._info
        self._memslots = MemSlots(
            groups=info.memslots_groups,
            slots=info.memslots,
            generation_bits=info.generation_bits,
            id_bits=info.id_bits,
            internal_group=info.internal_group,
        )
        self._parser = CommandParser(self._memslots, surfaces=info.surfaces)
        canvas = self._canvas = self._make_canvas()
        self._surfaces = GuestSurfaces(canvas, self._memslots, self.qxl.release_resource)
        encoders = WorkerEncoders(self._pool, self.dispatcher, self._clock)
        self._display = DisplayChannel(
            canvas,
            self._settings,
            encoders,
            wake_at=self._push_at,
            acted_at=self._acted_at,
            encoder_choice=self._encoder_choice,
            clock=self._clock,
        )
        self._push_timer = self._loop.timer_add(self._on_push_timer)
        self._push_due = inf
        self._cursor = CursorChannel()
        if self._film is not None:
            self._film.start(self._loop, encoders, self._cursor, self._clock)
            self._display.onlooker = self._film
            self._cursor.add_client(self._film)
        self._reader = CommandReader(
            qxl=self.qxl,
            parser=self._parser,
            canvas=canvas,
            surfaces=self._surfaces,
            display=self._display,
            cursor=self._cursor,
            clock=self._clock,
            record=self._recorder.command if self._recorder else None,
        )
        self._pump_timer = self._loop.timer_add(self._pump)
        self._scanout = WorkerScanout(self._display, self._cursor, self._push, self._seen, self._clock)
        surfaces = WorkerSurfaces(
            qxl=self.qxl,
            memslots=self._memslots,
            parser=self._parser,
            surfaces=self._surfaces,
            display=self._display,
            cursor=self._cursor,
            scanout=self._scanout,
            drain=self._drain_rings,
            pump=self._pump_soon,
            cursor_reset=self._reader.cursor_reset,
        )
        self._handlers.update(surfaces.handlers)
        self._handlers.update(self._scanout.handlers)
        self._channels.open(self._loop, self._display, self._cursor)
        self._handlers.update(self._channels.handlers)
        if self._publisher is not None:
            self._publisher.start(
                self._loop, canvas, self._reader.counters, self._display, self._channels.connections
            )

    def _push(self) -> None:
        self._display.push(self._clock())

    def _push_at(self, when: float) -> None:
        if when < self._push_due:
            self._push_due = when
            # A screen that nobody has looked at yet is due since ever.
            late = when <= (now := self._clock())
            self._loop.timer_start(self._push_timer, 1 if late else ceil((when - now) * 1000))

    def _on_push_timer(self) -> None:
        self._push_due = inf
        self._push()

    def _seen(self, width: int, height: int, absolute: bool) -> None:
        """Clients see something of another size now."""
        self._main.post(lambda: self._events.primary_changed(width, height, absolute))

    def _on_messages(self, events: WatchEvent) -> None:
        if self._publisher is not None:
            self._publisher.touch()
        self.dispatcher.drain(self._handle)

    def _handle(self, message: Any) -> Any:
        if not self._ready:
            handler = self._handlers_without_display.get(type(message), self._on_ignored)
        else:
            handler = self._handlers[type(message)]
        if self._ready and self._recorder is not None:
            self._recorder.message(message, self._memslots)
        cookie = getattr(message, "cookie", None)
        if cookie is None:
            return handler(message)
        try:
            handler(message)
        except GuestError as error:
            log.warning("%s refused: %s", type(message).__name__, error)
        finally:
            self.qxl.async_complete(cookie)  # without it the guest waits for ever, so even after an error
        return None

    def _pump(self) -> None:
        """Take commands for one slice of time, bring the clients up to date, and plan the next look."""
        self._loop.timer_cancel(self._pump_timer)
        if not self._running:
            return
        wait_ms = self._reader.pump()
        now = self._clock()
        self._display.push(now)
        if wait_ms is None:
            return
        if wait_ms and now < self._push_due <= now + wait_ms * 2e-3:
            # One look at the rings, just before that at the screen, does for both.
            wait_ms = ceil((self._push_due - now) * 1000)
            self._loop.timer_cancel(self._push_timer)
            self._push_due = inf
        self._loop.timer_start(self._pump_timer, wait_ms)

    def _pump_soon(self) -> None:
        """In place of ``_pump`` where a host thread waits: it shall not wait for encoders."""
        if self._running:
            self._display.look_soon()

    # Messages: commands

    def _on_wakeup(self, message: m.Wakeup) -> None:
        if self._reader.wakeup():
            self._pump()

    def _on_oom(self, message: m.Oom) -> None:
        # Commands own copies of guest memory, so everything but what lies in the rings has been released already.
        if self._running:
            self._reader.wakeup()
            self._pump()
            self.qxl.flush_resources()

    def _on_start(self, message: m.Start) -> None:
        if not self._running:
            self._running = True
            self._channels.guest_runs(True)
            self._reader.wakeup()
            self._pump()

    def _on_stop(self, message: m.Stop) -> None:
        self._running = False
        self._channels.guest_runs(False)
        self._loop.timer_cancel(self._pump_timer)
        self._surfaces.flush()

    def _on_loadvm(self, message: m.LoadVmCommands) -> None:
        self._reader.process(list(message.commands), reload=True)

    def _drain_rings(self) -> None:
        """Commands already in the rings name surfaces that are about to go."""
        if self._running:
            self._reader.wakeup()
            self._reader.drain()
            if self._pump_timer.due is None:
                self._loop.timer_start(self._pump_timer, POLL_MS)  # no ring sleeps now

    def _on_mouse_mode(self, message: m.SetMouseMode) -> None:
        self._cursor.set_mouse_mode(message.client_mode)

    def _on_settings(self, message: m.SetDisplaySettings) -> None:
        self._display.settings = message.settings

    def _on_encoded(self, message: m.Encoded) -> None:
        message.deliver()

    # Messages: the rest

    def _on_snapshot(self, message: m.Snapshot) -> object:
        self._drain_rings()
        self._pump()
        spec = self._display.primary
        return self._display.pixels.read(PRIMARY, Rect(0, 0, spec.width, spec.height)) if spec else None

    def _on_statistics(self, message: m.ReadStatistics) -> Counter[str]:
        return Counter(self._reader.counters)

    def _on_quit(self, message: m.Quit) -> None:
        self._running = False
        self._channels.guest_runs(False)
        self._ending = True
        self._loop.stop()

    # Messages of a worker that could not start, or has ended

    def _on_ignored(self, message: object) -> None:
        return None

    def _on_abandoned(self, message: object) -> None:
        """On any thread: what came too late for the worker is ended as far as others wait for it."""
        cookie = getattr(message, "cookie", None)
        if cookie is not None:
            self.qxl.async_complete(cookie)
        elif isinstance(message, m.ConnectChannel):
            self._channels.refuse(message, "its display has ended")
