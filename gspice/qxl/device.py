"""A QXL device without a virtual machine: memory, rings and ports as QEMU's device has them.

Threads: ``io_write`` and ``client_monitors_config`` on the host loop, all else on the RedWorker's thread, as
``QXLInterface`` says. They share the rings (each counter has one writer), the ROM (written by the device
only) and what ``device_state`` holds.
"""

import ctypes
import logging
import zlib
from collections.abc import Callable, Sequence

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.qxl.device_io import IOPorts
from gspice.qxl.device_releases import ReleaseChain
from gspice.qxl.device_state import GuestBugs, Interrupts, PendingIO
from gspice.qxl.layout import GROUP_GUEST, DeviceMemory, DeviceSizes
from gspice.qxl.rings import RingConsumer
from gspice.qxl.structures import (
    CLIENT_CAPABILITIES_SIZE,
    CLIENT_MONITORS_MAX,
    ClientMonitorsConfig,
    Interrupt,
    QXLCommand,
)
from gspice.vdi.qxl import ClientMonitor, CommandExt, DevInitInfo, QXLInterface, ReleaseInfo

log = logging.getLogger(__name__)

ALL_INTERRUPTS = 0xFFFFFFFF


class QXLDevice(QXLInterface):
    """The device model. Give it to ``add_interface``, then let its guest's driver run (``GuestDriver``)."""

    description = "embedded QXL device"

    def __init__(
        self,
        *,
        id: int = 0,
        sizes: DeviceSizes | None = None,
        interrupt: Callable[[Interrupt], None] | None = None,
        area_updated: Callable[[int, Sequence[Rect]], None] | None = None,
    ) -> None:
        """``interrupt`` is called on whatever thread raised the bits, the RedWorker's or the host loop's:
        all that it may do is to get ``GuestDriver.service`` called on the host loop. ``area_updated`` is
        called on the worker's.
        """
        self.id = id
        self.worker = None
        self.memory = DeviceMemory(sizes, device_id=id)
        self.bugs = GuestBugs(id)
        self.interrupts = Interrupts(self.memory.ram, interrupt)
        self._area_updated = area_updated
        self._pending = PendingIO()
        ram = self.memory.ram
        self._commands: RingConsumer[QXLCommand] = RingConsumer("command", ram.cmd_ring, ram.cmd_ring.items)
        self._cursors: RingConsumer[QXLCommand] = RingConsumer(
            "cursor", ram.cursor_ring, ram.cursor_ring.items
        )
        self._releases = ReleaseChain(self.memory, self.interrupts, self.bugs)
        self._ports = IOPorts(self, self.memory, self.interrupts, self._pending, self.bugs)
        self._resetting = False
        self._flush_wanted = False

    # The guest's side: host loop

    def io_write(self, port: int, value: int = 0) -> None:
        """A write of the guest's to an I/O port. Its mistakes end up in ``bugs``; they are not raised."""
        self._ports.write(port, value)

    @property
    def io_pending(self) -> int | None:
        """The port of the asynchronous call that is under way."""
        return self._pending.port

    def flush_releases(self) -> None:
        """The guest wants back what is released: the worker's thread, which owns the chain, will push it."""
        self._flush_wanted = True
        self.worker.wakeup()

    def reset(self) -> None:
        """Switch the device off and on: commands in the rings are dropped, surfaces and slots are gone."""
        # From here on the worker's thread leaves rings and chain alone; it has seen that once a call is
        # answered.
        self._resetting = True
        worker = self.worker
        worker.destroy_surfaces()
        worker.reset_cursor()
        worker.reset_image_cache()
        worker.reset_memslots()
        self._releases.drop()
        self._pending.reset()
        self.interrupts.reset()
        self._ports.reset()
        self.memory.reset_ram()
        rom = self.memory.rom
        rom.update_id = 0
        # Addresses that were made before the reset are refused from now on.
        rom.slot_generation = (rom.slot_generation + 1) % (1 << rom.slot_gen_bits)
        self.bugs.reset()
        self._resetting = False
        worker.driver_unload()
        worker.wakeup()

    # The server's side: main loop

    def get_init_info(self) -> DevInitInfo:
        return self.memory.init_info()

    def set_compression_level(self, level: int) -> None:
        self.memory.rom.compression_level = level

    def client_monitors_config(self, monitors: Sequence[ClientMonitor] | None) -> bool:
        """Write them into the ROM and interrupt. A mask of none or of all bits is that of a driver too old
        for it."""
        mask = self.memory.ram.int_mask
        if mask in (0, ALL_INTERRUPTS) or not mask & Interrupt.CLIENT_MONITORS_CONFIG:
            return False
        if monitors is None:
            return True
        rom = self.memory.rom
        config = ClientMonitorsConfig(count=min(len(monitors), CLIENT_MONITORS_MAX))
        for head, monitor in zip(config.heads, monitors, strict=False):
            head.left, head.top = monitor.x & 0xFFFFFFFF, monitor.y & 0xFFFFFFFF
            head.right = (monitor.x + monitor.width) & 0xFFFFFFFF
            head.bottom = (monitor.y + monitor.height) & 0xFFFFFFFF
        rom.client_monitors_config = config
        rom.client_monitors_config_crc = monitors_crc(bytes(config))
        self.interrupts.raise_(Interrupt.CLIENT_MONITORS_CONFIG)
        return True

    # The server's side: the worker's thread

    def get_command(self) -> CommandExt | None:
        return self._take(self._commands, Interrupt.DISPLAY)

    def get_cursor_command(self) -> CommandExt | None:
        return self._take(self._cursors, Interrupt.CURSOR)

    def req_cmd_notification(self) -> bool:
        """Also the moment when the device idles: what is released goes to the guest, bunch or not."""
        if not self._resetting:
            self._releases.push()
        return self._wait(self._commands)

    def req_cursor_notification(self) -> bool:
        return self._wait(self._cursors)

    def release_resource(self, release: ReleaseInfo) -> None:
        if not self._resetting:
            self._releases.add(release)

    def flush_resources(self) -> int:
        return 0 if self._resetting else self._releases.push()

    def notify_update(self, update_id: int) -> None:
        self.memory.rom.update_id = update_id
        self.interrupts.raise_(Interrupt.DISPLAY)

    def async_complete(self, cookie: int) -> None:
        if self._pending.finish(cookie):
            self.interrupts.raise_(Interrupt.IO_CMD)
        elif not self._resetting:
            log.error("qxl-%d: completion of a call that is not under way (cookie %d)", self.id, cookie)

    def update_area_complete(self, surface_id: int, rects: Sequence[Rect]) -> None:
        if self._area_updated is not None:
            self._area_updated(surface_id, rects)

    def set_client_capabilities(self, present: bool, caps: bytes) -> None:
        rom = self.memory.rom
        rom.client_present = int(present)
        caps = caps[:CLIENT_CAPABILITIES_SIZE].ljust(CLIENT_CAPABILITIES_SIZE, b"\0")
        ctypes.memmove(rom.client_capabilities, caps, CLIENT_CAPABILITIES_SIZE)
        self.interrupts.raise_(Interrupt.CLIENT)

    def _take(self, ring: RingConsumer[QXLCommand], interrupt: Interrupt) -> CommandExt | None:
        if self._resetting or self.bugs.present:
            return None
        if self._flush_wanted:
            self._flush_wanted = False
            self._releases.push()
        try:
            taken = ring.pop()
        except GuestError as error:
            self.bugs.note(error)
            return None
        if taken is None:
            return None
        command, notify = taken
        if notify:
            self.interrupts.raise_(interrupt)
        return CommandExt(command.data, command.type, GROUP_GUEST)

    def _wait(self, ring: RingConsumer[QXLCommand]) -> bool:
        if self._resetting or self.bugs.present:
            return True
        try:
            return ring.wait()
        except GuestError as error:
            self.bugs.note(error)
            return True


def monitors_crc(config: bytes) -> int:
    """The checksum that drivers expect over ClientMonitorsConfig: CRC-32 without the inversions at both
    ends."""
    return zlib.crc32(config, 0xFFFFFFFF) ^ 0xFFFFFFFF
