import struct

import pytest

from gspice.geometry import Point, Rect
from gspice.qxl.ops import Brush, Glyph, PathSegment, Stroke, Text
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_memory import GuestMemory
from tests.qxl.guest_structures import STROKE, TEXT, no_brush, qxl, rect, solid

BEGIN, END, CLOSE, BEZIER = 1, 2, 8, 16
STYLED, START_WITH_GAP = 8, 4
A1, A4, A8, GLYPH_TOP_DOWN = 1, 2, 4, 8
RENDER_POS = Point(10, -20)
BACK = Rect(1, 2, 3, 4)


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def segment(flags: int, *points: tuple[int, int], count: int | None = None) -> bytes:
    count = len(points) if count is None else count
    return qxl("QXLPathSeg", flags, count) + b"".join(struct.pack("<ii", *point) for point in points)


def path(guest: GuestMemory, *chunks: bytes) -> int:
    return guest.chunks(*chunks, head=struct.pack("<I", sum(map(len, chunks))))


def stroke(guest: GuestMemory, path: int, *, flags: int = 0, nseg: int = 0, style: int = 0) -> CommandExt:
    attr = qxl("QXLLineAttr", flags, 1, 2, nseg, 16, 32, style)
    return guest.drawable(STROKE, qxl("QXLStroke", path, attr, solid(0xFF0000), 0x108, 0x20))


def stroke_op(guest: GuestMemory, command: CommandExt) -> Stroke:
    op = guest.draw(command).op
    assert isinstance(op, Stroke)
    return op


def test_stroke(guest: GuestMemory) -> None:
    first = segment(BEGIN | BEZIER, (16, 32), (-2147483648, 2147483647), (0, 0))
    second = segment(END | CLOSE, (1, 2))
    style = guest.put(struct.pack("<3i", 48, 0, 16))
    command = stroke(
        guest, path(guest, first[:9], first[9:] + second), flags=STYLED | START_WITH_GAP, nseg=3, style=style
    )
    assert stroke_op(guest, command) == Stroke(
        (
            PathSegment(BEGIN | BEZIER, ((16, 32), (-2147483648, 2147483647), (0, 0))),
            PathSegment(END | CLOSE, ((1, 2),)),
        ),
        STYLED | START_WITH_GAP,
        (48, 0, 16),
        Brush(1, 0xFF0000),
        0x108,
        0x20,
    )


def test_style_of_a_solid_line_is_not_read(guest: GuestMemory) -> None:
    assert stroke_op(guest, stroke(guest, path(guest, segment(3)), nseg=9, style=0xBAD)).style == ()


def test_segments_without_points_and_padding(guest: GuestMemory) -> None:
    op = stroke_op(guest, stroke(guest, path(guest, segment(1) + segment(2, (1, 1)) + b"padding")))
    assert op.path == (PathSegment(1, ()), PathSegment(2, ((1, 1),)))
    assert stroke_op(guest, stroke(guest, path(guest, b""))).path == ()


@pytest.mark.parametrize("count", [2, 0x20000000, 0x1FFFFFFF, 2**32 - 1])
def test_more_points_than_bytes(guest: GuestMemory, count: int) -> None:
    data = segment(1, (1, 1)) + segment(3, (0, 0), count=count)
    guest.refuses(stroke(guest, path(guest, data)), f"path segment 1: {count} points in 8 bytes")


def test_path_nowhere_and_too_long(guest: GuestMemory) -> None:
    guest.refuses(stroke(guest, 0), "path: no address")
    guest.refuses(stroke(guest, guest.address(guest.size - 3)), "path: .*not all inside")
    big = GuestMemory(1 << 21)
    big.refuses(stroke(big, path(big, bytes((1 << 20) + 1))), "path: data chunks hold more than 1048576")


@pytest.mark.parametrize("dashes", [(16, -1), (0, 0, 0), ()])
def test_dashes_that_lead_nowhere(guest: GuestMemory, dashes: tuple[int, ...]) -> None:
    style = guest.put(struct.pack(f"<{len(dashes)}i4x", *dashes))
    command = stroke(guest, path(guest, segment(3)), flags=STYLED, nseg=len(dashes), style=style)
    guest.refuses(command, "line style: .*dash")


