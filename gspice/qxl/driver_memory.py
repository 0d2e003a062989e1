"""The guest driver's memory: blocks in the device's bars, and the resources whose release gives them back."""

import ctypes
from bisect import bisect_left
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gspice.errors import GSpiceError
from gspice.qxl.layout import OFFSET_BITS, Bar, DeviceMemory
from gspice.qxl.structures import Packed, PackedUnion

ALIGN = 16
PAGE_SIZE = 512
"""Small structures of one resource share a page of this size: most commands take one block."""

IN_FLIGHT_BYTES = 48 << 20
"""Where commands have so much memory, the next one waits: first fit then takes what was touched before, again and
again, so that the process that plays the guest stays small."""

Struct = TypeVar("Struct", bound=Packed | PackedUnion)


class DeviceBusy(GSpiceError):
    """A ring or the command memory is full. Nothing was written: try again after the next DISPLAY
    interrupt."""


class DoesNotFit(GSpiceError):
    """What was asked for is larger than the device's memory will ever hold."""


class FreeList:
    """First-fit allocator over offsets from 0 to ``size``; freed neighbours join."""

    def __init__(self, size: int) -> None:
        self.size = size - size % ALIGN
        self._starts = [0]
        self._ends = [self.size]

    @property
    def free_bytes(self) -> int:
        return sum(self._ends) - sum(self._starts)

    @property
    def extents(self) -> int:
        """Pieces that the free space is in."""
        return len(self._starts)

    def alloc(self, size: int) -> int | None:
        """Offset of that many bytes, rounded up to ``ALIGN``; None where no piece is large enough."""
        size = rounded(size)
        for index, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
            if end - start > size:
                self._starts[index] = start + size
                return start
            if end - start == size:
                del self._starts[index], self._ends[index]
                return start
        return None

    def free(self, start: int, size: int) -> None:
        """Give back what ``alloc`` gave for this size. ValueError: it is not in use."""
        end = start + rounded(size)
        index = bisect_left(self._starts, start)
        before = index > 0 and self._ends[index - 1] >= start
        if (
            start < 0
            or end > self.size
            or (before and self._ends[index - 1] > start)
            or (index < len(self._starts) and self._starts[index] < end)
        ):
            raise ValueError(f"bytes {start} to {end} are free already")
        after = index < len(self._starts) and self._starts[index] == end
        if before and after:
            self._ends[index - 1] = self._ends[index]
            del self._starts[index], self._ends[index]
        elif before:
            self._ends[index - 1] = end
        elif after:
            self._starts[index] = start
        else:
            self._starts.insert(index, start)
            self._ends.insert(index, end)


class Arena:
    """A stretch of a bar that blocks are taken from."""

    def __init__(self, bar: Bar, start: int, end: int, slot: int) -> None:
        self.free_list = FreeList(end - start)
        self.offset = bar.offset + start
        """Of its first byte in the device's mapping."""
        self.start = start
        self.slot = slot


class Place(NamedTuple):
    """Where something lies: its offset in the device's mapping, and its QXL address."""

    offset: int
    address: int

    def at(self, distance: int) -> "Place":
        """The place so many bytes further on."""
        return Place(self.offset + distance, self.address + distance)


class Block(NamedTuple):
    """Memory in use."""

    place: Place
    size: int
    arena: Arena | None
    """None: of memory that has none."""
    surface: bool


class CommandMemory(Protocol):
    """Where commands can be written: a device's bars (``GuestMemory``), or whatever else a device reads."""

    @property
    def capacity(self) -> int:
        """Bytes that there are when nothing is in use."""

    def begin_command(self) -> None:
        """To be called before a command's first block. DeviceBusy: other commands have enough."""

    def alloc(self, size: int, *, surface: bool = False) -> Block:
        """A block of at least that size. DeviceBusy: not now; DoesNotFit: never."""

    def free(self, block: Block) -> None:
        """Take back what ``alloc`` gave."""

    def view(self, kind: type[Struct], place: Place) -> Struct:
        """The structure that lies there, in place."""

    def span(self, place: Place, size: int) -> NDArray[np.uint8]:
        """The bytes that lie there, in place."""


