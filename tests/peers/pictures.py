"""Finding things in pictures of the desktop."""

import numpy as np
import numpy.typing as npt

from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.terminal import CELL_HEIGHT, CELL_WIDTH

Picture = npt.NDArray[np.uint8]
"""(height, width, 4), B G R 0."""

TERMINAL_FONT_SIZE = 13


def terminal_text(text: str) -> Picture:
    """How the terminal shows plain text."""
    cells = []
    for letter in text:
        cell = paint.raster(CELL_WIDTH, CELL_HEIGHT, theme.TERMINAL)
        face = fonts.mono(TERMINAL_FONT_SIZE)
        face.draw(cell, 0, (CELL_HEIGHT - face.height) // 2, letter, theme.TERMINAL_COLORS[0])
        cells.append(cell)
    return np.concatenate(cells, axis=1)


def find_all(picture: Picture, part: Picture) -> list[tuple[int, int]]:
    """Every (x, y) where ``part`` lies in ``picture``, colours only, pixel for pixel."""
    whole, wanted = as_colours(picture), as_colours(part)
    height, width = wanted.shape
    rows = np.lib.stride_tricks.sliding_window_view(whole, width, axis=1)
    # The row with the most different colours in it is the rarest to be met by chance.
    probe = max(range(height), key=lambda y: len(np.unique(wanted[y])))
    ys, xs = np.nonzero((rows == wanted[probe]).all(axis=2))
    found = []
    for x, y in zip(xs.tolist(), (ys - probe).tolist(), strict=True):
        if 0 <= y <= whole.shape[0] - height and np.array_equal(whole[y : y + height, x : x + width], wanted):
            found.append((x, y))
    return found


def as_colours(picture: Picture) -> npt.NDArray[np.uint32]:
    """One number a pixel, without the byte that means nothing."""
    colours: npt.NDArray[np.uint32] = np.ascontiguousarray(picture).view(np.uint32)[..., 0]
    return colours & np.uint32(0xFFFFFF)
