"""Pens: under a clip, in colours and tiles, on all depths."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.region import Region

WIDTH, HEIGHT = 600, 5
DEPTHS = [1, 8, 16, 32]
spots = st.builds(
    lambda x1, x2, y1, y2: Rect(min(x1, x2), min(y1, y2), max(x1, x2) + 1, max(y1, y2) + 1),
    *[st.integers(0, WIDTH - 1)] * 2,
    *[st.integers(0, HEIGHT - 1)] * 2,
)


def values(surface: Surface) -> dict[tuple[int, int], int]:
    """Every pixel."""
    data = surface.read(Rect(0, 0, surface.width, surface.height))
    size = (surface.width * surface.bits + 7) // 8
    out = {}
    for y in range(surface.height):
        row = int.from_bytes(data[y * size : (y + 1) * size], "little")
        for x in range(surface.width):
            out[x, y] = row >> (x * surface.bits) & ((1 << surface.bits) - 1)
    return out


def tile_of(width: int, height: int, bits: int) -> Surface:
    """A surface whose pixels differ."""
    tile = Surface(width, height, bits)
    size = (width * bits + 7) // 8
    tile.load(bytes(i * 37 + 11 & 255 for i in range(size * height)), size)
    return tile


@pytest.mark.parametrize("bits", DEPTHS)
@settings(max_examples=20, deadline=None)
@given(area=st.lists(spots, max_size=4))
def test_colour_within_the_area(bits: int, area: list[Rect]) -> None:
    surface = Surface(WIDTH, HEIGHT, bits)
    SurfacePen(surface, Region(area).rects(), 2, 0x12345679).fill()
    color = 0x12345679 & (1 << bits) - 1
    for (x, y), value in values(surface).items():
        assert value == (color if any(rect.contains_point(x, y) for rect in area) else 0)


@pytest.mark.parametrize("bits", DEPTHS)
@settings(max_examples=20, deadline=None)
@given(
    area=st.lists(spots, max_size=3),
    size=st.tuples(st.integers(1, 40) | st.just(599), st.integers(1, 4)),
    at=st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(-50, 50)),
)
def test_tile_within_the_area(
    bits: int, area: list[Rect], size: tuple[int, int], at: tuple[int, int]
) -> None:
    surface, tile = Surface(WIDTH, HEIGHT, bits), tile_of(*size, bits)
    pixels = values(tile)
    SurfacePen(surface, Region([Rect(0, 0, WIDTH, HEIGHT)]).rects(), 2, 1).fill()
    SurfacePen(surface, Region(area).rects(), 2 | 4, 0, tile, *at).fill()
    for (x, y), value in values(surface).items():
        inside = any(rect.contains_point(x, y) for rect in area)
        assert value == 1 ^ (pixels[(x - at[0]) % size[0], (y - at[1]) % size[1]] if inside else 0)


def test_what_does_not_fit_is_refused() -> None:
    surface = Surface(10, 10, 8)
    bad = [
        [Rect(0, 0, 11, 1)],
        [Rect(-1, 0, 1, 1)],
        [Rect(0, 9, 1, 11)],
        [Rect(3, 3, 3, 4)],
        [Rect(0, 5, 5, 6), Rect(0, 0, 5, 1)],
        [Rect(0, 0, 5, 2), Rect(4, 0, 6, 2)],
        [Rect(0, 0, 5, 2), Rect(6, 1, 7, 2)],
    ]
    for area in bad:
        with pytest.raises(ValueError, match="rectangle"):
            SurfacePen(surface, area, 2, 1)
    with pytest.raises(ValueError, match="tile"):
        SurfacePen(surface, [], 2, 0, Surface(1, 1, 16))
    with pytest.raises(ValueError, match="tile"):
        SurfacePen(surface, [], 2, 0, surface)
    pen = SurfacePen(surface, [], 2, 1)
    with pytest.raises(ValueError, match="anew"):
        pen.__init__(surface, [Rect(0, 0, 1, 1)], 2, 1)  # type: ignore[misc]
    pen.fill()
    assert not any(surface.read(Rect(0, 0, 10, 10)))
