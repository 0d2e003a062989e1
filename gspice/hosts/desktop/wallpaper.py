"""The wallpaper: mountains over a lake at sunrise, computed once and fitted to any size."""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gspice.hosts.desktop.screen import Raster

_Floats = npt.NDArray[np.float32]

_MASTER = (1600, 1000)
"""Width and height that are computed, in about half a second; screens get this scaled, so that a resize is quick."""

_TREE_SAMPLES = 3

_SHORE = 0.76
"""Where the lake begins, as a share of the height."""

_SKY = (
    (0.00, 0x1C2E5E),
    (0.28, 0x3F5C9C),
    (0.46, 0x8C9CC9),
    (0.58, 0xE9BFA9),
    (0.66, 0xFBDDB0),
    (1.00, 0xFBDDB0),
)
_SUN = (0.69, 0.505)
_RIDGES = (
    # base, height, roughness, colour at the crest, colour in the mist, seed
    (0.560, 0.150, 3.1, 0x8E93BE, 0xE3BFB6, 3),
    (0.625, 0.115, 4.3, 0x65709F, 0xC7A8B4, 11),
    (0.690, 0.090, 6.0, 0x414F80, 0x8E86A6, 27),
    (0.752, 0.055, 9.0, 0x253360, 0x4C557F, 8),
)


def landscape(width: int, height: int) -> Raster:
    """The wallpaper for a screen of that size: all of its height or all of its width, and the middle of the rest."""
    master = _master()
    scale = max(width / _MASTER[0], height / _MASTER[1])
    wide, tall = max(width, round(_MASTER[0] * scale)), max(height, round(_MASTER[1] * scale))
    left, top = (wide - width) // 2, (tall - height) // 2
    across, down = _MASTER[0] / wide, _MASTER[1] / tall
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    scaled = master.resize((width, height), Image.Resampling.BICUBIC, box=box)
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[:, :, :3] = np.asarray(scaled)[:, :, ::-1]
    return pixels


@cache
def _master() -> Image.Image:
    return Image.fromarray(_render(*_MASTER))


def _rgb(color: int) -> _Floats:
    return np.array((color >> 16 & 255, color >> 8 & 255, color & 255), np.float32)


def _render(width: int, height: int) -> npt.NDArray[np.uint8]:
    # Everything is measured in heights, so that hills keep their form on wide screens.
    across = ((np.arange(width) + 0.5) / height).astype(np.float32)
    down = ((np.arange(height) + 0.5) / height).astype(np.float32)
    aspect = width / height
    picture = _sky(across, down, aspect)
    for ridge in _RIDGES:
        _mountain(picture, across, down, ridge)
    _lake(picture, down, across, aspect)
    _trees(picture, across, down)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _sky(across: _Floats, down: _Floats, aspect: float) -> _Floats:
    stops = np.array([stop for stop, _ in _SKY], np.float32)
    colors = np.stack([_rgb(color) for _, color in _SKY])
    column = np.stack([np.interp(down, stops, colors[:, channel]) for channel in range(3)], axis=1)
    picture = np.repeat(column[:, None, :].astype(np.float32), across.size, axis=1)
    distance = np.hypot(across[None, :] - _SUN[0] * aspect, (down[:, None] - _SUN[1]) * 1.15)
    glow = (np.exp(-distance * 4.2) * 0.75)[:, :, None]
    picture += (_rgb(0xFFE3A8) - picture) * glow
    _clouds(picture, across, down)
    from_sun = np.hypot(across[None, :] - _SUN[0] * aspect, down[:, None] - _SUN[1])
    disc = np.clip((0.034 - from_sun) * down.size, 0, 1)[:, :, None]
    picture += (_rgb(0xFFF6DC) - picture) * disc
    return picture


def _clouds(picture: _Floats, across: _Floats, down: _Floats) -> None:
    rng = np.random.default_rng(20)
    density = np.zeros((down.size, across.size), np.float32)
    for octave in range(4):
        # Coarse random lattices, stretched sideways and scaled up smoothly, make long thin veils.
        lattice = rng.random((6 << octave, 5 << octave), np.float32)
        layer = Image.fromarray(lattice).resize((across.size, down.size), Image.Resampling.BICUBIC)
        density += np.asarray(layer) * 0.55**octave
    density /= density.max()
    height = np.exp(-(((down - 0.30) / 0.17) ** 2))[:, None]
    veil = (np.clip((density - 0.56) * 3.2, 0, 1) * height * 0.62)[:, :, None]
    warm = np.clip((down - 0.1) * 2.4, 0, 1)[:, None, None]
    tint = _rgb(0xD7DDF2) * (1 - warm) + _rgb(0xFFD9C4) * warm
    picture += (tint - picture) * veil


