"""Captured pixels as images."""

import numpy as np
import pytest

from gspice.codec import lz4
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat
from gspice.stream.captures import encode, widen

FLAT = Pixels(64, 32, 256, SurfaceFormat.XRGB32, bytes(64 * 32 * 4))
NOISE = Pixels(
    64, 32, 256, SurfaceFormat.XRGB32, np.random.default_rng(1).integers(0, 256, 64 * 128, np.uint8).tobytes()
)


def test_lz4_where_allowed_and_smaller() -> None:
    packed = encode(FLAT, lz4_allowed=True)
    assert packed.lz4 and len(packed.data) < 200
    decoded = lz4.decode(packed.data, width=64, height=32)
    assert bytes(decoded.rows) == FLAT.data
    assert not encode(FLAT, lz4_allowed=False).lz4
    noise = encode(NOISE, lz4_allowed=True)
    assert not noise.lz4 and noise.data == NOISE.data


def test_small_images_stay_raw() -> None:
    assert not encode(Pixels(4, 4, 16, SurfaceFormat.XRGB32, bytes(64)), lz4_allowed=True).lz4


@pytest.mark.parametrize(
    ("surface", "bitmap"),
    [
        (SurfaceFormat.XRGB32, BitmapFormat.XRGB32),
        (SurfaceFormat.ARGB32, BitmapFormat.ARGB32),
        (SurfaceFormat.RGB555, BitmapFormat.RGB555),
    ],
)
def test_formats(surface: SurfaceFormat, bitmap: BitmapFormat) -> None:
    size = surface.bits_per_pixel // 8
    pixels = Pixels(32, 32, 32 * size, surface, bytes(32 * 32 * size))
    assert encode(pixels, lz4_allowed=True).format is bitmap


def test_565_widens_so_that_it_narrows_back() -> None:
    narrow = np.arange(65536, dtype="<u2")
    wide = widen(Pixels(256, 256, 512, SurfaceFormat.RGB565, narrow.tobytes()))
    colours = np.frombuffer(wide.data, "<u4")
    back = (colours >> 19 & 0x1F) << 11 | (colours >> 10 & 0x3F) << 5 | colours >> 3 & 0x1F
    assert np.array_equal(back, narrow)
    assert encode(
        Pixels(256, 256, 512, SurfaceFormat.RGB565, narrow.tobytes()), lz4_allowed=False
    ).format is (BitmapFormat.XRGB32)
    with pytest.raises(ValueError, match="XRGB32"):
        widen(FLAT)


def test_one_bit_becomes_all_bits_or_none() -> None:
    image = encode(Pixels(11, 2, 4, SurfaceFormat.A1, b"\x05\x04\0\0\xff\xff\xff\xff"), lz4_allowed=False)
    assert (image.format, image.stride) == (BitmapFormat.ARGB32, 44)
    bits = np.frombuffer(image.data, "<u4").reshape(2, 11)
    assert [list(row) for row in bits] == [
        [0xFFFFFFFF if x in (0, 2, 10) else 0 for x in range(11)],
        [0xFFFFFFFF] * 11,
    ]


def test_what_pads_a_row_is_no_pixel() -> None:
    row, padding = b"\x00\xf8\xe0\x07\x1f\x00", b"\xff\xff"
    wide = widen(Pixels(3, 2, 8, SurfaceFormat.RGB565, (row + padding) * 2))
    assert (wide.width, wide.height, wide.stride) == (3, 2, 12)
    assert wide.data == bytes.fromhex("0000ff00 00ff0000 ff000000") * 2
