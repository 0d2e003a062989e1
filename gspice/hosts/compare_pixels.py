"""How far the pixels of two canvases are apart, channel by channel, a strip at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes

STRIP_BYTES = 4 << 20
"""What is read of a surface at once."""
MAX_RECTS = 8
"""Areas to look at are joined until there are so few: a read of a GPU costs more than some pixels."""

_BITS_16 = {
    SurfaceFormat.RGB555: ((0, 5), (5, 5), (10, 5), (15, 1)),
    SurfaceFormat.RGB565: ((0, 5), (5, 6), (11, 5)),
}
"""Lowest bit and bits of each channel; the bit that RGB555 does not use counts as one."""

NOWHERE = Rect(0, 0, 0, 0)
Distances = npt.NDArray[np.uint8]
"""For each pixel the largest difference in a channel; of shape (height, width)."""


@dataclass(slots=True)
class Apart:
    """How pixels of one surface differ. A sum over strips: ``add`` them."""

    box: Rect = NOWHERE
    """Around all that differ by more than they may; empty where none does."""
    pixels: int = 0
    """How many do."""
    worst: int = 0
    """The largest difference in a channel, allowed ones too."""
    near: int = 0
    """Pixels that differ, but by no more than they may."""

    def add(self, other: "Apart") -> None:
        """Count those of another area too."""
        self.box = self.box.union(other.box)
        self.pixels += other.pixels
        self.worst = max(self.worst, other.worst)
        self.near += other.near


def distances(a: Pixels, b: Pixels) -> Distances:
    """The largest difference in a channel, for each pixel of two blocks of one size and format.

    The high byte of XRGB32 is undefined and does not count.
    """
    one, other = _channels(a), _channels(b)
    # Larger less smaller: differences of unsigned bytes would wrap around.
    apart = np.maximum(one, other) - np.minimum(one, other)
    return apart.max(axis=2) if apart.shape[2] > 1 else apart[:, :, 0]


def compare(canvas: Canvas, reference: Canvas, surface_id: int, rects: Iterable[Rect], allowed: int) -> Apart:
    """Compare rectangles of a surface that both have, in strips; ``allowed``: what a channel may differ by."""
    found = Apart()
    spec = reference.surfaces()[surface_id]
    for rect in rects:
        for strip in strips(rect, spec):
            got, want = canvas.read(surface_id, strip), reference.read(surface_id, strip)
            if got.stride == want.stride and got.data == want.data:
                continue
            found.add(_measure(distances(got, want), strip, allowed))
    return found


def _measure(apart: Distances, strip: Rect, allowed: int) -> Apart:
    far = apart > allowed
    near = int(np.count_nonzero(apart)) - int(np.count_nonzero(far))
    box = NOWHERE
    if far.any():
        rows, columns = np.flatnonzero(far.any(axis=1)), np.flatnonzero(far.any(axis=0))
        box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        box = box.translate(strip.left, strip.top)
    return Apart(box, int(np.count_nonzero(far)), int(apart.max(initial=0)), near)


def strips(rect: Rect, spec: SurfaceSpec, multiple: int = 1) -> Iterator[Rect]:
    """A rectangle in pieces of ``STRIP_BYTES`` at most, whole rows; ``multiple``: of so many rows each."""
    rows = STRIP_BYTES // max(1, row_bytes(rect.width, spec.format.bits_per_pixel))
    step = max(multiple, rows - rows % multiple)
    for top in range(rect.top, rect.bottom, step):
        yield Rect(rect.left, top, rect.right, min(top + step, rect.bottom))


def few(rects: list[Rect]) -> list[Rect]:
    """``MAX_RECTS`` rectangles at most that cover the given ones, which come top to bottom."""
    if len(rects) <= MAX_RECTS:
        return rects
    size = -(-len(rects) // MAX_RECTS)
    joined = []
    for start in range(0, len(rects), size):
        around = NOWHERE
        for rect in rects[start : start + size]:
            around = around.union(rect)
        joined.append(around)
    return joined


def make_equal(canvas: Canvas, reference: Canvas, surface_id: int, rects: Sequence[Rect]) -> None:
    """Give rectangles of a surface the pixels that the reference has; what follows is then judged by itself.

    The surface is made anew: drawing on it could go wrong in the way that is to be mended.
    """
    spec = reference.surfaces()[surface_id]
    whole = Rect(0, 0, spec.width, spec.height)
    stride = row_bytes(spec.width, spec.format.bits_per_pixel)
    data = all_rows(canvas if list(rects) != [whole] else reference, surface_id, spec)
    if list(rects) != [whole]:
        rows = _units(np.frombuffer(data, np.uint8).reshape(spec.height, stride), spec)
        for rect in rects:
            for strip in strips(rect, spec):
                part = np.frombuffer(_tight(reference.read(surface_id, strip)), np.uint8)
                part_spec = SurfaceSpec(strip.width, strip.height, spec.format)
                rows[strip.top : strip.bottom, strip.left : strip.right] = _units(
                    part.reshape(strip.height, -1), part_spec
                )
        packed = np.packbits(rows, axis=1, bitorder="little") if spec.format is SurfaceFormat.A1 else rows
        data = packed.tobytes()
    canvas.destroy_surface(surface_id)
    canvas.create_surface(surface_id, spec, data, stride)


def all_rows(canvas: Canvas, surface_id: int, spec: SurfaceSpec) -> bytes:
    """The pixels of a surface, rows without padding."""
    whole = Rect(0, 0, spec.width, spec.height)
    return b"".join(_tight(canvas.read(surface_id, strip)) for strip in strips(whole, spec))


def _units(rows: npt.NDArray[np.uint8], spec: SurfaceSpec) -> npt.NDArray[Any]:
    """Rows of bytes as a writable array with an element for each pixel."""
    if spec.format is SurfaceFormat.A1:
        return np.unpackbits(rows, axis=1, bitorder="little")[:, : spec.width]
    return rows.copy().view(f"<u{spec.format.bits_per_pixel // 8}")


def _tight(pixels: Pixels) -> bytes:
    row = row_bytes(pixels.width, pixels.format.bits_per_pixel)
    if pixels.stride == row:
        return pixels.data
    return b"".join(pixels.data[y * pixels.stride :][:row] for y in range(pixels.height))


def _channels(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """The channels of each pixel, of shape (height, width, channels)."""
    width, height, form = pixels.width, pixels.height, pixels.format
    data = np.frombuffer(_tight(pixels), np.uint8)
    if form in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
        every = data.reshape(height, width, 4)
        return every[:, :, :3] if form is SurfaceFormat.XRGB32 else every
    if form in _BITS_16:
        words = data.view("<u2").reshape(height, width)
        channels = [(words >> low & (1 << bits) - 1).astype(np.uint8) for low, bits in _BITS_16[form]]
        return np.stack(channels, axis=2)
    if form is SurfaceFormat.A8:
        return data.reshape(height, width, 1)
    rows = np.unpackbits(data.reshape(height, -1), axis=1, bitorder="little")[:, :width]
    return rows[:, :, None]
