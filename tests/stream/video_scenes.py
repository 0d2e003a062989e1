"""Desktops on which videos play, drawn frame by frame, and where they truly are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gspice.geometry import Rect
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.stream.detect.video_detector import VideoDetector, VideoMode, VideoRegion
from gspice.stream.screen import Screen

Picture = NDArray[np.uint8]
"""Rows of pixels of four bytes: B, G, R, X."""
LOOKS_PER_S = 30
WIDTH, HEIGHT = 800, 600
SIDE = 1024
"""Of the textures that films are cut from."""
EARLIEST = 1.0
"""When films begin."""
GRACE_FRAMES = 5
"""Frames after which a video must be streamed; and looks at its edges count."""
GRACE_S = 0.9
"""After it was moved, resized or covered."""


class Actor(Protocol):
    """Something on the desktop; drawn in order over what is there."""

    def draw(self, screen: Picture, t: float) -> list[Rect]:
        """Paint it as it is at ``t``; what it declares as changed since the last call."""

    def playing(self, t: float) -> Rect | None:
        """Where a video is; None: there is none."""


@dataclass
class Scene:
    name: str
    actors: list[Actor]
    seconds: float = 20.0
    backdrop: Callable[[], Picture] = field(default=lambda: wallpaper(WIDTH, HEIGHT))
    whole_screen: bool = False
    """Whatever changes, the whole screen is declared."""


@dataclass
class Measured:
    """What the regions of a scene were worth; parts of the videos' pixels."""

    delay: float = 0.0
    """Frames from a video's start until most of it is in a region; the worst."""
    cover: float = 1.0
    excess: float = 0.0
    created: int = 0
    changed: int = 0
    """Rectangles that replaced others."""
    streamed: float = 0.0
    """Part of the time in which there were regions."""


class Painted:
    """The pixels of a desktop, for a screen to look at."""

    def __init__(self, picture: Picture) -> None:
        self.picture = np.ascontiguousarray(picture)
        height, width = picture.shape[:2]
        self.spec = SurfaceSpec(width, height, SurfaceFormat.XRGB32)

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        part = self.picture[rect.top : rect.bottom, rect.left : rect.right]
        return Pixels(rect.width, rect.height, 4 * rect.width, SurfaceFormat.XRGB32, part.tobytes())

    def view(self, surface_id: int) -> tuple[memoryview, int]:
        return self.picture.data.cast("B"), self.picture.shape[1] * 4


Seen = tuple[float, list[tuple[Actor, Rect]], Sequence[VideoRegion]]


def play(scene: Scene, mode: VideoMode = VideoMode.AUTO, seconds: float | None = None) -> Iterator[Seen]:
    """Look at the scene as a server does: the time, the videos there are, and what was found."""
    empty = scene.backdrop()
    painted = Painted(empty.copy())
    screen = Screen(painted.spec, painted)
    detector = VideoDetector(screen, mode)
    regions: Sequence[VideoRegion] = ()
    for number in range(int((seconds or scene.seconds) * LOOKS_PER_S)):
        # Looks are never quite on time.
        t = number / LOOKS_PER_S + 0.002 * (number * 7 % 5) / 5
        painted.picture[:] = empty
        damage = [rect for actor in scene.actors for rect in actor.draw(painted.picture, t)]
        if damage and scene.whole_screen:
            damage = [screen.bounds]
        deadline = detector.deadline()
        if deadline is not None and t >= deadline:
            regions = detector.expire(t)
        if number == 0 or damage:
            screen.declare([part for rect in damage if not (part := rect.intersect(screen.bounds)).empty], t)
        if screen.dirty:
            regions = detector.looked(screen.look(t), t)
        videos = [(actor, rect) for actor in scene.actors if (rect := actor.playing(t)) is not None]
        yield t, videos, regions


