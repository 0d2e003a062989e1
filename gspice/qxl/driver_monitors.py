"""The monitors half of the guest driver: where heads lie on the primary, and what the client wishes for."""

import ctypes
from collections.abc import Sequence

from gspice.qxl.device import QXLDevice, monitors_crc
from gspice.qxl.driver_memory import GuestMemory
from gspice.qxl.structures import IOPort, QXLHead, QXLMonitorsConfig
from gspice.vdi.qxl import ClientMonitor, Head

MAX_HEADS = 64


class Monitors:
    """Sends monitor layouts, one at a time: a device takes no second asynchronous call while one is under
    way."""

    def __init__(self, device: QXLDevice, memory: GuestMemory) -> None:
        self._device = device
        self._memory = memory
        # Kept for good: the worker may read it at any time while the call is under way.
        size = ctypes.sizeof(QXLMonitorsConfig) + MAX_HEADS * ctypes.sizeof(QXLHead)
        self._place = memory.alloc(size).place
        self._wanted: tuple[tuple[Head, ...], int] | None = None

    def set(self, heads: Sequence[Head], max_allowed: int) -> None:
        """Send a layout now, or after the one under way; a newer one takes its place. ValueError: no or too
        many heads."""
        if not 0 < len(heads) <= MAX_HEADS:
            raise ValueError(f"{len(heads)} monitors, of at most {MAX_HEADS}")
        self._wanted = (tuple(heads), max_allowed)
        self.send()

    def send(self) -> None:
        """Send what waits, unless the device is busy; call it when it has interrupted with IO_CMD."""
        if self._wanted is None or self._device.io_pending is not None:
            return
        heads, max_allowed = self._wanted
        self._wanted = None
        config = self._memory.view(QXLMonitorsConfig, self._place)
        config.count, config.max_allowed = len(heads), max_allowed
        for index, head in enumerate(heads):
            at = self._place.at(ctypes.sizeof(QXLMonitorsConfig) + index * ctypes.sizeof(QXLHead))
            out = self._memory.view(QXLHead, at)
            out.id, out.surface_id, out.flags = head.id, head.surface_id, head.flags
            out.x, out.y, out.width, out.height = head.x, head.y, head.width, head.height
        self._device.memory.ram.monitors_config = self._place.address
        self._device.io_write(IOPort.MONITORS_CONFIG_ASYNC)

    def client_monitors(self) -> list[ClientMonitor] | None:
        """The monitors that the client wishes for; None: the checksum is wrong, the device is still
        writing."""
        rom = self._device.memory.rom
        config = type(rom.client_monitors_config).from_buffer_copy(rom.client_monitors_config)
        if monitors_crc(bytes(config)) != rom.client_monitors_config_crc:
            return None
        heads = config.heads[: config.count]
        return [ClientMonitor(h.right - h.left, h.bottom - h.top, h.left, h.top) for h in heads]
