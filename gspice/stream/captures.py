"""Captured pixels as SPICE images: raw, or LZ4 where the client can and it is smaller."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

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
    """RGB565 rows as XRGB32, high bits repeated below, so that narrowing gives the same 16 bits back."""
    if pixels.format is not SurfaceFormat.RGB565:
        raise ValueError(f"no 32-bit form of {pixels.format!r} pixels")
    rows = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.stride)
    narrow = np.ascontiguousarray(rows[:, : pixels.width * 2]).view("<u2").astype(np.uint32)
    red, green, blue = narrow >> 11, (narrow >> 5) & 0x3F, narrow & 0x1F
    wide = ((red << 3 | red >> 2) << 16) | ((green << 2 | green >> 4) << 8) | (blue << 3 | blue >> 2)
    return Pixels(
        pixels.width,
        pixels.height,
        pixels.width * 4,
        SurfaceFormat.XRGB32,
        wide.astype("<u4").tobytes(),
    )
