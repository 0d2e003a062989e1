"""Bodies of messages worked out by hand from the layout of the protocol, byte by byte."""

import pytest

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import limits
from gspice.wire import types as t
from gspice.wire.message import Struct
from gspice.wire.messages import agent, base, cursor, display, inputs, main, port, smartcard, vmc

BASE = t.DisplayBase(surface_id=0, box=Rect(left=20, top=10, right=21, bottom=12))
# surface_id; top left bottom right; no clip: 21 bytes
BASE_HEX = "00000000  0a000000 14000000 0c000000 15000000  00"
# flags, pos, no bitmap: 13 bytes
NO_MASK = "00 00000000 00000000 00000000"
AREA = Rect(0, 0, 1, 2)
AREA_HEX = "00000000 00000000 02000000 01000000"

VECTORS: dict[str, tuple[Struct, str]] = {
    "MainInit": (
        main.MainInit(
            session_id=0x12345678, display_channels_hint=1, supported_mouse_modes=3, current_mouse_mode=1,
            agent_connected=0, agent_tokens=10, multi_media_time=1000, ram_hint=0x4000000,
        ),
        "78563412 01000000 03000000 01000000 00000000 0a000000 e8030000 00000004",
    ),
    "MainChannelsList": (
        main.MainChannelsList(channels=(t.ChannelId(type=2, id=0), t.ChannelId(type=4, id=1))),
        "02000000 02 00 04 01",
    ),
    "MainName": (main.MainName(name="vm"), "03000000 766d00"),
    "MainMigrateBeginSeamless": (
        # port, sport, size, pointer, size, pointer, version: 24 bytes; "h\0" at 24, "CN\0" at 26
        main.MainMigrateBeginSeamless(
            port=5900, secure_port=5901, host="h", cert_subject="CN", src_version=1
        ),
        "0c17 0d17 02000000 18000000 03000000 1a000000 01000000  6800 434e00",
    ),
    "MainMigrateBegin without a certificate": (
        main.MainMigrateBegin(port=5900, secure_port=0, host="h"),
        "0c17 0000 02000000 14000000 00000000 00000000  6800",
    ),
    "Notify": (
        base.Notify(timestamp=1, severity=1, visibility=2, message="hi"),
        "0100000000000000 01000000 02000000 00000000 02000000 686900",
    ),
    "WaitForChannels": (
        base.WaitForChannels(waits=(t.ChannelWait(channel_type=2, channel_id=1, message_serial=9),)),
        "01 02 01 0900000000000000",
    ),
    "SubList": (
        # count and two pointers: 10 bytes; 6 + 1 bytes; the second at 17
        base.SubList(messages=(base.SubMessage(type=105, data=b"x"), base.SubMessage(type=5, data=b""))),
        "0200 0a000000 11000000  6900 01000000 78  0500 00000000",
    ),
    "DisplaySurfaceCreate": (
        display.DisplaySurfaceCreate(surface_id=0, width=640, height=480, format=32, flags=1),
        "00000000 80020000 e0010000 20000000 01000000",
    ),
    "DisplayCopy of a bitmap": (
        display.DisplayCopy(
            base=BASE,
            src=t.Bitmap(
                id=7, flags=1, width=1, height=2, format=8, bitmap_flags=4, x=1, y=2, stride=4,
                data=b"abcdefgh",
            ),
            src_area=AREA,
        ),
        # base 21, pointer 4, area 16, ropd 2, scale 1, mask 13: the image lies at 57
        f"{BASE_HEX} 39000000 {AREA_HEX} 0800 00 {NO_MASK}"
        " 0700000000000000 00 01 01000000 02000000  08 04 01000000 02000000 04000000 00000000"
        " 6162636465666768",
    ),
    "DisplayCopy of LZ4 with clip and mask": (
        display.DisplayCopy(
            base=t.DisplayBase(
                surface_id=1, box=Rect(0, 0, 1, 2), clip=t.ClipRects(rects=(Rect(0, 0, 1, 1),))
            ),
            src=t.Lz4(id=8, width=1, height=2, data=b"lz4lz4"),
            src_area=AREA,
            ropd=t.Ropd.OP_XOR,
            scale_mode=1,
            mask=t.QMask(
                flags=1,
                pos=Point(3, 4),
                bitmap=t.Bitmap(id=9, width=1, height=2, format=2, x=1, y=2, stride=1, data=b"mm"),
            ),
        ),
        # base 41, pointer 4, area 16, ropd 2, scale 1, mask 13: the image at 77, 28 bytes on the mask at 105
        "01000000 00000000 00000000 02000000 01000000  01 01000000 00000000 00000000 01000000 01000000"
        f" 4d000000 {AREA_HEX} 4000 01  01 03000000 04000000 69000000"
        " 0800000000000000 6d 00 01000000 02000000  06000000 6c7a346c7a34"
        " 0900000000000000 00 00 01000000 02000000  02 00 01000000 02000000 01000000 00000000 6d6d",
    ),
    "DisplayCopy of nothing": (
        display.DisplayCopy(base=BASE, src=None, src_area=AREA),
        f"{BASE_HEX} 00000000 {AREA_HEX} 0800 00 {NO_MASK}",
    ),
    "DisplayFill": (
        display.DisplayFill(base=BASE, brush=t.BrushSolid(color=0xFF8040)),
        f"{BASE_HEX} 01 4080ff00 0800 {NO_MASK}",
    ),
    "DisplayCopyBits": (
        display.DisplayCopyBits(base=BASE, src=Point(5, 6)),
        f"{BASE_HEX} 05000000 06000000",
    ),
    "DisplayRop3": (
        display.DisplayRop3(base=BASE, src=None, src_area=AREA, brush=t.BrushNone(), rop3=0xCC),
        f"{BASE_HEX} 00000000 {AREA_HEX} 00 cc 00 {NO_MASK}",
    ),
    "DisplayStroke": (
        # base 21, pointer 4, attr 6, brush 5, modes 4: the path at 40, 4 + 5 + 8 on the style at 57
        display.DisplayStroke(
            base=BASE,
            path=t.Path(segments=(t.PathSegment(flags=3, points=(Point(16, 32),)),)),
            attr=t.LineAttr(flags=8, style=(48,)),
            brush=t.BrushSolid(color=1),
        ),
        f"{BASE_HEX} 28000000 08 01 39000000 01 01000000 0800 0800"
        " 01000000 03 01000000 10000000 20000000  30000000",
    ),
    "DisplayText": (
        # base 21, pointer 4, area 16, brushes 5 and 1, modes 4: the string at 51
        display.DisplayText(
            base=BASE,
            string=t.String(
                flags=1,
                glyphs=(t.Glyph(render_pos=Point(1, 2), origin=Point(0, -1), width=9, height=1, data=b"gg"),),
            ),
            back_area=Rect(0, 0, 0, 0),
            fore_brush=t.BrushSolid(color=2),
            back_mode=0,
        ),
        f"{BASE_HEX} 33000000 00000000 00000000 00000000 00000000 01 02000000 00 0800 0000"
        " 0100 01 01000000 02000000 00000000 ffffffff 0900 0100 6767",
    ),
    "DisplayAlphaBlend": (
        display.DisplayAlphaBlend(base=BASE, alpha=128, src=None, src_area=AREA),
        f"{BASE_HEX} 00 80 00000000 {AREA_HEX}",
    ),
    "DisplayTransparent": (
        display.DisplayTransparent(base=BASE, src=None, src_area=AREA, src_color=1, true_color=2),
        f"{BASE_HEX} 00000000 {AREA_HEX} 01000000 02000000",
    ),
    "DisplayComposite": (
        # base 21, flags 4, src 4, mask 4, transform 24, origins 8: src at 65, 18 + 4 on the mask at 87
        display.DisplayComposite(
            base=BASE,
            flags=3 | t.CompositeFlags.HAS_MASK | t.CompositeFlags.HAS_SRC_TRANSFORM,
            src=t.Surface(id=1, width=1, height=1, surface_id=2),
            mask=t.FromCache(id=3, width=1, height=1),
            src_transform=(0x10000, 0, -1, 0, 0x10000, 0),
            src_origin=Point(1, 2),
            mask_origin=Point(-1, -2),
        ),
        f"{BASE_HEX} 03001800 41000000 57000000"
        " 00000100 00000000 ffffffff 00000000 00000100 00000000  0100 0200 ffff feff"
        " 0100000000000000 68 00 01000000 01000000 02000000  0300000000000000 67 00 01000000 01000000",
    ),
    "DisplayInvalList": (
        display.DisplayInvalList(resources=(t.ResourceId(id=5),)),
        "0100 01 0500000000000000",
    ),
    "DisplayStreamCreate": (
        display.DisplayStreamCreate(
            surface_id=0, id=1, flags=1, codec=3, stream_width=4, stream_height=5, src_width=6, src_height=7,
            dest=Rect(left=1, top=2, right=3, bottom=4),
        ),
        "00000000 01000000 01 03 0000000000000000 04000000 05000000 06000000 07000000"
        " 02000000 01000000 04000000 03000000 00",
    ),
    "DisplayStreamData": (
        display.DisplayStreamData(id=1, mm_time=2, data=b"frame"),
        "01000000 02000000 05000000 6672616d65",
    ),
    "DisplayMonitorsConfig": (
        display.DisplayMonitorsConfig(
            max_allowed=4, heads=(t.Head(monitor_id=1, surface_id=0, width=640, height=480, x=10, y=20),)
        ),
        "0100 0400  01000000 00000000 80020000 e0010000 0a000000 14000000 00000000",
    ),
    "DisplayInit": (
        display.DisplayInit(
            pixmap_cache_id=1, pixmap_cache_size=-1, glz_dictionary_id=2, glz_dictionary_window_size=3
        ),
        "01 ffffffffffffffff 02 03000000",
    ),
    "CursorInit with an ALPHA cursor": (
        cursor.CursorInit(
            position=Point(-1, 2),
            visible=True,
            cursor=t.Cursor(
                flags=2,
                header=t.CursorHeader(unique=9, type=0, width=1, height=1, hot_x=0, hot_y=0),
                data=b"argb",
            ),
        ),
        "ffff 0200 0000 0000 01  0200 0900000000000000 00 0100 0100 0000 0000 61726762",
    ),
    "CursorInit without a cursor": (
        cursor.CursorInit(position=Point(3, 4), visible=False, cursor=t.Cursor(flags=1)),
        "0300 0400 0000 0000 00  0100",
    ),
    "InputsMousePosition": (
        inputs.InputsMousePosition(x=100, y=200, buttons=1, display_id=2),
        "64000000 c8000000 0100 02",
    ),
    "InputsMouseMotion": (inputs.InputsMouseMotion(dx=-1, dy=1, buttons=4), "ffffffff 01000000 0400"),
    "InputsMouseMotion of spice-html5": (
        inputs.InputsMouseMotion(dx=-1, dy=1, buttons=4, display_id=0),
        "ffffffff 01000000 0400 00",
    ),
    "PortInit": (port.PortInit(name="p", opened=True), "02000000 09000000 01  7000"),
    "VmcCompressedData": (
        vmc.VmcCompressedData(type=1, uncompressed_size=9, data=b"z"),
        "01 09000000 7a",
    ),
    "VmcCompressedData, not compressed": (vmc.VmcCompressedData(type=0, data=b"z"), "00 7a"),
    "SmartcardData": (
        smartcard.SmartcardData(type=7, reader_id=1, data=b"apdu"),
        "07000000 01000000 04000000 61706475",
    ),
    "AgentMessageHeader": (
        agent.AgentMessageHeader(type=2, opaque=3, size=4),
        "01000000 02000000 0300000000000000 04000000",
    ),
    "AgentMonitorsConfig": (
        agent.AgentMonitorsConfig(
            flags=3,
            monitors=(agent.MonitorConfig(height=480, width=640, depth=32, x=-1, y=0),),
            physical_sizes=(agent.MonitorSize(height=200, width=300),),
        ),
        "01000000 03000000  e0010000 80020000 20000000 ffffffff 00000000  c800 2c01",
    ),
    "AgentClipboard with selection": (
        agent.AgentClipboard(selection=1, type=1, data=b"text"),
        "01000000 01000000 74657874",
    ),
    "AgentGraphicsDeviceInfo": (
        agent.AgentGraphicsDeviceInfo(
            displays=(
                agent.DeviceDisplay(channel_id=1, monitor_id=0, device_display_id=2, device_address="pci"),
            )
        ),
        "01000000 01000000 00000000 02000000 04000000 70636900",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
def test_golden_vectors(name: str) -> None:
    value, wire_form = VECTORS[name]
    body = bytes.fromhex(wire_form)
    agreed = (agent.SELECTION,) if "selection" in name else ()
    assert value.serialize().hex() == body.hex()
    assert b"".join(value.buffers()) == body
    assert type(value).parse(body, agreed) == value


def test_an_image_of_a_screen_is_not_copied() -> None:
    pixels = memoryview(bytearray(1 << 20))
    image = t.Bitmap(id=1, width=512, height=512, format=8, x=512, y=512, stride=2048, data=pixels)
    buffers = display.DisplayCopy(base=BASE, src=image, src_area=Rect(0, 0, 512, 512)).buffers()
    assert [len(part) for part in buffers] == [57 + 18 + 18, 1 << 20]
    pixels[0] = 9
    assert buffers[1][0] == 9


def test_two_large_images_and_their_pointers() -> None:
    big = t.Lz4(id=1, width=1, height=1, data=bytes(5000))
    mask = t.QMask(bitmap=t.Lz4(id=2, width=1, height=1, data=bytes(6000)))
    message = display.DisplayCopy(base=BASE, src=big, src_area=AREA, mask=mask)
    body = b"".join(message.buffers())
    assert int.from_bytes(body[53:57], "little") == 57 + 22 + 5000
    assert display.DisplayCopy.parse(body) == message


def test_the_sub_list_of_a_full_header_is_found_behind_the_body() -> None:
    carried = bytes.fromhex("01020304")
    sub = bytes.fromhex("6900 01000000 78  0500 00000000")
    body = carried + sub + bytes.fromhex("0200 04000000 0b000000")
    messages, first = base.read_sub_list(body, len(carried) + len(sub))
    assert messages == (base.SubMessage(type=105, data=b"x"), base.SubMessage(type=5, data=b""))
    assert body[:first] == carried


def test_a_sub_list_cannot_multiply_its_messages() -> None:
    sub = (105).to_bytes(2, "little") + (1000).to_bytes(4, "little") + bytes(1000)
    body = sub + (100).to_bytes(2, "little") + bytes(4) * 100
    with pytest.raises(ProtocolError):
        base.read_sub_list(body, len(sub))
    looped = (100).to_bytes(2, "little") + (402).to_bytes(4, "little") * 100 + sub
    with pytest.raises(ProtocolError, match="overlapping"):
        base.SubList.parse(looped)


@pytest.mark.parametrize("offset", [0, 1, 5, 6, 7, 1 << 31, 0xFFFFFFFF])
def test_sub_lists_at_bad_offsets(offset: int) -> None:
    with pytest.raises(ProtocolError):
        base.read_sub_list(bytes.fromhex("ffffffffffff"), offset)


def test_compressed_data_cannot_promise_more_than_a_device_takes() -> None:
    limit = limits.VMC_BYTES
    body = b"\x01" + limit.to_bytes(4, "little") + b"z"
    assert vmc.VmcClientCompressedData.parse(body).uncompressed_size == limit
    with pytest.raises(ProtocolError, match="limit"):
        vmc.VmcClientCompressedData.parse(b"\x01" + (limit + 1).to_bytes(4, "little") + b"z")
