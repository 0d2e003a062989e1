"""The pixels of one visible surface as they were at the last look, and what a newer look finds changed or moved.

Hosts send pixels again that did not change, and redraw what they scroll. A look takes the newest pixels of what they
declared: ``find_moves``, then ``move`` for each one found, in that order, then ``compare``. What comes out of these
brings a copy of the frame before to the newest one, whatever was proposed.

A frame belongs to one thread. Its calls release the GIL; the data they are given must hold still meanwhile.
ValueError: a rectangle is empty or outside, or data is too short for it; nothing has been touched then.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gspice.geometry import Rect

MAX_SIDE: Final = 32767
"""Width and height of a frame, as of any surface."""
MAX_FRAME_BYTES: Final = 1 << 30
MAX_HINTS: Final = 8
"""Hints that are tried; more are passed over."""

class Move(NamedTuple):
    """Pixels that a client can copy from what it has: what COPY_BITS does."""

    rect: Rect
    """Where they are now."""
    dx: int
    """How far they came, as ``dy``; the source is ``rect`` translated by (-dx, -dy)."""
    dy: int

class ReferenceFrame:
    """Begins as zeros. Data are rows top-down, ``stride`` bytes apart, from the rectangle's left top pixel on."""

    def __init__(self, width: int, height: int, pixel_bytes: int, *, ignore_high: bool = False) -> None:
        """``pixel_bytes``: 4, 2 or 1. ``ignore_high``: the high byte of a 32-bit pixel is no change.

        ValueError: a size beyond the limits; MemoryError: the host has no room for it.
        """

    def fill_from(self, data: bytes | bytearray | memoryview, stride: int, rect: Rect) -> None:
        """Take pixels over without comparing them."""

    def read(self, rect: Rect) -> bytes:
        """A copy of pixels as they are in this frame; rows without padding."""

    def move(self, rect: Rect, dx: int, dy: int) -> None:
        """Do what a client does on COPY_BITS: ``rect`` becomes what lies (-dx, -dy) of it, inside the frame."""

    def compare(self, data: bytes | bytearray | memoryview, stride: int, rect: Rect) -> list[Rect]:
        """Disjoint rectangles inside ``rect`` around all pixels that differ; their new pixels are taken over.

        What changed is joined from tiles of 16x16 pixels, aligned to the surface's origin, and cut to what differs.
        """

    def find_moves(
        self,
        data: bytes | bytearray | memoryview,
        stride: int,
        rect: Rect,
        hints: Sequence[tuple[int, int]] = (),
    ) -> list[Move]:
        """What of ``rect`` has only moved, from anywhere in the frame: at most 4 moves, to be made in that order.

        Each spares at least 2000 pixels that would have to be sent otherwise. ``hints``: distances (dx, dy) in which
        the guest itself copied since the last look, tried first.

        Of several rectangles in one look, all must be searched, and all moves made, before the first is compared:
        clients copy what they had before anything new reaches them.
        """