def measure(scene: Scene, mode: VideoMode = VideoMode.AUTO, seconds: float | None = None) -> Measured:
    """Play it, and compare."""
    result = Measured()
    began: dict[int, tuple[float, Rect]] = {}
    found_at: dict[int, float] = {}
    shown: dict[int, Rect] = {}
    covers: list[float] = []
    excesses: list[float] = []
    looks = with_regions = 0
    for t, videos, regions in play(scene, mode, seconds):
        looks += 1
        with_regions += bool(regions)
        for region in regions:
            if region.id in shown and shown[region.id] != region.rect:
                result.changed += 1
            shown[region.id] = region.rect
        settled = bool(videos)
        for actor, rect in videos:
            key = id(actor)
            if key not in began or began[key][1] != rect:
                began[key] = (t, rect) if key in began else (t - GRACE_S, rect)
            covered = sum([region.rect.intersect(rect).area for region in regions]) / rect.area
            if key not in found_at:
                fps = min(actor.fps, LOOKS_PER_S) if isinstance(actor, Player) else 30.0
                start = actor.start if isinstance(actor, Player) else t
                frames = int((t + 1e-6) * fps) - int(start * fps) + 1
                if covered > 0.5:
                    found_at[key] = t
                else:
                    result.delay = max(result.delay, float(frames))
            settled = settled and t - began[key][0] > GRACE_S and t - found_at.get(key, t) > 0.25
        if settled:
            total = sum([rect.area for _, rect in videos])
            common = sum([r.rect.intersect(rect).area for r in regions for _, rect in videos])
            covers.append(common / total)
            excesses.append((sum([r.rect.area for r in regions]) - common) / total)
    result.created = len(shown)
    result.streamed = with_regions / looks
    if covers:
        result.cover, result.excess = float(np.mean(covers)), float(np.mean(excesses))
    result.delay += 1
    return result


_TEXTURES: dict[tuple[int, int], Picture] = {}


