"""Images: a descriptor, and behind it pixels in one of a dozen encodings, or a name for cached ones."""

from dataclasses import field
from typing import Annotated, TypeAlias

from gspice.wire import limits
from gspice.wire.buffer import Scope
from gspice.wire.enums import BitmapFlags, ImageType
from gspice.wire.fields import INT16, INT32, INT64, U8, U32, U64, Array, Blob, Pointer, When
from gspice.wire.message import Nested, OneOf, Struct, wire


@wire
class Palette(Struct):
    """The colours of an indexed image, 0x00RRGGBB; ``unique`` names it in the client's palette cache."""

    unique: U64
    entries: Annotated[tuple[int, ...], Array(INT32, INT16, limit=limits.PALETTE_ENTRIES)]


@wire
class ImageDescriptor(Struct):
    """What all images begin with; ``id`` names the image in the client's cache, sizes are pixels."""

    id: U64 = 0
    type: U8 = field(init=False, default=-1)
    flags: U8 = 0
    """ImageFlags"""
    width: U32
    height: U32


def _bitmap_bytes(scope: Scope) -> int:
    size: int = scope["stride"] * scope["y"]
    return size


_ImageData: TypeAlias = Annotated[bytes | memoryview, Blob(INT32, limit=limits.IMAGE_BYTES)]


@wire
class Bitmap(ImageDescriptor):
    """Raw pixels."""

    type: U8 = field(init=False, default=ImageType.BITMAP)
    format: U8
    """BitmapFormat of ``gspice.pixels``"""
    bitmap_flags: U8 = 0
    x: U32
    """Width in pixels."""
    y: U32
    """Rows in ``data``."""
    stride: U32
    """Bytes from row to row."""
    palette_id: Annotated[int | None, INT64, When("bitmap_flags", BitmapFlags.PAL_FROM_CACHE)] = None
    palette: Annotated[
        Palette | None,
        Pointer(Nested(Palette), nullable=True),
        When("bitmap_flags", BitmapFlags.PAL_FROM_CACHE, unset=True),
    ] = None
    data: Annotated[bytes | memoryview, Blob(limit=limits.IMAGE_BYTES, size=_bitmap_bytes)]


@wire
class _Encoded(ImageDescriptor):
    data: _ImageData


@wire
class Quic(_Encoded):
    """A QUIC stream."""

    type: U8 = field(init=False, default=ImageType.QUIC)


@wire
class LzRgb(_Encoded):
    """An LZ stream."""

    type: U8 = field(init=False, default=ImageType.LZ_RGB)


@wire
class Glz(_Encoded):
    """An LZ stream that refers to earlier images of the session's dictionary."""

    type: U8 = field(init=False, default=ImageType.GLZ_RGB)


@wire
class Jpeg(_Encoded):
    """A JPEG file."""

    type: U8 = field(init=False, default=ImageType.JPEG)


@wire
class Lz4(_Encoded):
    """LZ4 blocks with their own small header."""

    type: U8 = field(init=False, default=ImageType.LZ4)


@wire
class LzPlt(ImageDescriptor):
    """An LZ stream of palette indices."""

    type: U8 = field(init=False, default=ImageType.LZ_PLT)
    bitmap_flags: U8 = 0
    palette_id: Annotated[int | None, INT64, When("bitmap_flags", BitmapFlags.PAL_FROM_CACHE)] = None
    palette: Annotated[
        Palette | None,
        Pointer(Nested(Palette)),
        When("bitmap_flags", BitmapFlags.PAL_FROM_CACHE, unset=True),
    ] = None
    data: Annotated[bytes | memoryview, Blob(INT32, limit=limits.IMAGE_BYTES, ahead_of="palette_id")]


@wire
class ZlibGlz(ImageDescriptor):
    """A GLZ stream, deflated; ``glz_size`` is its size when inflated."""

    type: U8 = field(init=False, default=ImageType.ZLIB_GLZ_RGB)
    glz_size: U32
    data: _ImageData


@wire
class JpegAlpha(ImageDescriptor):
    """A JPEG file of ``jpeg_size`` bytes and behind it an LZ stream of the alpha channel."""

    type: U8 = field(init=False, default=ImageType.JPEG_ALPHA)
    jpeg_flags: U8 = 0
    """JpegAlphaFlags, of the alpha channel."""
    jpeg_size: U32
    data: _ImageData


@wire
class Surface(ImageDescriptor):
    """The pixels that another surface has now."""

    type: U8 = field(init=False, default=ImageType.SURFACE)
    surface_id: U32


@wire
class FromCache(ImageDescriptor):
    """An image that the client holds under ``id``."""

    type: U8 = field(init=False, default=ImageType.FROM_CACHE)


@wire
class FromCacheLossless(ImageDescriptor):
    """As FromCache, and the client must hold the lossless version."""

    type: U8 = field(init=False, default=ImageType.FROM_CACHE_LOSSLESS)


IMAGE = OneOf(
    Bitmap, Quic, LzPlt, LzRgb, Glz, FromCache, Surface, Jpeg, FromCacheLossless, ZlibGlz, JpegAlpha, Lz4,
    tag_at=8,
)  # fmt: skip
Image: TypeAlias = Annotated[
    Bitmap | Quic | LzPlt | LzRgb | Glz | FromCache | Surface | Jpeg | FromCacheLossless | ZlibGlz
    | JpegAlpha | Lz4,
    IMAGE,
]  # fmt: skip
ImagePointer: TypeAlias = Annotated[Image | None, Pointer(IMAGE, nullable=True)]
