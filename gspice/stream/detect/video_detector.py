"""Where videos play on one screen, by what each look finds changed.

Whatever a guest declares - same-size copies, slivers, the whole screen -, a video is an area in which most tiles change
many times a second, in most of their pixels, with content that is gradual. A region stays with its video while it is
moved, resized or still.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.stream.detect.pictures import LEAST_TILES, Picture, find_pictures
from gspice.stream.detect.playing import HOLD_S, PlayingVideo
from gspice.stream.detect.terms import TERMS, VideoMode
from gspice.stream.detect.tile_history import SLOTS_PER_S, TileHistory
from gspice.stream.screen import Look, Screen

__all__ = ["HOLD_S", "VideoDetector", "VideoMode", "VideoRegion"]

BESIDE = 64
"""Pixels around what a look found moved in which changes come of the movement: what scrolls in, shadows, headers."""
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


class VideoDetector:
    """Of one screen, from its first look on. Tell it every look, and call ``expire`` at the ``deadline``."""

    def __init__(self, screen: Screen, mode: VideoMode = VideoMode.AUTO) -> None:
        """MemoryError: the host has no room for it."""
        self._bounds = screen.bounds
        self._terms = TERMS.get(mode)
        self._history = TileHistory(screen.frame)
        self._playing: list[PlayingVideo] = []
        self._made = 0

    def looked(self, look: Look, now: float) -> Sequence[VideoRegion]:
        """All regions that play now, after this look."""
        if self._terms is None:
            return ()
        slot = int(now * SLOTS_PER_S)
        counted, silent = self._told_apart(look)
        lively = self._history.note(counted, slot)
        if silent:
            self._history.note(silent, slot, counts=False)
        self._follow(look)
        for video in self._playing:
            video.looked(self._history, self._terms, slot, now)
        if lively >= LEAST_TILES:
            self._match(find_pictures(self._history, slot, self._terms), slot, now)
        return self.expire(now)

    def deadline(self) -> float | None:
        """When ``expire`` should be called though nothing changes; None: never."""
        return min([video.ends_at for video in self._playing], default=None)

    def expire(self, now: float) -> Sequence[VideoRegion]:
        """All regions that play now, without what has ended."""
        self._playing = [video for video in self._playing if now < video.ends_at]
        return [
            VideoRegion(video.id, video.rect, video.frames_per_second, video.changed_at)
            for video in self._playing
        ]

    def _told_apart(self, look: Look) -> tuple[Sequence[Rect], Sequence[Rect]]:
        """What changed by itself, and what only because something was moved there."""
        if not look.moves:
            return look.changed, ()
        changed = sum([rect.area for rect in look.changed])
        around = []
        for move in look.moves:
            hull = move.rect.union(move.rect.translate(-move.dx, -move.dy))
            if 2 * move.rect.area >= changed:
                around.append(
                    Rect(hull.left - BESIDE, hull.top - BESIDE, hull.right + BESIDE, hull.bottom + BESIDE)
                )
        counted: list[Rect] = []
        silent: list[Rect] = []
        for rect in look.changed:
            moved = any(not hull.intersect(rect).empty for hull in around)
            plays = any(2 * video.rect.intersect(rect).area > rect.area for video in self._playing)
            (silent if moved and not plays else counted).append(rect)
        return counted, silent

    def _follow(self, look: Look) -> None:
        for move in look.moves:
            source = move.rect.translate(-move.dx, -move.dy)
            for video in self._playing:
                if source.intersect(video.rect).area >= FOLLOWED * video.rect.area:
                    video.followed(move.dx, move.dy, self._bounds)

    def _match(self, pictures: Sequence[Picture], slot: int, now: float) -> None:
        """Give each picture to the video that it is of, or begin one."""
        for picture in pictures:
            mine = [video for video in self._playing if video.stands_for(picture.rect)]
            if not mine:
                mine = [video for video in self._playing if video.may_be(picture.rect, now)][:1]
                if mine:
                    mine[0].placed(picture.rect, now)
                    continue
                self._made += 1
                self._playing.append(PlayingVideo(self._made, picture.rect, now))
                continue
            mine[0].seen(picture.rect, picture.filled, self._history, slot, now)
            for video in mine[1:]:
                if mine[0].rect.contains(video.rect):
                    self._playing.remove(video)
