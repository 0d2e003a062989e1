"""Pixels of a screen into the planes that video encoders take; about as fast as memory is read.

Chroma of 4:2:0 is the mean of 2x2 pixels, whose place is their middle.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from gspice.geometry import Rect
from gspice.stream.yuv_weights import Weights

MAX_SIDE: Final = 32767
"""Pixels of a row or a column, in and out."""
MAX_STRIDE: Final = 1 << 24
"""Bytes from row to row, in and out."""

class Layout(IntEnum):
    """How planes are laid out."""

    YUV420 = 0
    """Y; Cb and Cr at half the width and height, rounded up."""
    YUV444 = 1
    NV12 = 2
    """Y; Cb and Cr of YUV420 in turn, in one plane."""

class Plane(NamedTuple):
    """Memory that is written to."""

    data: Any
    """A buffer of bytes that may be changed."""
    stride: int
    """Bytes from row to row."""

def convert(
    source: bytes | bytearray | memoryview,
    stride: int,
    rect: Rect,
    planes: Sequence[Plane],
    width: int,
    height: int,
    layout: Layout,
    weights: Weights,
    *,
    halve: bool = False,
) -> None:
    """Fill planes of ``width`` by ``height`` with what ``rect`` shows of rows of B, G, R, X.

    ``halve`` takes the mean of 2x2 pixels for one first. Where the planes are larger than what comes out, its last
    column and row go on to the end. It works without the GIL: nobody may change what it reads or writes meanwhile.
    ValueError: a rectangle outside the data, planes too small, or a size beyond the limits; nothing was written then.
    """

def halve(source: bytes | bytearray | memoryview, stride: int, rect: Rect) -> bytearray:
    """The means of 2x2 pixels of a rectangle, in rows without padding; errors as from convert()."""
