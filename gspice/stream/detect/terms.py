"""What of the areas that change often is a video: the modes of libspice, and one of our own."""

from dataclasses import dataclass
from enum import IntEnum

from gspice.geometry import Rect
from gspice.stream.detect.tile_history import SAMPLES, Sums

FRESH = 5
"""One tile in so many has changed just now, or it is not playing any more."""
LIVELY = 3
"""One tile in so many must be lively, for the others to belong to the same video."""
SCALE = 8
"""Of the means in Sums."""


class VideoMode(IntEnum):
    """What is streamed; the numbers are libspice's, but for AUTO."""

    AUTO = 0
    """What looks like a film: it changes often, in much of its area, gradually, and is not a fade."""
    OFF = 1
    ALL = 2
    """Whatever changes often."""
    FILTER = 3
    """Of that, what is gradual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Of a mode; ``is_video`` asks about an area that changes often."""

    least_area: int
    """Pixels, as ``least_side``."""
    least_side: int
    filled: float
    """Part of the tiles in its rectangle that stir."""
    differing: float
    """Part of a tile's pixels that are others in each change."""
    contrast: float | None
    """Most of neighbours that differ much, for each that differ a little; None: as many as there may be."""
    wavering: float
    """Part of its tiles in which pixels do not just go from one value to another."""

    def is_video(self, rect: Rect, box: Rect, sums: Sums) -> bool:
        """``rect`` in pixels, ``box`` in tiles; ``sums`` of the box."""
        return self.has_size(rect) and sums.tiles >= self.filled * box.area and self.is_moving_picture(sums)

    def has_size(self, rect: Rect) -> bool:
        return min(rect.width, rect.height) >= self.least_side and rect.area >= self.least_area

    def is_moving_picture(self, sums: Sums) -> bool:
        """Whether that is what changes, whatever its size."""
        return (
            FRESH * sums.fresh >= sums.tiles
            and LIVELY * sums.lively >= sums.tiles
            and sums.differing >= self.differing * SCALE * SAMPLES * sums.tiles
            and self.is_gradual(sums.slight, sums.contrast)
            and (sums.wavering >= self.wavering * sums.tiles or 2 * sums.lasting >= sums.tiles)
        )

    def is_certain(self, sums: Sums) -> bool:
        """Whether it has played for long enough, whoever draws it; short animations look like films too."""
        return LIVELY * sums.certain >= sums.tiles

    def is_gradual(self, slight: int, contrast: int) -> bool:
        return self.contrast is None or contrast <= self.contrast * slight


TERMS = {
    VideoMode.AUTO: Terms(
        least_area=96 * 96, least_side=48, filled=0.4, differing=0.1, contrast=0.5, wavering=0.05
    ),
    VideoMode.FILTER: Terms(
        least_area=96 * 96, least_side=1, filled=0.4, differing=0.0, contrast=1.0, wavering=0.0
    ),
    VideoMode.ALL: Terms(
        least_area=96 * 96, least_side=1, filled=0.4, differing=0.0, contrast=None, wavering=0.0
    ),
}
