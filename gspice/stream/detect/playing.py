"""One video that plays: where it is, and when its rectangle follows what is seen of it."""

from collections import deque

from gspice.geometry import Rect
from gspice.stream.detect.terms import Terms
from gspice.stream.detect.tile_history import TileHistory

HOLD_S = 3.0
"""How long a region is kept in which nothing changes any more: films hold still."""
SETTLED_S = 0.5
"""How long a video must be elsewhere, or smaller, for its region to follow."""
OUTSIDE_S = 0.3
"""How long it must reach beyond its region, while a part of that is still."""
GROWN_S = 0.5
"""Least time between two growths, unless the picture's edges stay where they are."""
ABANDONED_S = 8.0
"""How long a part of it that may be a still part of a scene must be still, to be left out."""
SHARP_S = 0.5
"""How long there may be text in place of a video."""
STEADY = 4
"""Pixels by which edges that stay where they are may be seen elsewhere."""
ALIKE = 8
"""Pixels by which sizes may differ that are the same."""
LEAST_SHARE = 64
"""A video plays while one tile in so many changes."""


class PlayingVideo:
    """Ask ``looked`` with every look, and tell where the picture is ``seen``."""

    def __init__(self, number: int, rect: Rect, now: float) -> None:
        self.id = number
        self.rect = rect
        self.changed_at = self.played_at = now
        self._frames: deque[float] = deque([now], maxlen=32)
        self._seen = rect
        """Where the picture was in the last look."""
        self._steady_since = now
        self._resized_at = now
        self._outside_since: float | None = None
        self._sharp_since: float | None = None
        self.quiet_since = now

    @property
    def ends_at(self) -> float:
        """Unless something changes."""
        return self.played_at + HOLD_S

    @property
    def frames_per_second(self) -> float:
        """Measured over the last second or so."""
        if len(self._frames) < 2:
            return 0.0
        return (len(self._frames) - 1) / max(self._frames[-1] - self._frames[0], 1e-3)

    def looked(self, history: TileHistory, terms: Terms, slot: int, now: float) -> None:
        """Whether it goes on, by what has changed in it."""
        presence = history.presence(self.rect, slot)
        if not presence.changed:
            return
        self.changed_at = now
        if not terms.is_gradual(presence.slight, presence.contrast):
            if self._sharp_since is None:
                self._sharp_since = now
            if now - self._sharp_since >= SHARP_S:
                self.played_at = min(self.played_at, now - HOLD_S)
            return
        self._sharp_since = None
        if presence.changed * LEAST_SHARE >= presence.tiles:
            while self._frames and now - self._frames[0] > 2.0:
                self._frames.popleft()
            self._frames.append(now)
            self.played_at = now

    def followed(self, dx: int, dy: int, bounds: Rect) -> None:
        """Its window was moved, with a picture that stayed as it was."""
        self.rect = self.rect.translate(dx, dy).intersect(bounds)
        self._seen = self._seen.translate(dx, dy).intersect(bounds)

    def stands_for(self, picture: Rect) -> bool:
        """Whether what plays there is part of it, or it of that."""
        common = self.rect.intersect(picture)
        return not common.empty and 4 * common.area >= min(self.rect.area, picture.area)

    def may_be(self, picture: Rect, now: float) -> bool:
        """Whether what plays elsewhere may be this one, moved there: of the same size, and nothing plays here."""
        return alike(self.rect, picture) and now - self.played_at > OUTSIDE_S

    def placed(self, rect: Rect, now: float) -> None:
        self.rect = self._seen = rect
        self._steady_since = self._resized_at = self.played_at = now
        self._outside_since = None

    def seen(self, picture: Rect, filled: float, history: TileHistory, slot: int, now: float) -> None:
        """The picture is there in this look; ``filled`` is the part of it that plays."""
        if not steady(self._seen, picture):
            self._steady_since = now
        self._seen = picture
        steady_for = now - self._steady_since
        if self.rect.contains(picture):
            self._outside_since = None
            if steady_for >= SETTLED_S and self._is_less(picture, filled, steady_for, history, slot):
                self.placed(picture, now)
            return
        if picture.contains(self.rect):
            if steady_for > 0 or now - self._resized_at >= GROWN_S:
                self.placed(picture, now)
            return
        if self._outside_since is None:
            self._outside_since = now
        if alike(self.rect, picture) or near_size(self.rect, picture):
            if steady_for >= OUTSIDE_S:
                self.placed(picture, now)
        elif now - self._outside_since >= OUTSIDE_S:
            if self._is_less(picture, filled, steady_for, history, slot):
                self.placed(picture, now)
            elif now - self._resized_at >= GROWN_S:
                self.placed(self.rect.union(picture), now)

    def _is_less(
        self, picture: Rect, filled: float, steady_for: float, history: TileHistory, slot: int
    ) -> bool:
        """Whether what is left out of ``picture`` belongs to the video no more."""
        kept = self.rect.intersect(picture)
        if kept.area > 0.93 * self.rect.area or filled < 0.8 or steady_for < OUTSIDE_S:
            return False
        still, desk = history.left_behind(self.rect, picture, slot)
        if still and 10 * desk >= 6 * still:
            return True
        return same_shape(self.rect, picture) or steady_for >= ABANDONED_S


def steady(one: Rect, other: Rect) -> bool:
    """Whether the edges stayed where they were."""
    return max([abs(a - b) for a, b in zip(one, other, strict=True)]) <= STEADY


def alike(one: Rect, other: Rect) -> bool:
    """Whether they have the same size."""
    return abs(one.width - other.width) <= ALIKE and abs(one.height - other.height) <= ALIKE


def near_size(one: Rect, other: Rect) -> bool:
    """Whether they have about the same size, as what moves has to whoever follows it late."""
    return 4 * abs(one.width - other.width) <= one.width and 4 * abs(one.height - other.height) <= one.height


def same_shape(one: Rect, other: Rect) -> bool:
    """Whether one is the other, scaled."""
    across, down = one.width * other.height, one.height * other.width
    return 25 * abs(across - down) <= across
