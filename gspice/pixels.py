"""Pixel formats of surfaces and bitmaps, numbered as QXL and SPICE number them."""

from enum import IntEnum
from typing import NamedTuple


class SurfaceFormat(IntEnum):
    """SPICE_SURFACE_FMT_*: what one pixel of a surface is."""

    A1 = 1
    A8 = 8
    RGB555 = 16
    XRGB32 = 32
    RGB565 = 80
    ARGB32 = 96

    @property
    def bits_per_pixel(self) -> int:
        return _SURFACE_BITS[self]


class BitmapFormat(IntEnum):
    """SPICE_BITMAP_FMT_*: what one pixel of a bitmap image is."""

    BIT1_LE = 1
    BIT1_BE = 2
    BIT4_LE = 3
    BIT4_BE = 4
    BIT8 = 5
    RGB555 = 6
    RGB24 = 7
    XRGB32 = 8
    ARGB32 = 9
    A8 = 10

    @property
    def bits_per_pixel(self) -> int:
        return _BITMAP_BITS[self]

    @property
    def indexed(self) -> bool:
        """Whether pixels are indices into a palette."""
        return self <= BitmapFormat.BIT8


_SURFACE_BITS = {
    SurfaceFormat.A1: 1,
    SurfaceFormat.A8: 8,
    SurfaceFormat.RGB555: 16,
    SurfaceFormat.XRGB32: 32,
    SurfaceFormat.RGB565: 16,
    SurfaceFormat.ARGB32: 32,
}
_BITMAP_BITS = {
    BitmapFormat.BIT1_LE: 1,
    BitmapFormat.BIT1_BE: 1,
    BitmapFormat.BIT4_LE: 4,
    BitmapFormat.BIT4_BE: 4,
    BitmapFormat.BIT8: 8,
    BitmapFormat.RGB555: 16,
    BitmapFormat.RGB24: 24,
    BitmapFormat.XRGB32: 32,
    BitmapFormat.ARGB32: 32,
    BitmapFormat.A8: 8,
}


def row_bytes(width: int, bits_per_pixel: int) -> int:
    """Bytes that one row of ``width`` pixels takes without padding."""
    return (width * bits_per_pixel + 7) // 8


class SurfaceSpec(NamedTuple):
    """Size and format of a surface."""

    width: int
    height: int
    format: SurfaceFormat


class Pixels(NamedTuple):
    """A block of pixels read from a surface: rows top-down, ``stride`` bytes apart."""

    width: int
    height: int
    stride: int
    format: SurfaceFormat
    data: bytes
