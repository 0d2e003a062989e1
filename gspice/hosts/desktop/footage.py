"""What the video window plays: a source of pictures at their own pace, and the computed one."""

from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from gspice.hosts.desktop.screen import Raster

_Floats = npt.NDArray[np.float32]


class Footage(Protocol):
    """A source of pictures. It starts with the first call of ``frame``."""

    @property
    def size(self) -> tuple[int, int]:
        """Natural width and height."""

    def frame(self, now: float, width: int, height: int) -> Raster | None:
        """The picture that is due, in that size; None while the last one still stands."""

    def deadline(self) -> float:
        """When the next picture is due, in seconds."""


def scaled(picture: Raster, width: int, height: int) -> Raster:
    """A picture in another size, smoothly."""
    if picture.shape[:2] == (height, width):
        return picture
    source = np.ascontiguousarray(picture)
    image = Image.frombuffer(
        "RGBX", (source.shape[1], source.shape[0]), source.tobytes(), "raw", "RGBX", 0, 1
    )
    return np.array(image.resize((width, height), Image.Resampling.BILINEAR), np.uint8)


_WIDTH, _HEIGHT = 320, 180
_SHORE = 132
"""Row where the lake begins."""
_HILLS_FROM = 60
"""Row above which no hill reaches."""
_PERIOD = 640
"""Columns after which clouds and hills repeat."""
_DAY = 48.0
"""Seconds that the sun takes from side to side."""
_RATE = 25

_SKIES = (
    # top, middle and horizon as the sun climbs from the edge to its height
    (0x2A3A72, 0xC77F8E, 0xFFC27A),
    (0x3F6FB5, 0x9DBBDD, 0xFBE3BE),
    (0x2F78C8, 0x7DB4E6, 0xD9ECF7),
)
_HILLS = (
    # height of the crest, its roughness, columns a second, colour far and near, seed
    (96, 22, 3.0, 0x8FA3C4, 1),
    (110, 16, 7.0, 0x5D8A86, 2),
    (122, 10, 15.0, 0x35664A, 3),
)


def _rgb(color: int) -> _Floats:
    """Blue, green and red, to be broadcast over planes."""
    return np.array((color & 255, color >> 8 & 255, color >> 16 & 255), np.float32)[:, None, None]


@cache
def _cloud_strip() -> _Floats:
    """Cloud density around the whole sky, twice over so that any window of it is one slice."""
    rng = np.random.default_rng(12)
    density = np.zeros((_SHORE, _PERIOD), np.float32)
    for octave in range(5):
        rows, columns = 5 << octave, 10 << octave
        lattice = rng.random((rows, columns), np.float32)
        wrapped = np.concatenate([lattice[:, -2:], lattice, lattice[:, :2]], axis=1)
        step = _PERIOD // columns
        image = Image.fromarray(wrapped).resize(((columns + 4) * step, _SHORE), Image.Resampling.BICUBIC)
        density += np.asarray(image)[:, 2 * step : 2 * step + _PERIOD] * 0.5**octave
    density = (density - density.min()) / (density.max() - density.min())
    return np.concatenate([density, density], axis=1)


@cache
def _hill_line(height: int, roughness: int, seed: int) -> _Floats:
    rng = np.random.default_rng(seed)
    turn = np.arange(2 * _PERIOD, dtype=np.float32) * (2 * np.pi / _PERIOD)
    line = np.zeros_like(turn)
    for wave in (2, 3, 5, 9, 17, 31):
        line += np.sin(turn * wave + rng.random() * 6.28).astype(np.float32) / wave**0.8
    return (height - roughness * line / 1.4).astype(np.float32)


