"""Blending through coverage, against pixman."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.cpu import glyphs
from gspice.gpu.cpu.kernels import Surface
from gspice.pixels import SurfaceFormat, row_bytes
from tests.conformance import reference_text as reference

SIDE = 20
WHOLE = Rect(0, 0, SIDE, SIDE)


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
