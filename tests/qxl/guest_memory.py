"""Guest memory for the parser's tests: one memory slot between pages that no one may touch."""

import ctypes
import mmap
import os
import struct
from collections.abc import Sequence

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Command, Drawable
from gspice.qxl.parser import CommandParser
from gspice.vdi.qxl import CommandExt, MemSlot
from tests.qxl.guest_structures import COMPAT, COMPAT_DRAWABLE_HEAD, DRAW, DRAWABLE_HEAD, NO_RECT, qxl, rect

PAGE = mmap.PAGESIZE
GROUP = 1
SLOT = 2
GENERATION = 5
ID_BITS = 8
GENERATION_BITS = 8
SURFACES = 16
BBOX = Rect(1, 2, 30, 40)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_PROT_NONE, _MAP_FIXED = 0, 0x10
_MAP_FAILED = ctypes.c_void_p(-1).value


class GuardedPages:
    """Host memory whose neighbours on both sides may not be touched: reading there kills the process."""

    def __init__(self, size: int, fd: int = -1) -> None:
        self._size = size + 2 * PAGE
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        start = _libc.mmap(None, self._size, _PROT_NONE, flags, -1, 0)
        assert start != _MAP_FAILED
        self._start: int = start
        self.address = start + PAGE
        flags = mmap.MAP_SHARED if fd >= 0 else flags
        inside = _libc.mmap(self.address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags | _MAP_FIXED, fd, 0)
        assert inside == self.address, os.strerror(ctypes.get_errno())

    def __del__(self) -> None:
        _libc.munmap(self._start, self._size)


class GuestMemory:
    """A guest with one slot. ``put`` and its like return QXL addresses.

    They fill the slot from its end down: what is put first ends with the slot.
    """

    def __init__(self, size: int = 16 * PAGE, *, surfaces: int = SURFACES, fd: int = -1) -> None:
        self.size = size
        self.pages = GuardedPages(size, fd)
        self.slots = MemSlots(
            groups=2, slots=4, generation_bits=GENERATION_BITS, id_bits=ID_BITS, internal_group=0
        )
        self.slots.add(
            MemSlot(
                group_id=GROUP,
                slot_id=SLOT,
                generation=GENERATION,
                virt_start=self.pages.address,
                virt_end=self.pages.address + size,
                addr_delta=self.pages.address,
            )
        )
        self.parser = CommandParser(self.slots, surfaces=surfaces)
        self._free = size

    def address(self, offset: int) -> int:
        """QXL address of an offset in the slot."""
        return (SLOT << 56 | GENERATION << 48) + offset

    def offset(self, address: int) -> int:
        return address - self.address(0)

    def put(self, data: bytes) -> int:
        """Write bytes where nothing is yet."""
        self._free -= len(data)
        assert self._free >= 0, "the guest's memory is full"
        self.write(self.address(self._free), data)
        return self.address(self._free)

    def write(self, address: int, data: bytes) -> None:
        offset = self.offset(address)
        assert 0 <= offset <= self.size - len(data)
        ctypes.memmove(self.pages.address + offset, data, len(data))

    def read(self, address: int, length: int) -> bytes:
        offset = self.offset(address)
        assert 0 <= offset <= self.size - length
        return ctypes.string_at(self.pages.address + offset, length)

    def chunks(self, *parts: bytes, head: bytes = b"") -> int:
        """A chain of data chunks; ``head`` lies right before the first."""
        following = 0
        for part in reversed(parts[1:]):
            following = self.put(qxl("QXLDataChunk", len(part), 0, following) + part)
        return self.put(head + qxl("QXLDataChunk", len(parts[0]), 0, following) + parts[0])

    # Images

    def bitmap(
        self,
        width: int = 2,
        height: int = 3,
        format: int = 8,
        *,
        data: bytes | None = None,
        stride: int | None = None,
        flags: int = 0,
        palette: int = 0,
        chunks: Sequence[bytes] | None = None,
        id: int = 77,
        image_flags: int = 0,
        address: int | None = None,
    ) -> int:
        """A bitmap with ``data`` in one chunk, or in ``chunks``, or (flag 1) without chunks."""
        bits = (0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 8)[format] if format < 11 else 32
        stride = (width * bits + 7) // 8 if stride is None else stride
        if data is None:
            data = bytes(i & 0xFF for i in range(stride * height)) if stride * height < 1 << 16 else b""
        if address is None:
            address = self.put(data) if flags & 1 else self.chunks(*(chunks or [data]))
        descriptor = qxl("QXLImageDescriptor", id, 0, image_flags, width, height)
        return self.put(descriptor + qxl("QXLBitmap", format, flags, width, height, stride, palette, address))

    def palette(self, *ents: int, unique: int = 5, count: int | None = None) -> int:
        count = len(ents) if count is None else count
        return self.put(qxl("QXLPalette", unique, count) + struct.pack(f"<{len(ents)}I", *ents))

    def surface_image(self, surface_id: int, width: int = 8, height: int = 8, id: int = 9) -> int:
        return self.put(
            qxl("QXLImageDescriptor", id, 104, 0, width, height) + qxl("QXLSurfaceId", surface_id)
        )

    def quic(self, *chunks: bytes, size: int | None = None, width: int = 4, height: int = 4) -> int:
        size = sum(map(len, chunks)) if size is None else size
        descriptor = qxl("QXLImageDescriptor", 3, 1, 1, width, height)
        return self.chunks(*chunks, head=descriptor + qxl("QXLQUICData", size))

    # Commands

    def drawable(
        self,
        type: int,
        body: bytes = b"",
        *,
        surface_id: int = 3,
        effect: int = 1,
        bbox: Rect = BBOX,
        clip: tuple[int, int] = (0, 0),
        mm_time: int = 1234,
        self_bitmap: int = 0,
        self_bitmap_area: Rect = NO_RECT,
        deps: Sequence[int] = (-1, -1, -1),
        dep_rects: Sequence[Rect] = (NO_RECT,) * 3,
    ) -> CommandExt:
        head = struct.pack(
            DRAWABLE_HEAD,
            0xDEAD,
            surface_id & 0xFFFFFFFF,
            effect,
            type,
            self_bitmap,
            rect(self_bitmap_area),
            rect(bbox),
            *clip,
            mm_time,
            *deps,
            *map(rect, dep_rects),
        )
        return self.command(DRAW, head + body)

    def compat_drawable(
        self,
        type: int,
        body: bytes = b"",
        *,
        bitmap_offset: int = 0,
        bitmap_area: Rect = NO_RECT,
        bbox: Rect = BBOX,
        flags: int = COMPAT,
    ) -> CommandExt:
        head = struct.pack(
            COMPAT_DRAWABLE_HEAD, 0, 1, type, bitmap_offset, rect(bitmap_area), rect(bbox), 0, 0, 1234
        )
        return self.command(DRAW, head + body, flags=flags)

    def command(self, type: int, data: bytes, *, flags: int = 0) -> CommandExt:
        return CommandExt(self.put(data), type, GROUP, flags)

    # What the parser makes of them

    def parse(self, command: CommandExt) -> Command:
        return self.parser.parse(command)

    def draw(self, command: CommandExt) -> Drawable:
        value = self.parser.parse(command)
        assert isinstance(value, Drawable)
        return value

    def refuses(self, command: CommandExt, reason: str) -> None:
        """The command is a GuestError whose text matches ``reason``."""
        with pytest.raises(GuestError, match=reason):
            self.parser.parse(command)
