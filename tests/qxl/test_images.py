import struct

import pytest

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl.ops import BitmapImage, Brush, Copy, EncodedImage, Fill, Image, Mask, Palette, SurfaceImage
from tests.qxl.guest_memory import SURFACES, GuestMemory
from tests.qxl.guest_structures import (
    COMPAT_16BPP,
    COPY,
    FILL,
    copy,
    fill,
    mask,
    no_brush,
    pattern,
    qxl,
    solid,
)

ONE = Rect(0, 0, 1, 1)
DIRECT, UNSTABLE, TOP_DOWN = 1, 2, 4


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def image(guest: GuestMemory, address: int, *, flags: int = 0) -> Image:
    op = guest.draw(guest.drawable(COPY, copy(address, ONE))._replace(flags=flags)).op
    assert isinstance(op, Copy)
    return op.src


def bad(guest: GuestMemory, address: int, reason: str) -> None:
    guest.refuses(guest.drawable(COPY, copy(address, ONE)), f"src_bitmap.*{reason}")


@pytest.mark.parametrize("format", BitmapFormat)
def test_every_bitmap_format(guest: GuestMemory, format: BitmapFormat) -> None:
    palette = guest.palette(0x102030, 0xFFFFFF) if format.indexed else 0
    row = (13 * format.bits_per_pixel + 7) // 8
    data = bytes(i & 0xFF for i in range(row * 5))
    bitmap = guest.bitmap(13, 5, format, data=data, palette=palette, chunks=[data[:row], data[row:]])
    assert image(guest, bitmap) == BitmapImage(
        id=77,
        flags=0,
        width=13,
        height=5,
        format=format,
        top_down=False,
        stride=row,
        data=data,
        palette=Palette(5, (0x102030, 0xFFFFFF)) if format.indexed else None,
    )


def test_direct_pixels_may_end_where_the_slot_ends(guest: GuestMemory) -> None:
    bitmap = image(guest, guest.bitmap(4, 2, flags=DIRECT | TOP_DOWN, stride=20, id=2**64 - 2))
    assert isinstance(bitmap, BitmapImage)
    assert (bitmap.data, bitmap.stride, bitmap.id) == (bytes(range(40)), 20, 2**64 - 2)
    assert bitmap.top_down and not bitmap.unstable


def test_flags(guest: GuestMemory) -> None:
    bitmap = image(guest, guest.bitmap(flags=UNSTABLE | 0xF8, image_flags=0xFF))
    assert isinstance(bitmap, BitmapImage)
    assert bitmap.unstable and not bitmap.top_down
    assert bitmap.flags == 3


def test_pixels_are_the_guest_s_at_the_time(guest: GuestMemory) -> None:
    address = guest.bitmap(flags=DIRECT, address=guest.put(b"before--" * 3))
    bitmap = image(guest, address)
    guest.write(guest.address(guest.size - 24), b"after---" * 3)
    assert isinstance(bitmap, BitmapImage)
    assert bitmap.data == b"before--" * 3


@pytest.mark.parametrize("format", [0, 11, 200, 255])
def test_unknown_format(guest: GuestMemory, format: int) -> None:
    bad(guest, guest.bitmap(format=format), f"format {format} is not known")


@pytest.mark.parametrize("size", [(0, 3), (3, 0), (2**31, 1), (1, 2**31), (2**32 - 1, 2**32 - 1)])
def test_sizes_that_cannot_be(guest: GuestMemory, size: tuple[int, int]) -> None:
    address = guest.put(bytes(100))
    bad(guest, guest.bitmap(*size, stride=2**32 - 1, address=address), f"size is {size[0]}x{size[1]}")


@pytest.mark.parametrize(
    ("width", "format", "stride"), [(2, 8, 7), (9, 1, 1), (3, 3, 1), (5, 7, 14), (2**30 + 1, 8, 4)]
)
def test_stride_less_than_a_row(guest: GuestMemory, width: int, format: int, stride: int) -> None:
    palette = guest.palette(1)
    bad(guest, guest.bitmap(width, 2, format, stride=stride, palette=palette), f"stride {stride} is less")


