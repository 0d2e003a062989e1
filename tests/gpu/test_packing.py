from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.compute.packing import TILE, TILE_WORDS, around_tiles, packed, place_tiles, widened
from tests.gpu.devices import numbers, words


def test_pixels_become_the_rows_of_their_format() -> None:
    assert packed(words(0x11223344, 5), 2, 1, 32) == words(0x11223344, 5)
    assert packed(words(0x1234, 0x5678, 9), 3, 1, 16) == bytes.fromhex("341278560900")
    assert packed(words(1, 2, 3, 4), 2, 2, 8) == bytes((1, 2, 3, 4))
    # The leftmost pixel is in the low bit, and a row ends with a byte.
    assert packed(words(*[1, 0, 0, 0, 0, 0, 0, 0, 1], *[0, 1, 1, 0, 0, 0, 0, 0, 0]), 9, 2, 1) == bytes(
        (1, 1, 6, 0)
    )


@given(st.sampled_from((1, 8, 16, 32)), st.integers(1, 20), st.integers(1, 5), st.randoms())
def test_there_and_back(bits: int, width: int, height: int, random: "object") -> None:
    pixels = [random.getrandbits(bits) for _ in range(width * height)]  # type: ignore[attr-defined]
    rows = packed(words(*pixels), width, height, bits)
    assert len(rows) == (width * bits + 7) // 8 * height
    assert numbers(widened(rows, width, height, bits)) == pixels


@pytest.mark.parametrize("change", [packed, widened])
@pytest.mark.parametrize(
    ("size", "width", "height", "bits"), [(8, 1, 1, 32), (4, 1, 1, 24), (0, 0, 1, 8), (0, 1, -1, 8)]
)
def test_what_does_not_fit_is_refused(
    change: "object", size: int, width: int, height: int, bits: int
) -> None:
    with pytest.raises(ValueError, match="bytes are not"):
        change(bytes(size), width, height, bits)  # type: ignore[operator]


# Tiles


@given(
    st.sampled_from((8, 16, 32)), st.integers(1, 70), st.integers(1, 40), st.randoms(use_true_random=False)
)
def test_tiles_go_where_they_belong(bits: int, width: int, height: int, values: Random) -> None:
    across, down = -(-width // TILE), -(-height // TILE)
    rects = []
    for _ in range(values.randint(0, 3)):
        left, top = values.randrange(width), values.randrange(height)
        rects.append(Rect(left, top, values.randint(left + 1, width), values.randint(top + 1, height)))
    tiles = values.sample(range(across * down), values.randint(0, across * down))
    size = bits // 8
    expected = bytearray(values.randbytes(width * height * size))
    rows = bytearray(expected)
    sent = [values.getrandbits(bits) for _ in range(len(tiles) * TILE_WORDS)]
    place_tiles(rows, width, height, bits, np.array(tiles, np.uint32), words(*sent), rects)
    for y in range(height):
        for x in range(width):
            tile = y // TILE * across + x // TILE
            if tile in tiles and any(r.left <= x < r.right and r.top <= y < r.bottom for r in rects):
                pixel = sent[tiles.index(tile) * TILE_WORDS + y % TILE * TILE + x % TILE]
                at = (y * width + x) * size
                expected[at : at + size] = pixel.to_bytes(size, "little")
    assert rows == expected


def test_what_is_around_tiles_ends_where_the_rectangle_does() -> None:
    tiles = np.array([1, 6, 13], np.uint32)  # of five in a row: (1, 0), (1, 1), (3, 2)
    assert around_tiles(70, tiles, Rect(0, 0, 70, 48)) == Rect(16, 0, 64, 48)
    assert around_tiles(70, tiles, Rect(20, 3, 50, 40)) == Rect(20, 3, 50, 40)
    assert around_tiles(70, tiles, Rect(0, 20, 70, 32)) == Rect(16, 20, 32, 32)
    assert around_tiles(70, tiles, Rect(32, 0, 70, 32)) is None
    assert around_tiles(70, tiles[:0], Rect(0, 0, 70, 48)) is None


@pytest.mark.parametrize(
    ("rows", "size", "bits", "tile", "sent", "rect"),
    [
        (6, (2, 1), 32, 0, 256, Rect(0, 0, 1, 1)),
        (2, (2, 1), 1, 0, 256, Rect(0, 0, 1, 1)),
        (8, (2, 1), 32, 0, 255, Rect(0, 0, 1, 1)),
        (8, (2, 1), 32, 1, 256, Rect(0, 0, 1, 1)),
        (8, (2, 1), 32, 0, 256, Rect(0, 0, 3, 1)),
        (8, (2, 1), 32, 0, 256, Rect(1, 0, 1, 1)),
        (8, (2, -1), 32, 0, 256, Rect(0, 0, 1, 1)),
    ],
)
def test_tiles_that_do_not_fit_are_refused(
    rows: int, size: tuple[int, int], bits: int, tile: int, sent: int, rect: Rect
) -> None:
    with pytest.raises(ValueError, match=r"are not|tile 1 of 1|not inside"):
        place_tiles(bytearray(rows), *size, bits, np.array([tile], np.uint32), bytes(4 * sent), [rect])
