"""What a QXL device calls: the spice_qxl_* functions, as methods that put messages on the way to its RedWorker.

May be called from any thread of the host's. Calls that hosts make synchronously wait for the worker, which answers
between two batches; a worker that does not answer in time is logged and the host goes on.
"""

import logging
from typing import Any

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, RedDispatcher
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

log = logging.getLogger(__name__)


class QXLWorker:
    """One device's way to its worker."""

    def __init__(self, dispatcher: RedDispatcher) -> None:
        self._dispatcher = dispatcher
        self._wakeup_pending = False

    # Asynchronous, without an answer

    def wakeup(self) -> None:
        """The rings hold commands. Calls that come before the worker looked are one."""
        if not self._wakeup_pending:
            self._wakeup_pending = True
            self._dispatcher.send(m.Wakeup())

    def wakeup_taken(self) -> None:
        """On the worker's thread, before it looks at the rings."""
        self._wakeup_pending = False

    def oom(self) -> None:
        self._dispatcher.send(m.Oom())

    def del_memslot(self, group: int, slot_id: int) -> None:
        self._dispatcher.send(m.DelMemslot(group, slot_id))

    def reset_memslots(self) -> None:
        self._dispatcher.send(m.ResetMemslots())

    def driver_unload(self) -> None:
        self._dispatcher.send(m.DriverUnload())

    # Asynchronous, answered by async_complete(cookie)

    def add_memslot_async(self, slot: MemSlot, cookie: int) -> None:
        self._dispatcher.send(m.AddMemslot(slot, cookie))

    def create_primary_surface_async(self, surface_id: int, surface: DevSurfaceCreate, cookie: int) -> None:
        self._dispatcher.send(m.CreatePrimary(surface_id, surface, cookie))

    def destroy_primary_surface_async(self, surface_id: int, cookie: int) -> None:
        self._dispatcher.send(m.DestroyPrimary(surface_id, cookie))

    def destroy_surfaces_async(self, cookie: int) -> None:
        self._dispatcher.send(m.DestroySurfaces(cookie))

    def destroy_surface_async(self, surface_id: int, cookie: int) -> None:
        self._dispatcher.send(m.DestroySurface(surface_id, cookie))

    def update_area_async(self, surface_id: int, rect: Rect, clear: bool, cookie: int) -> None:
        self._dispatcher.send(m.UpdateArea(surface_id, rect, clear, cookie))

    def flush_surfaces_async(self, cookie: int) -> None:
        self._dispatcher.send(m.FlushSurfaces(cookie))

    def monitors_config_async(self, address: int, group: int, cookie: int) -> None:
        self._dispatcher.send(m.MonitorsConfigAsync(address, group, cookie))

    # Acknowledged: the caller waits

    def add_memslot(self, slot: MemSlot) -> None:
        self._call(m.AddMemslot(slot))

    def create_primary_surface(self, surface_id: int, surface: DevSurfaceCreate) -> None:
        self._call(m.CreatePrimary(surface_id, surface))

    def destroy_primary_surface(self, surface_id: int) -> None:
        self._call(m.DestroyPrimary(surface_id))

    def destroy_surfaces(self) -> None:
        self._call(m.DestroySurfaces())

    def destroy_surface_wait(self, surface_id: int) -> None:
        self._call(m.DestroySurface(surface_id))

    def update_area(self, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
        """Bring guest memory up to date inside ``rect``; the rectangles drawn there since the last clear."""
        return self._call(m.UpdateArea(surface_id, rect, clear)) or []

    def loadvm_commands(self, commands: tuple[CommandExt, ...]) -> None:
        self._call(m.LoadVmCommands(commands))

    def reset_image_cache(self) -> None:
        self._call(m.ResetImageCache())

    def reset_cursor(self) -> None:
        self._call(m.ResetCursor())

    def _call(self, message: object) -> Any:
        """Wait for the worker. What goes wrong is the guest's or the worker's: the host only sees it in the log."""
        try:
            return self._dispatcher.call(message)
        except GuestError as error:
            log.warning("%s refused: %s", type(message).__name__, error)
        except DispatcherTimeout as error:
            log.error("%s", error)
        return None