@pytest.mark.parametrize(
    ("height", "stride"), [(2**24, 2**8), (2, 2**30), (65536, 65536), (2**31 - 1, 2**32 - 1)]
)
def test_cve_2015_5261_stride_times_height(guest: GuestMemory, height: int, stride: int) -> None:
    address = guest.put(bytes(100))
    bad(
        guest, guest.bitmap(1, height, stride=stride, flags=DIRECT, address=address), "stride .* times height"
    )


@pytest.mark.parametrize("flags", [0, DIRECT])
def test_pixels_beyond_the_slot(guest: GuestMemory, flags: int) -> None:
    bad(guest, guest.bitmap(1, 1, flags=flags, address=guest.address(guest.size - 3)), "not all inside")


@pytest.mark.parametrize("flags", [0, DIRECT])
def test_pixels_nowhere(guest: GuestMemory, flags: int) -> None:
    bad(guest, guest.bitmap(1, 1, flags=flags, address=0), "no address")


@pytest.mark.parametrize("format", range(1, 6))
def test_indexed_formats_need_a_palette(guest: GuestMemory, format: int) -> None:
    bad(guest, guest.bitmap(format=format), "without a palette")


@pytest.mark.parametrize(("format", "most"), [(1, 2), (2, 2), (3, 16), (4, 16), (5, 256)])
def test_palette_has_no_more_entries_than_pixels_can_name(guest: GuestMemory, format: int, most: int) -> None:
    full = image(guest, guest.bitmap(format=format, palette=guest.palette(*range(most))))
    assert isinstance(full, BitmapImage) and full.palette == Palette(5, tuple(range(most)))
    over = guest.bitmap(format=format, palette=guest.palette(*range(most + 1)))
    guest.refuses(guest.drawable(COPY, copy(over, ONE)), f"palette of src_bitmap: {most + 1} entries")


def test_palette_beyond_the_slot(guest: GuestMemory) -> None:
    palette = guest.palette(1, 2, count=3)
    bad(guest, guest.bitmap(format=5, palette=palette), "not all inside")
    bad(guest, guest.bitmap(format=5, palette=guest.address(guest.size - 9)), "not all inside")


def test_empty_palette(guest: GuestMemory) -> None:
    bitmap = image(guest, guest.bitmap(format=5, palette=guest.palette()))
    assert isinstance(bitmap, BitmapImage) and bitmap.palette == Palette(5, ())


def test_palette_of_a_format_without_one_is_not_read(guest: GuestMemory) -> None:
    bitmap = image(guest, guest.bitmap(palette=0xBAD))
    assert isinstance(bitmap, BitmapImage) and bitmap.palette is None


def test_surface(guest: GuestMemory) -> None:
    expected = SurfaceImage(id=9, flags=0, width=8, height=6, surface_id=SURFACES - 1)
    assert image(guest, guest.surface_image(SURFACES - 1, 8, 6)) == expected


@pytest.mark.parametrize("surface_id", [SURFACES, 1024, 2**31, 2**32 - 1])
def test_cve_2015_5260_surface_id_of_an_image(guest: GuestMemory, surface_id: int) -> None:
    bad(guest, guest.surface_image(surface_id), f"surface id {surface_id}")


def test_quic(guest: GuestMemory) -> None:
    expected = EncodedImage(id=3, flags=1, width=4, height=4, type=1, data=b"QUIC, in two")
    assert image(guest, guest.quic(b"QUIC", b", in two")) == expected


@pytest.mark.parametrize("size", [0, 3, 5, 2**31 - 1])
def test_quic_size_is_what_its_chunks_hold(guest: GuestMemory, size: int) -> None:
    bad(guest, guest.quic(b"QUIC", size=size), "hold (4|more than)")


def test_quic_size_has_a_limit(guest: GuestMemory) -> None:
    bad(guest, guest.quic(b"QUIC", size=2**31), "data_size 2147483648 is more")


def test_quic_images_have_a_size_too(guest: GuestMemory) -> None:
    bad(guest, guest.quic(b"q", width=0), "size is")


def test_a_surface_image_may_leave_its_size_open(guest: GuestMemory) -> None:
    """X.org's driver does: the surface itself says how large it is."""
    found = image(guest, guest.surface_image(1, 0, 0))
    assert isinstance(found, SurfaceImage)
    assert (found.surface_id, found.width, found.height) == (1, 0, 0)


