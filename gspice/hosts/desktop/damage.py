"""Few and fitting rectangles out of damage, and plain areas out of pixels."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gspice.geometry import Rect
from gspice.hosts.desktop.screen import Raster

_WASTE = 1024
"""Pixels sent for nothing that one command less is worth."""

_MOST_RECTS = 16
"""Above this many, neighbours are joined without weighing, which keeps the weighing cheap."""

_SOLID_ROWS = 16
_SOLID_PIXELS = 4096
"""A plain run smaller than either stays in the copy around it."""


def join_rects(rects: list[Rect]) -> list[Rect]:
    """Cover the same pixels with fewer rectangles, the cheapest joins first; they may overlap afterwards."""
    while len(rects) > _MOST_RECTS:
        joined = [first.union(second) for first, second in zip(rects[::2], rects[1::2], strict=False)]
        rects = joined + rects[len(joined) * 2 :]
    rects = list(rects)
    while len(rects) > 1:
        waste, first, second = min(
            (a.union(b).area - a.area - b.area, i, j)
            for i, a in enumerate(rects)
            for j, b in enumerate(rects[:i])
        )
        if waste > _WASTE:
            break
        rects[second] = rects[first].union(rects[second])
        del rects[first]
    return rects


def solid_runs(picture: Raster) -> Iterator[tuple[int, int, int | None]]:
    """Split a picture into runs of rows (top, bottom, colour); the colour is None where it is not plain."""
    height, width = picture.shape[:2]
    if height < _SOLID_ROWS or width * height < _SOLID_PIXELS:
        yield 0, height, None
        return
    words = np.ascontiguousarray(picture).view(np.uint32)[:, :, 0]
    plain = (words == words[:, :1]).all(axis=1)
    if not plain.any():
        yield 0, height, None
        return
    start = 0
    for top, bottom in _runs(plain, words[:, 0]):
        if bottom - top >= _SOLID_ROWS and (bottom - top) * width >= _SOLID_PIXELS:
            if start < top:
                yield start, top, None
            yield top, bottom, int(words[top, 0]) & 0xFFFFFF
            start = bottom
    if start < height:
        yield start, height, None


def _runs(plain: npt.NDArray[np.bool_], color: npt.NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Runs of plain rows that all have one colour."""
    breaks = ~plain[1:] | ~plain[:-1] | (color[1:] != color[:-1])
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(plain)]
    for top, bottom in pairwise(edges):
        if plain[top]:
            yield top, bottom
