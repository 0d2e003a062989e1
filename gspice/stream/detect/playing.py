"""One video that plays: where it is, and when its rectangle follows what is seen of it."""

from collections import deque
from collections.abc import Collection, Sequence

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.detect.terms import Terms
from gspice.stream.detect.tile_history import TileHistory

HOLD_S = 3.0
"""How long a region is kept in which nothing changes any more: films hold still."""
QUIET_S = 0.12
"""After so long without a change a video is paused, or plays elsewhere."""
HASTY_S, MOST_DOUBT_S = 5.0, 40.0
"""What lay over a video for less time than that may have been no window; how long nothing new is believed after it,
twice as long each time, and at most."""
MUCH = 4
"""Part of what lies over it that counts: a window that moves leaves what is around the video as it was."""
SETTLED_S = 0.5
"""How long a video must be smaller for its region to follow."""
MOVED_S = 0.25
"""How long it must be elsewhere."""
GROWN_S = 1.0
"""How long it must be a little larger, which what lies over its edge may make believe."""
UNSTEADY_S = 1.5
"""How long it must reach beyond its region, if its edges are never the same."""
LARGER = 1.1
"""A picture that is so much larger is larger at once."""
ABANDONED_S = 8.0
"""How long a part of it that may be a still part of a scene must be still, to be left out."""
SHARP_S = 0.5
"""How long there may be text in place of a video."""
TILE = 16
"""Pixels of the sides of tiles, in which changes are seen."""
STEADY = 4
"""Pixels by which edges that stay where they are may be seen elsewhere."""
ALIKE = 8
"""Pixels by which sizes may differ that are the same."""
LESS = 0.93
"""What a video must have lost of its area to be smaller."""
LEAST_SHARE = 64
"""A video plays while one tile in so many changes."""
RATE_FRAMES = 32
"""Over which the rate is measured."""
LEAST_COPIES = 3
"""Looks with the same declared rectangle, for it to be a player's way to draw."""


