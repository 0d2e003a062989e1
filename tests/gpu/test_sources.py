import random

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.kernels import Source, Surface, blit
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import SourceHandle
from gspice.gpu.plans.rops import ROP_COPY
from gspice.gpu.plans.sources import mask_of, snapshot_source, source_of, surface_source
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, EncodedImage, Mask, Palette, SurfaceImage
from tests.gpu.pixman import convert
from tests.gpu.targets import PAINTER

WIDTH = 32000  # pixman draws nothing in rows that are much longer
VALUES16 = b"".join((i * 2053 & 0xFFFF).to_bytes(2, "little") for i in range(WIDTH))


def drawn(source: SourceHandle, target: SurfaceFormat) -> bytes:
    """The first row of a source as pixels of the target."""
    assert isinstance(source, Source)
    surface = Surface(min(source.width, 32767), 1, target.bits_per_pixel)
    row = Rect(0, 0, surface.width, 1)
    blit(surface, [row], source, 0, 0, ROP_COPY)
    return surface.read(row)


def bitmap(form: BitmapFormat, data: bytes, *, width: int = 1, flags: int = 0, **more: object) -> BitmapImage:
    stride = row_bytes(width, form.bits_per_pixel)
    args: dict[str, object] = {
        "id": 1,
        "flags": flags,
        "width": width,
        "height": 1,
        "format": form,
        "top_down": True,
        "stride": stride,
        "data": data,
        **more,
    }
    return BitmapImage(**args)  # type: ignore[arg-type]


# Surfaces of equal depth are copied as they are: nothing to ask pixman about.
CONVERSIONS = [
    (source, target)
    for source in SurfaceFormat
    for target in SurfaceFormat
    if source is target or source.bits_per_pixel != target.bits_per_pixel
]


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_conversions_are_pixmans(source: SurfaceFormat, target: SurfaceFormat) -> None:
    if source.bits_per_pixel == 16:
        data = VALUES16
    else:
        data = random.Random(source * 1000 + target).randbytes(row_bytes(WIDTH, source.bits_per_pixel))
    surface = Surface(WIDTH, 1, source.bits_per_pixel)
    surface.load(data, len(data))
    made = drawn(surface_source(PAINTER, surface, source, target), target)
    assert made == drawn(snapshot_source(PAINTER, surface, Rect(0, 0, WIDTH, 1), source, target), target)
    assert made == convert(data, source, target, WIDTH)[: len(made)]


@pytest.mark.parametrize("target", [SurfaceFormat.RGB565, SurfaceFormat.XRGB32, SurfaceFormat.A8])
def test_555_bitmaps_become_what_pixman_makes(target: SurfaceFormat) -> None:
    made = drawn(source_of(PAINTER, bitmap(BitmapFormat.RGB555, VALUES16, width=WIDTH), target, {}), target)
    assert made == convert(VALUES16, SurfaceFormat.RGB555, target, WIDTH)[: len(made)]


def pixel(image: BitmapImage, target: SurfaceFormat = SurfaceFormat.XRGB32) -> int:
    return int.from_bytes(drawn(source_of(PAINTER, image, target, {}), target), "little")


def test_the_high_byte_of_32_bit_pixels_is_kept() -> None:
    for form in (BitmapFormat.XRGB32, BitmapFormat.ARGB32):
        for target in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
            assert pixel(bitmap(form, b"\x01\x02\x03\x84"), target) == 0x84030201


def test_high_bits_set_concerns_pixels_without_alpha() -> None:
    assert pixel(bitmap(BitmapFormat.XRGB32, b"\x01\x02\x03\x04", flags=2)) == 0xFF030201
    assert pixel(bitmap(BitmapFormat.ARGB32, b"\x01\x02\x03\x04", flags=2)) == 0x04030201
    assert pixel(bitmap(BitmapFormat.RGB24, b"\x01\x02\x03", flags=2)) == 0xFF030201
    assert pixel(bitmap(BitmapFormat.RGB24, b"\x01\x02\x03")) == 0x00030201
    palette = Palette(1, (0x010203, 0x040506))
    assert pixel(bitmap(BitmapFormat.BIT8, b"\x01", flags=2, palette=palette)) == 0xFF040506
    assert pixel(bitmap(BitmapFormat.XRGB32, b"\x01\x02\x03\x04", flags=2), SurfaceFormat.A8) == 0xFF


