"""Which coder packs what, and that it comes back as it was."""

import zlib

import numpy as np
import pytest

from gspice.codec import image, lz4, lz_encode
from gspice.codec.glz import GlzWindow
from gspice.codec.glz_encode import GlzDictionary
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat
from gspice.stream.compression import Compression, ImageSettings
from gspice.stream.image_encoder import Coder, EncodedImage, encode
from gspice.wire.enums import ImageType

LIMIT = 1 << 26
KINDS = {Coder.QUIC: ImageType.QUIC, Coder.LZ: ImageType.LZ_RGB, Coder.JPEG: ImageType.JPEG}


def pixels(data: bytes, width: int, height: int, form: SurfaceFormat = SurfaceFormat.XRGB32) -> Pixels:
    return Pixels(width, height, width * form.bits_per_pixel // 8, form, data)


def text(width: int = 120, height: int = 40) -> Pixels:
    """Black on white, sharp edges."""
    marks = np.kron(
        np.random.default_rng(3).integers(0, 2, (height // 2, width // 4), np.uint32),
        np.ones((2, 4), np.uint32),
    )
    return pixels((marks * 0xFFFFFF).tobytes(), width, height)


def photo(width: int = 120, height: int = 80) -> Pixels:
    """Smooth in all directions."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint32)
    return pixels((x * 2 | (y * 2) << 8 | ((x + y) & 255) << 16).astype("<u4").tobytes(), width, height)


def decoded(packed: EncodedImage, window: GlzWindow | None = None) -> bytes:
    """The rows, by our own decoders."""
    match packed.coder:
        case Coder.RAW:
            return packed.data
        case Coder.LZ4:
            return bytes(lz4.decode(packed.data, width=packed.width, height=packed.height).rows)
        case Coder.GLZ | Coder.ZLIB_GLZ:
            data = zlib.decompress(packed.data) if packed.coder is Coder.ZLIB_GLZ else packed.data
            assert packed.coder is Coder.GLZ or len(data) == packed.inner_size
            return bytes((window or GlzWindow(LIMIT)).decode(data, LIMIT).data)
    rows = image.decode(KINDS[packed.coder], packed.data, packed.width, packed.height)
    assert rows.top_down
    return rows.data


def settings(mode: Compression, **more: object) -> ImageSettings:
    dictionary = GlzDictionary(1 << 22) if mode.with_dictionary else None
    return ImageSettings(mode=mode, lz4=True, **{"dictionary": dictionary, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "of_text", "of_photo"),
    [
        (Compression.OFF, Coder.RAW, Coder.RAW),
        (Compression.AUTO, Coder.GLZ, Coder.GLZ),
        (Compression.AUTO_GLZ, Coder.GLZ, Coder.QUIC),
        (Compression.AUTO_LZ, Coder.LZ, Coder.QUIC),
        (Compression.QUIC, Coder.QUIC, Coder.QUIC),
        (Compression.GLZ, Coder.GLZ, Coder.GLZ),
        (Compression.LZ, Coder.LZ, Coder.LZ),
        (Compression.LZ4, Coder.LZ4, Coder.RAW),
    ],
)
def test_modes_by_content(mode: Compression, of_text: Coder, of_photo: Coder) -> None:
    for source, coder in ((text(), of_text), (photo(), of_photo)):
        packed = encode(source, settings(mode))
        assert packed.coder is coder
        assert decoded(packed) == source.data


def noisy_photo(width: int, height: int) -> Pixels:
    """Smooth, with grain: nothing in it comes again."""
    grain = np.random.default_rng(7).integers(0, 6, (height, width, 3), np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    rows = np.zeros((height, width, 4), np.uint8)
    rows[..., :3] = (
        np.stack([x // 4 % 200, y // 4 % 200, (x + y) // 6 % 200], axis=-1).astype(np.uint8) + grain
    )
    return pixels(rows.tobytes(), width, height)


def test_of_our_own_choice_a_large_photograph_is_what_is_smaller() -> None:
    source, chosen = noisy_photo(256, 200), settings(Compression.AUTO)
    packed = encode(source, chosen)
    assert packed.coder is Coder.QUIC and decoded(packed) == source.data
    assert chosen.dictionary is not None and chosen.dictionary.images == 0, "else it would have to be sent"
    again = pixels(noisy_photo(256, 10).data * 20, 256, 200)
    assert encode(again, chosen).coder in (Coder.GLZ, Coder.ZLIB_GLZ)


def test_small_photographs_go_to_the_dictionary() -> None:
    source, chosen = noisy_photo(100, 100), settings(Compression.AUTO)
    assert encode(source, chosen).coder in (Coder.GLZ, Coder.ZLIB_GLZ)
    again = encode(source, chosen)
    assert len(again.data) < 200


def test_what_a_client_cannot_take_becomes_lz() -> None:
    assert encode(text(), ImageSettings(mode=Compression.LZ4)).coder is Coder.LZ
    assert encode(text(), ImageSettings(mode=Compression.GLZ)).coder is Coder.LZ


def test_glz_is_deflated_where_that_pays() -> None:
    packed = encode(text(), settings(Compression.GLZ, zlib=True))
    assert packed.coder is Coder.ZLIB_GLZ
    assert decoded(packed) == text().data


def test_photographs_are_lossy_only_if_asked() -> None:
    packed = encode(photo(), settings(Compression.AUTO, jpeg_quality=85))
    assert packed.coder is Coder.JPEG and packed.lossy
    off = np.frombuffer(decoded(packed), np.uint8).astype(int) - np.frombuffer(photo().data, np.uint8)
    assert np.abs(off).mean() < 4
    assert not encode(text(), settings(Compression.AUTO, jpeg_quality=85)).lossy


def test_small_and_incompressible_images_stay_raw() -> None:
    assert encode(pixels(bytes(range(48)), 4, 3), settings(Compression.LZ)).coder is Coder.RAW
    noise = pixels(np.random.default_rng(1).bytes(64 * 64 * 4), 64, 64, SurfaceFormat.ARGB32)
    assert encode(noise, settings(Compression.LZ)).coder is Coder.RAW


def test_one_colour_is_one_pixel_where_the_client_may_fill() -> None:
    flat = pixels(b"\x10\x20\x30\0" * 600, 30, 20)
    packed = encode(flat, settings(Compression.AUTO), solid=True)
    assert packed.coder is Coder.SOLID and packed.data == b"\x10\x20\x30\0"
    assert encode(flat, settings(Compression.AUTO)).coder is not Coder.SOLID
    almost = pixels(flat.data[:-4] + b"\x10\x20\x31\0", 30, 20)
    assert encode(almost, settings(Compression.AUTO), solid=True).coder is not Coder.SOLID


@pytest.mark.parametrize(
    ("surface", "bitmap"),
    [
        (SurfaceFormat.XRGB32, BitmapFormat.XRGB32),
        (SurfaceFormat.ARGB32, BitmapFormat.ARGB32),
        (SurfaceFormat.RGB555, BitmapFormat.RGB555),
        (SurfaceFormat.A8, BitmapFormat.A8),
    ],
)
@pytest.mark.parametrize("mode", list(Compression))
def test_formats(surface: SurfaceFormat, bitmap: BitmapFormat, mode: Compression) -> None:
    size = surface.bits_per_pixel // 8
    data = bytes(range(100)) * (32 * 25 * size // 100)
    packed = encode(pixels(data, 32, 25, surface), settings(mode))
    assert packed.format is bitmap


def test_a_coder_that_fails_costs_bytes_and_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object) -> bytes:
        raise MemoryError("no room")

    monkeypatch.setattr(lz_encode, "encode", fails)
    assert encode(text(), ImageSettings(mode=Compression.LZ)).coder is Coder.RAW
