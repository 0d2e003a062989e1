"""The I/O ports of a QXL device: what the guest's driver asks for, checked and passed on to the server.

Host loop only. A guest's mistake never reaches the caller: it is noted, and the device then takes nothing
but RESET.
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from gspice.errors import GuestError, InterfaceError
from gspice.geometry import Rect
from gspice.qxl.device_state import GuestBugs, Interrupts, PendingIO
from gspice.qxl.layout import GROUP_GUEST, MEMSLOTS, SURFACES, DeviceMemory
from gspice.qxl.structures import Interrupt, IOPort, QXLMemSlot, QXLRect, QXLSurfaceCreate
from gspice.qxl.worker_port import WorkerPort
from gspice.vdi.qxl import DevSurfaceCreate, MemSlot

log = logging.getLogger(__name__)

ASYNC_PORTS: dict[int, int] = {
    IOPort.UPDATE_AREA_ASYNC: IOPort.UPDATE_AREA,
    IOPort.MEMSLOT_ADD_ASYNC: IOPort.MEMSLOT_ADD,
    IOPort.CREATE_PRIMARY_ASYNC: IOPort.CREATE_PRIMARY,
    IOPort.DESTROY_PRIMARY_ASYNC: IOPort.DESTROY_PRIMARY,
    IOPort.DESTROY_SURFACE_ASYNC: IOPort.DESTROY_SURFACE_WAIT,
    IOPort.DESTROY_ALL_SURFACES_ASYNC: IOPort.DESTROY_ALL_SURFACES,
    IOPort.FLUSH_SURFACES_ASYNC: IOPort.FLUSH_SURFACES_ASYNC,
    IOPort.MONITORS_CONFIG_ASYNC: IOPort.MONITORS_CONFIG_ASYNC,
}
"""Ports whose completion is told by an interrupt, and the port whose work they do."""


class PortOwner(Protocol):
    """What the ports need of their device."""

    worker: Any

    def flush_releases(self) -> None: ...

    def reset(self) -> None: ...


class IOPorts:
    """One device's ports."""

    def __init__(
        self,
        owner: PortOwner,
        memory: DeviceMemory,
        interrupts: Interrupts,
        pending: PendingIO,
        bugs: GuestBugs,
    ) -> None:
        self._owner = owner
        self._memory = memory
        self._interrupts = interrupts
        self._pending = pending
        self._bugs = bugs
        self._slots: set[int] = set()
        self.primary: DevSurfaceCreate | None = None
        """The primary surface that the guest made last."""
        self._handlers: dict[int, Callable[[int, int | None], None]] = {
            IOPort.NOTIFY_CMD: self._notify,
            IOPort.NOTIFY_CURSOR: self._notify,
            IOPort.UPDATE_AREA: self._update_area,
            IOPort.UPDATE_IRQ: self._update_irq,
            IOPort.NOTIFY_OOM: self._oom,
            IOPort.RESET: self._reset,
            IOPort.LOG: self._log,
            IOPort.MEMSLOT_ADD: self._memslot_add,
            IOPort.MEMSLOT_DEL: self._memslot_del,
            IOPort.CREATE_PRIMARY: self._create_primary,
            IOPort.DESTROY_PRIMARY: self._destroy_primary,
            IOPort.DESTROY_SURFACE_WAIT: self._destroy_surface,
            IOPort.DESTROY_ALL_SURFACES: self._destroy_all,
            IOPort.FLUSH_SURFACES_ASYNC: self._flush_surfaces,
            IOPort.FLUSH_RELEASE: self._flush_release,
            IOPort.MONITORS_CONFIG_ASYNC: self._monitors_config,
        }

    def write(self, port: int, value: int) -> None:
        """Carry out a write. InterfaceError: the host let its guest run before ``add_interface``."""
        if self._owner.worker is None:
            raise InterfaceError("the QXL device is not attached to a server yet")
        if self._bugs.present and port != IOPort.RESET:
            return
        cookie = None
        try:
            handler = self._handlers.get(ASYNC_PORTS.get(port, port))
            if handler is None:
                raise GuestError(f"write to I/O port {port}, which this device does not have")
            if port in ASYNC_PORTS:
                cookie = self._pending.begin(port)
            handler(value, cookie)
        except GuestError as error:
            self._bugs.note(error)
            if cookie is not None and self._pending.finish(cookie):
                # The driver waits for its answer, mistake or not.
                self._interrupts.raise_(Interrupt.IO_CMD)

    def reset(self) -> None:
        """Forget slots and primary."""
        self._slots.clear()
        self.primary = None

    @property
    def _worker(self) -> WorkerPort:
        worker: WorkerPort = self._owner.worker
        return worker

    def _notify(self, _value: int, _cookie: int | None) -> None:
        self._worker.wakeup()

    def _update_irq(self, _value: int, _cookie: int | None) -> None:
        self._interrupts.refresh()

    def _oom(self, _value: int, _cookie: int | None) -> None:
        ring = self._memory.ram.release_ring
        if ring.prod == ring.cons:
            self._worker.oom()
        # Otherwise the guest has memory to take back first.

    def _reset(self, _value: int, _cookie: int | None) -> None:
        self._owner.reset()

    def _log(self, _value: int, _cookie: int | None) -> None:
        text = bytes(self._memory.ram.log_buf).split(b"\0", 1)[0]
        # repr: a guest's control characters have no business in the host's terminal.
        log.info("guest: %r", text.decode("utf-8", "replace"))

    def _update_area(self, _value: int, cookie: int | None) -> None:
        ram = self._memory.ram
        area = QXLRect.from_buffer_copy(ram.update_area)
        surface = _surface_id(ram.update_surface)
        rect = Rect(area.left, area.top, area.right, area.bottom)
        if rect.empty or rect.left < 0 or rect.top < 0:
            raise GuestError(f"update of area {tuple(rect)}")
        if cookie is None:
            self._worker.update_area(surface, rect, False)
        else:
            self._worker.update_area_async(surface, rect, False, cookie)

    def _memslot_add(self, slot: int, cookie: int | None) -> None:
        if not 0 <= slot < MEMSLOTS:
            raise GuestError(f"memory slot {slot} of {MEMSLOTS}")
        if slot in self._slots:
            raise GuestError(f"memory slot {slot} is in use")
        window = QXLMemSlot.from_buffer_copy(self._memory.ram.mem_slot)
        start, end = window.mem_start, window.mem_end
        for bar in self._memory.bars:
            if bar.guest_physical <= start <= end <= bar.guest_physical + bar.size:
                break
        else:
            raise GuestError(f"memory slot {slot}: {start:#x} to {end:#x} is in no bar of the device")
        virt_start = self._memory.address + bar.offset + start - bar.guest_physical
        mem_slot = MemSlot(
            group_id=GROUP_GUEST,
            slot_id=slot,
            generation=self._memory.rom.slot_generation,
            virt_start=virt_start,
            virt_end=virt_start + end - start,
            addr_delta=virt_start,
        )
        self._slots.add(slot)
        if cookie is None:
            self._worker.add_memslot(mem_slot)
        else:
            self._worker.add_memslot_async(mem_slot, cookie)

    def _memslot_del(self, slot: int, _cookie: int | None) -> None:
        if slot not in self._slots:
            raise GuestError(f"memory slot {slot} deleted, which is not in use")
        self._slots.discard(slot)
        self._worker.del_memslot(GROUP_GUEST, slot)

    def _create_primary(self, surface_id: int, cookie: int | None) -> None:
        if surface_id != 0:
            raise GuestError(f"primary surface with id {surface_id}")
        if self.primary is not None:
            raise GuestError("primary surface made twice")
        asked = QXLSurfaceCreate.from_buffer_copy(self._memory.ram.create_surface)
        room = self._memory.rom.surface0_area_size
        size = asked.height * abs(asked.stride)
        if not asked.width or not asked.height or asked.stride % 4 or size > room:
            raise GuestError(
                f"primary surface of {asked.width}x{asked.height}, stride {asked.stride}: "
                f"{size} bytes, there are {room}"
            )
        primary = DevSurfaceCreate(
            width=asked.width,
            height=asked.height,
            stride=asked.stride,
            format=asked.format,
            mem=asked.mem,
            group_id=GROUP_GUEST,
            position=asked.position,
            mouse_mode=1,
            flags=asked.flags,
            type=asked.type,
        )
        self.primary = primary
        if cookie is None:
            self._worker.create_primary_surface(0, primary)
        else:
            self._worker.create_primary_surface_async(0, primary, cookie)

    def _destroy_primary(self, surface_id: int, cookie: int | None) -> None:
        if surface_id != 0 or self.primary is None:
            raise GuestError(f"primary surface {surface_id} destroyed, which does not exist")
        self.primary = None
        if cookie is None:
            self._worker.destroy_primary_surface(0)
        else:
            self._worker.destroy_primary_surface_async(0, cookie)

    def _destroy_surface(self, surface_id: int, cookie: int | None) -> None:
        _surface_id(surface_id)
        if cookie is None:
            self._worker.destroy_surface_wait(surface_id)
        else:
            self._worker.destroy_surface_async(surface_id, cookie)

    def _destroy_all(self, _value: int, cookie: int | None) -> None:
        self.primary = None
        if cookie is None:
            self._worker.destroy_surfaces()
        else:
            self._worker.destroy_surfaces_async(cookie)

    def _flush_surfaces(self, _value: int, cookie: int | None) -> None:
        assert cookie is not None, "this port is in ASYNC_PORTS"
        self._worker.flush_surfaces_async(cookie)

    def _flush_release(self, _value: int, _cookie: int | None) -> None:
        self._owner.flush_releases()

    def _monitors_config(self, _value: int, cookie: int | None) -> None:
        assert cookie is not None, "this port is in ASYNC_PORTS"
        self._worker.monitors_config_async(self._memory.ram.monitors_config, GROUP_GUEST, cookie)


def _surface_id(value: int) -> int:
    if not 0 <= value < SURFACES:
        raise GuestError(f"surface {value} of {SURFACES}")
    return value
