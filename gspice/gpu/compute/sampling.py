"""How the shader samples a picture: pixman's fixed-point arithmetic in 32 bits, where that is enough."""

from itertools import product
from typing import NamedTuple

from gspice.gpu.plans.painter import Picture, Transform

_GOOD, _BEST, _BILINEAR = 1, 2, 4
_IDENTITY = (1 << 16, 0, 0, 0, 1 << 16, 0)
_LIMIT = 1 << 31
_MARGIN = 1 << 17
"""What is added to a place while it is sampled stays below."""


class Sampling(NamedTuple):
    """What ``GpuSource.sampled`` takes."""

    bilinear: bool
    transform: Transform | None
    """x = t0 * X + t1 * Y + t2, y = t3 * X + t4 * Y + t5 in 16.16, at the centre of the pixel (X, Y); None: (X, Y)."""


def sampling(picture: Picture, x: int, y: int, width: int, height: int) -> Sampling | None:
    """How pixels (x, y) to (x + width - 1, y + height - 1) of the picture's plane are sampled.

    None: some of them lie so far out that pixman's own numbers would not be reached in 32 bits.
    """
    transform = picture.transform
    if transform is None or transform == _IDENTITY:
        # At the centre of a pixel every filter finds that pixel alone.
        return Sampling(False, None)
    folded = _folded(transform[:3]), _folded(transform[3:])
    corners = list(product((x, x + width), (y, y + height)))
    for a, b, c in folded:
        terms = [abs(a) * max(abs(x), abs(x + width)), abs(b) * max(abs(y), abs(y + height)), abs(c)]
        places = [a * across + b * down + c for across, down in corners]
        if max(*terms, *map(abs, places)) >= _LIMIT - _MARGIN:
            return None
    return Sampling(picture.filtering in (_GOOD, _BEST, _BILINEAR), (*folded[0], *folded[1]))


def _folded(row: tuple[int, ...]) -> tuple[int, int, int]:
    """A row of the matrix with the half pixel to a centre, and pixman's rounding of it, in its last number."""
    a, b, c = row
    return a, b, c + ((a + b) * 0x8000 + 0x8000 >> 16)
