"""What was on the screen before something came over it: clients keep it off screen, and need it only once.

A menu closes, a window is dragged on, a tooltip goes: what comes to light again was there a moment ago. Before pixels
that have been still are covered, clients copy them to surfaces that nobody sees, and when the very same pixels come
back, from there. Works on tiles of 16x16 pixels, aligned to the surface's origin; there are a few layers, so that what
alternates in one place is all there.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gspice.geometry import Rect
from gspice.stream.reference_frame import ReferenceFrame

LAYERS: Final = 3
STILL_S: Final = 0.15
"""Seconds without a change after which pixels are worth keeping: not those of a film."""

class Kept(NamedTuple):
    """What one layer keeps, of pixels that are about to be covered; disjoint rectangles."""

    layer: int
    fresh: list[Rect]
    """Copied there now, over what it kept before."""
    before: list[Rect]
    """There already."""

class Uncovered(NamedTuple):
    """Where the screen has become again what a layer keeps."""

    layer: int
    rects: list[Rect]

class Backdrop:
    """The server's copy of those surfaces. One thread's, as the frame that it belongs to."""

    def __init__(self, frame: ReferenceFrame, layers: int = LAYERS) -> None:
        """Layers take memory as they come to be used.

        ValueError: more than ``LAYERS``, or none. MemoryError: the host has no room for it.
        """

    def cover(self, data: bytes | bytearray | memoryview, stride: int, rect: Rect, now: float) -> list[Kept]:
        """Newer pixels of ``rect`` are about to be compared: what to keep first.

        Call it ahead of ``find_moves``, for each rectangle of a look. ValueError as from ``ReferenceFrame``.
        """

    def uncovered(self, rects: Sequence[Rect], now: float) -> list[Uncovered]:
        """Of what ``ReferenceFrame.compare`` found changed: where the frame now is what is kept, by tiles.

        No place is named twice, and none that is not in ``rects``.
        """
