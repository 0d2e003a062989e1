"""Coverage of glyphs against a pixel by pixel reference, and blending against pixman."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu import glyphs
from gspice.gpu.cpu.kernels import Surface
from gspice.pixels import SurfaceFormat, row_bytes
from gspice.qxl.ops import Glyph
from tests.conformance import reference_text as reference

BITS = [1, 4, 8]
SIDE = 20
WHOLE = Rect(0, 0, SIDE, SIDE)


@st.composite
def glyph_lists(draw: st.DrawFn, bits: int) -> tuple[Glyph, ...]:
    """Glyphs that overlap and stick out."""
    out = []
    for _ in range(draw(st.integers(1, 4))):
        width, height = draw(st.integers(0, 11)), draw(st.integers(0, 6))
        size = (width * bits + 7) // 8 * height
        data = random.Random(draw(st.integers(0, 1 << 20))).randbytes(size)
        if draw(st.booleans()):
            data = bytes(byte & (0x0F, 0xF0, 0)[i % 3] for i, byte in enumerate(data))
        at = Point(draw(st.integers(-6, SIDE + 3)), draw(st.integers(-6, SIDE + 3)))
        out.append(Glyph(at, Point(draw(st.integers(-4, 4)), draw(st.integers(-9, 2))), width, height, data))
    return tuple(out)


@pytest.mark.parametrize("bits", BITS)
@settings(deadline=None)
@given(data=st.data())
def test_coverage(bits: int, data: st.DataObject) -> None:
    some = data.draw(glyph_lists(bits))
    left, top = data.draw(st.integers(-5, 15)), data.draw(st.integers(-5, 15))
    window = Rect(left, top, left + data.draw(st.integers(1, 20)), top + data.draw(st.integers(1, 12)))
    want = reference.coverage(some, bits)
    got = glyphs.coverage(some, bits, window)
    assert list(got) == [
        want.get((x, y), 0)
        for y in range(window.top, window.bottom)
        for x in range(window.left, window.right)
    ]
    assert glyphs.bounds(some) == reference.bounds(some)


def test_rows_are_bottom_up_and_bits_run_from_the_left() -> None:
    glyph = Glyph(Point(2, 5), Point(1, -2), 9, 2, b"\x01\x80" + b"\xc0\x00")
    assert glyphs.bounds((glyph,)) == Rect(3, 3, 12, 5)
    cover = glyphs.coverage((glyph,), 1, Rect(3, 3, 12, 5))
    assert cover == b"\xff\xff" + bytes(7) + bytes(7) + b"\xff\xff"


def test_a_right_pixel_of_four_bits_replaces_what_lies_under_a_pair() -> None:
    under = Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x99")
    assert (
        glyphs.coverage((under, Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x13")), 4, Rect(0, 0, 2, 1))
        == b"\x90\x30"
    )
    assert (
        glyphs.coverage((under, Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x03")), 4, Rect(0, 0, 2, 1))
        == b"\x90\x90"
    )


def test_glyphs_far_away_and_of_any_size() -> None:
    low, high = -(2**31), 2**31 - 1
    window = Rect(0, 0, 4, 4)
    for x in (low, high):
        for y in (low, high):
            glyph = Glyph(Point(x, y), Point(x, y), 3, 3, bytes(b"\xff" * 9))
            assert not any(glyphs.coverage((glyph,), 8, window))
    assert glyphs.bounds((Glyph(Point(high, low), Point(high, low), 65535, 65535, b""),)) == Rect(
        2 * high, 2 * low, 2 * high + 65535, 2 * low + 65535
    )
    around = Glyph(Point(low, low), Point(high, high), 3, 3, b"\xff" * 9)
    assert glyphs.coverage((around,), 8, window) == b"\xff\xff\0\0" * 2 + bytes(8)
    thin = Glyph(Point(0, 0), Point(0, 0), 0, 65535, b"")
    assert not any(glyphs.coverage((thin,), 8, window))


def test_glyphs_without_their_data_are_refused() -> None:
    with pytest.raises(GuestError, match="glyph 1 of 9x2 has 3 bytes"):
        glyphs.coverage(
            (
                Glyph(Point(0, 0), Point(0, 0), 9, 2, bytes(4)),
                Glyph(Point(0, 0), Point(0, 0), 9, 2, bytes(3)),
            ),
            1,
            Rect(0, 0, 9, 9),
        )
    with pytest.raises(GuestError):
        glyphs.coverage((Glyph(Point(0, 0), Point(0, 0), 65535, 65535, bytes(9)),), 8, Rect(0, 0, 9, 9))


def surface_of(form: SurfaceFormat, data: bytes) -> Surface:
    """A surface of these pixels."""
    surface = Surface(SIDE, SIDE, form.bits_per_pixel)
    surface.load(data, row_bytes(SIDE, form.bits_per_pixel))
    return surface


def low_bits(form: SurfaceFormat, data: bytes) -> bytes:
    """The pixels without what is no channel of XRGB32: pixman leaves anything there."""
    if form is not SurfaceFormat.XRGB32:
        return data
    return b"".join(data[i : i + 3] for i in range(0, len(data), 4))


@pytest.mark.parametrize("form", SurfaceFormat)
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    color=st.integers(0, 0xFFFFFF).map(lambda c: c | 0xFF000000),
    window=st.builds(Rect, *[st.integers(0, 9)] * 2, *[st.integers(10, SIDE)] * 2),
)
def test_a_colour_over_pixels(form: SurfaceFormat, seed: int, color: int, window: Rect) -> None:
    noise = random.Random(seed)
    data = noise.randbytes(row_bytes(SIDE, form.bits_per_pixel) * SIDE)
    cover = bytes(noise.choice((0, 255, noise.randrange(256))) for _ in range(window.area))
    surface = surface_of(form, data)
    glyphs.over_color(surface, form, [window], window, cover, color)
    at = {(window.left + i % window.width, window.top + i // window.width): v for i, v in enumerate(cover)}
    want = reference.blended(form, (SIDE, SIDE), data, at, window, lambda x, y: color)
    got = surface.read(WHOLE)
    if form is SurfaceFormat.A1:
        assert used_bits(got) == used_bits(want)
        return
    assert low_bits(form, got) == low_bits(form, want)
    if form is SurfaceFormat.XRGB32:
        assert got[3::4] == data[3::4]


def used_bits(data: bytes) -> list[int]:
    """Rows of an A1 surface without the bits behind their end."""
    stride = row_bytes(SIDE, 1)
    return [int.from_bytes(data[y * stride :][:stride], "little") & (1 << SIDE) - 1 for y in range(SIDE)]


@pytest.mark.parametrize("form", SurfaceFormat)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    at=st.tuples(*[st.integers(-(2**33), 2**33) | st.integers(-9, 9)] * 2),
)
def test_a_tile_over_pixels(
    form: SurfaceFormat, seed: int, size: tuple[int, int], at: tuple[int, int]
) -> None:
    noise = random.Random(seed)
    data = noise.randbytes(row_bytes(SIDE, form.bits_per_pixel) * SIDE)
    pixels = noise.randbytes(4 * size[0] * size[1])
    cover = noise.randbytes(SIDE * SIDE)
    tile = Surface(*size, 32)
    tile.load(pixels, 4 * size[0])

    def source(x: int, y: int) -> int:
        place = ((y - at[1]) % size[1] * size[0] + (x - at[0]) % size[0]) * 4
        return int.from_bytes(pixels[place : place + 4], "little")

    surface = surface_of(form, data)
    glyphs.over_tile(surface, form, [WHOLE], WHOLE, cover, tile, *at)
    want = reference.blended(
        form, (SIDE, SIDE), data, {(i % SIDE, i // SIDE): v for i, v in enumerate(cover)}, WHOLE, source
    )
    got = surface.read(WHOLE)
    if form is SurfaceFormat.A1:
        assert used_bits(got) == used_bits(want)
    else:
        assert low_bits(form, got) == low_bits(form, want)


def test_only_the_area_is_touched() -> None:
    surface = Surface(SIDE, SIDE, 16)
    surface.load(b"\xff\xff" * SIDE * SIDE, 2 * SIDE)
    area = [Rect(2, 2, 4, 3), Rect(6, 2, 7, 3)]
    glyphs.over_color(surface, SurfaceFormat.RGB555, area, Rect(1, 1, 9, 9), bytes(64), 0xFF000000)
    data = surface.read(WHOLE)
    changed = {i // 2 for i in range(0, len(data), 2) if data[i + 1] != 0xFF}
    assert changed == {2 * SIDE + x for x in (2, 3, 6)}


def test_what_does_not_fit_is_refused() -> None:
    surface, cover = Surface(8, 8, 32), bytes(16)
    window = Rect(0, 0, 4, 4)
    form = SurfaceFormat.XRGB32
    for area, seen, mask in (
        ([Rect(0, 0, 5, 4)], window, cover),
        ([Rect(0, 0, 4, 4)], window, cover[1:]),
        ([Rect(-1, 0, 4, 4)], Rect(-1, 0, 3, 4), cover),
        ([Rect(5, 5, 9, 9)], Rect(5, 5, 9, 9), cover),
        ([Rect(2, 2, 2, 4)], window, cover),
    ):
        with pytest.raises(ValueError, match=r"rectangle|bytes"):
            glyphs.over_color(surface, form, area, seen, mask, 0)
    with pytest.raises(ValueError, match="bits"):
        glyphs.over_color(surface, SurfaceFormat.A8, [], window, cover, 0)
    for tile in (surface, Surface(1, 1, 16)):
        with pytest.raises(ValueError, match="tile"):
            glyphs.over_tile(surface, form, [], window, cover, tile, 0, 0)
    for bits, seen in ((2, window), (8, Rect(0, 0, 0, 4))):
        with pytest.raises(ValueError, match="coverage"):
            glyphs.coverage((), bits, seen)
    with pytest.raises(ValueError, match="bounds"):
        glyphs.bounds(())