class GuestMemory:
    """The driver's view of the bars once its slots are set: the main arena for commands, and the VRAM arena.

    Surfaces come from VRAM first. Commands come from the main arena; chunks of pixels spill into VRAM, so
    that one frame of the largest primary fits whatever its command memory is.
    """

    def __init__(self, memory: DeviceMemory, *, main_slot: int, vram_slot: int) -> None:
        self._memory = memory
        self.bytes: NDArray[np.uint8] = np.frombuffer(memory.mapping, np.uint8)
        """The whole mapping."""
        rom = memory.rom
        self._generation = rom.slot_generation
        self._generation_bits = rom.slot_gen_bits
        pages = rom.pages_offset
        self._main = Arena(memory.ram_bar, pages, rom.ram_header_offset, main_slot)
        self._vram = Arena(memory.vram_bar, 0, memory.vram_bar.size, vram_slot)
        self.primary = Place(memory.ram_bar.offset, self.address(main_slot, 0))
        """The primary surface's area."""
        self._in_flight = 0

    def address(self, slot: int, offset: int) -> int:
        """The QXL address of an offset in a slot."""
        return ((slot << self._generation_bits | self._generation) << OFFSET_BITS) + offset

    def alloc(self, size: int, *, surface: bool = False) -> Block:
        """A block of at least that size. DeviceBusy: not now; DoesNotFit: never."""
        arenas = (self._vram, self._main) if surface else (self._main, self._vram)
        for arena in arenas:
            start = arena.free_list.alloc(size)
            if start is not None:
                address = self.address(arena.slot, arena.start + start)
                if not surface:
                    self._in_flight += rounded(size)
                return Block(Place(arena.offset + start, address), size, arena, surface)
        room = max(arena.free_list.size for arena in arenas)
        if rounded(size) > room:
            raise DoesNotFit(f"{size} bytes in one piece: the device has {room}")
        raise DeviceBusy(f"no {size} bytes of device memory free")

    def free(self, block: Block) -> None:
        assert block.arena is not None, "alloc gives none without"
        if not block.surface:
            self._in_flight -= rounded(block.size)
        block.arena.free_list.free(block.place.offset - block.arena.offset, block.size)

    def begin_command(self) -> None:
        """To be called before a command's first block. DeviceBusy: other commands have enough."""
        if self._in_flight >= IN_FLIGHT_BYTES:
            raise DeviceBusy(f"commands have {self._in_flight} bytes of device memory")

    @property
    def free_bytes(self) -> int:
        return self._main.free_list.free_bytes + self._vram.free_list.free_bytes

    @property
    def capacity(self) -> int:
        """Bytes that there are when nothing is in use."""
        return self._main.free_list.size + self._vram.free_list.size

    def view(self, kind: type[Struct], place: Place) -> Struct:
        """The structure that lies there, in place."""
        return self._memory.view(kind, place.offset)

    def span(self, place: Place, size: int) -> NDArray[np.uint8]:
        """The bytes that lie there, in place."""
        return self.bytes[place.offset : place.offset + size]


class Resource:
    """The memory of one command. It lives until its id comes back on the release ring."""

    def __init__(self, memory: CommandMemory, id: int) -> None:
        self.id = id
        self._memory = memory
        self._blocks: list[Block] = []
        self._page: Place | None = None
        self._page_left = 0
        self.place: Place | None = None
        """Of the first structure, whose first field is its QXLReleaseInfo."""
        self.surface_id: int | None = None
        """The surface id that its release makes free again."""
        self.kept = False
        """The device gives it back only with what it made."""

    def bulk(self, size: int) -> Place:
        """A block of its own; the bytes are not cleared."""
        if not self._blocks:
            self._memory.begin_command()
        block = self._memory.alloc(size)
        self._blocks.append(block)
        return block.place

    def carve(self, size: int) -> Place:
        """Cleared memory for a small structure, from the resource's page."""
        size = rounded(size)
        if size > PAGE_SIZE:
            place = self.bulk(size)
        else:
            if self._page is None or size > self._page_left:
                self._page, self._page_left = self.bulk(PAGE_SIZE), PAGE_SIZE
            place = self._page
            self._page, self._page_left = place.at(size), self._page_left - size
        self._memory.span(place, size)[:] = 0
        if self.place is None:
            self.place = place
        return place

    def struct(self, kind: type[Struct], *, tail: int = 0) -> tuple[Struct, Place]:
        """A cleared structure with ``tail`` bytes after it, and where it lies."""
        place = self.carve(ctypes.sizeof(kind) + tail)
        return self._memory.view(kind, place), place

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All memory that it has."""
        return tuple(self._blocks)

    def adopt(self, block: Block) -> None:
        """Free this block too when the resource comes back."""
        self._blocks.append(block)

    def free(self) -> None:
        """Give all its memory back."""
        for block in self._blocks:
            self._memory.free(block)
        self._blocks.clear()


def rounded(size: int) -> int:
    """The size that a block of ``size`` bytes takes."""
    return -(-max(size, 1) // ALIGN) * ALIGN
