"""A canvas that draws pixel by pixel, slowly and plainly: what every backend must agree with, byte for byte.

It shares no code with the backends. A surface is a list of rows of pixel values, numbers of as many bits
as the format has.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    BitmapImage,
    Blackness,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Image,
    Invers,
    Mask,
    Nop,
    SurfaceImage,
    Whiteness,
)

Rows = list[list[int]]
WORDS = {8: "B", 16: "H", 32: "I"}
CHANNELS = {
    SurfaceFormat.RGB555: (5, 5, 5),
    SurfaceFormat.RGB565: (5, 6, 5),
    BitmapFormat.RGB555: (5, 5, 5),
}
"""Bits of red, green and blue, high bits first."""
THIRTY_TWO = {SurfaceFormat.XRGB32, SurfaceFormat.ARGB32}


class Refused(Exception):
    """The command makes no sense or is not an op of this canvas: nothing is drawn."""


@dataclass
class Picture:
    """An image with its pixels as A8R8G8B8, or as raw values of the surface that is drawn on."""

    width: int
    height: int
    at: Callable[[int, int], int]
    raw: bool


def unpack(spec: SurfaceSpec, data: bytes, stride: int) -> Rows:
    """Pixel values from rows of bytes."""
    bits = spec.format.bits_per_pixel
    rows: Rows = []
    for y in range(spec.height):
        start = y * stride
        if bits == 1:
            rows.append([data[start + x // 8] >> x % 8 & 1 for x in range(spec.width)])
        else:
            rows.append(list(struct.unpack_from(f"<{spec.width}{WORDS[bits]}", data, start)))
    return rows


def rows_of(pixels: Pixels) -> Rows:
    """Pixel values of what a canvas read."""
    return unpack(SurfaceSpec(pixels.width, pixels.height, pixels.format), pixels.data, pixels.stride)


def widen(value: int, channels: tuple[int, int, int]) -> int:
    """A8R8G8B8 of a pixel of fewer bits: each channel's bits are repeated until there are eight."""
    out = "11111111"
    text = f"{value & (1 << sum(channels)) - 1:0{sum(channels)}b}"
    for count in channels:
        out += (text[:count] * 3)[:8]
        text = text[count:]
    return int(out, 2)


def narrow(value: int, target: SurfaceFormat) -> int:
    """A pixel of the target from A8R8G8B8: the high bits of each channel."""
    text = f"{value:032b}"
    if target in THIRTY_TWO:
        return value
    if target in CHANNELS:
        return int("".join(text[8 * i + 8 :][:count] for i, count in enumerate(CHANNELS[target])), 2)
    return int(text[: target.bits_per_pixel], 2)


def rop(ropd: int, brush: bool, src: int, dst: int, ones: int) -> int:
    """The result of a rop descriptor, with all bits of a pixel at once."""
    inverted = src ^ ones if ropd & (2 if brush else 1) else src
    other = dst ^ ones if ropd & 4 else dst
    for flag, result in (
        (8, inverted),
        (16, inverted | other),
        (32, inverted & other),
        (64, inverted ^ other),
    ):
        if ropd & flag:
            return result ^ ones if ropd & 1024 else result
    for flag, result in ((128, 0), (256, ones), (512, dst ^ ones)):
        if ropd & flag:
            return result
    return src


