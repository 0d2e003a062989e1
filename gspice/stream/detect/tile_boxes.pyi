"""How stirring tiles lie together: the boxes around them, in tiles, and what of them is a picture, in pixels.

ValueError: a box is outside the frame; MemoryError: the host has no room for the work.
"""

from typing import NamedTuple

from gspice.geometry import Rect
from gspice.stream.detect.tile_history import Sums, TileHistory

class Cluster(NamedTuple):
    """Stirring tiles that are next to each other, or one tile apart."""

    box: Rect
    """In tiles."""
    sums: Sums

def clusters(history: TileHistory, slot: int, least: int) -> list[Cluster]:
    """Those of at least so many lively tiles, in the order of their first rows."""

def trimmed(history: TileHistory, box: Rect, slot: int) -> Rect:
    """A box of tiles without the rows and columns at its sides in which few tiles are stirring."""

def picture(history: TileHistory, box: Rect, slot: int) -> Rect:
    """The pixels that change in the stirring tiles of a box, as two fifths of the tiles at each side say."""

def cut(history: TileHistory, box: Rect, slot: int) -> tuple[Rect, Rect] | None:
    """The two parts of a box whose stirring tiles have the smallest boxes around them; None: one is as good."""

def tight(history: TileHistory, box: Rect, slot: int) -> Rect:
    """The box around the stirring tiles of a box; empty where there are none."""
