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
from typing import Any

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.server import worker_messages as m
from gspice.server.command_reader import CommandReader
from gspice.server.connection import Connection
from gspice.server.dispatcher import MainDispatcher, RedDispatcher
from gspice.server.guest_surfaces import PRIMARY, GuestSurfaces
from gspice.server.loop import PollLoop
from gspice.server.qxl_worker import QXLWorker
from gspice.server.worker_recorder import WorkerRecorder
from gspice.vdi.core import WatchEvent
from gspice.vdi.qxl import QXLInterface
from gspice.wire.channel_types import ChannelType

log = logging.getLogger(__name__)

JOIN_TIMEOUT_S = 5.0
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
    ) -> None:
        self.qxl = qxl
        self.dispatcher = RedDispatcher()
        self.port = QXLWorker(self.dispatcher)
        self._main = main
        self._make_canvas = make_canvas
        self._events = events
        self._recorder = recorder
        self._clock = time.monotonic
        self._running = False
        self._ready = False
        """False for good where the canvas or anything else could not be made."""
        self._canvas: Canvas | None = None
        self._connections: dict[object, Connection] = {}
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

    def stop_thread(self) -> bool:
        """Close the worker's channels and end its thread; false where it did not end in time."""
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
        self._loop = PollLoop(self._clock)
        self._loop.watch_add(self.dispatcher.fileno(), WatchEvent.READ, self._on_messages)
        try:
            self._set_up()
            self._ready = True
        except Exception:
            # A worker that cannot start must say so and go on answering, or the host's next call hangs.
            log.exception("worker %d could not start; its display stays black", self.qxl.id)
        try:
            self._loop.run()
        finally:
            for connection in list(self._connections.values()):
                connection.abort("the server is closing")
            if self._canvas is not None:
                self._canvas.close()
            if self._recorder is not None:
                self._recorder.close()
            self._loop.close()

    def _set_up(self) -> None:
        info = self.qxl.get_init_info()
        self._memslots = MemSlots(
            groups=info.memslots_groups,
            slots=info.memslots,
            generation_bits=info.generation_bits,
            id_bits=info.id_bits,
            internal_group=info.internal_group,
        )
        self._parser = CommandParser(self._memslots, surfaces=info.surfaces)
        canvas = self._canvas = self._make_canvas()
        self._surfaces = GuestSurfaces(canvas, self._memslots)
        self._display = DisplayChannel(canvas)
        self._cursor = CursorChannel()
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

    def _on_messages(self, events: WatchEvent) -> None:
        self.dispatcher.drain(self._handle)

    def _handle(self, message: Any) -> Any:
        handler = _HANDLERS[type(message)]
        if not self._ready:
            handler = _HANDLERS_WITHOUT_DISPLAY.get(type(message), RedWorker._on_ignored)
        elif self._recorder is not None:
            self._recorder.message(message, self._memslots)
        cookie = getattr(message, "cookie", None)
        if cookie is None:
            return handler(self, message)
        try:
            handler(self, message)
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
        self._display.push(self._clock())
        if wait_ms is not None:
            self._loop.timer_start(self._pump_timer, wait_ms)

    # Messages: commands

    def _on_wakeup(self, message: m.Wakeup) -> None:
        self.port.wakeup_taken()
        self._reader.wakeup()
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
            self._tell_guest_caps()
            self._reader.wakeup()
            self._pump()

    def _on_stop(self, message: m.Stop) -> None:
        self._running = False
        self._loop.timer_cancel(self._pump_timer)
        self._surfaces.flush()

    def _on_loadvm(self, message: m.LoadVmCommands) -> None:
        self._reader.process(list(message.commands))

    # Messages: memory

    def _on_add_memslot(self, message: m.AddMemslot) -> None:
        self._memslots.add(message.slot)

    def _on_del_memslot(self, message: m.DelMemslot) -> None:
        self._memslots.remove(message.group, message.slot_id)

    def _on_reset_memslots(self, message: m.ResetMemslots) -> None:
        self._memslots.reset()

    # Messages: surfaces

    def _on_create_primary(self, message: m.CreatePrimary) -> None:
        if message.surface_id != PRIMARY:
            raise GuestError(f"primary surface id {message.surface_id}: only {PRIMARY} is possible")
        spec = self._surfaces.create_primary(message.surface)
        absolute = bool(message.surface.mouse_mode)
        log.info("primary surface %dx%d %s", spec.width, spec.height, spec.format.name)
        self._display.primary_created(spec)
        self._cursor.primary_created()
        self._display.push(self._clock())
        self._main.post(lambda: self._events.primary_changed(spec.width, spec.height, absolute))

    def _on_destroy_primary(self, message: m.DestroyPrimary) -> None:
        if message.surface_id != PRIMARY:
            raise GuestError(f"primary surface id {message.surface_id}: only {PRIMARY} is possible")
        if PRIMARY not in self._surfaces:
            raise GuestError("there is no primary surface to destroy")
        self._drain_rings()
        self._surfaces.destroy(PRIMARY)
        self._primary_gone()

    def _on_destroy_surfaces(self, message: m.DestroySurfaces) -> None:
        self._drain_rings()
        had_primary = PRIMARY in self._surfaces
        self._surfaces.destroy_all()
        if had_primary:
            self._primary_gone()

    def _on_destroy_surface(self, message: m.DestroySurface) -> None:
        self._drain_rings()
        if message.surface_id == PRIMARY and PRIMARY in self._surfaces:
            self._surfaces.destroy(PRIMARY)
            self._primary_gone()
        else:
            self._surfaces.destroy(message.surface_id)

    def _primary_gone(self) -> None:
        self._display.primary_destroyed()
        self._cursor.reset()
        self._main.post(lambda: self._events.primary_changed(0, 0, False))

    def _drain_rings(self) -> None:
        """Commands already in the rings name surfaces that are about to go."""
        if self._running:
            self._reader.wakeup()
            self._reader.drain()

    def _on_update_area(self, message: m.UpdateArea) -> list[Rect]:
        self._drain_rings()
        rects = self._surfaces.update_area(message.surface_id, message.rect, message.clear)
        if message.cookie is not None:
            self.qxl.update_area_complete(message.surface_id, rects)
        self._pump()
        return rects

    def _on_flush_surfaces(self, message: m.FlushSurfaces) -> None:
        self._drain_rings()
        self._surfaces.flush()
        self._pump()

    def _on_monitors_config(self, message: m.MonitorsConfigAsync) -> None:
        config = self._parser.monitors_config(message.address, message.group)
        self._display.guest_monitors(config)

    def _on_driver_unload(self, message: m.DriverUnload) -> None:
        self._display.guest_monitors(None)

    def _on_reset_image_cache(self, message: m.ResetImageCache) -> None:
        return None  # no image of the guest's is cached on the client

    def _on_reset_cursor(self, message: m.ResetCursor) -> None:
        self._cursor.reset()
        if PRIMARY in self._surfaces:
            self._cursor.primary_created()

    def _on_mouse_mode(self, message: m.SetMouseMode) -> None:
        self._cursor.set_mouse_mode(message.client_mode)

    # Messages: channels

    def _on_connect(self, message: m.ConnectChannel) -> None:
        factories: dict[int, Callable[[LinkInfo, Sender], ChannelClient]] = {
            ChannelType.DISPLAY: self._display.connect,
            ChannelType.CURSOR: self._cursor.connect,
        }
        token = message.token

        def closed(connection: Connection, reason: str) -> None:
            self._connections.pop(token, None)
            if message.link.channel_type == ChannelType.DISPLAY:
                self._tell_guest_caps()
            self._main.post(lambda: self._events.channel_closed(token, reason))

        self._connections[token] = Connection(
            loop=self._loop,
            transport=message.transport,
            link=message.link,
            channel_factory=factories[message.link.channel_type],
            leftover=message.leftover,
            clock=self._clock,
            on_closed=closed,
        )
        if message.link.channel_type == ChannelType.DISPLAY:
            self._tell_guest_caps()

    def _on_disconnect(self, message: m.DisconnectClient) -> None:
        for token in message.tokens:
            connection = self._connections.get(token)
            if connection is not None:
                connection.abort(message.reason)

    def _tell_guest_caps(self) -> None:
        if self._running and self.qxl.since(2):
            present, caps = self._display.shared_caps()
            self.qxl.set_client_capabilities(present, caps)

    # Messages: the rest

    def _on_snapshot(self, message: m.Snapshot) -> object:
        self._drain_rings()
        spec = self._surfaces.primary
        if spec is None or self._canvas is None:
            return None
        pixels = self._canvas.read(PRIMARY, Rect(0, 0, spec.width, spec.height))
        self._pump()
        return pixels

    def _on_statistics(self, message: m.ReadStatistics) -> Counter[str]:
        return Counter(self._reader.counters)

    def _on_quit(self, message: m.Quit) -> None:
        self._running = False
        self._loop.stop()

    # Messages of a worker that could not start

    def _on_ignored(self, message: object) -> None:
        return None

    def _on_connect_refused(self, message: m.ConnectChannel) -> None:
        message.transport.close()
        self._main.post(lambda: self._events.channel_closed(message.token, "its display could not start"))

    def _on_no_statistics(self, message: m.ReadStatistics) -> Counter[str]:
        return Counter()


