"""Painting into rasters: fills, gradients, and colour through antialiased masks.

All of it is per pixel and in integers, so that a picture painted in pieces equals one painted at once.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gspice.geometry import Rect
from gspice.hosts.desktop.screen import Raster

Mask = npt.NDArray[np.uint8]
"""Coverage of shape (height, width): 0 none, 255 full."""

Pen = ImageDraw.ImageDraw

_SUPERSAMPLE = 4


def raster(width: int, height: int, color: int = 0) -> Raster:
    """A new raster of one colour."""
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:] = bgrx(color)
    return pixels


def bgrx(color: int) -> Raster:
    """The four bytes of a pixel of this colour."""
    return np.array((color & 255, color >> 8 & 255, color >> 16 & 255, 0), np.uint8)


def part(target: Raster, rect: Rect) -> Raster:
    """The view of that part of ``target`` that ``rect`` covers."""
    inside = rect.intersect(Rect(0, 0, target.shape[1], target.shape[0]))
    return target[inside.top : max(inside.top, inside.bottom), inside.left : max(inside.left, inside.right)]


def fill(target: Raster, rect: Rect, color: int) -> None:
    part(target, rect)[:] = bgrx(color)


def gradient(target: Raster, rect: Rect, top: int, bottom: int) -> None:
    """A vertical gradient over ``rect``, which must lie inside."""
    steps = np.linspace(0.0, 1.0, max(1, rect.height))[:, None]
    colors = bgrx(top) * (1 - steps) + bgrx(bottom) * steps
    part(target, rect)[:] = np.rint(colors).astype(np.uint8)[:, None, :]


def _mix(under: Raster, over: npt.NDArray[np.int32], mask: npt.NDArray[np.int32]) -> Raster:
    mixed = under * (255 - mask) + over * mask
    return ((mixed + 127) // 255).astype(np.uint8)


def blend(target: Raster, x: int, y: int, mask: Mask, color: int) -> None:
    """Lay ``color`` over the target through a mask whose top left is at (x, y); parts outside are cut off."""
    here = Rect.sized(x, y, mask.shape[1], mask.shape[0])
    inside = here.intersect(Rect(0, 0, target.shape[1], target.shape[0]))
    if inside.empty:
        return
    cut = mask[inside.top - y : inside.bottom - y, inside.left - x : inside.right - x]
    view = part(target, inside)
    view[:] = _mix(view, bgrx(color).astype(np.int32), cut[:, :, None].astype(np.int32))


def overlay(target: Raster, x: int, y: int, picture: Raster, mask: Mask) -> None:
    """Lay a picture over the target through a mask of its size; parts outside are cut off."""
    here = Rect.sized(x, y, mask.shape[1], mask.shape[0])
    inside = here.intersect(Rect(0, 0, target.shape[1], target.shape[0]))
    if inside.empty:
        return
    rows = slice(inside.top - y, inside.bottom - y)
    columns = slice(inside.left - x, inside.right - x)
    view = part(target, inside)
    view[:] = _mix(view, picture[rows, columns].astype(np.int32), mask[rows, columns, None].astype(np.int32))


def shape(width: int, height: int, draw: Callable[[Pen, int], None]) -> Mask:
    """An antialiased mask: ``draw(pen, scale)`` draws with 255 at ``scale`` times the size."""
    picture = Image.new("L", (width * _SUPERSAMPLE, height * _SUPERSAMPLE))
    draw(ImageDraw.Draw(picture), _SUPERSAMPLE)
    return np.asarray(picture.reduce(_SUPERSAMPLE))


def rounded(width: int, height: int, radius: int) -> Mask:
    """The mask of a rectangle with round corners."""

    def draw(pen: Pen, scale: int) -> None:
        pen.rounded_rectangle((0, 0, width * scale - 1, height * scale - 1), radius * scale, fill=255)

    return shape(width, height, draw)
