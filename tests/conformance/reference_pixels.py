"""Pixels as numbers: unpacked, widened, narrowed and combined, plainly and slowly."""

import struct

from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage

Rows = list[list[int]]
WORDS = {8: "B", 16: "H", 32: "I"}
CHANNELS = {
    SurfaceFormat.RGB555: (5, 5, 5),
    SurfaceFormat.RGB565: (5, 6, 5),
    BitmapFormat.RGB555: (5, 5, 5),
}
"""Bits of red, green and blue, high bits first."""
ORIGINALS = {
    BitmapFormat.RGB555: SurfaceFormat.RGB555,
    BitmapFormat.RGB24: SurfaceFormat.XRGB32,
    BitmapFormat.XRGB32: SurfaceFormat.XRGB32,
    BitmapFormat.ARGB32: SurfaceFormat.ARGB32,
    BitmapFormat.A8: SurfaceFormat.A8,
}
"""What pixman takes a bitmap for that is not converted."""
THIRTY_TWO = {SurfaceFormat.XRGB32, SurfaceFormat.ARGB32}


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


def rop(ropd: int, brush: bool, src: int, dst: int, ones: int, dest_flag: int = 4) -> int:
    """The result of a rop descriptor, with all bits of a pixel at once."""
    inverted = src ^ ones if ropd & (2 if brush else 1) else src
    other = dst ^ ones if ropd & dest_flag else dst
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


def ternary(code: int, pattern: int, src: int, dst: int, ones: int) -> int:
    """A raster operation of three inputs, bit by bit: the code is its table of results."""
    out = 0
    for i in range(ones.bit_length()):
        place = (pattern >> i & 1) * 4 + (src >> i & 1) * 2 + (dst >> i & 1)
        out |= (code >> place & 1) << i
    return out


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
