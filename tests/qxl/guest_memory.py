"""Guest memory for the parser's tests: one memory slot between pages that no one may touch, and QXL structures laid
out in it with ``struct`` alone, so that a mistake of the parser's layouts cannot be in both."""

import ctypes
import mmap
import os
import struct
from collections.abc import Callable, Sequence

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Command, Drawable
from gspice.qxl.parser import CommandParser
from gspice.vdi.qxl import CommandExt, MemSlot

PAGE = mmap.PAGESIZE
GROUP = 1
SLOT = 2
GENERATION = 5
ID_BITS = 8
GENERATION_BITS = 8
SURFACES = 16

DRAW, UPDATE, CURSOR, MESSAGE, SURFACE = range(1, 6)
COMPAT, COMPAT_16BPP = 1, 2
(
    NOP,
    FILL,
    OPAQUE,
    COPY,
    COPY_BITS,
    BLEND,
    BLACKNESS,
    WHITENESS,
    INVERS,
    ROP3,
    STROKE,
    TEXT,
    TRANSPARENT,
    ALPHA_BLEND,
    COMPOSITE,
) = range(15)

FORMATS = {
    "QXLPoint": "<ii",
    "QXLRect": "<iiii",
    "QXLDataChunk": "<IQQ",
    "QXLImageDescriptor": "<QBBII",
    "QXLBitmap": "<BBIIIQQ",
    "QXLPalette": "<QH",
    "QXLQUICData": "<I",
    "QXLSurfaceId": "<I",
    "QXLBrush": "<IQii",
    "QXLQMask": "<BiiQ",
    "QXLFill": "<20sH17s",
    "QXLOpaque": "<Q16s20sHB17s",
    "QXLCopy": "<Q16sHB17s",
    "QXLTransparent": "<Q16sII",
    "QXLAlphaBlend": "<HBQ16s",
    "QXLCompatAlphaBlend": "<BQ16s",
    "QXLRop3": "<Q16s20sBB17s",
    "QXLLineAttr": "<BBBBiiQ",
    "QXLStroke": "<Q20s20sHH",
    "QXLPathSeg": "<II",
    "QXLText": "<Q16s20s20sHH",
    "QXLRasterGlyph": "<iiiiHH",
    "QXLComposite": "<IQQQQhhhh",
    "QXLTransform": "<6i",
    "QXLUpdateCmd": "<Q16sII",
    "QXLCompatUpdateCmd": "<Q16sI",
    "QXLSurface": "<IIIiQ",
    "QXLSurfaceCmd": "<QIBI24s",
    "QXLCursorHeader": "<QHHHHH",
    "QXLHead": "<7I",
    "QXLMonitorsConfig": "<HH",
}
"""Layouts by the names of the headers of spice-protocol."""
DRAWABLE_HEAD = "<QIBBB16s16sIQI3i16s16s16s"
COMPAT_DRAWABLE_HEAD = "<QBBH16s16sIQI"
STRING_HEAD = "<IHH"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_PROT_NONE, _MAP_FIXED = 0, 0x10
_MAP_FAILED = ctypes.c_void_p(-1).value


def qxl(name: str, *values: object) -> bytes:
    """The bytes of a structure."""
    return struct.pack(FORMATS[name], *values)


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
        inside = _libc.mmap(
            self.address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags | _MAP_FIXED, fd, 0
        )
        assert inside == self.address, os.strerror(ctypes.get_errno())
        self.bytes = (ctypes.c_char * size).from_address(self.address)

    def __del__(self) -> None:
        _libc.munmap(self._start, self._size)


class GuestMemory:
    """A guest with one slot. ``put`` and its like return QXL addresses; they fill the slot from its end downwards,
    so that the last byte of the first thing put is the last byte of the slot."""

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
        self.pages.bytes[offset : offset + len(data)] = data  # type: ignore[assignment]

    def read(self, address: int, length: int) -> bytes:
        offset = self.offset(address)
        return bytes(self.pages.bytes[offset : offset + length])

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
        return self.put(
            descriptor + qxl("QXLBitmap", format, flags, width, height, stride, palette, address)
        )

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
        bbox: Rect = Rect(1, 2, 30, 40),
        clip: tuple[int, int] = (0, 0),
        mm_time: int = 1234,
        self_bitmap: int = 0,
        self_bitmap_area: Rect = Rect(0, 0, 0, 0),
        deps: Sequence[int] = (-1, -1, -1),
        dep_rects: Sequence[Rect] = (Rect(0, 0, 0, 0),) * 3,
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
        bitmap_area: Rect = Rect(0, 0, 0, 0),
        bbox: Rect = Rect(1, 2, 30, 40),
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


