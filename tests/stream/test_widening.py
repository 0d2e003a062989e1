"""Pixels that no bitmap has, widened so that clients get the same bits back."""

import numpy as np
import pytest

from gspice.pixels import Pixels, SurfaceFormat
from gspice.stream.widening import SENT_AS, widen


def test_every_surface_format_is_sent_as_something() -> None:
    assert set(SENT_AS) == set(SurfaceFormat)


def test_565_widens_so_that_it_narrows_back() -> None:
    narrow = np.arange(65536, dtype="<u2")
    wide = widen(Pixels(256, 256, 512, SurfaceFormat.RGB565, narrow.tobytes()))
    colours = np.frombuffer(wide.data, "<u4")
    back = (colours >> 19 & 0x1F) << 11 | (colours >> 10 & 0x3F) << 5 | colours >> 3 & 0x1F
    assert np.array_equal(back, narrow)
    assert wide.format is SurfaceFormat.XRGB32
    with pytest.raises(ValueError, match="XRGB32"):
        widen(wide)


def test_555_widens_so_that_it_narrows_back() -> None:
    narrow = np.arange(32768, dtype="<u2")
    wide = widen(Pixels(256, 128, 512, SurfaceFormat.RGB555, narrow.tobytes()))
    colours = np.frombuffer(wide.data, "<u4")
    back = (colours >> 19 & 0x1F) << 10 | (colours >> 11 & 0x1F) << 5 | colours >> 3 & 0x1F
    assert np.array_equal(back, narrow)
    channels = colours.view(np.uint8).reshape(-1, 4)[:, :3]
    assert np.array_equal(channels & 7, channels >> 5), "the high bits again"


def test_one_bit_becomes_all_bits_or_none() -> None:
    wide = widen(Pixels(11, 2, 4, SurfaceFormat.A1, b"\x05\x04\0\0\xff\xff\xff\xff"))
    assert (wide.format, wide.stride) == (SurfaceFormat.ARGB32, 44)
    bits = np.frombuffer(wide.data, "<u4").reshape(2, 11)
    assert [list(row) for row in bits] == [
        [0xFFFFFFFF if x in (0, 2, 10) else 0 for x in range(11)],
        [0xFFFFFFFF] * 11,
    ]


def test_what_pads_a_row_is_no_pixel() -> None:
    row, padding = b"\x00\xf8\xe0\x07\x1f\x00", b"\xff\xff"
    wide = widen(Pixels(3, 2, 8, SurfaceFormat.RGB565, (row + padding) * 2))
    assert (wide.width, wide.height, wide.stride) == (3, 2, 12)
    assert wide.data == bytes.fromhex("0000ff00 00ff0000 ff000000") * 2