@pytest.mark.parametrize(
    ("form", "data", "index"),
    [
        (BitmapFormat.BIT1_LE, b"\x01", 1),
        (BitmapFormat.BIT1_LE, b"\xfe", 0),
        (BitmapFormat.BIT1_BE, b"\x80", 1),
        (BitmapFormat.BIT4_LE, b"\x52", 2),
        (BitmapFormat.BIT4_BE, b"\x25", 2),
        (BitmapFormat.BIT8, b"\x03", 3),
    ],
)
def test_palette_entries_are_pixels_of_the_target(form: BitmapFormat, data: bytes, index: int) -> None:
    palette = Palette(1, (0x11112222, 0x33334444, 0x55556666, 0x77778889))
    image = bitmap(form, data, palette=palette)
    assert pixel(image) == palette.ents[index]
    assert pixel(image, SurfaceFormat.RGB565) == palette.ents[index] & 0xFFFF
    assert pixel(image, SurfaceFormat.A8) == palette.ents[index] & 0xFF
    assert pixel(image, SurfaceFormat.A1) == palette.ents[index] & 1


def test_an_index_beyond_the_palette_is_0() -> None:
    assert pixel(bitmap(BitmapFormat.BIT8, b"\xff", palette=Palette(1, (5,)))) == 0


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (bitmap(BitmapFormat.BIT8, b"\x00"), "palette"),
        (bitmap(BitmapFormat.XRGB32, bytes(3)), "3 bytes"),
        (bitmap(BitmapFormat.XRGB32, bytes(4), stride=3), "stride 3"),
        (bitmap(BitmapFormat.XRGB32, bytes(7), height=2), "7 bytes"),
        (bitmap(BitmapFormat.XRGB32, bytes(4), height=0), "0 rows"),
        (bitmap(BitmapFormat.XRGB32, bytes(4), width=(1 << 32) - 1, stride=4), "XRGB32"),
        (EncodedImage(id=1, flags=0, width=1, height=1, type=1, data=b""), "EncodedImage"),
        (SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=5), "surface 5"),
    ],
)
def test_what_cannot_be_read_is_refused(image: BitmapImage, text: str) -> None:
    with pytest.raises(GuestError, match=text):
        source_of(PAINTER, image, SurfaceFormat.XRGB32, {})


def test_no_mask_is_none() -> None:
    assert mask_of(PAINTER, Mask(), {}) is None


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (bitmap(BitmapFormat.BIT8, b"\x00"), "BIT8"),
        (bitmap(BitmapFormat.BIT1_BE, b"", width=9), "0 bytes"),
        (EncodedImage(id=1, flags=0, width=1, height=1, type=1, data=b""), "EncodedImage"),
        (SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=0), "XRGB32, not A1"),
        (SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=5), "surface 5"),
    ],
)
def test_masks_that_are_refused(image: BitmapImage, text: str) -> None:
    surfaces = {0: (Surface(4, 4, 32), SurfaceSpec(4, 4, SurfaceFormat.XRGB32))}
    with pytest.raises(GuestError, match=text):
        mask_of(PAINTER, Mask(image, Point(0, 0)), surfaces)


def test_a_source_keeps_its_pixels_alive() -> None:
    data = bytearray(b"\x01\x02\x03\x04")
    source = Source(bytes(data), 1, 1, 4, fetch=Fetch.RAW, pack=Pack.WORD32)
    data.clear()
    assert drawn(source, SurfaceFormat.XRGB32) == b"\x01\x02\x03\x04"
