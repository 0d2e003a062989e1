"""Labelled scenes as recordings: what their guests draw, and what truly plays at what time."""

import copy
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import MessageNumber, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter
from gspice.region import Region
from gspice.wire.enums import Ropd
from tests.stream.video_scenes import LOOKS_PER_S, Picture, Player, Scene

LEAD_S = 0.5
"""From the desktop's first picture, which is a recording's first event, to the beginning of the scene."""
MOVED_AREA = 64 * 64
"""Guests copy what moved on the screen where it is as large; they send smaller things again."""
XRGB32 = 32
"""As guests give a surface's format."""
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Video:
    """A video at one moment."""

    number: int
    rect: Rect
    """Where it is to be seen."""
    moving: bool
    """False: it is paused."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The screen from this time on, until the next one; in seconds since the recording's first event."""

    time: float
    videos: tuple[Video, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """When a video begins, and its frames per second as far as the guest draws them."""

    start: float
    rate: float


@dataclass(slots=True)
class Truth:
    """What played in a recording."""

    samples: list[Sample] = field(default_factory=list)
    films: dict[int, Film] = field(default_factory=dict)
    """By the video's number."""
    commands: int = 0


def written(scene: Scene, target: BinaryIO, seconds: float) -> Truth:
    """Write so much of a scene as a recording's text. OSError: it cannot be written."""
    scene = copy.deepcopy(scene)  # actors remember what they have drawn
    empty = scene.backdrop()
    height, width = empty.shape[:2]
    whole = Rect(0, 0, width, height)
    shown, picture = empty.copy(), empty.copy()
    truth = Truth()
    numbers = {id(actor): number for number, actor in enumerate(scene.actors)}
    drawing = Drawing(shown)
    with RecordingWriter(target) as writer:
        primary = RecordedPrimary(
            width=width, height=height, stride=4 * width, format=XRGB32, data=bytes(4 * width * height)
        )
        writer.message(MessageNumber.CREATE_PRIMARY_ASYNC, 0, primary)
        writer.command(drawing.copy(empty, whole), 0)
        for t in ticks(scene, seconds):
            picture[:] = empty
            damages = [actor.draw(picture, t) for actor in scene.actors]
            now = LEAD_S + t
            if scene.whole_screen and any(damages):
                commands = [drawing.copy(picture, whole)]
            else:
                commands = [each for damage in damages for each in drawing.commands(picture, damage)]
            for command in commands:
                writer.command(command, int(now * NS))
            truth.commands += len(commands)
            videos = [
                Video(numbers[id(actor)], rect, is_moving(actor, t))
                for actor in scene.actors
                if (rect := actor.playing(t)) is not None
            ]
            for video in videos:
                if video.number not in truth.films:
                    actor = scene.actors[video.number]
                    rate = actor.fps if isinstance(actor, Player) else float(LOOKS_PER_S)
                    truth.films[video.number] = Film(now, min(rate, ticks_per_s(scene)))
            truth.samples.append(Sample(now, tuple(videos)))
    return truth


def ticks_per_s(scene: Scene) -> int:
    """How often its guest draws: as often as scenes are looked at, or as a video wants."""
    return max(LOOKS_PER_S, *(int(actor.fps) for actor in scene.actors if isinstance(actor, Player)), 0)


def ticks(scene: Scene, seconds: float) -> Iterator[float]:
    """When a guest draws, which is never quite on time."""
    rate = ticks_per_s(scene)
    for number in range(int(seconds * rate)):
        yield number / rate + 0.002 * (number * 7 % 5) / 5


def is_moving(actor: object, t: float) -> bool:
    return not (isinstance(actor, Player) and any(begin <= t < end for begin, end in actor.pauses))


class Drawing:
    """Makes a guest's commands of pictures, and carries them out on what is shown."""

    def __init__(self, shown: Picture) -> None:
        self.shown = shown
        self._images = 0
        self._bounds = Rect(0, 0, shown.shape[1], shown.shape[0])

    def commands(self, picture: Picture, damage: Sequence[Rect]) -> list[ops.Drawable]:
        """What one application does that declares this damage: it copies what moved, and sends the rest."""
        rects = [part for rect in damage if not (part := rect.intersect(self._bounds)).empty]
        out: list[ops.Drawable] = []
        if moved := self._moved(picture, rects):
            source, target = moved
            out.append(self._copy_bits(source, target))
            rest = Region(rects)
            rest.subtract(target)
            rects = rest.rects()
        return out + [self.copy(picture, rect) for rect in rects]

    def copy(self, picture: Picture, rect: Rect) -> ops.Drawable:
        """DRAW_COPY of pixels."""
        pixels = picture[rect.top : rect.bottom, rect.left : rect.right]
        self.shown[rect.top : rect.bottom, rect.left : rect.right] = pixels
        self._images += 1
        image = ops.BitmapImage(
            id=self._images, flags=0, width=rect.width, height=rect.height, format=BitmapFormat.XRGB32,
            top_down=True, stride=4 * rect.width, data=pixels.tobytes(),
        )  # fmt: skip
        source = Rect(0, 0, rect.width, rect.height)
        op = ops.Copy(image, source, Ropd.OP_PUT, 0, ops.Mask())
        return ops.Drawable(surface_id=0, bbox=rect, op=op)

    def _copy_bits(self, source: Rect, target: Rect) -> ops.Drawable:
        self._put(target, self._part(self.shown, source).copy())
        return ops.Drawable(surface_id=0, bbox=target, op=ops.CopyBits(Point(source.left, source.top)))

    def _moved(self, picture: Picture, rects: list[Rect]) -> tuple[Rect, Rect] | None:
        """From where and to where something moved, if it did so without a change."""
        if len(rects) == 2 and min(rect.area for rect in rects) >= MOVED_AREA:
            source, target = rects
            if source[2:] != target[2:] and (source.width, source.height) == (target.width, target.height):
                same = np.array_equal(self._part(self.shown, source), self._part(picture, target))
                return (source, target) if same else None
        if len(rects) == 1 and rects[0].area >= MOVED_AREA:
            return self._scrolled(picture, rects[0])
        return None

    def _scrolled(self, picture: Picture, rect: Rect) -> tuple[Rect, Rect] | None:
        """Where most of a window went up or down within it."""
        before = [zlib.crc32(row.tobytes()) for row in self._part(self.shown, rect)]
        after = [zlib.crc32(row.tobytes()) for row in self._part(picture, rect)]
        often = Counter(before)
        places = {row: place for place, row in enumerate(before) if often[row] == 1}
        steps = Counter(places[row] - place for place, row in enumerate(after) if row in places)
        step = max(steps, key=lambda each: steps[each], default=0)
        rest = rect.height - abs(step)
        if not step or rest < rect.height // 2:
            return None
        source = Rect(rect.left, rect.top + max(step, 0), rect.right, rect.bottom + min(step, 0))
        target = source.translate(0, -step)
        same = np.array_equal(self._part(self.shown, source), self._part(picture, target))
        return (source, target) if same else None

    def _part(self, picture: Picture, rect: Rect) -> Picture:
        return picture[rect.top : rect.bottom, rect.left : rect.right]

    def _put(self, rect: Rect, pixels: Picture) -> None:
        self.shown[rect.top : rect.bottom, rect.left : rect.right] = pixels
