"""What a RedWorker does with the host's calls about memory slots, surfaces and monitors. On the worker's thread."""

import logging
from collections.abc import Callable
from typing import Any

from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.server import worker_messages as m
from gspice.server.guest_surfaces import PRIMARY, GuestSurfaces
from gspice.server.worker_scanout import WorkerScanout
from gspice.vdi.qxl import QXLInterface

log = logging.getLogger(__name__)


class WorkerSurfaces:
    """The handlers of one worker; GuestError where the guest asked for what cannot be.

    ``drain`` carries out what is in the rings now, ``pump`` goes on with them and brings the clients up to date,
    ``cursor_reset`` gives the command back that set the cursor.
    """

    def __init__(
        self,
        *,
        qxl: QXLInterface,
        memslots: MemSlots,
        parser: CommandParser,
        surfaces: GuestSurfaces,
        display: DisplayChannel,
        cursor: CursorChannel,
        scanout: WorkerScanout,
        drain: Callable[[], None],
        pump: Callable[[], None],
        cursor_reset: Callable[[], None],
    ) -> None:
        self._qxl = qxl
        self._memslots = memslots
        self._parser = parser
        self._surfaces = surfaces
        self._display = display
        self._cursor = cursor
        self._scanout = scanout
        self._drain = drain
        self._pump = pump
        self._cursor_reset = cursor_reset
        self.handlers: dict[type, Callable[[Any], Any]] = {
            m.AddMemslot: self._on_add_memslot,
            m.DelMemslot: self._on_del_memslot,
            m.ResetMemslots: self._on_reset_memslots,
            m.CreatePrimary: self._on_create_primary,
            m.DestroyPrimary: self._on_destroy_primary,
            m.DestroySurfaces: self._on_destroy_surfaces,
            m.DestroySurface: self._on_destroy_surface,
            m.UpdateArea: self._on_update_area,
            m.FlushSurfaces: self._on_flush_surfaces,
            m.MonitorsConfigAsync: self._on_monitors_config,
            m.SetMaxMonitors: self._on_max_monitors,
            m.DriverUnload: self._on_driver_unload,
            m.ResetImageCache: self._on_reset_image_cache,
            m.ResetCursor: self._on_reset_cursor,
        }

    # Memory

    def _on_add_memslot(self, message: m.AddMemslot) -> None:
        self._memslots.add(message.slot)

    def _on_del_memslot(self, message: m.DelMemslot) -> None:
        self._memslots.remove(message.group, message.slot_id)

    def _on_reset_memslots(self, message: m.ResetMemslots) -> None:
        self._memslots.reset()

    # Surfaces

    def _on_create_primary(self, message: m.CreatePrimary) -> None:
        if message.surface_id != PRIMARY:
            raise GuestError(f"primary surface id {message.surface_id}: only {PRIMARY} is possible")
        spec = self._surfaces.create_primary(message.surface)
        log.info("primary surface %dx%d %s", spec.width, spec.height, spec.format.name)
        self._parser.primary_bits = spec.format.bits_per_pixel
        self._scanout.primary_created(spec, absolute=bool(message.surface.mouse_mode))

    def _on_destroy_primary(self, message: m.DestroyPrimary) -> None:
        if message.surface_id != PRIMARY:
            raise GuestError(f"primary surface id {message.surface_id}: only {PRIMARY} is possible")
        if PRIMARY not in self._surfaces:
            raise GuestError("there is no primary surface to destroy")
        self._drain()
        self._surfaces.destroy(PRIMARY)
        self._scanout.primary_destroyed()

    def _on_destroy_surfaces(self, message: m.DestroySurfaces) -> None:
        self._drain()
        had_primary = PRIMARY in self._surfaces
        self._surfaces.destroy_all()
        if had_primary:
            self._scanout.primary_destroyed()

    def _on_destroy_surface(self, message: m.DestroySurface) -> None:
        self._drain()
        had_primary = PRIMARY in self._surfaces
        self._surfaces.destroy(message.surface_id)
        if message.surface_id == PRIMARY and had_primary:
            self._scanout.primary_destroyed()

    def _on_update_area(self, message: m.UpdateArea) -> list[Rect]:
        self._drain()
        rects = self._surfaces.update_area(message.surface_id, message.rect, message.clear)
        if message.cookie is not None:
            self._qxl.update_area_complete(message.surface_id, rects)
        self._pump()
        return rects

    def _on_flush_surfaces(self, message: m.FlushSurfaces) -> None:
        self._drain()
        self._surfaces.flush()
        self._pump()

    # Monitors, caches, cursor

    def _on_monitors_config(self, message: m.MonitorsConfigAsync) -> None:
        config = self._parser.monitors_config(message.address, message.group)
        self._display.guest_monitors(config)

    def _on_max_monitors(self, message: m.SetMaxMonitors) -> None:
        self._display.set_max_monitors(message.count)

    def _on_driver_unload(self, message: m.DriverUnload) -> None:
        self._display.guest_monitors(None)

    def _on_reset_image_cache(self, message: m.ResetImageCache) -> None:
        return None  # no image of the guest's is cached on the client

    def _on_reset_cursor(self, message: m.ResetCursor) -> None:
        self._cursor.reset()
        self._cursor_reset()
        if self._scanout.visible:
            self._cursor.primary_created()