class PlayingVideo:
    """Ask ``looked`` with every look, and tell where the picture is ``seen``."""

    def __init__(self, number: int, rect: Rect, now: float) -> None:
        self.id = number
        self.rect = rect
        self.changed_at = self.played_at = now
        self.covered: tuple[Rect, ...] = ()
        """What of it shows something else."""
        self._covered_at = self._believes_at = -HOLD_S
        self._doubt = HASTY_S
        self._frames: deque[float] = deque([now], maxlen=RATE_FRAMES)
        self._seen = self._steady = rect
        """Where the picture was in the last look, and where its edges have stayed near since ``_steady_since``."""
        self._steady_since = self._resized_at = now
        self._outside_since: float | None = None
        self._sharp_since: float | None = None
        self._copy: Rect | None = None
        """What the player declares with each frame, as it seems."""
        self._copies = 0
        self._led_at = -HOLD_S
        """When what was declared or moved said last where it is."""

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
            if now - self.played_at > SETTLED_S:
                self._frames.clear()
            self._frames.append(now)
            self.played_at = now

    def followed(self, dx: int, dy: int, bounds: Rect, now: float) -> None:
        """Its window was moved, with a picture that stayed as it was."""
        self.rect = self._seen = self.rect.translate(dx, dy).intersect(bounds)
        self.covered = ()
        if self._copy is not None:
            self._copy = self._copy.translate(dx, dy)
        self._led_at = now

    def declared(self, rects: Sequence[Rect], others: Collection[Rect], bounds: Rect, now: float) -> None:
        """These were, in that order: a player's rectangle that comes elsewhere is its window, moved.

        ``others``: what other videos' players declare.
        """
        if self._copy is None or self._copies < LEAST_COPIES:
            around = [rect for rect in rects if self._is_around(rect, bounds)]
            copy = min(around, key=lambda rect: rect.area, default=None)
            self._copies = self._copies + 1 if copy is not None and copy == self._copy else 1
            self._copy = copy
            return
        size = (self._copy.width, self._copy.height)
        for rect in reversed(rects):
            if rect == self._copy:
                return
            if (rect.width, rect.height) == size and rect not in others:
                self.followed(rect.left - self._copy.left, rect.top - self._copy.top, bounds, now)
                return

    def cover(self, rects: Sequence[Rect], now: float) -> None:
        """Those seem to lie over it. Where that was wrong a moment ago, it is not believed again for a while."""
        old, new = Region(self.covered), Region(rects)
        lost, gained = old.copy(), new.copy()
        lost.subtract_region(new)
        gained.subtract_region(old)
        if MUCH * lost.area > old.area and now - self._covered_at < HASTY_S:
            self._believes_at = now + self._doubt
            self._doubt = min(2 * self._doubt, MOST_DOUBT_S)
        if now < self._believes_at:
            new.intersect_region(old)
        elif MUCH * gained.area > new.area:
            self._covered_at = now
        self.covered = tuple(new.rects())

    @property
    def copy(self) -> Rect | None:
        """What its player declares with each frame."""
        return self._copy if self._copies >= LEAST_COPIES else None

    def _is_around(self, rect: Rect, bounds: Rect) -> bool:
        """Whether a declared rectangle may be the player's, and not only something that has the video in it."""
        return rect != bounds and rect.contains(self.rect) and 2 * self.rect.area >= rect.area

    def quiet(self, now: float) -> bool:
        """Whether nothing plays here now."""
        return now - self.played_at > QUIET_S

    def stands_for(self, picture: Rect) -> bool:
        """Whether what plays there is part of it, or it of that."""
        return any(
            4 * place.intersect(picture).area >= min(place.area, picture.area)
            for place in (self.rect, self._seen)
        )

    def placed(self, rect: Rect, now: float) -> None:
        """It is there from now on."""
        self.rect = self._seen = self._steady = rect
        self.covered = ()
        self._steady_since = self._resized_at = self.played_at = now
        self._outside_since = self._copy = None

    def seen(self, picture: Rect, filled: float, history: TileHistory, slot: int, now: float) -> bool:
        """The picture is there in this look; ``filled`` is the part of it that plays. False: that is another video."""
        picture = self._without_tails(picture, history, slot)
        if not steady(self._steady, picture):
            self._steady, self._steady_since = picture, now
        self._seen = picture
        steady_for = now - self._steady_since
        if now - self._led_at < SETTLED_S:
            return True
        if self.rect.contains(picture):
            self._outside_since = None
            if steady_for >= SETTLED_S and self._is_less(picture, filled, steady_for, history, slot):
                self.placed(picture, now)
            return True
        if self._outside_since is None:
            self._outside_since = now
        outside_for = now - self._outside_since
        if picture.contains(self.rect):
            # Less than a tile may be of what changes once in the tiles at its edges, such as a window that opens there.
            at_once = (
                picture.area >= LARGER * self.rect.area
                and steady_for > 0
                and _beyond(picture, self.rect) > TILE
            )
            if at_once or min(steady_for, outside_for) >= GROWN_S or outside_for >= UNSTEADY_S:
                self.placed(picture, now)
        elif picture.intersect(self.rect).empty and not self.quiet(now):
            self._seen = self.rect
            return False
        elif alike(self.rect, picture):
            if min(steady_for, outside_for) >= (GROWN_S if steady(self.rect, picture) else MOVED_S):
                self.placed(picture, now)
        elif steady_for >= MOVED_S or outside_for >= UNSTEADY_S:
            if self._is_less(picture, filled, steady_for, history, slot):
                self.placed(picture, now)
            else:
                self.placed(self.rect.union(picture), now)
        return True

    def _without_tails(self, picture: Rect, history: TileHistory, slot: int) -> Rect:
        """Less of it where it reaches beyond the region only by what little has moved there: a pointer."""
        if picture.intersect(self.rect).empty:
            return picture
        tails = {
            "left": picture._replace(right=self.rect.left),
            "top": picture._replace(bottom=self.rect.top),
            "right": picture._replace(left=self.rect.right),
            "bottom": picture._replace(top=self.rect.bottom),
        }
        mine: dict[str, int] = {}
        for side, tail in tails.items():
            if not tail.empty:
                presence = history.presence(tail, slot)
                if 2 * presence.lively < presence.tiles:
                    mine[side] = getattr(self.rect, side)
        return picture._replace(**mine)

    def _is_less(
        self, picture: Rect, filled: float, steady_for: float, history: TileHistory, slot: int
    ) -> bool:
        """Whether what is left out of ``picture`` belongs to the video no more."""
        kept = self.rect.intersect(picture)
        if kept.area > LESS * self.rect.area or filled < 0.8 or steady_for < MOVED_S:
            return False
        if same_shape(self.rect, picture) or steady_for >= ABANDONED_S:
            return True
        still, desk = history.left_behind(self.rect, picture, slot)
        return 10 * desk >= 6 * still


def _beyond(outer: Rect, inner: Rect) -> int:
    """Pixels by which the farthest edge is farther out."""
    return max(
        inner.left - outer.left, inner.top - outer.top, outer.right - inner.right, outer.bottom - inner.bottom
    )


def steady(one: Rect, other: Rect, slack: int = STEADY) -> bool:
    """Whether the edges stayed where they were."""
    return max([abs(a - b) for a, b in zip(one, other, strict=True)]) <= slack


def alike(one: Rect, other: Rect) -> bool:
    """Whether they have the same size."""
    return abs(one.width - other.width) <= ALIKE and abs(one.height - other.height) <= ALIKE


def same_shape(one: Rect, other: Rect) -> bool:
    """Whether one is the other, scaled."""
    across, down = one.width * other.height, one.height * other.width
    return 25 * abs(across - down) <= across
