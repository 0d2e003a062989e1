"""What a QXL device calls: the spice_qxl_* functions, as methods that put messages on the way to its RedWorker.

May be called from any thread of the host's. Calls that hosts make synchronously wait for the worker, which answers
between two batches; a worker that does not answer in time is logged and the host goes on.
"""

import logging
from typing import Any

from gspice.errors import GuestError, InterfaceError
from gspice.geometry import Rect
from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, RedDispatcher
from gspice.server.doorbell import OOM, WAKEUP
from gspice.server.owned_descriptors import OwnedDescriptors
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

log = logging.getLogger(__name__)

MODIFIER_UNKNOWN = 0x00FFFFFFFFFFFFFF
"""DRM_FORMAT_MOD_INVALID: only the driver knows how the pixels lie."""
MAX_DEVICE_ADDRESS = 256
MAX_MONITORS = 16


class QXLWorker:
    """One device's way to its worker."""

    def __init__(self, dispatcher: RedDispatcher) -> None:
        self._dispatcher = dispatcher
        self.bell = dispatcher.bell
        """Rung with WAKEUP and OOM for the two calls that must cost the host nothing."""
        self.device_address = ""
        """Where the guest finds this device's hardware, and which of its displays each monitor is."""
        self.device_display_ids: tuple[int, ...] = ()

    # Asynchronous, without an answer

    def wakeup(self) -> None:
        """The rings hold commands. Calls that come before the worker looked are one."""
        self.bell.ring(WAKEUP)

    def oom(self) -> None:
        """The guest is out of memory. Calls that come before the worker looked are one."""
        self.bell.ring(OOM)

    def del_memslot(self, group: int, slot_id: int) -> None:
        self._dispatcher.send(m.DelMemslot(group, slot_id))

    def reset_memslots(self) -> None:
        self._dispatcher.send(m.ResetMemslots())

    def driver_unload(self) -> None:
        self._dispatcher.send(m.DriverUnload())

    def start(self) -> None:
        """Take commands from now on; hosts that start the whole machine need not call it."""
        self._dispatcher.send(m.Start())

    def set_max_monitors(self, count: int) -> None:
        """Tell clients of no more monitors than ``count``. InterfaceError: less than one."""
        if count < 1:
            raise InterfaceError(f"at most {count} monitors: there is always one")
        self._dispatcher.send(m.SetMaxMonitors(count))

    def set_device_info(self, address: str, first: int, count: int) -> None:
        """The device's hardware address in the guest, and its display ids: ``count`` of them from ``first`` on.

        A count of 0 says that the device itself knows no limit: it limits nothing then.
        InterfaceError: an address or a number beyond what clients and agents are told.
        """
        if len(address.encode()) >= MAX_DEVICE_ADDRESS:
            raise InterfaceError(f"a device address has less than {MAX_DEVICE_ADDRESS} bytes")
        if not 0 <= count <= MAX_MONITORS or first < 0:
            raise InterfaceError(f"{count} displays from {first} on: a device has 1 to {MAX_MONITORS}")
        self.device_address = address
        self.device_display_ids = tuple(range(first, first + count))
        if count:
            self.set_max_monitors(count)

    def gl_scanout(self, fd: int, width: int, height: int, stride: int, fourcc: int, y_0_top: bool) -> None:
        """Show a buffer of one plane instead of the primary surface; fd -1: show the primary surface again.

        The descriptor is the worker's from now on, also where the buffer cannot be shown.
        """
        fds = () if fd < 0 else (fd,)
        self.gl_scanout2(fds, width, height, (0,), (stride,), fourcc, MODIFIER_UNKNOWN, y_0_top)

    def gl_scanout2(
        self,
        fds: tuple[int, ...],
        width: int,
        height: int,
        offsets: tuple[int, ...],
        strides: tuple[int, ...],
        fourcc: int,
        modifier: int,
        y_0_top: bool,
    ) -> None:
        """The same for a buffer of several planes; no descriptors: show the primary surface again."""
        self._dispatcher.send(
            m.GlScanout(OwnedDescriptors(fds), width, height, offsets, strides, fourcc, modifier, y_0_top)
        )

    # Asynchronous, answered by async_complete(cookie)

    def gl_draw_async(self, rect: Rect, cookie: int) -> None:
        """This part of the scanout is new. Completed as soon as it was copied, also where nothing is shown."""
        self._dispatcher.send(m.GlDraw(rect, cookie))

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

    def stop(self) -> None:
        """Leave guest memory alone; when this returns, it is."""
        self._call(m.Stop())

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
            log.log(logging.DEBUG if self._dispatcher.parked else logging.ERROR, "%s", error)
        return None
