"""Enumerations against spice-protocol, and the wire forms of images and other values, worked out by hand."""

import re
from enum import IntEnum, IntFlag
from pathlib import Path as FilePath

import pytest

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import enums
from gspice.wire import types as t
from gspice.wire.message import Struct
from gspice.wire.messages import agent

ENUMS_H = FilePath("/usr/include/spice-1/spice/enums.h")
PREFIXES: dict[type[IntEnum] | type[IntFlag], str] = {
    enums.MigrateFlags: "SPICE_MIGRATE_",
    enums.NotifySeverity: "SPICE_NOTIFY_SEVERITY_",
    enums.NotifyVisibility: "SPICE_NOTIFY_VISIBILITY_",
    enums.MouseMode: "SPICE_MOUSE_MODE_",
    enums.DataCompression: "SPICE_DATA_COMPRESSION_TYPE_",
    enums.ClipType: "SPICE_CLIP_TYPE_",
    enums.PathFlags: "SPICE_PATH_",
    enums.VideoCodec: "SPICE_VIDEO_CODEC_TYPE_",
    enums.StreamFlags: "SPICE_STREAM_FLAGS_",
    enums.BrushType: "SPICE_BRUSH_TYPE_",
    enums.MaskFlags: "SPICE_MASK_FLAGS_",
    enums.ImageType: "SPICE_IMAGE_TYPE_",
    enums.ImageCompression: "SPICE_IMAGE_COMPRESSION_",
    enums.ImageFlags: "SPICE_IMAGE_FLAGS_",
    enums.BitmapFlags: "SPICE_BITMAP_FLAGS_",
    enums.JpegAlphaFlags: "SPICE_JPEG_ALPHA_FLAGS_",
    enums.ScaleMode: "SPICE_IMAGE_SCALE_MODE_",
    enums.Ropd: "SPICE_ROPD_",
    enums.LineFlags: "SPICE_LINE_FLAGS_",
    enums.StringFlags: "SPICE_STRING_FLAGS_",
    enums.SurfaceFlags: "SPICE_SURFACE_FLAGS_",
    enums.AlphaFlags: "SPICE_ALPHA_FLAGS_",
    enums.ResourceType: "SPICE_RES_TYPE_",
    enums.GlScanoutFlags: "SPICE_GL_SCANOUT_FLAGS_",
    enums.KeyModifiers: "SPICE_KEYBOARD_MODIFIER_FLAGS_",
    enums.MouseButton: "SPICE_MOUSE_BUTTON_",
    enums.MouseButtons: "SPICE_MOUSE_BUTTON_MASK_",
    enums.CursorType: "SPICE_CURSOR_TYPE_",
    enums.CursorFlags: "SPICE_CURSOR_FLAGS_",
    enums.AudioMode: "SPICE_AUDIO_DATA_MODE_",
    enums.AudioFormat: "SPICE_AUDIO_FMT_",
}


def c_enumerators(text: str) -> dict[str, int]:
    """The names and values of all enums of a C header."""
    text = re.sub(r"/\*.*?\*/|SPICE_GNUC_DEPRECATED", "", text, flags=re.DOTALL)
    values: dict[str, int] = {}
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, re.DOTALL):
        value = -1
        for item in filter(None, (part.strip() for part in body.split(","))):
            name, _, expression = (part.strip() for part in item.partition("="))
            base, _, shift = expression.strip("()").partition("<<")
            value = (int(base, 0) << int(shift or 0)) if expression else value + 1
            values[name] = value
    return values


@pytest.mark.skipif(not ENUMS_H.exists(), reason="libspice-protocol-dev is not installed")
@pytest.mark.parametrize("enum", PREFIXES, ids=lambda enum: enum.__name__)
def test_numbers_are_those_of_spice_protocol(enum: type[IntEnum] | type[IntFlag]) -> None:
    known = c_enumerators(ENUMS_H.read_text())
    assert list(enum)
    for member in enum:
        assert known[f"{PREFIXES[enum]}{member.name}"] == member.value


@pytest.mark.skipif(not ENUMS_H.exists(), reason="libspice-protocol-dev is not installed")
def test_agent_numbers_are_those_of_spice_protocol() -> None:
    known = c_enumerators(ENUMS_H.with_name("vd_agent.h").read_text())
    for enum, prefix in {
        agent.AgentCap: "VD_AGENT_CAP_",
        agent.ClipboardType: "VD_AGENT_CLIPBOARD_",
        agent.ClipboardSelection: "VD_AGENT_CLIPBOARD_SELECTION_",
        agent.FileXferResult: "VD_AGENT_FILE_XFER_STATUS_",
        agent.MonitorsFlags: "VD_AGENT_CONFIG_MONITORS_FLAG_",
    }.items():
        for member in enum:
            assert known[f"{prefix}{member.name}"] == member.value
    for number, cls in agent.AGENT_MESSAGES.items():
        words = re.sub(r"(?<!^)([A-Z])", r"_\1", cls.__name__.removeprefix("Agent")).upper()
        assert known[f"VD_AGENT_{words}"] == number


