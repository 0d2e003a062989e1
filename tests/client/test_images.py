"""Images off the wire: formats, LZ4, GLZ, the caches, and what cannot be decoded."""

import dataclasses
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from gspice.client.images import CACHE_PIXELS, GLZ_WINDOW_PIXELS, MAX_PALETTES, ImageCache, image_of
from gspice.codec import jpeg_encode, lz4
from gspice.codec.glz_encode import GlzDictionary
from gspice.codec.lz import LzType
from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.wire import types as wire
from tests.client.messages import bitmap, gray

CODED = Path(__file__).parent.parent / "data" / "codec"
INDEX = json.loads((CODED / "index.json").read_text())
CACHE_ME = wire.ImageFlags.CACHE_ME


@pytest.fixture
def cache() -> ImageCache:
    return ImageCache()


def decoded(image: wire.Image, cache: ImageCache) -> ops.BitmapImage:
    result = image_of(image, cache)
    assert isinstance(result, ops.BitmapImage)
    return result


@pytest.mark.parametrize("form", BitmapFormat)
def test_all_bitmap_formats(form: BitmapFormat, cache: ImageCache) -> None:
    palette = wire.Palette(unique=0, entries=(0x112233, 0x445566)) if form.indexed else None
    image = decoded(bitmap(5, 2, bytes(40), format=form, stride=20, palette=palette), cache)
    assert (image.format, image.width, image.height, image.stride) == (form, 5, 2, 20)
    assert image.top_down
    assert (image.palette.ents if image.palette else ()) == ((0x112233, 0x445566) if palette else ())


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (bitmap(1, 1, bytes(4), format=8, stride=4), None),
        (wire.Bitmap(width=1, height=1, format=77, x=1, y=1, stride=4, data=bytes(4)), "format 77"),
        (wire.Bitmap(width=1, height=1, format=8, x=2, y=1, stride=4, data=bytes(4)), "rows of 4 bytes"),
        (wire.Bitmap(width=1, height=1, format=8, x=0, y=1, stride=4, data=bytes(4)), "0x1 pixels"),
    ],
)
def test_malformed_bitmaps(image: wire.Bitmap, reason: str | None, cache: ImageCache) -> None:
    if reason is None:
        image_of(image, cache)
        return
    with pytest.raises(ProtocolError, match=reason):
        image_of(image, cache)


def lz4_image(pixels: bytes, width: int, height: int, **fields: int) -> wire.Lz4:
    data = lz4.encode(pixels, width * 4, width, height, BitmapFormat.XRGB32, top_down=False)
    return wire.Lz4(width=width, height=height, data=data, **fields)


def test_lz4(cache: ImageCache) -> None:
    pixels = gray(*range(12))
    image = decoded(lz4_image(pixels, 4, 3), cache)
    assert (image.data, image.stride, image.top_down) == (pixels, 16, False)


def test_broken_lz4_is_a_protocol_error(cache: ImageCache) -> None:
    with pytest.raises(ProtocolError, match="LZ4"):
        image_of(wire.Lz4(width=4, height=3, data=b"\1\x08\0\0\0\5abc"), cache)


def test_huge_lz4_images_are_refused_before_memory_is_taken(cache: ImageCache) -> None:
    with pytest.raises(ProtocolError, match="LZ4"):
        image_of(wire.Lz4(width=1 << 20, height=1 << 20, data=bytes(100)), cache)


def encoded(name: str, **fields: object) -> wire.Image:
    entry = next(entry for entry in INDEX if entry["file"] == name)
    kind = {1: wire.Quic, 100: wire.LzPlt, 101: wire.LzRgb, 105: wire.Jpeg, 108: wire.JpegAlpha}[
        entry["type"]
    ]
    data = (CODED / name).read_bytes()
    made: wire.Image = kind(width=entry["width"], height=entry["height"], data=data, **fields)
    return made


@pytest.mark.parametrize(
    ("name", "form", "top_down"),
    [
        ("quic-rgb32-ui.bin", BitmapFormat.XRGB32, True),
        ("quic-rgba-photo.bin", BitmapFormat.ARGB32, True),
        ("quic-rgb16-ui.bin", BitmapFormat.RGB555, True),
        ("lz-rgb32-ui-up.bin", BitmapFormat.XRGB32, False),
        ("lz-a8-ui.bin", BitmapFormat.A8, True),
    ],
)
def test_lossless_codings(name: str, form: BitmapFormat, top_down: bool, cache: ImageCache) -> None:
    image = decoded(encoded(name), cache)
    assert (image.format, image.top_down) == (form, top_down)
    rows = [image.data[at : at + image.stride] for at in range(0, len(image.data), image.stride)]
    pixels = b"".join(rows if top_down else rows[::-1])
    assert hashlib.sha256(pixels).hexdigest() == next(e["sha256"] for e in INDEX if e["file"] == name)


