"""Images as they come over the wire, made into the drawing operations' own; the image and palette caches."""

from collections.abc import Callable
from typing import Any

from gspice.codec import image as codec
from gspice.codec import lz4
from gspice.codec.glz import GlzWindow
from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat, row_bytes
from gspice.qxl import ops
from gspice.wire import types as wire
from gspice.wire.enums import BitmapFlags, ImageFlags, JpegAlphaFlags

CACHE_PIXELS = 20 << 20
"""Pixels of all images in the cache, as announced to the server: 80 MiB of 32 bits."""
_CACHE_SLACK = 2
"""Servers count in ways of their own; what is far beyond the announcement is no miscount."""
GLZ_WINDOW_PIXELS = 8 << 20
"""Pixels of the images that GLZ images may refer to, as announced to the server: 32 MiB of 32 bits."""
MAX_PALETTES = 1024
"""Palettes in the cache: servers keep 128."""
MAX_IMAGE_BYTES = 1 << 28
"""Pixels of one decoded image: 8192x8192 of 32 bits."""


class KeptImages:
    """The images that the server has told the client to keep, for all its display channels."""

    def __init__(self) -> None:
        self._images: dict[int, ops.Image] = {}
        self._sizes: dict[int, int] = {}
        self._lossy: set[int] = set()
        self._pixels = 0

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._images

    def __len__(self) -> int:
        return len(self._images)

    def keep(self, image_id: int, image: ops.Image, pixels: int, *, lossy: bool = False) -> None:
        """Keep an image, in place of one with the same id; ProtocolError where it is far too much."""
        self.drop(image_id)
        self._images[image_id] = image
        self._sizes[image_id] = pixels
        if lossy:
            self._lossy.add(image_id)
        self._pixels += pixels
        if self._pixels > CACHE_PIXELS * _CACHE_SLACK:
            raise ProtocolError(
                f"{self._pixels} pixels for the image cache, which has room for {CACHE_PIXELS}"
            )

    def get(self, image_id: int, *, exact: bool = False) -> ops.Image:
        """An image that is kept; ProtocolError where there is none, or not the ``exact`` one."""
        if image_id not in self._images:
            raise ProtocolError(f"image {image_id:#x} is to come from the cache, which does not have it")
        if exact and image_id in self._lossy:
            raise ProtocolError(f"image {image_id:#x} is to come exact from the cache, which has it lossy")
        return self._images[image_id]

    def drop(self, image_id: int) -> None:
        """Forget an image, if it is there."""
        if self._images.pop(image_id, None) is not None:
            self._pixels -= self._sizes.pop(image_id)
            self._lossy.discard(image_id)

    def clear(self) -> None:
        """Forget all images."""
        self._images.clear()
        self._sizes.clear()
        self._lossy.clear()
        self._pixels = 0


class ImageCache:
    """What images of one display channel refer to: images that are kept, GLZ images before them, palettes."""

    def __init__(self, kept: KeptImages | None = None) -> None:
        """``kept``: shared with the client's other display channels."""
        self.kept = KeptImages() if kept is None else kept
        self.glz = GlzWindow(GLZ_WINDOW_PIXELS)
        self._palettes: dict[int, ops.Palette] = {}

    def keep_palette(self, palette: ops.Palette) -> None:
        """Keep a palette; ProtocolError where there are too many."""
        self._palettes[palette.unique] = palette
        if len(self._palettes) > MAX_PALETTES:
            raise ProtocolError(f"{len(self._palettes)} palettes in the cache, more than {MAX_PALETTES}")

    def palette(self, unique: int) -> ops.Palette:
        """A palette that is kept; ProtocolError where there is none."""
        if unique not in self._palettes:
            raise ProtocolError(f"palette {unique:#x} is to come from the cache, which does not have it")
        return self._palettes[unique]

    def drop_palette(self, unique: int) -> None:
        """Forget a palette, if it is there."""
        self._palettes.pop(unique, None)

    def clear_palettes(self) -> None:
        """Forget all palettes."""
        self._palettes.clear()


def image_of(image: wire.Image, cache: ImageCache) -> ops.Image:
    """The image ready to draw with, put into the cache where the server wants that.

    Every image that comes must be given to it once, in the order of arrival: later ones may refer to it.
    ProtocolError: it is malformed, or what it refers to is not in the cache.
    """
    decoded = _DECODERS[type(image)](image, cache)
    if image.flags & (ImageFlags.CACHE_ME | ImageFlags.CACHE_REPLACE_ME) and not isinstance(image, _CACHED):
        lossy = isinstance(image, wire.Jpeg | wire.JpegAlpha)
        cache.kept.keep(image.id, decoded, image.width * image.height, lossy=lossy)
    return decoded