def texture(seed: int, coarse: int) -> Picture:
    """Smooth noise whose features are about ``coarse`` pixels large, and repeats after SIDE pixels; up to 110."""
    key = (seed, coarse)
    if key not in _TEXTURES:
        random = np.random.default_rng(seed)
        total = np.zeros((SIDE, SIDE, 4), np.float32)
        share, size = 0.6, coarse
        while size >= 4:
            total += share * _interpolated(random.random((SIDE // size, SIDE // size, 4), np.float32), size)
            share, size = share / 2, size // 4
        total -= total.min()
        _TEXTURES[key] = (total * (110 / total.max())).astype(np.uint8)
    return _TEXTURES[key]


def _interpolated(grid: NDArray[Any], size: int) -> NDArray[Any]:
    steps = (np.arange(size, dtype=np.float32) / size)[None, :]
    steps = steps * steps * (3 - 2 * steps)
    for axis in (0, 1):
        after = np.roll(grid, -1, axis)
        weight = steps.reshape((1, size) + (1,) * (grid.ndim - axis - 1))
        before, then = np.expand_dims(grid, axis + 1), np.expand_dims(after, axis + 1)
        grid = (before * (1 - weight) + then * weight).reshape(
            *grid.shape[:axis], grid.shape[axis] * size, *grid.shape[axis + 1 :]
        )
    return grid


def cut(picture: Picture, x: int, y: int, width: int, height: int) -> Picture:
    """A part of a texture, which repeats."""
    rows = np.arange(y, y + height) % SIDE
    if (x % SIDE) + width <= SIDE and width <= SIDE:
        start = x % SIDE
        return picture[rows, start : start + width]
    return picture[rows[:, None], (np.arange(x, x + width) % SIDE)[None, :]]


_GRAIN: list[Picture] = []


def grain(number: int, width: int, height: int) -> Picture:
    """Noise of 0 to 7, another in each frame."""
    if not _GRAIN:
        _GRAIN.append(np.random.default_rng(9).integers(0, 8, (SIDE, SIDE, 4), np.uint8))
    return cut(_GRAIN[0], number * 331 % 991, number * 577 % 983, width, height)


Film = Callable[[int, float, int, int], Picture]
"""Frame number, seconds since the start, width and height -> the picture."""


def drifting(number: int, s: float, width: int, height: int) -> Picture:
    """Two fields of smooth noise that drift over each other, which looks like something that deforms; with grain."""
    one = cut(texture(1, 128), int(40 * s), int(90 * np.sin(s)), width, height)
    two = cut(texture(2, 64), int(60 * np.sin(0.7 * s)), int(-30 * s), width, height)
    return one + two + grain(number, width, height)


def gradients(number: int, s: float, width: int, height: int) -> Picture:
    """Broad waves, without any noise."""
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    wave = 127 + 60 * np.sin(x / 40 + 4 * s) + 60 * np.sin(y / 55 - 3 * s)
    return np.repeat(wave.astype(np.uint8)[:, :, None], 4, axis=2)


def panning(number: int, s: float, width: int, height: int) -> Picture:
    """A camera over a sharp scene, with grain."""
    scene = cut(texture(3, 32), int(120 * s), int(20 * s), width, height)
    return scene + cut(texture(4, 8), int(120 * s), int(20 * s), width, height) + grain(number, width, height)


DARK_S = 2.0


def lit(rect: Rect) -> Rect:
    """What is to be seen of a dark scene."""
    return Rect(rect.left + 40, rect.top + 30, rect.left + rect.width // 2, rect.bottom - 30)


def darkening(number: int, s: float, width: int, height: int) -> Picture:
    """At first only what is lit can be seen; after two seconds everything."""
    picture = drifting(number, s, width, height)
    if s < DARK_S:
        dark, part = np.zeros_like(picture), lit(Rect(0, 0, width, height))
        dark[part.top : part.bottom, part.left : part.right] = picture[
            part.top : part.bottom, part.left : part.right
        ]
        return dark
    return picture


def half_still(number: int, s: float, width: int, height: int) -> Picture:
    """Scenes of six seconds; in every other one the lower half does not move at all."""
    picture = drifting(number, s, width, height)
    if int(s / 6) % 2:
        picture[height // 2 :] = drifting(0, int(s / 6) * 6.0, width, height)[height // 2 :]
    return picture


def with_text(number: int, s: float, width: int, height: int) -> Picture:
    """A picture under a caption with sharp letters, which change every two seconds."""
    picture = drifting(number, s, width, height)
    picture[height * 4 // 5 : height * 4 // 5 + 24, width // 8 : width * 7 // 8][
        letters(width * 7 // 8 - width // 8, 24, int(s / 2))
    ] = 250
    return picture


def letters(width: int, height: int, seed: int, glyph: int = 10) -> NDArray[np.bool_]:
    """Lines of glyphs, where their ink is."""
    random = np.random.default_rng(seed)
    alphabet = random.random((30, glyph - 2, glyph - 3)) < 0.42
    ink = np.zeros((height, width), np.bool_)
    for top in range(1, height - glyph + 1, glyph):
        for left in range(0, int(random.integers(width // 2, width)) - glyph, glyph - 1):
            if random.random() < 0.85:
                ink[top : top + glyph - 2, left : left + glyph - 3] = alphabet[random.integers(30)]
    return ink


def page(width: int, height: int, seed: int = 5) -> Picture:
    """Black text on white."""
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[letters(width, height, seed)] = 20
    return picture


def photo(width: int, height: int, seed: int = 6) -> Picture:
    return np.array(cut(texture(seed, 64), 0, 0, width, height) * 2, np.uint8)


def wallpaper(width: int, height: int) -> Picture:
    """One colour, with a window full of text in a corner."""
    picture = np.full((height, width, 4), (120, 90, 60, 0), np.uint8)
    picture[height // 2 : height - 20, 20 : width // 3] = page(width // 3 - 20, height - 20 - height // 2)
    return picture


@dataclass
class Player:
    """A video; where it is may change with time."""

    film: Film = drifting
    place: Callable[[float], Rect] = field(default=lambda t: Rect.sized(250, 90, 320, 180))
    fps: float = 25.0
    start: float = EARLIEST
    stop: float = 1e9
    declares: str = "copy"
    """``copy``: its rectangle; ``slivers``: rows of 16 pixels."""
    pauses: Sequence[tuple[float, float]] = ()
    picture: Callable[[Rect], Rect] = field(default=lambda rect: rect)
    """Where in its rectangle the picture is; around it everything is black."""
    hides: Callable[[float], Rect | None] = field(default=lambda t: None)
    """What of it is to be seen at some time, if not all."""
    _drawn: tuple[int, Rect] | None = None
    _cached: tuple[int, Rect, Picture] | None = None

    def draw(self, screen: Picture, t: float) -> list[Rect]:
        if not self.start <= t < self.stop:
            gone, self._drawn = self._drawn, None
            return [gone[1]] if gone else []
        rect = self.place(t)
        at = t
        for begin, end in self.pauses:
            if begin <= t < end:
                at = begin
        number = int((at + 1e-6) * self.fps)
        inner = self.picture(rect)
        if self._cached is None or self._cached[:2] != (number, inner):
            film = self.film(number, number / self.fps - self.start, inner.width, inner.height)
            self._cached = (number, inner, film)
        screen[rect.top : rect.bottom, rect.left : rect.right] = 0
        screen[inner.top : inner.bottom, inner.left : inner.right] = self._cached[2]
        before, self._drawn = self._drawn, (number, rect)
        if before == self._drawn:
            return []
        damage = [rect] if before is None or before[1] == rect else [before[1], rect]
        if self.declares == "slivers":
            damage = [
                Rect(each.left, top, each.right, min(top + 16, each.bottom))
                for each in damage
                for top in range(each.top, each.bottom, 16)
            ]
        return damage

    def playing(self, t: float) -> Rect | None:
        if not self.start <= t < self.stop:
            return None
        return self.hides(t) or self.picture(self.place(t))