def rect(value: Rect) -> bytes:
    return qxl("QXLRect", value.top, value.left, value.bottom, value.right)


def no_brush() -> bytes:
    return qxl("QXLBrush", 0, 0, 0, 0)


def solid(color: int) -> bytes:
    # The bytes after a colour belong to nobody.
    return qxl("QXLBrush", 1, 0xABCDEF00 << 32 | color, -5, -6)


def pattern(address: int, pos: Point = Point(3, -4)) -> bytes:
    return qxl("QXLBrush", 2, address, *pos)


def mask(address: int = 0, pos: Point = Point(0, 0), flags: int = 0) -> bytes:
    return qxl("QXLQMask", flags, *pos, address)


def fill(brush: bytes | None = None, ropd: int = 8, mask_: bytes | None = None) -> bytes:
    return qxl("QXLFill", brush or solid(0x123456), ropd, mask_ or mask())


def copy(
    src: int, area: Rect = Rect(0, 0, 2, 3), *, ropd: int = 8, scale_mode: int = 1, mask_: bytes | None = None
) -> bytes:
    return qxl("QXLCopy", src, rect(area), ropd, scale_mode, mask_ or mask())


Build = Callable[[GuestMemory], CommandExt]


def commands() -> dict[str, Build]:
    """A valid command of every kind, by name."""

    def image(guest: GuestMemory) -> int:
        return guest.bitmap(chunks=[bytes(range(10)), bytes(range(14))])

    def one_bit(guest: GuestMemory) -> int:
        return guest.bitmap(5, 2, 2)

    area = rect(Rect(0, 0, 2, 3))

    def opaque(guest: GuestMemory) -> bytes:
        return qxl("QXLOpaque", image(guest), area, solid(1), 8, 0, mask(one_bit(guest)))

    def rop3(guest: GuestMemory) -> bytes:
        return qxl("QXLRop3", image(guest), area, pattern(image(guest)), 0xCC, 1, mask())

    def stroke(guest: GuestMemory) -> bytes:
        segment = qxl("QXLPathSeg", 3, 2) + struct.pack("<4i", 16, 32, -48, 64)
        path = guest.chunks(segment[:11], segment[11:], segment, head=struct.pack("<I", 2 * len(segment)))
        style = guest.put(struct.pack("<2i", 48, 16))
        attr = qxl("QXLLineAttr", 8, 0, 0, 2, 16, 0, style)
        return qxl("QXLStroke", path, attr, solid(0xFF0000), 8, 8)

    def text(guest: GuestMemory) -> bytes:
        glyph = qxl("QXLRasterGlyph", 10, 20, -1, -8, 9, 2) + b"\xaa\x80\x55\x00"
        string = guest.chunks(glyph[:7], glyph[7:] + glyph, head=struct.pack(STRING_HEAD, 2 * len(glyph), 2, 1))
        return qxl("QXLText", string, rect(Rect(0, 0, 5, 5)), solid(1), no_brush(), 8, 8)

    def composite(guest: GuestMemory) -> bytes:
        transform = guest.put(qxl("QXLTransform", 65536, 0, 0, 0, 65536, -65536))
        return qxl(
            "QXLComposite", 3, image(guest), transform, guest.bitmap(2, 3, 10), transform, 1, -2, 3, -4
        )

    def clip(guest: GuestMemory) -> tuple[int, int]:
        rects = rect(Rect(1, 2, 3, 4)) + rect(Rect(5, 6, 7, 8))
        return 1, guest.chunks(rects[:20], rects[20:], head=struct.pack("<I", 2))

    def cursor(guest: GuestMemory) -> int:
        shape = bytes(range(64))
        head = qxl("QXLCursorHeader", 99, 0, 4, 4, 1, 2) + struct.pack("<I", len(shape))
        return guest.chunks(shape[:30], shape[30:], head=head)

    def surface(guest: GuestMemory, stride: int, flags: int = 1) -> bytes:
        pixels = guest.put(bytes(range(24)))
        return qxl("QXLSurfaceCmd", 0, 4, 0, flags, qxl("QXLSurface", 32, 2, 3, stride, pixels))

    images: dict[str, Callable[[GuestMemory], int]] = {
        "BIT4_LE": lambda g: g.bitmap(3, 2, 3, palette=g.palette(1, 2, 3)),
        "BIT8 direct": lambda g: g.bitmap(3, 2, 5, palette=g.palette(1, 2, 3), flags=1),
        "QUIC": lambda g: g.quic(b"quic", b"data"),
        "SURFACE": lambda g: g.surface_image(7),
    }
    small = Rect(0, 0, 2, 2)
    made: dict[str, Build] = {
        "nop": lambda g: g.drawable(NOP),
        "fill": lambda g: g.drawable(FILL, fill(mask_=mask(one_bit(g), Point(1, 2), 1)), clip=clip(g)),
        "fill pattern": lambda g: g.drawable(FILL, fill(pattern(image(g)))),
        "opaque": lambda g: g.drawable(OPAQUE, opaque(g)),
        "rop3": lambda g: g.drawable(ROP3, rop3(g)),
        "transparent": lambda g: g.drawable(TRANSPARENT, qxl("QXLTransparent", image(g), area, 1, 2)),
        "alpha blend": lambda g: g.drawable(ALPHA_BLEND, qxl("QXLAlphaBlend", 1, 128, image(g), area)),
        "copy": lambda g: g.drawable(COPY, copy(image(g))),
        "blend": lambda g: g.drawable(BLEND, copy(image(g))),
        "copy bits": lambda g: g.drawable(COPY_BITS, qxl("QXLPoint", 7, 8), deps=(3, 4, -1)),
        "blackness": lambda g: g.drawable(BLACKNESS, mask(one_bit(g))),
        "whiteness": lambda g: g.drawable(WHITENESS, mask()),
        "invers": lambda g: g.drawable(INVERS, mask()),
        "stroke": lambda g: g.drawable(STROKE, stroke(g)),
        "text": lambda g: g.drawable(TEXT, text(g)),
        "composite": lambda g: g.drawable(COMPOSITE, composite(g)),
        "compat fill": lambda g: g.compat_drawable(FILL, fill(), flags=3),
        "compat copy": lambda g: g.compat_drawable(COPY, copy(image(g))),
        "compat alpha blend": lambda g: g.compat_drawable(
            ALPHA_BLEND, qxl("QXLCompatAlphaBlend", 128, image(g), rect(small))
        ),
        "update": lambda g: g.command(UPDATE, qxl("QXLUpdateCmd", 0, rect(Rect(1, 2, 3, 4)), 5, 6)),
        "compat update": lambda g: g.command(
            UPDATE, qxl("QXLCompatUpdateCmd", 0, rect(Rect(1, 2, 3, 4)), 5), flags=COMPAT
        ),
        "message": lambda g: g.command(MESSAGE, bytes(8) + b"hello\0"),
        "surface create": lambda g: g.command(SURFACE, surface(g, -8)),
        "surface destroy": lambda g: g.command(SURFACE, struct.pack("<QIBI", 0, 4, 1, 0)),
        "cursor set": lambda g: g.command(CURSOR, struct.pack("<QBhhBQ", 0, 0, 5, -6, 1, cursor(g))),
        "cursor move": lambda g: g.command(CURSOR, struct.pack("<QBhh", 0, 1, 5, -6)),
        "cursor hide": lambda g: g.command(CURSOR, struct.pack("<QB", 0, 2)),
        "cursor trail": lambda g: g.command(CURSOR, struct.pack("<QBHH", 0, 3, 4, 5)),
    }
    def copy_of(make: Callable[[GuestMemory], int]) -> Build:
        return lambda g: g.drawable(COPY, copy(make(g), small))

    return made | {f"copy {name}": copy_of(make) for name, make in images.items()}
