"""One door to the image decoders: an encoded image, by its type, becomes a bitmap.

LZ4 (``gspice.codec.lz4``) is not among them: it comes with the format of its pixels and has no header to check.
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from gspice.codec import glz, jpeg, lz, quic
from gspice.codec.errors import CodecError
from gspice.pixels import BitmapFormat

__all__ = [
    "MAX_IMAGE_BYTES",
    "CodecError",
    "DecodedImage",
    "decodable",
    "decode",
    "decode_glz",
    "decode_jpeg_alpha",
    "decode_zlib_glz",
]

MAX_IMAGE_BYTES = 1 << 28
"""Pixels of one decoded image, if the caller names no other limit: 8192x8192 of 32 bits."""

QUIC, LZ_PLT, LZ_RGB, JPEG, JPEG_ALPHA = 1, 100, 101, 105, 108
"""SPICE_IMAGE_TYPE_*"""

_QUIC_FORMATS = {
    quic.QuicType.RGB16: BitmapFormat.RGB555,
    quic.QuicType.RGB24: BitmapFormat.XRGB32,
    quic.QuicType.RGB32: BitmapFormat.XRGB32,
    quic.QuicType.RGBA: BitmapFormat.ARGB32,
}
"""Not GRAY: no bitmap is of such pixels, and no peer sends or takes them."""
_MOST_GLZ_BYTES, _MOST_GLZ_HEADER = 5, 64
"""What GLZ takes at most: for each pixel, with all that is beside the pixels themselves, and for what comes first."""
_LZ_PLT_FORMATS = {
    lz.LzType.PLT1_LE: BitmapFormat.BIT1_LE,
    lz.LzType.PLT1_BE: BitmapFormat.BIT1_BE,
    lz.LzType.PLT4_LE: BitmapFormat.BIT4_LE,
    lz.LzType.PLT4_BE: BitmapFormat.BIT4_BE,
    lz.LzType.PLT8: BitmapFormat.BIT8,
}
_LZ_RGB_FORMATS = {
    lz.LzType.RGB16: BitmapFormat.RGB555,
    lz.LzType.RGB24: BitmapFormat.XRGB32,
    lz.LzType.RGB32: BitmapFormat.XRGB32,
    lz.LzType.RGBA: BitmapFormat.ARGB32,
    lz.LzType.A8: BitmapFormat.A8,
}


class DecodedImage(NamedTuple):
    """A bitmap: rows without padding, ``stride`` bytes each. An indexed one has its palette elsewhere."""

    format: BitmapFormat
    width: int
    height: int
    top_down: bool
    stride: int
    data: bytes


def decodable(kind: int) -> bool:
    """Whether decode() knows this image type."""
    return kind in _DECODERS


def decode(
    kind: int, data: bytes | memoryview, width: int, height: int, max_bytes: int = MAX_IMAGE_BYTES
) -> DecodedImage:
    """Decode an image of type ``kind`` (QUIC, LZ_PLT, LZ_RGB or JPEG) whose descriptor names this size.

    CodecError: another type, malformed, of another size, or of more than ``max_bytes``. Memory is taken for no
    more than the image needs and the data could fill.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise CodecError(f"image of type {kind}, for which there is no decoder")
    return decoder(data, width, height, max_bytes)


def decode_jpeg_alpha(
    data: bytes | memoryview,
    width: int,
    height: int,
    *,
    jpeg_size: int,
    top_down: bool,
    max_bytes: int = MAX_IMAGE_BYTES,
) -> DecodedImage:
    """As decode(), for JPEG_ALPHA, whose descriptor says more; ``top_down`` is its flag."""
    rows = jpeg.decode_alpha(data, jpeg_size, top_down, width, height, max_bytes)
    return DecodedImage(BitmapFormat.ARGB32, width, height, True, width * jpeg.PIXEL_BYTES, rows)


def decode_glz(
    window: glz.GlzWindow,
    data: bytes | memoryview,
    width: int,
    height: int,
    max_bytes: int = MAX_IMAGE_BYTES,
) -> DecodedImage:
    """As decode(), for GLZ_RGB, which refers to the images in ``window`` and is put there itself."""
    header = glz.parse_header(data)
    _check("GLZ", (header.width, header.height), (width, height))
    rows = window.decode(data, max_bytes)
    return DecodedImage(
        _LZ_RGB_FORMATS[header.type], width, height, header.top_down, header.stride, rows.data
    )


def decode_zlib_glz(
    window: glz.GlzWindow,
    data: bytes | memoryview,
    width: int,
    height: int,
    *,
    glz_size: int,
    max_bytes: int = MAX_IMAGE_BYTES,
) -> DecodedImage:
    """As decode_glz(), for ZLIB_GLZ_RGB, whose descriptor says how large the stream is when inflated."""
    if not 0 < glz_size <= min(width * height * _MOST_GLZ_BYTES + _MOST_GLZ_HEADER, max_bytes):
        raise CodecError(f"GLZ stream of {glz_size} bytes for an image of {width}x{height} pixels")
    engine = zlib.decompressobj()
    try:
        # One more, so that zlib comes to its end, or is seen not to.
        stream = engine.decompress(data, glz_size + 1)
    except zlib.error as error:
        raise CodecError(f"GLZ stream that cannot be inflated: {error}") from error
    if len(stream) != glz_size or not engine.eof or engine.unused_data:
        raise CodecError(f"GLZ stream that does not inflate to just {glz_size} bytes")
    return decode_glz(window, stream, width, height, max_bytes)


def _quic(data: bytes | memoryview, width: int, height: int, max_bytes: int) -> DecodedImage:
    header = quic.parse_header(data)
    _check("QUIC", (header.width, header.height), (width, height))
    if header.type not in _QUIC_FORMATS:
        raise CodecError(f"QUIC image of {header.type.name} pixels, which no bitmap has")
    stride = width * quic.pixel_bytes(header.type)
    rows = quic.decode(data, max_bytes)
    return DecodedImage(_QUIC_FORMATS[header.type], width, height, True, stride, rows)


def _lz(
    formats: dict[lz.LzType, BitmapFormat],
) -> Callable[[bytes | memoryview, int, int, int], DecodedImage]:
    def decode_lz(data: bytes | memoryview, width: int, height: int, max_bytes: int) -> DecodedImage:
        header = lz.parse_header(data)
        _check("LZ", (header.width, header.height), (width, height))
        if header.type not in formats:
            raise CodecError(f"LZ image of {header.type.name} pixels, which its image type does not allow")
        rows = lz.decode(data, max_bytes)
        return DecodedImage(formats[header.type], width, height, header.top_down, header.stride, rows)

    return decode_lz


def _jpeg(data: bytes | memoryview, width: int, height: int, max_bytes: int) -> DecodedImage:
    rows = jpeg.decode(data, width, height, max_bytes)
    return DecodedImage(BitmapFormat.XRGB32, width, height, True, width * jpeg.PIXEL_BYTES, rows)


def _check(name: str, found: tuple[int, int], expected: tuple[int, int]) -> None:
    if found != expected:
        raise CodecError(
            f"{name} image of {found[0]}x{found[1]} pixels, announced as {expected[0]}x{expected[1]}"
        )


_DECODERS: dict[int, Callable[[bytes | memoryview, int, int, int], DecodedImage]] = {
    QUIC: _quic,
    LZ_PLT: _lz(_LZ_PLT_FORMATS),
    LZ_RGB: _lz(_LZ_RGB_FORMATS),
    JPEG: _jpeg,
}
