"""Between one word a pixel, as the device has them, and the rows of a format. The GIL is released.

Tiles are squares of 16x16 pixels, aligned to the surface's origin and numbered by rows.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from gspice.geometry import Rect

TILE: Final = 16
TILE_WORDS: Final = 256

def packed(words: bytes, width: int, height: int, bits: int) -> bytes:
    """Rows of pixels of 1, 8, 16 or 32 bits, each without padding but to a whole byte.

    ValueError: the words are not as many as said.
    """

def widened(rows: bytes, width: int, height: int, bits: int) -> bytes:
    """The other way round; ValueError: the bytes are not as many as said."""

def place_tiles(
    rows: bytearray | memoryview,
    width: int,
    height: int,
    bits: int,
    tiles: npt.NDArray[np.uint32],
    words: bytes,
    rects: Iterable[Rect],
) -> None:
    """Put the pixels of tiles, 256 words each in their order, into a surface's rows, but only inside of ``rects``.

    ValueError: rows, words, a tile or a rectangle do not fit a surface of this size, or it has less than 8 bits.
    """

def around_tiles(width: int, tiles: npt.NDArray[np.uint32], rect: Rect) -> Rect | None:
    """The part of a rectangle around all tiles that touch it; None: none does."""