# descriptor: id, type, flags, width 2, height 1
IMAGES: list[tuple[t.ImageDescriptor, str]] = [
    (
        t.Bitmap(id=1, width=2, height=1, format=8, bitmap_flags=4, x=2, y=1, stride=8, data=b"abcdefgh"),
        "0100000000000000 00 00 02000000 01000000  08 04 02000000 01000000 08000000 00000000"
        " 6162636465666768",
    ),
    (
        t.Bitmap(
            id=1, width=2, height=1, format=5, bitmap_flags=2, x=2, y=1, stride=2, palette_id=9, data=b"ab"
        ),
        "0100000000000000 00 00 02000000 01000000  05 02 02000000 01000000 02000000 0900000000000000 6162",
    ),
    (
        t.Bitmap(
            id=1, width=2, height=1, format=5, bitmap_flags=1, x=2, y=1, stride=2,
            palette=t.Palette(unique=7, entries=(0x112233, 0x445566)), data=b"ab",
        ),
        # 18 bytes of descriptor, 18 to the pointer and its own 4, 2 of data: the palette lies at 38
        "0100000000000000 00 00 02000000 01000000  05 01 02000000 01000000 02000000 26000000 6162"
        " 0700000000000000 0200 33221100 66554400",
    ),
    (t.Quic(id=2, width=2, height=1, data=b"q"), "0200000000000000 01 00 02000000 01000000  01000000 71"),
    (
        t.LzPlt(
            id=2, flags=1, width=2, height=1, bitmap_flags=4,
            palette=t.Palette(unique=7, entries=(5,)), data=b"lz",
        ),
        # 18 of descriptor, flags, size, pointer, data: the palette lies at 29
        "0200000000000000 64 01 02000000 01000000  04 02000000 1d000000 6c7a  0700000000000000 0100 05000000",
    ),
    (
        t.LzPlt(id=2, width=2, height=1, bitmap_flags=2, palette_id=3, data=b"lz"),
        "0200000000000000 64 00 02000000 01000000  02 02000000 0300000000000000 6c7a",
    ),
    (t.LzRgb(id=2, width=2, height=1, data=b"l"), "0200000000000000 65 00 02000000 01000000  01000000 6c"),
    (t.Glz(id=2, width=2, height=1, data=b"g"), "0200000000000000 66 00 02000000 01000000  01000000 67"),
    (t.FromCache(id=2, width=2, height=1), "0200000000000000 67 00 02000000 01000000"),
    (t.Surface(id=2, width=2, height=1, surface_id=4), "0200000000000000 68 00 02000000 01000000  04000000"),
    (t.Jpeg(id=2, width=2, height=1, data=b"j"), "0200000000000000 69 00 02000000 01000000  01000000 6a"),
    (t.FromCacheLossless(id=2, width=2, height=1), "0200000000000000 6a 00 02000000 01000000"),
    (
        t.ZlibGlz(id=2, width=2, height=1, glz_size=9, data=b"z"),
        "0200000000000000 6b 00 02000000 01000000  09000000 01000000 7a",
    ),
    (
        t.JpegAlpha(id=2, width=2, height=1, jpeg_flags=1, jpeg_size=1, data=b"ja"),
        "0200000000000000 6c 00 02000000 01000000  01 01000000 02000000 6a61",
    ),
    (t.Lz4(id=2, width=2, height=1, data=b"4"), "0200000000000000 6d 00 02000000 01000000  01000000 34"),
]  # fmt: skip
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


@pytest.mark.parametrize(("value", "wire_form"), [*IMAGES, *OTHERS], ids=lambda v: type(v).__name__)
def test_wire_forms(value: Struct, wire_form: str) -> None:
    assert value.serialize() == bytes.fromhex(wire_form)
    assert type(value).parse(bytes.fromhex(wire_form)) == value


def test_all_image_types_have_a_wire_form() -> None:
    assert {value.type for value, _ in IMAGES} == set(enums.ImageType)
    assert set(t.IMAGE.by_tag) == set(enums.ImageType)


def test_bitmap_data_must_be_what_stride_and_rows_say() -> None:
    with pytest.raises(ProtocolError, match="say 8"):
        t.Bitmap(id=1, width=2, height=1, format=8, x=2, y=1, stride=8, data=b"abc").serialize()


def test_a_bitmap_cannot_promise_more_than_an_image_may_hold() -> None:
    huge = "0100000000000000 00 00 02000000 01000000  08 00 02000000 ffffffff ffffffff 00000000"
    with pytest.raises(ProtocolError, match="limit"):
        t.Bitmap.parse(bytes.fromhex(huge))


def test_a_glyph_needs_a_string_with_one_depth() -> None:
    glyph = "01000000 02000000 03000000 04000000 0100 0100 61"
    for flags in ("00", "03", "08"):
        with pytest.raises(ProtocolError, match="depth"):
            t.String.parse(bytes.fromhex(f"0100 {flags} {glyph}"))
    with pytest.raises(ProtocolError, match="depth"):
        t.Glyph.parse(bytes.fromhex(glyph))


def test_lz_plt_needs_a_palette() -> None:
    with pytest.raises(ProtocolError, match="null pointer"):
        t.LzPlt.parse(bytes.fromhex("0200000000000000 64 00 02000000 01000000  00 00000000 00000000"))
    with pytest.raises(ProtocolError, match=r"LzPlt\.palette is missing"):
        t.LzPlt(id=1, width=1, height=1, data=b"").serialize()
