"""Pixels of surface formats that no bitmap image has, or that video encoders do not take, as 32-bit ones."""

from collections.abc import Callable

from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat

SENT_AS: dict[SurfaceFormat, tuple[BitmapFormat, bool]] = {
    SurfaceFormat.XRGB32: (BitmapFormat.XRGB32, False),
    SurfaceFormat.ARGB32: (BitmapFormat.ARGB32, False),
    SurfaceFormat.RGB555: (BitmapFormat.RGB555, False),
    SurfaceFormat.A8: (BitmapFormat.A8, False),
    SurfaceFormat.RGB565: (BitmapFormat.XRGB32, True),
    SurfaceFormat.A1: (BitmapFormat.ARGB32, True),
}
"""What images of a surface are, and whether its pixels must be widened for that."""


def widen(pixels: Pixels) -> Pixels:
    """Pixels with 32 bits each, from which the client gets the same bits back.

    RGB565 and RGB555 become XRGB32, high bits repeated below; A1 becomes ARGB32, all bits or none.
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
# In RGB555 green has two bits in the second byte, and red lies one bit lower.
_GREEN_LOW_555 = bytes(low >> 5 << 3 | low >> 7 for low in range(256))
_GREEN_HIGH_555 = bytes((high & 3) << 6 | (high & 3) << 1 for high in range(256))
_RED_555 = bytes((high >> 2 & 31) << 3 | (high >> 2 & 31) >> 2 for high in range(256))
_EIGHT = [
    b"".join(b"\xff\xff\xff\xff" if byte >> bit & 1 else bytes(4) for bit in range(8)) for byte in range(256)
]
"""Eight pixels of a byte of A1, the lowest bit first."""


def _spread_565(row: bytes, width: int) -> bytes:
    return _spread_16(row, width, _GREEN_LOW, _GREEN_HIGH, _RED)


def _spread_555(row: bytes, width: int) -> bytes:
    return _spread_16(row, width, _GREEN_LOW_555, _GREEN_HIGH_555, _RED_555)


def _spread_16(row: bytes, width: int, green_low: bytes, green_high: bytes, red: bytes) -> bytes:
    low, high = row[0::2], row[1::2]
    green = int.from_bytes(low.translate(green_low), "little") | int.from_bytes(
        high.translate(green_high), "little"
    )
    wide = bytearray(width * 4)
    wide[0::4] = low.translate(_BLUE)
    wide[1::4] = green.to_bytes(width, "little")
    wide[2::4] = high.translate(red)
    return bytes(wide)


def _spread_a1(row: bytes, width: int) -> bytes:
    return b"".join([_EIGHT[byte] for byte in row])[: width * 4]


_WIDENED: dict[SurfaceFormat, tuple[SurfaceFormat, Callable[[bytes, int], bytes]]] = {
    SurfaceFormat.RGB565: (SurfaceFormat.XRGB32, _spread_565),
    SurfaceFormat.RGB555: (SurfaceFormat.XRGB32, _spread_555),
    SurfaceFormat.A1: (SurfaceFormat.ARGB32, _spread_a1),
}
