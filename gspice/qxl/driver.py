"""A guest's driver for QXLDevice: brings it up, sets modes, draws, as the driver in a virtual machine does.

One thread, the host loop. Every command may raise DeviceBusy: nothing was sent, call ``service`` and try
again when the device interrupts. Drawing is in ``driver_draw``.
"""

import ctypes
import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gspice.errors import GSpiceError, GuestError
from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver_cursor import Cursor
from gspice.qxl.driver_draw import Drawing
from gspice.qxl.driver_memory import Block, DeviceBusy, DoesNotFit, GuestMemory, Place, Resource
from gspice.qxl.driver_monitors import Monitors
from gspice.qxl.driver_queue import CommandQueue, Ring
from gspice.qxl.structures import (
    RAM_MAGIC,
    ROM_MAGIC,
    CommandType,
    Interrupt,
    IOPort,
    QXLRect,
)
from gspice.qxl.structures_command import (
    SURF_FLAG_KEEP_DATA,
    QXLMessage,
    QXLSurfaceCmd,
    QXLUpdateCmd,
    SurfaceCommandType,
)
from gspice.vdi.qxl import ClientMonitor, Head

ALL = ~Interrupt(0)
EVENTS = Interrupt.CLIENT | Interrupt.CLIENT_MONITORS_CONFIG


class _Surface(NamedTuple):
    spec: SurfaceSpec
    stride: int
    block: Block | None
    """None: the primary."""


