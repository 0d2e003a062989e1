"""The guest driver's ends of the rings: commands go out, resources come back."""

import itertools
import logging
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from gspice.qxl.device import QXLDevice
from gspice.qxl.driver_memory import CommandMemory, DeviceBusy, GuestMemory, Resource
from gspice.qxl.rings import RingConsumer, RingProducer
from gspice.qxl.structures import CommandType, IOPort, QXLCommand, QXLReleaseInfo

log = logging.getLogger(__name__)


class Ring(Enum):
    """Which ring a command goes to."""

    DISPLAY = IOPort.NOTIFY_CMD
    CURSOR = IOPort.NOTIFY_CURSOR


class CommandSink(Protocol):
    """Takes commands, built in its memory, to where a device gets them."""

    @property
    def memory(self) -> CommandMemory:
        """Where commands are built."""

    def submit(self, ring: Ring, kind: CommandType, build: Callable[[Resource], None]) -> Resource:
        """Build a command in a resource's memory, its own structure first, and hand it over. What ``build`` raises
        is let pass: nothing was handed over."""


class CommandQueue:
    """Hands commands to the device and keeps their memory until it is released. Host loop only."""

    def __init__(self, device: QXLDevice, memory: GuestMemory) -> None:
        self._device = device
        self.memory = memory
        ram = device.memory.ram
        self._rings: dict[Ring, RingProducer[QXLCommand]] = {
            Ring.DISPLAY: RingProducer("command", ram.cmd_ring, ram.cmd_ring.items),
            Ring.CURSOR: RingProducer("cursor", ram.cursor_ring, ram.cursor_ring.items),
        }
        self._releases: RingConsumer[int] = RingConsumer("release", ram.release_ring, ram.release_ring.items)
        self._resources: dict[int, Resource] = {}
        self._ids = itertools.count(1)
        self.on_surface_free: Callable[[int], None] = lambda _surface_id: None
        """Called with the surface id that a resource's release makes free."""

    @property
    def in_use(self) -> int:
        """Resources that the device has and is to give back soon."""
        return len(self._resources) - self.kept

    @property
    def kept(self) -> int:
        """Resources that the device has as long as what they made is there."""
        return sum(resource.kept for resource in self._resources.values())

    @property
    def empty(self) -> bool:
        """Whether the device has taken every command."""
        return not any(len(producer) for producer in self._rings.values())

    def submit(self, ring: Ring, kind: CommandType, build: Callable[[Resource], None]) -> Resource:
        """Build a command in memory and put it into a ring.

        ``build`` makes the command's structure first and lets DeviceBusy pass; it may be called again.
        DeviceBusy: ring or memory is full even after what was released has been collected; the device was
        told.
        """
        self.collect()
        producer = self._rings[ring]
        if not producer.wait_for_space():
            raise DeviceBusy(f"the {ring.name.lower()} ring is full")
        try:
            resource = self._build(build)
        except DeviceBusy:
            self._device.io_write(IOPort.NOTIFY_OOM)
            if not self.collect():
                raise
            resource = self._build(build)
        assert resource.place is not None, "build makes the command's structure"
        self._resources[resource.id] = resource
        if producer.push(QXLCommand(data=resource.place.address, type=kind)):
            self._device.io_write(ring.value)
        return resource

    def _build(self, build: Callable[[Resource], None]) -> Resource:
        resource = Resource(self.memory, next(self._ids))
        try:
            build(resource)
        except Exception:
            resource.free()
            raise
        assert resource.place is not None, "build makes the command's structure"
        self.memory.view(QXLReleaseInfo, resource.place).id = resource.id
        return resource

    def collect(self) -> int:
        """Take back what the device has released; how many resources that was."""
        count = 0
        starved = False
        while (popped := self._releases.pop()) is not None:
            head, notify = popped
            starved = starved or notify
            count += self._free_chain(head)
        self._releases.wait()
        if starved:
            # The ring was full: the device holds more.
            self._device.io_write(IOPort.FLUSH_RELEASE)
        return count

    def _free_chain(self, head: int) -> int:
        count = 0
        while head:
            resource = self._resources.pop(head, None)
            if resource is None or resource.place is None:
                log.error("the device released resource %d, which it does not have", head)
                break
            head = self.memory.view(QXLReleaseInfo, resource.place).next
            resource.free()
            if resource.surface_id is not None:
                self.on_surface_free(resource.surface_id)
            count += 1
        return count
