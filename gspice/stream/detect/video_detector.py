"""Where videos play on one screen, by what each look finds changed.

Whatever a guest declares - same-size copies, slivers, the whole screen -, a video is an area in which most tiles change
many times a second, in most of their pixels, with content that is gradual. A region stays with its video while it is
moved, resized or still.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.detect.covering import covered
from gspice.stream.detect.pictures import LEAST_TILES, Picture, find_pictures
from gspice.stream.detect.playing import HOLD_S, PlayingVideo, alike, steady
from gspice.stream.detect.terms import TERMS, VideoMode
from gspice.stream.detect.tile_history import SLOTS_PER_S, TileHistory
from gspice.stream.reference_frame import Move
from gspice.stream.screen import Look, Screen

__all__ = ["HOLD_S", "VideoDetector", "VideoMode", "VideoRegion"]

BESIDE, EDGE = 80, 16
"""Pixels before and behind what a look found moved, and at its other sides, in which changes come of the movement:
what scrolls in, shadows, headers through which it shines."""
UNSETTLED_S = 0.3
"""After a movement, what changes there may come of others that were not found."""
STAYS = 0.75
"""What two looks must have in common of a film that has begun a while ago."""
FIRM = 2
"""Pixels by which the edges of one that begins may be elsewhere in the next look."""
COPIED = 3
"""Looks one after the other with the same declared rectangle, for it to be a player's."""
FOLLOWED = 0.95
"""Part of a region that must have moved along for it to follow at once."""


class VideoRegion(NamedTuple):
    """A video that plays; all times are those that looks came with."""

    id: int
    """Stays while it is the same video."""
    rect: Rect
    """To the pixel."""
    frames_per_second: float
    """About; 0 where nothing is known yet."""
    changed_at: float
    """When a pixel of it changed last."""
    covered: tuple[Rect, ...] = ()
    """What of it shows something else: a window that lies over it."""


