"""Captured pixels as SPICE images: raw, or LZ4 where the client can and it is smaller."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from gspice.codec import lz4
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat


class Compression(IntEnum):
    """SPICE_IMAGE_COMPRESSION_*: what an operator or a client asks for."""

    OFF = 1
    AUTO_GLZ = 2
    AUTO_LZ = 3
    QUIC = 4
    GLZ = 5
    LZ = 6
    LZ4 = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedImage:
    """Pixels ready to be sent: top-down rows without padding, or an LZ4 payload of them."""

    width: int
    height: int
    format: BitmapFormat
    stride: int
    data: bytes
    lz4: bool


_DIRECT = {
    SurfaceFormat.XRGB32: BitmapFormat.XRGB32,
    SurfaceFormat.ARGB32: BitmapFormat.ARGB32,
    SurfaceFormat.RGB555: BitmapFormat.RGB555,
    SurfaceFormat.A8: BitmapFormat.A8,
}


def encode(pixels: Pixels, *, lz4_allowed: bool) -> CapturedImage:
    """Turn captured pixels into an image; formats that no bitmap has are widened to 32 bits first."""
    if pixels.format not in _DIRECT:
        pixels = widen(pixels)
    bitmap_format = _DIRECT[pixels.format]
    raw = CapturedImage(
        width=pixels.width,
        height=pixels.height,
        format=bitmap_format,
        stride=pixels.stride,
        data=pixels.data,
        lz4=False,
    )
    if not lz4_allowed or bitmap_format is BitmapFormat.A8 or len(pixels.data) < MIN_COMPRESS:
        return raw
    payload = lz4.encode(
        pixels.data, pixels.stride, pixels.width, pixels.height, bitmap_format, top_down=True
    )
    if len(payload) >= len(pixels.data):
        return raw
    return CapturedImage(
        width=raw.width, height=raw.height, format=bitmap_format, stride=raw.stride, data=payload, lz4=True
    )


MIN_COMPRESS = 256
"""Bytes below which the image's headers outweigh what packing could save."""


def widen(pixels: Pixels) -> Pixels:
    """Pixels that no bitmap holds, with 32 bits each, from which the client gets the same bits back.

    RGB565 becomes XRGB32, high bits repeated below; A1 becomes ARGB32, all bits or none.
    """
    widened = _WIDENED.get(pixels.format)
    if widened is None:
        raise ValueError(f"no 32-bit form of {pixels.format!r} pixels")
    surface_format, spread = widened
    used = (pixels.width * pixels.format.bits_per_pixel + 7) // 8
    starts = range(0, pixels.height * pixels.stride, pixels.stride)
    data = b"".join([spread(pixels.data[start : start + used], pixels.width) for start in starts])
    return Pixels(pixels.width, pixels.height, pixels.width * 4, surface_format, data)


# Of the two bytes of a pixel in RGB565, each decides the bits of two channels. Blue and red are one byte's alone;
# of green, the second byte has the upper three bits and the first the lower three.
_BLUE = bytes((low & 31) << 3 | (low & 31) >> 2 for low in range(256))
_GREEN_LOW = bytes(low >> 5 << 2 for low in range(256))
_GREEN_HIGH = bytes((high & 7) << 5 | (high & 7) >> 1 for high in range(256))
_RED = bytes(high >> 3 << 3 | high >> 5 for high in range(256))
_EIGHT = [
    b"".join(b"\xff\xff\xff\xff" if byte >> bit & 1 else bytes(4) for bit in range(8)) for byte in range(256)
]
"""Eight pixels of a byte of A1, the lowest bit first."""


def _spread_565(row: bytes, width: int) -> bytes:
    low, high = row[0::2], row[1::2]
    green = int.from_bytes(low.translate(_GREEN_LOW), "little") | int.from_bytes(
        high.translate(_GREEN_HIGH), "little"
    )
    wide = bytearray(width * 4)
    wide[0::4] = low.translate(_BLUE)
    wide[1::4] = green.to_bytes(width, "little")
    wide[2::4] = high.translate(_RED)
    return bytes(wide)


def _spread_a1(row: bytes, width: int) -> bytes:
    return b"".join([_EIGHT[byte] for byte in row])[: width * 4]


_WIDENED: dict[SurfaceFormat, tuple[SurfaceFormat, Callable[[bytes, int], bytes]]] = {
    SurfaceFormat.RGB565: (SurfaceFormat.XRGB32, _spread_565),
    SurfaceFormat.A1: (SurfaceFormat.ARGB32, _spread_a1),
}