def test_jpeg(cache: ImageCache) -> None:
    image = decoded(encoded("jpeg-rgb32-photo.bin"), cache)
    assert (image.format, image.width, image.height) == (BitmapFormat.XRGB32, 131, 67)
    entry = next(entry for entry in INDEX if entry["file"] == "jpeg-rgba-ui.bin")
    fields = {"jpeg_size": entry["jpeg_size"], "jpeg_flags": entry["jpeg_flags"]}
    assert decoded(encoded("jpeg-rgba-ui.bin", **fields), cache).format is BitmapFormat.ARGB32
    with pytest.raises(ProtocolError, match="JPEG"):
        image_of(encoded("jpeg-rgba-ui.bin", **fields | {"jpeg_flags": 0}), cache)


def glz_image(dictionary: GlzDictionary, pixels: bytes, width: int, height: int, **fields: int) -> wire.Glz:
    data = dictionary.encode(pixels, LzType.RGB32, width, height, width * 4)
    assert data is not None
    return wire.Glz(width=width, height=height, data=data, **fields)


def deflated(image: wire.Glz, **fields: Any) -> wire.ZlibGlz:
    made: dict[str, Any] = {"glz_size": len(image.data), "data": zlib.compress(image.data, 3)} | fields
    return wire.ZlibGlz(width=image.width, height=image.height, **made)


def test_glz(cache: ImageCache) -> None:
    dictionary = GlzDictionary(GLZ_WINDOW_PIXELS)
    pixels = gray(*range(200))
    image = decoded(glz_image(dictionary, pixels, 20, 10, id=7, flags=CACHE_ME), cache)
    assert (image.data, image.stride, image.top_down, image.format) == (pixels, 80, True, BitmapFormat.XRGB32)
    assert decoded(wire.FromCache(id=7, width=20, height=10), cache).data == pixels
    again = glz_image(dictionary, pixels, 20, 10)
    assert len(again.data) < 50
    assert decoded(deflated(again), cache).data == pixels
    assert decoded(glz_image(dictionary, pixels[80:], 20, 9), cache).data == pixels[80:]
    assert len(cache.glz) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"glz_size": 0},
        {"glz_size": 1},
        {"glz_size": 300},
        {"glz_size": 2**32 - 1},
        {"data": b""},
        {"data": bytes(50)},
        {"data": zlib.compress(bytes(300))},
        {"data": zlib.compress(bytes(1 << 20))},
    ],
    ids=str,
)
def test_glz_that_does_not_inflate(fields: dict[str, Any], cache: ImageCache) -> None:
    image = glz_image(GlzDictionary(GLZ_WINDOW_PIXELS), gray(*range(32)), 8, 4)
    with pytest.raises(ProtocolError, match="GLZ"):
        image_of(deflated(image, **fields), cache)
    whole = zlib.compress(image.data)
    for data in (whole[:-1], whole + b"!"):
        with pytest.raises(ProtocolError, match="inflate"):
            image_of(deflated(image, data=data), cache)
    assert decoded(deflated(image), cache).data == gray(*range(32))


def test_glz_of_another_size_than_announced(cache: ImageCache) -> None:
    image = glz_image(GlzDictionary(GLZ_WINDOW_PIXELS), gray(*range(32)), 8, 4)
    with pytest.raises(ProtocolError, match="8x4 pixels, announced as 4x8"):
        image_of(dataclasses.replace(image, width=4, height=8), cache)


def test_glz_needs_a_window_that_was_announced(cache: ImageCache) -> None:
    dictionary = GlzDictionary(2 * GLZ_WINDOW_PIXELS)
    with pytest.raises(ProtocolError, match="for a window of"):
        for _ in range(9):
            image_of(glz_image(dictionary, bytes(4 << 20), 1 << 10, 1 << 10), cache)


def test_lz_palettes(cache: ImageCache) -> None:
    palette = wire.Palette(unique=8, entries=(1, 2))
    flags = wire.BitmapFlags.PAL_CACHE_ME
    image = decoded(encoded("lz-plt1be-ui.bin", palette=palette, bitmap_flags=flags), cache)
    assert (image.format, image.palette) == (BitmapFormat.BIT1_BE, ops.Palette(8, (1, 2)))
    flags = wire.BitmapFlags.PAL_FROM_CACHE
    assert (
        decoded(encoded("lz-plt1be-ui.bin", palette_id=8, bitmap_flags=flags), cache).palette == image.palette
    )