def _crest(across: _Floats, roughness: float, seed: int) -> _Floats:
    """A ridge line between about 0 and 1: sums of waves whose corners get sharper with each octave."""
    rng = np.random.default_rng(seed)
    line = np.zeros_like(across)
    strength = 1.0
    frequency = roughness
    for _ in range(7):
        phase = rng.random() * 6.28
        line += strength * (1 - np.abs(np.sin(across * frequency + phase))).astype(np.float32)
        strength *= 0.46
        frequency *= 1.93
    return (line / 1.85).astype(np.float32)


def _mountain(
    picture: _Floats, across: _Floats, down: _Floats, ridge: tuple[float, float, float, int, int, int]
) -> None:
    base, tall, roughness, crest_color, mist_color, seed = ridge
    top = base - tall * _crest(across, roughness, seed)
    depth = down[:, None] - top[None, :]
    # One pixel of the edge is shared, which is all the antialiasing that a ridge needs.
    coverage = np.clip(depth * down.size + 0.5, 0, 1)[:, :, None]
    # Mist lies level: it thickens towards the foot of the range, whatever the crest does above it.
    haze = np.clip((down - (base - tall * 1.05)) / (tall * 1.6), 0, 1)[:, None, None]
    color = _rgb(crest_color) * (1 - haze) + _rgb(mist_color) * haze
    picture += (color - picture) * coverage


def _lake(picture: _Floats, down: _Floats, across: _Floats, aspect: float) -> None:
    shore = int(_SHORE * down.size)
    rows = np.arange(shore, down.size)
    if shore < 2 or not rows.size:
        return
    depth = (rows - shore) / max(1, down.size - shore)
    ripple = np.sin(depth * 190 / (0.25 + depth)) * (0.2 + depth) * 0.010 * down.size
    source = np.clip(shore - 1 - (rows - shore) * 1.9 + ripple, 0, shore - 1).astype(np.intp)
    water = picture[source]
    deep = np.clip(0.10 + depth * 0.50, 0, 1)[:, None, None].astype(np.float32)
    water += (_rgb(0x1E2D55) - water) * deep
    # The sun's path: short bright strokes that widen towards the shore where the viewer stands.
    spread = (0.020 + depth * 0.085)[:, None]
    path = np.exp(-(((across[None, :] - _SUN[0] * aspect) / spread) ** 2))
    strokes = np.clip(np.sin(depth * 260)[:, None] * 0.5 + 0.55, 0, 1)
    shine = (path * strokes * 0.55 * (1 - depth[:, None] * 0.6))[:, :, None].astype(np.float32)
    water += (_rgb(0xFFE2B0) - water) * shine
    picture[shore:] = water
    edge = np.exp(-np.abs(down - _SHORE) * 160)[:, None, None].astype(np.float32) * 0.35
    picture += (_rgb(0xD9C3C4) - picture) * edge


def _trees(picture: _Floats, across: _Floats, down: _Floats) -> None:
    """A dark bank in front with firs on it."""
    rng = np.random.default_rng(5)
    aspect = float(across[-1])
    scale = down.size * _TREE_SAMPLES
    outline = Image.new("L", (across.size * _TREE_SAMPLES, scale))
    pen = ImageDraw.Draw(outline)
    left, right = across / 0.42, (aspect - across) / 0.30
    bank = 0.975 - 0.080 * np.exp(-(left**2)) - 0.055 * np.exp(-(right**2)) + 0.003 * np.sin(across * 31)
    edge = [(float(x) * scale, float(y) * scale) for x, y in zip(across, bank, strict=True)]
    pen.polygon([(0.0, scale + 1.0), (0.0, edge[0][1]), *edge, (edge[-1][0] + 9, scale + 1.0)], fill=255)
    for _ in range(int(30 * max(1.0, aspect))):
        place = rng.random() * aspect
        nearness = min(place / 0.42, (aspect - place) / 0.30)
        tall = (0.055 + 0.075 * rng.random()) * (1.25 - 0.45 * min(1.0, nearness))
        if nearness < 0.85 + rng.random() * 0.35:
            foot = float(np.interp(place, across, bank)) + 0.006
            pen.polygon([(x * scale, y * scale) for x, y in _fir(place, foot, tall)], fill=255)
    coverage = (np.asarray(outline.reduce(_TREE_SAMPLES)) / np.float32(255))[:, :, None]
    shade = np.clip((down - 0.84) * 7, 0, 1)[:, None, None].astype(np.float32)
    color = _rgb(0x1B2A4A) * (1 - shade) + _rgb(0x0C1528) * shade
    picture += (color - picture) * coverage


def _fir(place: float, foot: float, tall: float) -> list[tuple[float, float]]:
    """The outline of a fir: tiers that widen downwards, each drawn in under the one above."""
    tiers = 7
    side: list[tuple[float, float]] = []
    for tier in range(1, tiers + 1):
        y = foot - tall * (1 - tier / tiers) - tall * 0.02
        reach = tall * 0.21 * (tier / tiers) ** 0.85
        side += [(reach, y), (reach * 0.52, y - tall * 0.012)]
    peak = (place, foot - tall)
    return [peak, *((place + x, y) for x, y in side), *((place - x, y) for x, y in reversed(side))]
