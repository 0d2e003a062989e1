"""What each tile of 16x16 pixels has been through lately: when it changed, by how much, and what its content is like.

Only integers, and each tile by itself, so that a shader can come to the same numbers. Time is counted in slots of a
thirtieth of a second: looks come irregularly, and what changes twice a second changes in every look that it causes.
Belongs to the thread of the frame, whose pixels it samples.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gspice.geometry import Rect
from gspice.stream.reference_frame import ReferenceFrame

SLOTS_PER_S: Final = 30
LEAST_CHANGES: Final = 4
"""Slots of the last WINDOW_SLOTS in which a tile has changed, for it to be lively."""
STIRRING: Final = 2
"""As LEAST_CHANGES, for it to be stirring: what belongs to a film, once that is known to be one."""
WINDOW_SLOTS: Final = 16
LASTING_SLOTS: Final = 17
"""What still changes after so many is no cross-fade between two pictures."""
SAMPLES: Final = 16
"""Pixels of a tile that are looked at, each with a neighbour."""

class Sums(NamedTuple):
    """Of the stirring tiles of an area, and of what they looked like in their last changes."""

    tiles: int
    lively: int
    """Of them, as ``certain``."""
    certain: int
    """Those that have changed once more than lively ones must."""
    slight: int
    """Neighbours that differ a little, as in gradients and noise; times 8, of SAMPLES in each tile."""
    contrast: int
    """Neighbours that differ much, as at the edges of letters; as ``slight``."""
    differing: int
    """Pixels that were others in each change; times 8, of SAMPLES in each tile."""
    wavering: int
    """Tiles of which a pixel went up and then down or the other way round; in a fade from one picture to another
    there is none."""
    lasting: int
    """Tiles that changed already LASTING_SLOTS ago."""
    fresh: int
    """Tiles that changed in this slot or the one before."""

class Presence(NamedTuple):
    """What goes on in an area now; in tiles of which at least half lies in it."""

    tiles: int
    changed: int
    """In this slot."""
    lively: int
    slight: int
    """Of what has changed lately, as in Sums."""
    contrast: int

class TileHistory:
    """``note`` what each look found changed; slots never go back."""

    def __init__(self, frame: ReferenceFrame) -> None:
        """MemoryError: the host has no room for it."""

    def note(
        self, rects: Sequence[Rect], slot: int, *, counts: bool = True, samples: memoryview | None = None
    ) -> int:
        """These have changed, as the frame's ``compare`` says; how many of their tiles are lively now.

        ``counts`` False: the pixels are taken note of, but that they changed is not. ``samples``: what all tiles of the
        frame are like, from a canvas that knows (``Changes``); else its pixels say so. ValueError: outside the frame,
        or samples of another one.
        """

    def sums(self, box: Rect, slot: int) -> Sums:
        """Of a box of tiles inside the frame."""

    def presence(self, rect: Rect, slot: int) -> Presence:
        """Of an area in pixels, inside the frame."""

    def left_behind(self, rect: Rect, kept: Rect, slot: int) -> tuple[int, int]:
        """Of the tiles of ``rect`` outside ``kept``: how many are still, and how many of these are like a desktop, of
        one bright colour or with edges.
        """