def _bitmap(image: wire.Bitmap, cache: ImageCache) -> ops.Image:
    try:
        bitmap_format = BitmapFormat(image.format)
    except ValueError:
        raise ProtocolError(f"bitmap of the unknown format {image.format}") from None
    if not image.x or not image.y:
        raise ProtocolError(f"bitmap of {image.x}x{image.y} pixels")
    if image.stride < row_bytes(image.x, bitmap_format.bits_per_pixel):
        raise ProtocolError(
            f"{bitmap_format.name} bitmap of {image.x} pixels in rows of {image.stride} bytes"
        )
    return ops.BitmapImage(
        id=image.id,
        flags=image.flags,
        width=image.x,
        height=image.y,
        format=bitmap_format,
        top_down=bool(image.bitmap_flags & BitmapFlags.TOP_DOWN),
        stride=image.stride,
        data=bytes(image.data),
        palette=_palette(image, cache) if bitmap_format.indexed else None,
    )


def _palette(image: wire.Bitmap | wire.LzPlt, cache: ImageCache) -> ops.Palette | None:
    if image.palette_id is not None:
        return cache.palette(image.palette_id)
    if image.palette is None:
        # Masks have none. Where one is missed, the canvas does not draw.
        return None
    palette = ops.Palette(image.palette.unique, tuple(image.palette.entries))
    if image.bitmap_flags & BitmapFlags.PAL_CACHE_ME:
        cache.keep_palette(palette)
    return palette


def _lz4(image: wire.Lz4, cache: ImageCache) -> ops.Image:
    rows = lz4.decode(image.data, image.width, image.height, MAX_IMAGE_BYTES)
    return ops.BitmapImage(
        id=image.id,
        flags=image.flags,
        width=image.width,
        height=image.height,
        format=rows.format,
        top_down=rows.top_down,
        stride=row_bytes(image.width, rows.format.bits_per_pixel),
        data=rows.rows,
    )


def _encoded(image: wire.Quic | wire.LzRgb | wire.LzPlt | wire.Jpeg, cache: ImageCache) -> ops.Image:
    palette = _palette(image, cache) if isinstance(image, wire.LzPlt) else None
    try:
        decoded = codec.decode(image.type, image.data, image.width, image.height, MAX_IMAGE_BYTES)
    except codec.CodecError as error:
        raise ProtocolError(str(error)) from error
    return _bitmap_image(image, decoded, palette)


def _glz(image: wire.Glz, cache: ImageCache) -> ops.Image:
    try:
        decoded = codec.decode_glz(cache.glz, image.data, image.width, image.height, MAX_IMAGE_BYTES)
    except codec.CodecError as error:
        raise ProtocolError(str(error)) from error
    return _bitmap_image(image, decoded, None)


def _zlib_glz(image: wire.ZlibGlz, cache: ImageCache) -> ops.Image:
    try:
        decoded = codec.decode_zlib_glz(
            cache.glz,
            image.data,
            image.width,
            image.height,
            glz_size=image.glz_size,
            max_bytes=MAX_IMAGE_BYTES,
        )
    except codec.CodecError as error:
        raise ProtocolError(str(error)) from error
    return _bitmap_image(image, decoded, None)


def _jpeg_alpha(image: wire.JpegAlpha, cache: ImageCache) -> ops.Image:
    try:
        decoded = codec.decode_jpeg_alpha(
            image.data,
            image.width,
            image.height,
            jpeg_size=image.jpeg_size,
            top_down=bool(image.jpeg_flags & JpegAlphaFlags.TOP_DOWN),
            max_bytes=MAX_IMAGE_BYTES,
        )
    except codec.CodecError as error:
        raise ProtocolError(str(error)) from error
    return _bitmap_image(image, decoded, None)


def _bitmap_image(image: wire.Image, decoded: codec.DecodedImage, palette: ops.Palette | None) -> ops.Image:
    return ops.BitmapImage(
        id=image.id,
        flags=image.flags,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        top_down=decoded.top_down,
        stride=decoded.stride,
        data=decoded.data,
        palette=palette,
    )


def _surface(image: wire.Surface, cache: ImageCache) -> ops.Image:
    return ops.SurfaceImage(
        id=image.id,
        flags=image.flags,
        width=image.width,
        height=image.height,
        surface_id=image.surface_id,
    )


def _from_cache(image: wire.FromCache | wire.FromCacheLossless, cache: ImageCache) -> ops.Image:
    return cache.kept.get(image.id, exact=isinstance(image, wire.FromCacheLossless))


_CACHED = (wire.FromCache, wire.FromCacheLossless)
_DECODERS: dict[type[Any], Callable[[Any, ImageCache], ops.Image]] = {
    wire.Bitmap: _bitmap,
    wire.Lz4: _lz4,
    wire.Quic: _encoded,
    wire.LzRgb: _encoded,
    wire.LzPlt: _encoded,
    wire.Glz: _glz,
    wire.ZlibGlz: _zlib_glz,
    wire.Jpeg: _encoded,
    wire.JpegAlpha: _jpeg_alpha,
    wire.Surface: _surface,
    wire.FromCache: _from_cache,
    wire.FromCacheLossless: _from_cache,
}