def test_dashes_beyond_the_slot(guest: GuestMemory) -> None:
    style = guest.put(struct.pack("<254i", *[16] * 254))
    line = path(guest, segment(3))
    guest.refuses(stroke(guest, line, flags=STYLED, nseg=255, style=style), "line style: .*not all inside")
    guest.refuses(stroke(guest, line, flags=STYLED, nseg=1), "line style: no address")
    assert len(stroke_op(guest, stroke(guest, line, flags=STYLED, nseg=254, style=style)).style) == 254


def glyph(width: int, height: int, data: bytes, pos: Point = RENDER_POS) -> bytes:
    return qxl("QXLRasterGlyph", *pos, -1, 8, width, height) + data


def string(
    guest: GuestMemory, *chunks: bytes, length: int = 1, flags: int = A8, size: int | None = None
) -> int:
    size = sum(map(len, chunks)) if size is None else size
    return guest.chunks(*chunks, head=struct.pack("<IHH", size, length, flags))


def text(guest: GuestMemory, string: int, back: Rect = BACK) -> CommandExt:
    return guest.drawable(TEXT, qxl("QXLText", string, rect(back), solid(5), no_brush(), 8, 0x40))


@pytest.mark.parametrize(("flags", "row"), [(A1 | GLYPH_TOP_DOWN, 2), (A4, 5), (A8, 9)])
def test_text(guest: GuestMemory, flags: int, row: int) -> None:
    data = bytes(range(2 * row))
    raw = glyph(9, 2, data) + glyph(0, 7, b"", Point(1, 2)) + glyph(1, 1, b"\xff")
    op = guest.draw(text(guest, string(guest, raw[:5], raw[5:], length=3, flags=flags))).op
    assert op == Text(
        flags,
        (
            Glyph(Point(10, -20), Point(-1, 8), 9, 2, data),
            Glyph(Point(1, 2), Point(-1, 8), 0, 7, b""),
            Glyph(Point(10, -20), Point(-1, 8), 1, 1, b"\xff"),
        ),
        Rect(1, 2, 3, 4),
        Brush(1, 5),
        Brush(0),
        8,
        0x40,
    )


def test_text_without_glyphs_or_background(guest: GuestMemory) -> None:
    op = guest.draw(text(guest, string(guest, b"", length=0), Rect(5, 5, 1, 1))).op
    assert isinstance(op, Text)
    assert op.glyphs == () and op.back_area.empty


@pytest.mark.parametrize("flags", [0, GLYPH_TOP_DOWN, A1 | A4, A4 | A8, A1 | A8, A1 | A4 | A8, 0xFFF0])
def test_glyph_format(guest: GuestMemory, flags: int) -> None:
    guest.refuses(
        text(guest, string(guest, glyph(1, 1, b"x"), flags=flags)), "string: flags .* no glyph format"
    )


@pytest.mark.parametrize(("width", "height"), [(2, 1), (1, 2), (65535, 65535), (65535, 1)])
def test_glyph_beyond_the_string(guest: GuestMemory, width: int, height: int) -> None:
    raw = glyph(1, 1, b"x") + glyph(width, height, b"x")
    guest.refuses(text(guest, string(guest, raw, length=2)), f"glyph 1: {width}x{height} take")


def test_glyph_head_beyond_the_string(guest: GuestMemory) -> None:
    guest.refuses(text(guest, string(guest, glyph(1, 1, b"x") + bytes(19), length=2)), "glyph 1: its head")


@pytest.mark.parametrize(("length", "reason"), [(1, "more glyphs than"), (3, "only 2 glyphs")])
def test_number_of_glyphs(guest: GuestMemory, length: int, reason: str) -> None:
    raw = glyph(1, 1, b"x") * 2
    guest.refuses(text(guest, string(guest, raw, length=length)), f"string: .*{reason}")


@pytest.mark.parametrize("change", [-1, 1])
def test_size_of_a_string_is_what_its_chunks_hold(guest: GuestMemory, change: int) -> None:
    raw = glyph(1, 1, b"x")
    guest.refuses(text(guest, string(guest, raw, size=len(raw) + change)), "string: data chunks hold")


def test_string_nowhere_and_too_long(guest: GuestMemory) -> None:
    guest.refuses(text(guest, 0), "string: no address")
    guest.refuses(text(guest, string(guest, b"", size=(1 << 24) + 1)), "string: data_size 16777217")
