"""Wire forms of the values that messages are made of, worked out by hand."""

import pytest

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import types as t
from gspice.wire.message import Struct

OTHERS: list[tuple[Struct, str]] = [
    (t.QMask(flags=1, pos=Point(1, -1)), "01 01000000 ffffffff 00000000"),
    (t.BrushNone(), "00"),
    (t.BrushSolid(color=0xFF8000), "01 0080ff00"),
    (
        t.BrushPattern(pattern=t.FromCache(id=1, width=2, height=3), pos=Point(4, 5)),
        "02 0d000000 04000000 05000000  0100000000000000 67 00 02000000 03000000",
    ),
    (t.ClipNone(), "00"),
    (t.ClipRects(rects=(Rect(1, 2, 3, 4),)), "01 01000000 02000000 01000000 04000000 03000000"),
    (
        t.DisplayBase(surface_id=1, box=Rect(left=2, top=3, right=4, bottom=5)),
        "01000000 03000000 02000000 05000000 04000000 00",
    ),
    (
        t.Path(
            segments=(t.PathSegment(flags=3, points=(Point(16, -16),)), t.PathSegment(flags=8, points=()))
        ),
        "02000000  03 01000000 10000000 f0ffffff  08 00000000",
    ),
    (
        t.String(
            flags=2,
            glyphs=(
                t.Glyph(render_pos=Point(1, 2), origin=Point(3, 4), width=3, height=2, data=b"abcd"),
                t.Glyph(render_pos=Point(5, 6), origin=Point(7, 8), width=0, height=9, data=b""),
            ),
        ),
        "0200 02  01000000 02000000 03000000 04000000 0300 0200 61626364"
        " 05000000 06000000 07000000 08000000 0000 0900",
    ),
    (t.LineAttr(), "00"),
    (t.LineAttr(flags=8, style=(16, 32)), "08 02 06000000 10000000 20000000"),
    (t.Cursor(flags=1), "0100"),
    (
        t.Cursor(
            flags=2,
            header=t.CursorHeader(unique=5, type=6, width=1, height=2, hot_x=3, hot_y=4),
            data=b"pixel",
        ),
        "0200 0500000000000000 06 0100 0200 0300 0400 706978656c",
    ),
    (t.ResourceId(id=3), "01 0300000000000000"),
    (t.ChannelWait(channel_type=2, channel_id=1, message_serial=7), "02 01 0700000000000000"),
]


@pytest.mark.parametrize(("value", "wire_form"), OTHERS, ids=lambda v: type(v).__name__)
def test_wire_forms(value: Struct, wire_form: str) -> None:
    assert value.serialize() == bytes.fromhex(wire_form)
    assert type(value).parse(bytes.fromhex(wire_form)) == value


def test_a_glyph_needs_a_string_with_one_depth() -> None:
    glyph = "01000000 02000000 03000000 04000000 0100 0100 61"
    for flags in ("00", "03", "08"):
        with pytest.raises(ProtocolError, match="depth"):
            t.String.parse(bytes.fromhex(f"0100 {flags} {glyph}"))
    with pytest.raises(ProtocolError, match="depth"):
        t.Glyph.parse(bytes.fromhex(glyph))
