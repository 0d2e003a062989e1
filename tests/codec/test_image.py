import pytest

from gspice.codec import image as codec
from gspice.codec.errors import CodecError
from gspice.pixels import BitmapFormat, row_bytes
from tests.codec.coded import Coded, coded, digest, named

ALL = [one for one in coded("") if one.name != "quic-gray-photo"]
PLAIN = [one for one in ALL if one.entry["type"] != codec.JPEG_ALPHA]


def decoded(one: Coded) -> codec.DecodedImage:
    if one.entry["type"] != codec.JPEG_ALPHA:
        return codec.decode(one.entry["type"], one.data, *one.size)
    top_down = bool(one.entry["jpeg_flags"] & 1)
    return codec.decode_jpeg_alpha(one.data, *one.size, jpeg_size=one.entry["jpeg_size"], top_down=top_down)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_images_become_bitmaps(one: Coded) -> None:
    image = decoded(one)
    assert image.format == one.entry["format"]
    assert (image.width, image.height) == one.size
    assert image.stride == row_bytes(image.width, image.format.bits_per_pixel)
    assert len(image.data) == image.stride * image.height
    if "sha256" in one.entry:
        assert digest(image.data, image.stride, image.top_down) == one.entry["sha256"]


def test_all_formats_come_out() -> None:
    assert {decoded(one).format for one in ALL} == set(BitmapFormat) - {BitmapFormat.RGB24}


@pytest.mark.parametrize(
    "one", [one for one in ALL if "noise" in one.name or "flat" in one.name], ids=lambda one: one.name
)
def test_another_size_than_announced(one: Coded) -> None:
    width, height = one.size
    for size in [
        (width + 1, height),
        (width, height - 1),
        (height, width),
        (0, 0),
        (-1, 5),
        (1 << 32, 1 << 32),
    ]:
        with pytest.raises(CodecError):
            decoded(one._replace(entry=one.entry | dict(zip(("width", "height"), size, strict=True))))


def test_the_limit() -> None:
    for one in (named("quic-rgb32-small"), named("lz-rgb32-column"), named("jpeg-rgb32-photo")):
        size = one.size[0] * one.size[1] * 4
        codec.decode(one.entry["type"], one.data, *one.size, max_bytes=size)
        with pytest.raises(CodecError, match=str(size)):
            codec.decode(one.entry["type"], one.data, *one.size, max_bytes=size - 1)


def test_grey_quic_is_no_bitmap() -> None:
    one = named("quic-gray-photo")
    with pytest.raises(CodecError, match="GRAY"):
        codec.decode(codec.QUIC, one.data, *one.size)


def test_an_image_of_the_other_kind_of_lz() -> None:
    palettes, colours = named("lz-plt8-ui"), named("lz-rgb32-flat")
    with pytest.raises(CodecError, match="PLT8"):
        codec.decode(codec.LZ_RGB, palettes.data, *palettes.size)
    with pytest.raises(CodecError, match="RGB32"):
        codec.decode(codec.LZ_PLT, colours.data, *colours.size)


@pytest.mark.parametrize("kind", [-1, 0, 2, 102, 103, 104, 106, 107, 108, 109, 1 << 40])
def test_types_that_are_not_decoded_here(kind: int) -> None:
    assert not codec.decodable(kind)
    with pytest.raises(CodecError, match=f"type {kind}"):
        codec.decode(kind, b"", 1, 1)


def test_types_that_are() -> None:
    assert all(codec.decodable(one.entry["type"]) for one in PLAIN)


@pytest.mark.parametrize("kind", [codec.QUIC, codec.LZ_PLT, codec.LZ_RGB, codec.JPEG])
def test_nothing_at_all(kind: int) -> None:
    with pytest.raises(CodecError):
        codec.decode(kind, memoryview(b""), 1, 1)
