"""What lies over a video: windows and menus, which stand still in it and look like a desktop."""

from typing import Final

from gspice.geometry import Rect
from gspice.stream.detect.tile_history import TileHistory

STILL_SLOTS: Final = 30
"""Slots without a change after which a tile may be covered."""
LEAST_TILES: Final = 8
"""What is smaller is part of the picture."""
MOST_RECTS: Final = 8
"""What takes more of them has no shape of a window."""

def covered(history: TileHistory, rect: Rect, slot: int) -> list[Rect]:
    """What of a video's rectangle shows something else, in whole tiles but for its sides; top to bottom.

    ValueError: outside the frame. MemoryError: the host has no room for the work.
    """
