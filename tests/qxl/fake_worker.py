"""A server for device tests: it remembers calls, and takes commands only when told to."""

from gspice.geometry import Rect
from gspice.qxl.device import QXLDevice
from gspice.qxl.layout import MIB, DeviceSizes
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot, ReleaseInfo

SIZES = DeviceSizes(ram=6 * MIB, vram=4 * MIB, primary=2 * MIB)


class FakeWorker:
    """Implements WorkerPort on the caller's thread."""

    def __init__(self, device: QXLDevice) -> None:
        self.device = device
        self.calls: list[tuple[object, ...]] = []
        self.slots: dict[int, MemSlot] = {}
        self.primary: DevSurfaceCreate | None = None
        self.taken: list[CommandExt] = []
        """Commands that were taken and are not released yet."""
        self.cookies: list[int] = []
        """Of asynchronous calls that are not complete yet."""

    def note(self, *call: object) -> None:
        self.calls.append(call)

    def names(self) -> list[object]:
        """What was called, without arguments."""
        return [call[0] for call in self.calls]

    # What a worker does

    def take(self, limit: int = 1000) -> list[CommandExt]:
        """Take commands of both rings."""
        taken: list[CommandExt] = []
        for get in (self.device.get_command, self.device.get_cursor_command):
            while len(taken) < limit and (command := get()) is not None:
                taken.append(command)
        self.taken += taken
        return taken

    def release(self, count: int | None = None) -> None:
        """Release what was taken, oldest first."""
        for command in self.taken[:count]:
            self.device.release_resource(ReleaseInfo(self.host_address(command.data), command.group_id))
        del self.taken[:count]

    def idle(self) -> None:
        """Ask for notifications, as a worker does that has nothing to do."""
        self.device.req_cmd_notification()
        self.device.req_cursor_notification()

    def finish(self) -> None:
        """Complete the asynchronous calls."""
        for cookie in self.cookies:
            self.device.async_complete(cookie)
        self.cookies.clear()

    def run(self) -> None:
        """Do all there is to do."""
        self.take()
        self.release()
        self.finish()
        self.idle()

    def host_address(self, address: int) -> int:
        """Translate a QXL address as memory slots do."""
        slot = self.slots[address >> 56]
        assert slot.generation == address >> 48 & 0xFF
        host = slot.addr_delta + (address & ((1 << 48) - 1))
        assert slot.virt_start <= host < slot.virt_end
        return host

    # WorkerPort

    def wakeup(self) -> None:
        self.note("wakeup")

    def oom(self) -> None:
        self.note("oom")

    def add_memslot(self, slot: MemSlot) -> None:
        self.note("add_memslot", slot)
        self.slots[slot.slot_id] = slot

    def add_memslot_async(self, slot: MemSlot, cookie: int) -> None:
        self.note("add_memslot_async", slot)
        self.slots[slot.slot_id] = slot
        self.cookies.append(cookie)

    def del_memslot(self, group: int, slot_id: int) -> None:
        self.note("del_memslot", group, slot_id)
        del self.slots[slot_id]

    def reset_memslots(self) -> None:
        self.note("reset_memslots")
        self.slots.clear()

    def create_primary_surface(self, surface_id: int, surface: DevSurfaceCreate) -> None:
        self.note("create_primary_surface", surface_id, surface)
        self.primary = surface

    def create_primary_surface_async(self, surface_id: int, surface: DevSurfaceCreate, cookie: int) -> None:
        self.note("create_primary_surface_async", surface_id, surface)
        self.primary = surface
        self.cookies.append(cookie)

    def destroy_primary_surface(self, surface_id: int) -> None:
        self.note("destroy_primary_surface", surface_id)
        self.primary = None

    def destroy_primary_surface_async(self, surface_id: int, cookie: int) -> None:
        self.note("destroy_primary_surface_async", surface_id)
        self.cookies.append(cookie)

    def destroy_surfaces(self) -> None:
        self.note("destroy_surfaces")
        self.primary = None

    def destroy_surfaces_async(self, cookie: int) -> None:
        self.note("destroy_surfaces_async")
        self.cookies.append(cookie)

    def destroy_surface_wait(self, surface_id: int) -> None:
        self.note("destroy_surface_wait", surface_id)

    def destroy_surface_async(self, surface_id: int, cookie: int) -> None:
        self.note("destroy_surface_async", surface_id)
        self.cookies.append(cookie)

    def update_area(self, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
        self.note("update_area", surface_id, rect, clear)
        return [rect]

    def update_area_async(self, surface_id: int, rect: Rect, clear: bool, cookie: int) -> None:
        self.note("update_area_async", surface_id, rect, clear)
        self.cookies.append(cookie)

    def flush_surfaces_async(self, cookie: int) -> None:
        self.note("flush_surfaces_async")
        self.cookies.append(cookie)

    def monitors_config_async(self, address: int, group: int, cookie: int) -> None:
        self.note("monitors_config_async", address, group)
        self.cookies.append(cookie)

    def reset_image_cache(self) -> None:
        self.note("reset_image_cache")

    def reset_cursor(self) -> None:
        self.note("reset_cursor")

    def driver_unload(self) -> None:
        self.note("driver_unload")


def attached(sizes: DeviceSizes = SIZES) -> tuple[QXLDevice, FakeWorker]:
    """A device with a fake server."""
    device = QXLDevice(sizes=sizes)
    worker = FakeWorker(device)
    device.worker = worker
    return device, worker