@pytest.mark.parametrize("cls", [wire.Quic, wire.LzRgb, wire.LzPlt, wire.Jpeg, wire.Glz])
def test_what_is_no_image_is_a_protocol_error(cls: type[wire.Quic], cache: ImageCache) -> None:
    with pytest.raises(ProtocolError, match="image"):
        image_of(cls(width=4, height=3, data=bytes(100)), cache)


def test_a_surface_is_named(cache: ImageCache) -> None:
    image = image_of(wire.Surface(width=3, height=2, surface_id=9), cache)
    assert isinstance(image, ops.SurfaceImage)
    assert (image.surface_id, image.width, image.height) == (9, 3, 2)


@pytest.mark.parametrize("cls", [wire.FromCache, wire.FromCacheLossless])
def test_images_come_from_the_cache(
    cls: type[wire.FromCache | wire.FromCacheLossless], cache: ImageCache
) -> None:
    image_of(bitmap(1, 1, gray(1), id=5), cache)
    assert 5 not in cache.kept
    image_of(bitmap(1, 1, gray(2), id=5, flags=CACHE_ME), cache)
    assert decoded(cls(id=5, width=1, height=1), cache).data == gray(2)
    image_of(bitmap(1, 1, gray(3), id=5, flags=wire.ImageFlags.CACHE_REPLACE_ME), cache)
    assert decoded(cls(id=5, width=1, height=1), cache).data == gray(3)
    cache.kept.drop(5)
    with pytest.raises(ProtocolError, match="0x5 is to come from the cache"):
        image_of(cls(id=5, width=1, height=1), cache)


def test_a_lossy_image_does_not_pass_for_the_exact_one(cache: ImageCache) -> None:
    rows = bytes(range(256)) * 4
    jpeg = wire.Jpeg(id=5, flags=CACHE_ME, width=16, height=16, data=jpeg_encode.encode(rows, 16, 16, 64, 85))
    image_of(jpeg, cache)
    image_of(wire.FromCache(id=5, width=16, height=16), cache)
    with pytest.raises(ProtocolError, match="0x5 is to come exact"):
        image_of(wire.FromCacheLossless(id=5, width=16, height=16), cache)
    replaced = bitmap(1, 1, gray(3), id=5, flags=wire.ImageFlags.CACHE_REPLACE_ME)
    image_of(replaced, cache)
    assert decoded(wire.FromCacheLossless(id=5, width=1, height=1), cache).data == gray(3)


def test_the_image_cache_has_a_limit() -> None:
    cache, side = ImageCache(), 1 << 10
    image = decoded(bitmap(1, 1, gray(1)), cache)
    numbers = range(2 * CACHE_PIXELS // side**2)
    for number in (*numbers, 0):
        cache.kept.keep(number, image, side**2)
    with pytest.raises(ProtocolError, match="image cache"):
        cache.kept.keep(len(numbers), image, side**2)


def indexed(**fields: object) -> wire.Bitmap:
    return bitmap(2, 1, b"\0\1", format=BitmapFormat.BIT8, **fields)


def test_palettes_come_from_the_cache(cache: ImageCache) -> None:
    palette = wire.Palette(unique=7, entries=(1, 2, 3))
    again = indexed(palette_id=7, bitmap_flags=wire.BitmapFlags.PAL_FROM_CACHE)
    image_of(indexed(palette=palette), cache)
    with pytest.raises(ProtocolError, match="palette 0x7"):
        image_of(again, cache)
    image_of(indexed(palette=palette, bitmap_flags=wire.BitmapFlags.PAL_CACHE_ME), cache)
    assert decoded(again, cache).palette == ops.Palette(7, (1, 2, 3))
    cache.drop_palette(7)
    with pytest.raises(ProtocolError, match="palette 0x7"):
        image_of(again, cache)


def test_the_palette_cache_has_a_limit(cache: ImageCache) -> None:
    flags = wire.BitmapFlags.PAL_CACHE_ME
    for unique in range(MAX_PALETTES):
        image_of(indexed(palette=wire.Palette(unique=unique, entries=(0,)), bitmap_flags=flags), cache)
    with pytest.raises(ProtocolError, match="palettes"):
        image_of(indexed(palette=wire.Palette(unique=-1 % 2**64, entries=(0,)), bitmap_flags=flags), cache)
