"""Captured pixels as SPICE images: raw, or LZ4 where the client can and it is smaller."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gspice.codec import lz4
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat
from gspice.qxl.image_memory import copied


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
    rows = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.stride)
    wide = spread(rows, pixels.width)
    return Pixels(
        pixels.width,
        pixels.height,
        pixels.width * 4,
        surface_format,
        copied(wide.astype("<u4", copy=False).reshape(-1).view(np.uint8).data),
    )


def _spread_565(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint32]:
    narrow = np.ascontiguousarray(rows[:, : width * 2]).view("<u2").astype(np.uint32)
    red, green, blue = narrow >> 11, (narrow >> 5) & 0x3F, narrow & 0x1F
    wide = ((red << 3 | red >> 2) << 16) | ((green << 2 | green >> 4) << 8) | (blue << 3 | blue >> 2)
    return wide.astype(np.uint32, copy=False)


def _spread_a1(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint32]:
    bits = np.unpackbits(rows, axis=1, bitorder="little")[:, :width].astype(np.uint32)
    return bits * np.uint32(0xFFFFFFFF)


_WIDENED: dict[
    SurfaceFormat, tuple[SurfaceFormat, Callable[[NDArray[np.uint8], int], NDArray[np.uint32]]]
] = {
    SurfaceFormat.RGB565: (SurfaceFormat.XRGB32, _spread_565),
    SurfaceFormat.A1: (SurfaceFormat.ARGB32, _spread_a1),
}