class Landscape:
    """Clouds that drift over hills and a lake while the sun goes by, at 25 pictures a second."""

    size = (_WIDTH, _HEIGHT)

    def __init__(self) -> None:
        self._started: float | None = None
        self._shown = -1

    def frame(self, now: float, width: int, height: int) -> Raster | None:
        if self._started is None:
            self._started = now
        number = int((now - self._started) * _RATE + 1e-6)
        if number == self._shown:
            return None
        self._shown = number
        return scaled(self.picture(number / _RATE), width, height)

    def deadline(self) -> float:
        return 0.0 if self._started is None else self._started + (self._shown + 1) / _RATE

    def picture(self, at: float) -> Raster:
        """The scene at a time in seconds from its start, in its natural size."""
        course = (at / _DAY + 0.18) % 1.0
        climb = float(np.sin(course * np.pi))
        # One plane for each colour: numpy is several times faster over rows than over triples.
        scene = np.empty((3, _HEIGHT, _WIDTH), np.float32)
        self._paint_sky(scene[:, :_SHORE], course, climb, at)
        self._paint_hills(scene[:, _HILLS_FROM:_SHORE], climb, at)
        self._paint_lake(scene, at, climb)
        np.clip(scene, 0, 255, out=scene)
        pixels = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
        for channel in range(3):
            pixels[:, :, channel] = scene[channel]
        return pixels

    def _paint_hills(self, ground: _Floats, climb: float, at: float) -> None:
        light = np.float32(0.62 + 0.38 * climb)
        rows = np.arange(_HILLS_FROM, _SHORE, dtype=np.float32)[:, None]
        haze = _sky_colors(climb)[2]
        for index, (height, roughness, speed, color, seed) in enumerate(_HILLS):
            offset = int(at * speed) % _PERIOD
            depth = rows - _hill_line(height, roughness, seed)[None, offset : offset + _WIDTH]
            cover = np.clip(depth + 0.5, 0, 1)
            mist = np.clip(depth * (0.010 * (3 - index)), 0, 0.45)
            shade = _rgb(color) * light
            ground += (shade + (haze - shade) * mist - ground) * cover

    def _paint_sky(self, sky: _Floats, course: float, climb: float, at: float) -> None:
        top, middle, horizon = _sky_colors(climb)
        down = np.linspace(0, 1, _SHORE, dtype=np.float32)[:, None]
        upper, lower = np.clip(down * 2, 0, 1), np.clip(down * 2 - 1, 0, 1)
        sky[:] = top + (middle - top) * upper + (horizon - middle) * lower
        x, y = course * (_WIDTH + 60) - 30, 112 - 88 * climb
        across = np.arange(_WIDTH, dtype=np.float32) - np.float32(x)
        rows = np.arange(_SHORE, dtype=np.float32) - np.float32(y)
        glow = (
            np.exp(-((rows / 62) ** 2))[:, None] * np.exp(-((across / 80) ** 2))[None, :] * np.float32(0.55)
        )
        disc = np.clip(10.5 - np.hypot(across[None, :], rows[:, None]), 0, 1)
        sky += (_rgb(0xFFF2CF) - sky) * np.maximum(glow, disc)
        strip = _cloud_strip()
        place = at * 9
        offset, part = int(place) % _PERIOD, np.float32(place % 1)
        density = strip[:, offset : offset + _WIDTH]
        density = density + (strip[:, offset + 1 : offset + 1 + _WIDTH] - density) * part
        cover = np.clip((density - (0.50 + 0.22 * down)) * 4.5, 0, 0.92)
        white = _rgb(0xFFFFFF) * np.float32(0.80 + 0.2 * climb)
        cloud = white + (_rgb(0x7C88A8) - white) * np.clip((density - 0.62) * 2.2, 0, 0.6)
        sky += (cloud - sky) * cover

    def _paint_lake(self, scene: _Floats, at: float, climb: float) -> None:
        rows = np.arange(_HEIGHT - _SHORE)
        depth = rows / rows.size
        ripple = np.sin(26 / (depth + 0.16) + at * 3.1) * (0.6 + 3.0 * depth)
        source = np.clip(_SHORE - 2 - rows * 1.7 + ripple, 0, _SHORE - 1).astype(np.intp)
        water = scene[:, source]
        tint = _rgb(0x1F4A78) * np.float32(0.6 + 0.4 * climb)
        water += (tint - water) * (0.22 + 0.42 * depth)[:, None].astype(np.float32)
        scene[:, _SHORE:] = water


def _sky_colors(climb: float) -> tuple[_Floats, _Floats, _Floats]:
    """Top, middle and horizon for a sun at that share of its height."""
    place = min(max(climb, 0.0), 1.0) * (len(_SKIES) - 1)
    low = min(int(place), len(_SKIES) - 2)
    share = np.float32(place - low)
    top, middle, horizon = (
        _rgb(first) * (1 - share) + _rgb(second) * share
        for first, second in zip(_SKIES[low], _SKIES[low + 1], strict=True)
    )
    return top, middle, horizon
