"""Captured pixels into images: which coder, and the packed bytes. Runs in the encoder pool, on immutable pixels.

The modes of libspice choose as libspice does. ``Compression.AUTO`` is our own.
"""

import logging
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from gspice.codec import graduality, jpeg_encode, lz4, lz_encode, quic_encode
from gspice.codec.graduality import Graduality
from gspice.codec.lz import LzType
from gspice.codec.quic import QuicType
from gspice.errors import ConfigError
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat
from gspice.stream.compression import Compression, ImageSettings

log = logging.getLogger(__name__)

MIN_COMPRESS = 54
"""Bytes below which an image is sent as it is."""
MIN_DEFLATE = 100
"""Bytes of a GLZ image below which deflating it cannot pay."""
DEFLATE_LEVEL = 3
DEFLATES_TO = 0.8
"""What deflating leaves of a photograph's GLZ image, about."""
PHOTOGRAPH = 24 << 10
"""Photographs of so many pixels go as QUIC where that is smaller. Later images cannot refer to them then; so smaller
ones go to the dictionary."""
PIXEL = 4
"""Bytes of a pixel of what may be solid."""
QUIC_MIN_SIDE = 3
"""QUIC's model needs neighbours."""


class Coder(Enum):
    """What an image's bytes are."""

    RAW = auto()
    SOLID = auto()
    """One pixel, that all of them are."""
    QUIC = auto()
    LZ = auto()
    GLZ = auto()
    ZLIB_GLZ = auto()
    LZ4 = auto()
    JPEG = auto()
    JPEG_ALPHA = auto()
    CACHED = auto()
    """None: the client has the pixels in its cache."""


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image ready to be sent."""

    width: int
    height: int
    format: BitmapFormat
    coder: Coder
    data: bytes
    inner_size: int = 0
    """ZLIB_GLZ: bytes of the GLZ image within; JPEG_ALPHA: of the JPEG file."""

    @property
    def lossy(self) -> bool:
        return self.coder in (Coder.JPEG, Coder.JPEG_ALPHA)


class _Format(NamedTuple):
    bitmap: BitmapFormat
    lz: LzType
    quic: QuicType


_FORMATS = {
    SurfaceFormat.XRGB32: _Format(BitmapFormat.XRGB32, LzType.RGB32, QuicType.RGB32),
    SurfaceFormat.ARGB32: _Format(BitmapFormat.ARGB32, LzType.RGBA, QuicType.RGBA),
    SurfaceFormat.RGB555: _Format(BitmapFormat.RGB555, LzType.RGB16, QuicType.RGB16),
    SurfaceFormat.A8: _Format(BitmapFormat.A8, LzType.A8, QuicType.GRAY),
}
_RAW_ONLY = frozenset({SurfaceFormat.A8})
"""Clients cannot be relied on to unpack these."""


def encode(pixels: Pixels, settings: ImageSettings, *, solid: bool = False) -> EncodedImage:
    """Pack pixels of rows without padding; raw where nothing packs them, or a coder fails (which is logged).

    ``solid``: pixels that are all the same may be packed as one, for the client to fill with.
    """
    size = len(pixels.data)
    if solid and pixels.data[:PIXEL] == pixels.data[-PIXEL:] and pixels.data[PIXEL:] == pixels.data[:-PIXEL]:
        return _image(pixels, Coder.SOLID, pixels.data[:PIXEL])
    if settings.mode != Compression.OFF and size >= MIN_COMPRESS and pixels.format not in _RAW_ONLY:
        try:
            packed = _packed(pixels, settings)
        except Exception:
            # Ours to mend, not a client's to suffer from: it still gets its picture.
            log.exception("an image of %dx%d pixels could not be packed", pixels.width, pixels.height)
            packed = None
        if packed is not None:
            return packed
    return _image(pixels, Coder.RAW, pixels.data)


def _image(pixels: Pixels, coder: Coder, data: bytes, inner_size: int = 0) -> EncodedImage:
    return EncodedImage(pixels.width, pixels.height, _FORMATS[pixels.format].bitmap, coder, data, inner_size)


def _packed(pixels: Pixels, settings: ImageSettings) -> EncodedImage | None:
    mode = settings.mode
    quicable = min(pixels.width, pixels.height) >= QUIC_MIN_SIDE
    if mode == Compression.QUIC:
        return _quic(pixels) if quicable else None
    if mode == Compression.LZ4 and settings.lz4:
        return _lz4(pixels)
    remembers = mode is Compression.AUTO and settings.dictionary is not None
    if mode.by_content and quicable and _graduality(pixels) is Graduality.HIGH:
        if settings.jpeg_quality and pixels.format is not SurfaceFormat.RGB555:
            try:
                return _jpeg(pixels, settings.jpeg_quality)
            except ConfigError as error:  # a host that has gone where Python's packages are not
                log.debug("%s; QUIC in its place", error)
        if not remembers:
            return _quic(pixels)
        if pixels.width * pixels.height >= PHOTOGRAPH:
            quic = _quic(pixels)
            if quic is not None:
                return _glz(pixels, settings, most_bytes=int(len(quic.data) / DEFLATES_TO)) or quic
    if mode.with_dictionary and settings.dictionary is not None:
        image = _glz(pixels, settings)
        if image is not None:
            return image
    return _lz(pixels)


def _graduality(pixels: Pixels) -> Graduality:
    kind = _FORMATS[pixels.format].lz
    return graduality.measure(pixels.data, kind, pixels.width, pixels.height, pixels.stride)


def _smaller(pixels: Pixels, coder: Coder, data: bytes, inner_size: int = 0) -> EncodedImage | None:
    return _image(pixels, coder, data, inner_size) if len(data) < len(pixels.data) else None


def _quic(pixels: Pixels) -> EncodedImage | None:
    kind = _FORMATS[pixels.format].quic
    data = quic_encode.encode(pixels.data, kind, pixels.width, pixels.height, pixels.stride)
    return _smaller(pixels, Coder.QUIC, data)


def _lz(pixels: Pixels) -> EncodedImage | None:
    kind = _FORMATS[pixels.format].lz
    data = lz_encode.encode(pixels.data, kind, pixels.width, pixels.height, pixels.stride)
    return _smaller(pixels, Coder.LZ, data)


def _lz4(pixels: Pixels) -> EncodedImage | None:
    data = lz4.encode(
        pixels.data, pixels.stride, pixels.width, pixels.height, _FORMATS[pixels.format].bitmap, top_down=True
    )
    return _smaller(pixels, Coder.LZ4, data)


def _jpeg(pixels: Pixels, quality: int) -> EncodedImage | None:
    if pixels.format is SurfaceFormat.ARGB32:
        data, jpeg_size = jpeg_encode.encode_alpha(
            pixels.data, pixels.width, pixels.height, pixels.stride, quality
        )
        return _smaller(pixels, Coder.JPEG_ALPHA, data, jpeg_size)
    data = jpeg_encode.encode(pixels.data, pixels.width, pixels.height, pixels.stride, quality)
    return _smaller(pixels, Coder.JPEG, data)


def _glz(pixels: Pixels, settings: ImageSettings, most_bytes: int | None = None) -> EncodedImage | None:
    """What the dictionary took in must reach the client, however large: later images refer to it."""
    assert settings.dictionary is not None
    kind = _FORMATS[pixels.format].lz
    data = settings.dictionary.encode(
        pixels.data, kind, pixels.width, pixels.height, pixels.stride, most_bytes=most_bytes
    )
    if data is None:
        return None
    if settings.zlib and len(data) >= MIN_DEFLATE:
        deflated = zlib.compress(data, DEFLATE_LEVEL)
        if len(deflated) < len(data):
            return _image(pixels, Coder.ZLIB_GLZ, deflated, len(data))
    return _image(pixels, Coder.GLZ, data)