class VideoDetector:
    """Of one screen, from its first look on. Tell it every look, and call ``expire`` at the ``deadline``."""

    def __init__(self, screen: Screen, mode: VideoMode = VideoMode.AUTO) -> None:
        """MemoryError: the host has no room for it."""
        self._screen, self._bounds = screen, screen.bounds
        self._terms = TERMS.get(mode)
        self._history = TileHistory(screen.frame)
        self._playing: list[PlayingVideo] = []
        self._copied: dict[Rect, int] = {}
        """Rectangles that were declared, and in how many looks one after the other."""
        self._made = 0
        self.suspects = False
        """The newest look has something that may turn out to be a video."""
        self.hurries = False
        """The next look is one of a video, or may be: it should not wait until clients can take more of the rest."""
        self._moved: list[tuple[Rect, float]] = []
        """Where something was moved lately, and when."""
        self._before: list[Rect] = []
        """What played in the look before."""

    def looked(self, look: Look, now: float) -> Sequence[VideoRegion]:
        """All regions that play now, after this look."""
        if self._terms is None:
            return ()
        slot = int(now * SLOTS_PER_S)
        self._copied = {rect: self._copied.get(rect, 0) + 1 for rect in look.declared if rect != self._bounds}
        self._moved = [(place, when) for place, when in self._moved if now - when < UNSETTLED_S]
        self._moved += [(around(move), now) for move in look.moves]
        counted, silent = self._told_apart(look)
        samples = self._screen.samples
        lively = self._history.note(counted, slot, samples=samples)
        if silent:
            self._history.note(silent, slot, counts=False, samples=samples)
        self._follow(look, now)
        hurried = self.hurries
        # What moves is cheap for clients that can take it at once, and for them alone.
        large = sum([rect.area for rect in look.changed]) >= self._terms.least_area
        self.hurries = large and not look.moves
        for video in self._playing:
            video.looked(self._history, self._terms, slot, now)
        self.suspects = hurried and self.hurries and self._is_gradual(look.changed, slot)
        if lively >= LEAST_TILES:
            pictures = find_pictures(self._history, slot, self._terms)
            self.suspects |= bool(pictures)
            self._match(pictures, slot, now)
        for video in self._playing:
            if not video.quiet(now):
                video.cover(covered(self._history, video.rect, slot), now)
        return self.expire(now)

    def deadline(self) -> float | None:
        """When ``expire`` should be called though nothing changes; None: never."""
        return min([video.ends_at for video in self._playing], default=None)

    def expire(self, now: float) -> Sequence[VideoRegion]:
        """All regions that play now, without what has ended."""
        self._playing = [video for video in self._playing if now < video.ends_at]
        return [
            VideoRegion(video.id, video.rect, video.frames_per_second, video.changed_at, video.covered)
            for video in self._playing
        ]

    def _told_apart(self, look: Look) -> tuple[Sequence[Rect], Sequence[Rect]]:
        """What changed by itself, and what only because something was moved there."""
        if not look.moves:
            return look.changed, ()
        changed = Region(look.changed)
        counted = changed.copy()
        for move in look.moves:
            # Less than that is no scroll and no window, but a film that has something in it which stays as it is.
            if 2 * move.rect.area >= changed.area:
                counted.subtract(around(move))
        for video in self._playing:
            plays = changed.copy()
            plays.intersect(video.rect)
            # Less is what comes to light at the edges of something that moved.
            if 4 * plays.area >= video.rect.area:
                counted.add_region(plays)
        silent = changed.copy()
        silent.subtract_region(counted)
        return counted.rects(), silent.rects()

    def _follow(self, look: Look, now: float) -> None:
        """Videos go where their windows are dragged to, as far as that is known for certain."""
        for move in look.moves:
            source = move.rect.translate(-move.dx, -move.dy)
            for video in self._playing:
                if source.intersect(video.rect).area >= FOLLOWED * video.rect.area:
                    video.followed(move.dx, move.dy, self._bounds, now)
        for video in self._playing:
            others = {other.copy or other.rect for other in self._playing if other is not video}
            video.declared(look.declared, others, self._bounds, now)

    def _is_gradual(self, changed: Sequence[Rect], slot: int) -> bool:
        """Whether the largest of what changed looks like a film's pictures."""
        assert self._terms is not None
        presence = self._history.presence(max(changed, key=lambda rect: rect.area), slot)
        return presence.slight > 0 and self._terms.is_gradual(presence.slight, presence.contrast)

    def _is_copied(self, picture: Rect) -> bool:
        """Whether a player copies its frames there."""
        return any(count >= COPIED and rect.contains(picture) for rect, count in self._copied.items())

    def _is_certain(self, picture: Picture) -> bool:
        """Whether it plays for long enough where it is; windows that are dragged or resized may look like films."""
        if not picture.certain:
            return False
        if any(overlapping(place, picture.rect) for place, _ in self._moved):
            return False
        least = STAYS if picture.lasting else 1.0
        return any(
            likeness(before, picture.rect) >= least or steady(before, picture.rect, FIRM)
            for before in self._before
        )

    def _match(self, pictures: Sequence[Picture], slot: int, now: float) -> None:
        """Give each picture to the video that it is of, or begin one."""
        for picture in pictures:
            mine = [video for video in self._playing if video.stands_for(picture.rect)]
            mine.sort(key=lambda video: -likeness(video.rect, picture.rect))
            if mine and mine[0].seen(picture.rect, picture.filled, self._history, slot, now):
                self._playing = [
                    video
                    for video in self._playing
                    if video is mine[0] or not overlapping(video.rect, mine[0].rect)
                ]
                continue
            jumped = [
                video for video in self._playing if video.quiet(now) and alike(video.rect, picture.rect)
            ]
            if jumped:
                jumped[0].placed(picture.rect, now)
            elif not mine and (self._is_copied(picture.rect) or self._is_certain(picture)):
                self._made += 1
                self._playing.append(PlayingVideo(self._made, picture.rect, now))
        self._before = [picture.rect for picture in pictures]


def around(move: Move) -> Rect:
    """Where changes come of a movement."""
    hull = move.rect.union(move.rect.translate(-move.dx, -move.dy))
    across, down = BESIDE if move.dx else EDGE, BESIDE if move.dy else EDGE
    return Rect(hull.left - across, hull.top - down, hull.right + across, hull.bottom + down)


def likeness(one: Rect, other: Rect) -> float:
    """What part of both they have in common."""
    return one.intersect(other).area / one.union(other).area


def overlapping(one: Rect, other: Rect) -> bool:
    """Whether they cannot be two videos."""
    return 4 * one.intersect(other).area >= min(one.area, other.area)