class ReferenceCanvas:
    """Surfaces and drawing as the Canvas contract says, for the ops that every backend must know."""

    def __init__(self) -> None:
        self.specs: dict[int, SurfaceSpec] = {}
        self.rows: dict[int, Rows] = {}

    def create(self, surface_id: int, spec: SurfaceSpec, data: bytes, stride: int) -> None:
        self.specs[surface_id] = spec
        self.rows[surface_id] = unpack(spec, data, stride)

    def draw(self, drawable: Drawable) -> bool:
        """Whether it was drawn."""
        try:
            changes = list(self._changes(drawable))
        except Refused:
            return False
        for x, y, value in changes:
            self.rows[drawable.surface_id][y][x] = value
        return True

    def area(self, drawable: Drawable) -> set[tuple[int, int]]:
        """The pixels of bounding box and clip."""
        box = drawable.bbox
        points = {(x, y) for y in range(box.top, box.bottom) for x in range(box.left, box.right)}
        if drawable.clip is None:
            return points
        return {(x, y) for x, y in points if any(rect.contains_point(x, y) for rect in drawable.clip)}

    def _changes(self, drawable: Drawable) -> Iterator[tuple[int, int, int]]:
        """Every (x, y, new value), all found before any is stored."""
        spec = self.specs.get(drawable.surface_id)
        box, op = drawable.bbox, drawable.op
        if spec is None or box.empty or not Rect(0, 0, spec.width, spec.height).contains(box):
            raise Refused
        rows = self.rows[drawable.surface_id]
        ones = (1 << spec.format.bits_per_pixel) - 1
        if isinstance(op, Nop):
            return
        if isinstance(op, CopyBits):
            for x, y in self.area(drawable):
                u, v = x - box.left + op.src.x, y - box.top + op.src.y
                if 0 <= u < spec.width and 0 <= v < spec.height:
                    yield x, y, rows[v][u]
            return
        value = self._value(drawable, spec.format, ones)
        assert isinstance(op, Fill | Copy | Blackness | Whiteness | Invers)
        covered = self._mask(op.mask)
        for x, y in self.area(drawable):
            if covered(x - box.left, y - box.top):
                yield x, y, value(x, y, rows[y][x])

    def _value(self, drawable: Drawable, target: SurfaceFormat, ones: int) -> Callable[[int, int, int], int]:
        op, box = drawable.op, drawable.bbox
        if isinstance(op, Fill):
            if op.brush.type not in (0, 1):
                raise Refused
            color, fill_ropd = op.brush.color & ones if op.brush.type else 0, op.ropd
            return lambda x, y, dst: rop(fill_ropd, True, color, dst, ones)
        if isinstance(op, Copy):
            part, copy_ropd = op.src_area, op.ropd
            if (part.width, part.height) != (box.width, box.height):
                raise Refused
            picture = self._picture(op.src, target)
            if not Rect(0, 0, picture.width, picture.height).contains(part):
                raise Refused

            def copied(x: int, y: int, dst: int) -> int:
                src = picture.at(x - box.left + part.left, y - box.top + part.top)
                return rop(copy_ropd, False, src if picture.raw else narrow(src, target), dst, ones)

            return copied
        fixed = {Blackness: 128, Whiteness: 256, Invers: 512}.get(type(op))
        if fixed is None:
            raise Refused
        return lambda x, y, dst: rop(fixed, True, 0, dst, ones)

    def _mask(self, mask: Mask) -> Callable[[int, int], bool]:
        image = mask.image
        if image is None:
            return lambda x, y: True
        if isinstance(image, BitmapImage):
            if image.format not in (BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE):
                raise Refused
            width, height = image.width, image.height
        elif isinstance(image, SurfaceImage):
            spec = self.specs.get(image.surface_id)
            if spec is None or spec.format is not SurfaceFormat.A1:
                raise Refused
            width, height = spec.width, spec.height
        else:
            raise Refused

        def covered(x: int, y: int) -> bool:
            u, v = x + mask.pos.x, y + mask.pos.y
            if not (0 <= u < width and 0 <= v < height):
                return False
            if isinstance(image, BitmapImage):
                return bool(stored(image, u, v)) != mask.inverse
            assert isinstance(image, SurfaceImage)
            return bool(self.rows[image.surface_id][v][u]) != mask.inverse

        return covered

    def _picture(self, image: Image, target: SurfaceFormat) -> Picture:
        bits = target.bits_per_pixel
        if isinstance(image, SurfaceImage):
            spec = self.specs.get(image.surface_id)
            if spec is None:
                raise Refused
            rows, raw = self.rows[image.surface_id], spec.format.bits_per_pixel == bits
            return Picture(
                spec.width,
                spec.height,
                lambda x, y: rows[y][x] if raw else surface_argb(rows[y][x], spec.format),
                raw,
            )
        if not isinstance(image, BitmapImage):
            raise Refused
        high = 0xFF000000 if image.flags & 2 and bits == 32 else 0
        if image.format.indexed:
            if image.palette is None:
                raise Refused
            ents = image.palette.ents

            def entry(x: int, y: int) -> int:
                index = stored(image, x, y)
                return ((ents[index] | high) if index < len(ents) else 0) & ((1 << bits) - 1)

            return Picture(image.width, image.height, entry, True)
        raw = image.format is BitmapFormat.RGB555 and target is SurfaceFormat.RGB555
        if raw:
            return Picture(image.width, image.height, lambda x, y: stored(image, x, y), True)

        def argb(x: int, y: int) -> int:
            value = stored(image, x, y)
            match image.format:
                case BitmapFormat.ARGB32:
                    return value
                case BitmapFormat.XRGB32 | BitmapFormat.RGB24:
                    return value | (high if bits == 32 else 0xFF000000)
                case BitmapFormat.A8:
                    return value << 24
                case _:
                    return widen(value, CHANNELS[image.format])

        return Picture(image.width, image.height, argb, False)


def surface_argb(value: int, source: SurfaceFormat) -> int:
    """A8R8G8B8 of a surface's pixel."""
    if source in CHANNELS:
        return widen(value, CHANNELS[source])
    match source:
        case SurfaceFormat.A1:
            return value * 0xFF000000
        case SurfaceFormat.A8:
            return value << 24
        case SurfaceFormat.XRGB32:
            return value | 0xFF000000
        case _:
            return value


def stored(image: BitmapImage, x: int, y: int) -> int:
    """The number that a bitmap holds for a pixel."""
    bits = image.format.bits_per_pixel
    start = image.stride * (y if image.top_down else image.height - 1 - y)
    if bits >= 8:
        size = bits // 8
        return int.from_bytes(image.data[start + x * size : start + (x + 1) * size], "little")
    per_byte = 8 // bits
    place = x % per_byte
    if image.format in (BitmapFormat.BIT1_BE, BitmapFormat.BIT4_BE):
        place = per_byte - 1 - place
    return image.data[start + x // per_byte] >> (place * bits) & ((1 << bits) - 1)
