"""Pointer shapes as ALPHA cursors: premultiplied B G R A, with fixed ids so that clients keep them."""

from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gspice.geometry import Point

CURSOR_TYPE_ALPHA = 0
"""SPICE_CURSOR_TYPE_ALPHA."""

_SIZE = 32
_SCALE = 8
_ID_BASE = 0x4753_5043_0000_0000
"""So that ids of these shapes meet no others in a client's cache."""


class CursorShape(IntEnum):
    """What the pointer looks like."""

    ARROW = 1
    TEXT = 2
    HAND = 3
    MOVE = 4


class CursorImage(NamedTuple):
    """One shape, ready for ``set_cursor``."""

    width: int
    height: int
    hot: Point
    data: bytes
    unique: int


_Outline = list[tuple[float, float]]

_ARROW: _Outline = [(4, 3), (4, 21.5), (8.4, 17.4), (11.3, 24.2), (14.6, 22.8), (11.8, 16.1), (17.8, 15.9)]
_BEAM: _Outline = [
    (11, 4),
    (14.2, 4),
    (16, 5.2),
    (17.8, 4),
    (21, 4),
    (21, 6),
    (18.4, 6),
    (17, 7.4),
    (17, 24.6),
    (18.4, 26),
    (21, 26),
    (21, 28),
    (17.8, 28),
    (16, 26.8),
    (14.2, 28),
    (11, 28),
    (11, 26),
    (13.6, 26),
    (15, 24.6),
    (15, 7.4),
    (13.6, 6),
    (11, 6),
]
_HAND: _Outline = [
    (12, 4.6),
    (13.2, 3.4),
    (14.6, 3.4),
    (15.8, 4.6),
    (15.8, 12),
    (17, 11.3),
    (18.6, 11.6),
    (19.4, 12.8),
    (20.8, 12.2),
    (22.2, 12.8),
    (22.9, 14.1),
    (24.2, 13.9),
    (25.4, 14.8),
    (25.8, 16),
    (25.8, 21.5),
    (24.2, 25.4),
    (24.2, 28),
    (14, 28),
    (13.6, 26),
    (8.2, 19.4),
    (7.8, 17.6),
    (8.8, 16.2),
    (10.4, 16.2),
    (12, 17.6),
]
_MOVE: _Outline = [
    (16, 3),
    (20.5, 8),
    (17.2, 8),
    (17.2, 14.8),
    (24, 14.8),
    (24, 11.5),
    (29, 16),
    (24, 20.5),
    (24, 17.2),
    (17.2, 17.2),
    (17.2, 24),
    (20.5, 24),
    (16, 29),
    (11.5, 24),
    (14.8, 24),
    (14.8, 17.2),
    (8, 17.2),
    (8, 20.5),
    (3, 16),
    (8, 11.5),
    (8, 14.8),
    (14.8, 14.8),
    (14.8, 8),
    (11.5, 8),
]

_SHAPES: dict[CursorShape, tuple[_Outline, Point, int, int]] = {
    CursorShape.ARROW: (_ARROW, Point(4, 3), 0x16181D, 0xFFFFFF),
    CursorShape.TEXT: (_BEAM, Point(16, 16), 0x16181D, 0xFFFFFF),
    CursorShape.HAND: (_HAND, Point(14, 4), 0xFFFFFF, 0x16181D),
    CursorShape.MOVE: (_MOVE, Point(16, 16), 0x16181D, 0xFFFFFF),
}
"""Outline, hot spot, colour inside and colour of the rim."""


def _coverage(draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    picture = Image.new("L", (_SIZE * _SCALE, _SIZE * _SCALE))
    draw(ImageDraw.Draw(picture))
    return picture


def _alpha(picture: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(picture.reduce(_SCALE)).astype(np.float64) / 255


@cache
def cursor_image(shape: CursorShape) -> CursorImage:
    """The picture of a shape; the same object each time."""
    outline, hot, inside, rim_color = _SHAPES[shape]
    points = [(x * _SCALE, y * _SCALE) for x, y in outline]
    body = _coverage(lambda pen: pen.polygon(points, fill=255))
    rim = _coverage(
        lambda pen: pen.line([*points, points[0], points[1]], fill=255, width=2 * _SCALE, joint="curve")
    )
    whole = np.maximum(_alpha(body), _alpha(rim))
    core = _alpha(body)
    if shape is CursorShape.HAND:
        # A light shape on light ground: its rim has to lie upon it, not around it.
        line = _coverage(
            lambda pen: pen.line([*points, points[0]], fill=255, width=_SCALE * 3 // 2, joint="curve")
        )
        core = core * (1 - _alpha(line))
    blurred = body.filter(ImageFilter.GaussianBlur(1.6 * _SCALE)).reduce(_SCALE)
    shadow = np.roll(np.asarray(blurred).astype(np.float64) / 255 * 0.4, (2, 1), axis=(0, 1))
    shadow[:2] = 0
    alpha = whole + shadow * (1 - whole)
    data = np.zeros((_SIZE, _SIZE, 4))
    for channel in range(3):
        light, dark = (color >> 8 * channel & 255 for color in (inside, rim_color))
        data[:, :, channel] = light * core + dark * (whole - np.minimum(core, whole))
    data[:, :, 3] = alpha * 255
    pixels = np.minimum(np.rint(data).astype(np.uint8), np.rint(data[:, :, 3:]).astype(np.uint8))
    return CursorImage(_SIZE, _SIZE, hot, pixels.tobytes(), _ID_BASE + int(shape))
