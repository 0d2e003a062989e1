import random

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.raster import colorkey, rop3, tile
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.rops import ROP_COPY

ALL = Rect(0, 0, 8, 4)
PACKS = {8: Pack.LOW8, 16: Pack.LOW16, 32: Pack.WORD32}


def raw(bits: int = 32, width: int = 8, height: int = 4, data: bytes = b"") -> Source:
    stride = width * bits // 8
    return Source(data or bytes(stride * height), width, height, stride, fetch=Fetch.RAW, pack=PACKS[bits])


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("width", [1, 2, 3, 7, 8, 300, 512, 513, 700])
def test_patterns_repeat_on_both_sides_of_their_place(bits: int, width: int) -> None:
    size = bits // 8
    data = random.Random(width).randbytes(width * 3 * size)
    surface = Surface(1400, 5, bits)
    tile(surface, [Rect(1, 0, 1399, 5)], raw(bits, width, 3, data), 601, 2, ROP_COPY)
    for y in range(5):
        row = data[(y - 2) % 3 * width * size :][: width * size]
        expected = b"".join(row[(x - 601) % width * size :][:size] for x in range(1, 1399))
        assert surface.read(Rect(1, y, 1399, y + 1)) == expected
    assert surface.read(Rect(0, 0, 1, 5)) == bytes(5 * size)


@pytest.mark.parametrize("place", [-(2**31), 2**31 - 1])
def test_patterns_far_away(place: int) -> None:
    surface = Surface(8, 4, 8)
    tile(surface, [ALL], raw(8, 3, 1, b"abc"), place, place, ROP_COPY)
    assert surface.read(Rect(0, 0, 8, 1)) == bytes(b"abc"[(x - place) % 3] for x in range(8))


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_the_colour_key_is_left_out(bits: int) -> None:
    size = bits // 8
    values = [0x77, 0x1234, 0x99AB1234, 0x00AB1234, 0x99AB1235]
    data = b"".join((value & (1 << bits) - 1).to_bytes(size, "little") for value in values)
    surface = Surface(5, 1, bits)
    surface.load(b"\xee" * 5 * size, 5 * size)
    colorkey(surface, [Rect(0, 0, 5, 1)], raw(bits, 5, 1, data), 0, 0, 0x55AB1234)
    seen = {8: 0xFF, 16: 0xFFFF, 32: 0xFFFFFF}[bits]
    old = b"\xee" * size
    expected = [
        old if value & seen == 0x55AB1234 & seen else data[i * size :][:size]
        for i, value in enumerate(values)
    ]
    assert surface.read(Rect(0, 0, 5, 1)) == b"".join(expected)


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("patterned", [False, True])
def test_all_ternary_operations(bits: int, patterned: bool) -> None:
    size = bits // 8
    pattern = raw(bits, 1, 1, b"\xf0" * size) if patterned else None
    for code in range(256):
        surface = Surface(1, 1, bits)
        surface.load(b"\xaa" * size, size)
        source = raw(bits, 1, 1, b"\xcc" * size)
        rop3(surface, [Rect(0, 0, 1, 1)], source, 0, 0, code, 0xF0F0F0F0, pattern)
        # The code is what the operation makes of these three bytes: that is how the codes are numbered.
        assert surface.read(Rect(0, 0, 1, 1)) == bytes([code] * size)


def test_what_does_not_fit_is_refused() -> None:
    surface = Surface(8, 4, 32)
    with pytest.raises(ValueError, match="not inside"):
        tile(surface, [Rect(0, 0, 9, 4)], raw(), 0, 0, ROP_COPY)
    with pytest.raises(ValueError, match="16 bits"):
        tile(surface, [ALL], raw(16), 0, 0, ROP_COPY)
    with pytest.raises(ValueError, match="raster operation 16"):
        tile(surface, [ALL], raw(), 0, 0, 16)
    with pytest.raises(ValueError, match="source"):
        colorkey(surface, [ALL], raw(), 1, 0, 0)
    with pytest.raises(ValueError, match="source"):
        rop3(surface, [ALL], raw(), 0, -1, 0x96)
    for code in (-1, 256):
        with pytest.raises(ValueError, match="ternary"):
            rop3(surface, [ALL], raw(), 0, 0, code)
    with pytest.raises(ValueError, match="8 bits"):
        rop3(surface, [ALL], raw(), 0, 0, 0x96, 0, raw(8))
    own = Source(surface, 8, 4, surface.stride, fetch=Fetch.RAW, pack=Pack.WORD32)
    with pytest.raises(ValueError, match="own source"):
        rop3(surface, [ALL], raw(), 0, 0, 0x96, 0, own)
    with pytest.raises(ValueError, match="one bit"):
        tile(surface, [ALL], raw(), 0, 0, ROP_COPY, raw())
    assert surface.read(ALL) == bytes(128)
