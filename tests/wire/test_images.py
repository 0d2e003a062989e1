"""Wire forms of images, worked out by hand."""

import pytest

from gspice.errors import ProtocolError
from gspice.wire import enums
from gspice.wire import types as t

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


@pytest.mark.parametrize(("image", "wire_form"), IMAGES, ids=lambda v: type(v).__name__)
def test_wire_forms(image: t.ImageDescriptor, wire_form: str) -> None:
    assert image.serialize() == bytes.fromhex(wire_form)
    assert type(image).parse(bytes.fromhex(wire_form)) == image


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


def test_lz_plt_needs_a_palette() -> None:
    with pytest.raises(ProtocolError, match="null pointer"):
        t.LzPlt.parse(bytes.fromhex("0200000000000000 64 00 02000000 01000000  00 00000000 00000000"))
    with pytest.raises(ProtocolError, match=r"LzPlt\.palette is missing"):
        t.LzPlt(id=1, width=1, height=1, data=b"").serialize()