@pytest.mark.parametrize("type", [2, 99, 100, 101, 102, 103, 105, 106, 107, 108, 109, 255])
def test_image_types_that_no_guest_may_use(guest: GuestMemory, type: int) -> None:
    address = guest.put(qxl("QXLImageDescriptor", 1, type, 0, 4, 4) + bytes(30))
    bad(guest, address, f"image type {type}")


def test_image_beyond_the_slot(guest: GuestMemory) -> None:
    bad(guest, guest.put(qxl("QXLImageDescriptor", 1, 0, 0, 4, 4)), "not all inside")
    bad(guest, guest.address(guest.size - 17), "not all inside")
    bad(guest, 0, "no address")


@pytest.mark.parametrize(
    ("area", "reason"),
    [
        (Rect(0, 0, 3, 3), "not inside its bitmap"),
        (Rect(0, 0, 2, 4), "not inside its bitmap"),
        (Rect(-1, 0, 2, 3), "negative"),
        (Rect(0, -1, 2, 3), "negative"),
        (Rect(2, 0, 1, 3), "inside out"),
        (Rect(0, 3, 2, 2), "inside out"),
        (Rect(0, 0, 2**31 - 1, 2**31 - 1), "not inside its bitmap"),
    ],
)
def test_source_area(guest: GuestMemory, area: Rect, reason: str) -> None:
    guest.refuses(guest.drawable(COPY, copy(guest.bitmap(2, 3), area)), f"src_area.*{reason}")


def fill_op(
    guest: GuestMemory, brush: bytes | None = None, mask_: bytes | None = None, flags: int = 0
) -> Fill:
    op = guest.draw(guest.drawable(FILL, fill(brush, mask_=mask_))._replace(flags=flags)).op
    assert isinstance(op, Fill)
    return op


def test_brushes(guest: GuestMemory) -> None:
    assert fill_op(guest, no_brush()).brush == Brush(0)
    assert fill_op(guest, solid(0xFF102030)).brush == Brush(1, 0xFF102030)
    tile = guest.bitmap(2, 1, flags=DIRECT)
    brush = fill_op(guest, pattern(tile, Point(-3, 2**31 - 1))).brush
    assert brush == Brush(2, 0, image(guest, tile), Point(-3, 2**31 - 1))


@pytest.mark.parametrize("type", [3, 2**32 - 1])
def test_unknown_brush(guest: GuestMemory, type: int) -> None:
    guest.refuses(guest.drawable(FILL, fill(qxl("QXLBrush", type, 0, 0, 0))), f"brush type {type}")


def test_pattern_without_image(guest: GuestMemory) -> None:
    guest.refuses(guest.drawable(FILL, fill(pattern(0))), "pattern of brush: no address")


def test_masks(guest: GuestMemory) -> None:
    assert fill_op(guest, mask_=mask(0, Point(3, 4), 1)).mask == Mask()
    bits = guest.bitmap(9, 2, 2)
    found = fill_op(guest, mask_=mask(bits, Point(-3, 4), 0xFF)).mask
    assert (found.pos, found.inverse) == (Point(-3, 4), True)
    assert isinstance(found.image, BitmapImage)
    assert (found.image.format, found.image.palette) == (BitmapFormat.BIT1_BE, None)
    assert not fill_op(guest, mask_=mask(bits, flags=0xFE)).mask.inverse
    guest.refuses(guest.drawable(FILL, fill(mask_=mask(0xBAD))), "mask")


@pytest.mark.parametrize(
    ("color", "expanded"), [(0x7FFF, 0xFFFFFF), (0x7C00, 0xFF0000), (0x0210, 0x008484), (0x8001, 0x000008)]
)
def test_colours_of_16_bpp_commands(guest: GuestMemory, color: int, expanded: int) -> None:
    assert fill_op(guest, solid(color), flags=COMPAT_16BPP).brush.color == expanded
    assert fill_op(guest, solid(color)).brush.color == color
    bitmap = image(guest, guest.bitmap(format=5, palette=guest.palette(color)), flags=COMPAT_16BPP)
    assert isinstance(bitmap, BitmapImage) and bitmap.palette == Palette(5, (expanded,))


def test_a_bitmap_s_own_size_counts(guest: GuestMemory) -> None:
    address = guest.bitmap(2, 3)
    guest.write(address, struct.pack("<QBBII", 77, 0, 0, 999, 0))
    assert (image(guest, address).width, image(guest, address).height) == (2, 3)
