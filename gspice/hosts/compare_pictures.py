"""Pictures of a difference: both canvases, and where and how much they differ."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.hosts.compare_pixels import NOWHERE, distances, strips
from gspice.hosts.replay_picture import bgrx
from gspice.pixels import Pixels, SurfaceSpec

MARGIN = 16
"""Pixels around a difference that are shown too."""
LEAST = 64
"""A side of what is shown, where the surface has as much."""
MAX_SIDE = 640
"""A side of a picture; larger areas are scaled down."""
FULL = 64
"""A difference that is shown in full red; smaller ones are yellower."""
_SMALL, _LARGE = np.array([255.0, 214.0, 10.0]), np.array([255.0, 20.0, 60.0])

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """An area on both canvases, as PNG files."""

    area: Rect
    reference: bytes
    other: bytes
    difference: bytes
    """Grey where they are alike; yellow to red by how much they differ, alpha included."""
    scale: int
    """Pixels of the surface along a side of one that is shown."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is shown of a difference."""

    spec: SurfaceSpec
    crop: Picture
    whole: Picture


def take(canvas: Canvas, reference: Canvas, surface_id: int, box: Rect) -> Pictures:
    """Pictures of a surface that differs inside ``box``."""
    spec = reference.surfaces()[surface_id]
    whole = Rect(0, 0, spec.width, spec.height)
    crop = _around(box, whole)
    return Pictures(
        spec,
        _picture(canvas, reference, surface_id, crop),
        _picture(canvas, reference, surface_id, whole, box),
    )


def _around(box: Rect, whole: Rect) -> Rect:
    """The box with a margin, and not too small, moved into the surface."""
    left, right = _span(box.left, box.right, whole.right)
    top, bottom = _span(box.top, box.bottom, whole.bottom)
    return Rect(left, top, right, bottom)


def _span(low: int, high: int, limit: int) -> tuple[int, int]:
    size = min(limit, max(LEAST, high - low + 2 * MARGIN))
    start = min(max(0, (low + high - size) // 2), limit - size)
    return start, start + size


def _picture(
    canvas: Canvas, reference: Canvas, surface_id: int, area: Rect, marked: Rect = NOWHERE
) -> Picture:
    spec = reference.surfaces()[surface_id]
    scale = -(-max(area.width, area.height) // MAX_SIDE)
    parts: list[tuple[Rgb, Rgb, Rgb]] = []
    for strip in strips(area, spec, scale):
        got, want = canvas.read(surface_id, strip), reference.read(surface_id, strip)
        own, theirs = _reduced(_rgb(got), scale), _reduced(_rgb(want), scale)
        parts.append((theirs, own, _map(theirs, _largest(distances(got, want), scale))))
    images = [np.concatenate(rows) for rows in zip(*parts, strict=True)]
    if not marked.empty:
        for image in images:
            _frame(image, marked, scale)
    theirs_png, own_png, apart_png = map(_png, images)
    return Picture(area, theirs_png, own_png, apart_png, scale)


def _rgb(pixels: Pixels) -> Rgb:
    rows = np.frombuffer(bgrx(pixels).data, np.uint8).reshape(pixels.height, pixels.width, 4)
    return rows[:, :, 2::-1]


def _blocks(values: npt.NDArray[Any], scale: int, mode: Any) -> Iterator[npt.NDArray[Any]]:
    """The values by their place within blocks of ``scale`` x ``scale``, the last blocks filled up."""
    height, width = values.shape[:2]
    fill = [(0, -height % scale), (0, -width % scale), *[(0, 0)] * (values.ndim - 2)]
    padded = np.pad(values, fill, mode=mode)
    for y in range(scale):
        for x in range(scale):
            yield padded[y::scale, x::scale]


def _reduced(rgb: Rgb, scale: int) -> Rgb:
    if scale == 1:
        return rgb
    total = sum(block.astype(np.uint32) for block in _blocks(rgb, scale, "edge"))
    return np.asarray(total // (scale * scale), np.uint8)


def _largest(apart: npt.NDArray[np.uint8], scale: int) -> npt.NDArray[np.uint8]:
    """A single pixel must not vanish where the picture is scaled down."""
    out: npt.NDArray[np.uint8] | None = None
    for block in _blocks(apart, scale, "constant"):
        out = block if out is None else np.maximum(out, block)
    assert out is not None
    return out


def _map(rgb: Rgb, apart: npt.NDArray[np.uint8]) -> Rgb:
    grey = rgb.astype(np.uint16).sum(axis=2) // 8 + 24
    out = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    differs = apart > 0
    share = np.minimum(np.log2(apart[differs].astype(np.float64)) / np.log2(FULL), 1.0)[:, None]
    out[differs] = (_SMALL * (1 - share) + _LARGE * share).astype(np.uint8)
    return out


def _frame(image: Rgb, box: Rect, scale: int) -> None:
    """A frame two pixels wide around the box, outside of it where there is room."""
    height, width = image.shape[:2]
    left, top = max(0, box.left // scale - 3), max(0, box.top // scale - 3)
    right, bottom = min(width, -(-box.right // scale) + 3), min(height, -(-box.bottom // scale) + 3)
    for inset, colour in ((0, (255, 255, 255)), (1, (230, 0, 60))):
        x0, y0, x1, y1 = left + inset, top + inset, right - inset, bottom - inset
        image[y0:y1, [x0, x1 - 1]] = colour
        image[[y0, y1 - 1], x0:x1] = colour


def _png(rgb: Rgb) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(out, format="PNG", optimize=True)
    return out.getvalue()