class GuestDriver(Drawing):
    """Drives one device. The device must be attached to a server (``add_interface``) before this is made."""

    _queue: CommandQueue

    def __init__(self, device: QXLDevice) -> None:
        self.device = device
        rom, ram = device.memory.rom, device.memory.ram
        if rom.magic != ROM_MAGIC or ram.magic != RAM_MAGIC:
            raise GuestError("this is not a QXL device")
        device.io_write(IOPort.RESET)
        slots = range(rom.slots_start, rom.slots_start + 2)
        for slot, bar in zip(slots, device.memory.bars, strict=True):
            size = rom.ram_header_offset if bar is device.memory.ram_bar else bar.size
            ram.mem_slot.mem_start = bar.guest_physical
            ram.mem_slot.mem_end = bar.guest_physical + size
            device.io_write(IOPort.MEMSLOT_ADD, slot)
        self._memory = GuestMemory(device.memory, main_slot=slots[0], vram_slot=slots[1])
        super().__init__(CommandQueue(device, self._memory))
        self._queue.on_surface_free = self._surface_free
        self._cursor = Cursor(self._queue)
        self._surfaces: dict[int, _Surface] = {}
        self._free_surfaces = list(range(1, rom.n_surfaces))
        self._events = Interrupt(0)
        self._monitors = Monitors(device, self._memory)
        ram.int_mask = int(ALL)
        device.io_write(IOPort.UPDATE_IRQ)

    # Interrupts and resources

    def service(self) -> Interrupt:
        """Handle what is pending; call it on the host loop after an interrupt.

        Returns what the caller may want to follow since the last call: CLIENT (``client_capabilities``) and
        CLIENT_MONITORS_CONFIG (``client_monitors``).
        """
        self._take_interrupts()
        self._queue.collect()
        events, self._events = self._events, Interrupt(0)
        return events

    def collect(self) -> int:
        """Take back what the device released; how many resources."""
        return self._queue.collect()

    @property
    def resources_in_use(self) -> int:
        """Commands whose memory the device still has, but for ``resources_kept``."""
        return self._queue.in_use

    @property
    def resources_kept(self) -> int:
        """Commands that made a surface or the cursor's shape: the device has them until that is gone."""
        return self._queue.kept

    @property
    def rings_empty(self) -> bool:
        """Whether the device has taken every command, of both rings."""
        return self._queue.empty

    @property
    def free_bytes(self) -> int:
        """Device memory that is not in use."""
        return self._memory.free_bytes

    def _take_interrupts(self) -> None:
        pending = self.device.interrupts.take()
        self._events |= pending & EVENTS
        if pending & Interrupt.IO_CMD:
            self._monitors.send()

    def close(self) -> None:
        """Switch the device off; this driver must not be used afterwards."""
        self.device.io_write(IOPort.RESET)

    # The primary surface and its monitors

    @property
    def size(self) -> tuple[int, int]:
        """Of the primary surface; (0, 0) without one."""
        primary = self._surfaces.get(0)
        return (primary.spec.width, primary.spec.height) if primary else (0, 0)

    def set_mode(
        self,
        width: int,
        height: int,
        format: SurfaceFormat = SurfaceFormat.XRGB32,
        *,
        pixels: NDArray[np.uint8] | None = None,
    ) -> None:
        """Replace the primary surface, with one monitor on it; ``pixels`` (height, bytes in a row) is what it
        holds at first. DoesNotFit: larger than the device allows."""
        rom, ram = self.device.memory.rom, self.device.memory.ram
        stride = _stride(width, height, format, pixels)
        if stride * height > rom.surface0_area_size:
            raise DoesNotFit(
                f"a primary of {width}x{height}: the device has {rom.surface0_area_size} bytes for it"
            )
        if 0 in self._surfaces:
            del self._surfaces[0]
            self.device.io_write(IOPort.DESTROY_PRIMARY, 0)
        create = ram.create_surface
        create.width, create.height, create.stride = width, height, stride
        create.format = format
        create.position = create.mouse_mode = create.flags = create.type = 0
        create.mem = self._memory.primary.address
        if pixels is not None:
            create.flags = SURF_FLAG_KEEP_DATA
            self._view(self._memory.primary, height, stride)[:, : pixels.shape[1]] = pixels
        self.device.io_write(IOPort.CREATE_PRIMARY, 0)
        self._surfaces[0] = _Surface(SurfaceSpec(width, height, format), stride, None)
        self.monitors_config([Head(0, 0, 0, 0, width, height)])

    def monitors_config(self, heads: Sequence[Head], *, max_allowed: int = 0) -> None:
        """Say where the monitors lie on the primary. While one such call is under way, only the newest
        waits."""
        self._monitors.set(heads, max_allowed)
        self._take_interrupts()

    def client_monitors(self) -> list[ClientMonitor] | None:
        """The monitors that the client wishes for; None while the device is still writing them."""
        return self._monitors.client_monitors()

    def client_capabilities(self) -> tuple[bool, bytes]:
        """Whether a client looks, and the capabilities that all display clients share."""
        rom = self.device.memory.rom
        return bool(rom.client_present), bytes(rom.client_capabilities)

    # Surfaces

    def surface_spec(self, surface: int) -> SurfaceSpec:
        entry = self._surfaces.get(surface)
        if entry is None:
            raise ValueError(f"no surface {surface}")
        return entry.spec

    def create_surface(
        self,
        width: int,
        height: int,
        format: SurfaceFormat = SurfaceFormat.XRGB32,
        *,
        pixels: NDArray[np.uint8] | None = None,
    ) -> int:
        """Make an off-screen surface and return its id; ``pixels`` (height, bytes in a row) is what it holds
        at first."""
        stride = _stride(width, height, format, pixels)
        if not self._free_surfaces and not (self._queue.collect() and self._free_surfaces):
            raise DeviceBusy("all surface ids are in use")
        surface_id = heapq.heappop(self._free_surfaces)
        blocks: list[Block] = []

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLSurfaceCmd)
            resource.kept = True
            # The last that can fail, so that a failure leaves no block behind.
            block = self._memory.alloc(stride * height, surface=True)
            blocks.append(block)
            command.surface_id, command.type = surface_id, SurfaceCommandType.CREATE
            create = command.u.surface_create
            create.format, create.width, create.height, create.stride = format, width, height, stride
            create.data = block.place.address
            if pixels is not None:
                command.flags = SURF_FLAG_KEEP_DATA
                self._view(block.place, height, stride)[:, : pixels.shape[1]] = pixels

        try:
            self._queue.submit(Ring.DISPLAY, CommandType.SURFACE, build)
        except GSpiceError:
            heapq.heappush(self._free_surfaces, surface_id)
            raise
        self._surfaces[surface_id] = _Surface(SurfaceSpec(width, height, format), stride, blocks[-1])
        return surface_id

    def destroy_surface(self, surface: int) -> None:
        """Drop an off-screen surface; id and memory are free again when the device has released the
        command."""
        entry = self._surfaces.get(surface)
        if entry is None or entry.block is None:
            raise ValueError(f"no off-screen surface {surface}")

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLSurfaceCmd)
            command.surface_id, command.type = surface, SurfaceCommandType.DESTROY

        resource = self._queue.submit(Ring.DISPLAY, CommandType.SURFACE, build)
        resource.adopt(entry.block)
        resource.surface_id = surface
        del self._surfaces[surface]

    def _surface_free(self, surface: int) -> None:
        heapq.heappush(self._free_surfaces, surface)

    def update_area(self, rect: Rect, *, surface: int = 0, wait: bool = True) -> None:
        """Have the pixels of a surface's rectangle drawn into its guest memory; see ``pixels``.

        Without ``wait`` it is done when the device has interrupted; DeviceBusy: another such call is under way.
        """
        if not wait:
            self._check_idle()
        ram = self.device.memory.ram
        ram.update_area = QXLRect(rect.top, rect.left, rect.bottom, rect.right)
        ram.update_surface = surface
        self.device.io_write(IOPort.UPDATE_AREA if wait else IOPort.UPDATE_AREA_ASYNC)

    def flush_surfaces(self) -> None:
        """Have the pixels of all surfaces drawn into their guest memory: done when the device has interrupted.
        DeviceBusy: another such call is under way."""
        self._check_idle()
        self.device.io_write(IOPort.FLUSH_SURFACES_ASYNC)

    def _check_idle(self) -> None:
        self._take_interrupts()
        if self.device.io_pending is not None:
            raise DeviceBusy("the device takes one such call at a time")

    def out_of_memory(self) -> None:
        """Ask for what the device could release."""
        self.device.io_write(IOPort.NOTIFY_OOM)

    def message(self, text: bytes) -> None:
        """Write to the server's log. Text ends at its first zero byte."""

        def build(resource: Resource) -> None:
            _, place = resource.struct(QXLMessage, tail=len(text) + 1)
            start = place.offset + ctypes.sizeof(QXLMessage)
            self._memory.bytes[start : start + len(text) + 1] = np.frombuffer(text + b"\0", np.uint8)

        self._queue.submit(Ring.DISPLAY, CommandType.MESSAGE, build)

    def update(self, rect: Rect, update_id: int, *, surface: int = 0) -> None:
        """Have the device put ``update_id`` into its ROM once all that was drawn before is in guest
        memory."""

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLUpdateCmd)
            command.area = QXLRect(rect.top, rect.left, rect.bottom, rect.right)
            command.update_id, command.surface_id = update_id, surface

        self._queue.submit(Ring.DISPLAY, CommandType.UPDATE, build)

    def pixels(self, surface: int = 0) -> NDArray[np.uint8]:
        """The surface's guest memory as it stands, (height, bytes in a row); ``update_area`` brings it up to
        date."""
        entry = self._surfaces[surface]
        place = entry.block.place if entry.block is not None else self._memory.primary
        return self._view(place, entry.spec.height, entry.stride)

    def _view(self, place: Place, height: int, stride: int) -> NDArray[np.uint8]:
        return self._memory.bytes[place.offset : place.offset + height * stride].reshape(height, stride)

    # The pointer

    def set_cursor(
        self,
        kind: int,
        width: int,
        height: int,
        hot: Point | tuple[int, int],
        data: bytes,
        x: int,
        y: int,
        visible: bool = True,
        unique: int = 0,
    ) -> None:
        """Show a pointer shape; ``kind`` SPICE_CURSOR_TYPE_*. ``unique`` not 0: clients may cache it under
        this id."""
        self._cursor.set(
            kind=kind,
            width=width,
            height=height,
            hot=hot,
            data=data,
            x=x,
            y=y,
            visible=visible,
            unique=unique,
        )

    def move_cursor(self, x: int, y: int) -> None:
        """Move the pointer."""
        self._cursor.move(x, y)

    def hide_cursor(self) -> None:
        """Hide the pointer until its next ``set_cursor`` or ``move_cursor``."""
        self._cursor.hide()

    def cursor_trail(self, length: int, frequency: int) -> None:
        """Have the pointer leave a trail."""
        self._cursor.trail(length, frequency)


def _stride(width: int, height: int, format: SurfaceFormat, pixels: NDArray[np.uint8] | None) -> int:
    """Bytes from row to row; ValueError for sizes that make no surface, or that the pixels do not have."""
    if min(width, height) <= 0:
        raise ValueError(f"surface of {width}x{height}")
    stride = -(-row_bytes(width, format.bits_per_pixel) // 4) * 4
    if pixels is not None and (pixels.shape[0] != height or pixels.shape[1] > stride):
        raise ValueError(f"pixels of shape {pixels.shape} for {height} rows of {stride} bytes")
    return stride
