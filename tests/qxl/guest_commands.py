"""A valid command of every kind, for tests that go through all of them."""

import struct
from collections.abc import Callable

from gspice.geometry import Point, Rect
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_memory import GuestMemory
from tests.qxl.guest_structures import (
    ALPHA_BLEND,
    BLACKNESS,
    BLEND,
    COMPAT,
    COMPOSITE,
    COPY,
    COPY_BITS,
    CURSOR,
    FILL,
    INVERS,
    MESSAGE,
    NOP,
    OPAQUE,
    ROP3,
    STRING_HEAD,
    STROKE,
    SURFACE,
    TEXT,
    TRANSPARENT,
    UPDATE,
    WHITENESS,
    copy,
    fill,
    mask,
    no_brush,
    pattern,
    qxl,
    rect,
    solid,
)

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
        string = guest.chunks(
            glyph[:7], glyph[7:] + glyph, head=struct.pack(STRING_HEAD, 2 * len(glyph), 2, 1)
        )
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