_HANDLERS: dict[type, Callable[[RedWorker, Any], Any]] = {
    m.Wakeup: RedWorker._on_wakeup,
    m.Oom: RedWorker._on_oom,
    m.Start: RedWorker._on_start,
    m.Stop: RedWorker._on_stop,
    m.LoadVmCommands: RedWorker._on_loadvm,
    m.AddMemslot: RedWorker._on_add_memslot,
    m.DelMemslot: RedWorker._on_del_memslot,
    m.ResetMemslots: RedWorker._on_reset_memslots,
    m.CreatePrimary: RedWorker._on_create_primary,
    m.DestroyPrimary: RedWorker._on_destroy_primary,
    m.DestroySurfaces: RedWorker._on_destroy_surfaces,
    m.DestroySurface: RedWorker._on_destroy_surface,
    m.UpdateArea: RedWorker._on_update_area,
    m.FlushSurfaces: RedWorker._on_flush_surfaces,
    m.MonitorsConfigAsync: RedWorker._on_monitors_config,
    m.DriverUnload: RedWorker._on_driver_unload,
    m.ResetImageCache: RedWorker._on_reset_image_cache,
    m.ResetCursor: RedWorker._on_reset_cursor,
    m.SetMouseMode: RedWorker._on_mouse_mode,
    m.ConnectChannel: RedWorker._on_connect,
    m.DisconnectClient: RedWorker._on_disconnect,
    m.Snapshot: RedWorker._on_snapshot,
    m.ReadStatistics: RedWorker._on_statistics,
    m.Quit: RedWorker._on_quit,
}
_HANDLERS_WITHOUT_DISPLAY: dict[type, Callable[[RedWorker, Any], Any]] = {
    m.ConnectChannel: RedWorker._on_connect_refused,
    m.ReadStatistics: RedWorker._on_no_statistics,
    m.Quit: RedWorker._on_quit,
}
