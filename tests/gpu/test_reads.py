from typing import NamedTuple

import pytest

from gspice.errors import GSpiceError, GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.plans.reads import decoded, images_read, needs_decoding, surfaces_read
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    AlphaBlend,
    Blackness,
    Blend,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    EncodedImage,
    Fill,
    Image,
    Invers,
    Mask,
    Nop,
    Op,
    Opaque,
    Rop3,
    Stroke,
    SurfaceImage,
    Text,
    Transparent,
    Whiteness,
)

BOX, HERE = Rect(0, 0, 2, 1), Point(0, 0)


def ops(image: Image) -> list[tuple[Op, int]]:
    """Every op, with the image wherever it may have one, and how often that is."""
    mask, brush = Mask(image, Point(1, 2), True), Brush(2, 3, image, Point(4, 5))
    return [
        (Nop(), 0),
        (CopyBits(HERE), 0),
        (Fill(brush, 8, mask), 2),
        (Opaque(image, BOX, brush, 8, 1, mask), 3),
        (Copy(image, BOX, 8, 1, mask), 2),
        (Blend(image, BOX, 8, 1, mask), 2),
        (Blackness(mask), 1),
        (Whiteness(mask), 1),
        (Invers(mask), 1),
        (Rop3(image, BOX, brush, 0x96, 1, mask), 3),
        (Stroke((), 8, (16,), brush, 8, 16), 1),
        (Text(1, (), BOX, brush, brush, 8, 16), 2),
        (Transparent(image, BOX, 1, 2), 1),
        (AlphaBlend(1, 2, image, BOX), 1),
        (Composite(3, image, image, (1, 2, 3, 4, 5, 6), None, HERE, HERE), 2),
        (Composite(3, image, None, None, None, HERE, HERE), 1),
    ]


class Decoded(NamedTuple):
    format: BitmapFormat
    width: int
    height: int
    top_down: bool
    stride: int
    data: bytes


def decode(kind: int, data: bytes, width: int, height: int) -> Decoded:
    if kind != 1:
        raise GSpiceError(f"no decoder for {kind}")
    return Decoded(BitmapFormat.XRGB32, width, height, False, 4 * width, data)


SURFACE = SurfaceImage(id=1, flags=0, width=2, height=1, surface_id=7)
ENCODED = EncodedImage(id=0x11, flags=2, width=2, height=1, type=1, data=b"abcdefgh")


@pytest.mark.parametrize(("op", "count"), ops(SURFACE), ids=lambda value: type(value).__name__)
def test_surfaces_that_are_read(op: Op, count: int) -> None:
    assert list(images_read(op)) == [SURFACE] * count
    drawable = Drawable(surface_id=0, bbox=BOX, op=op)
    own = {0} if isinstance(op, CopyBits) else set[int]()
    assert surfaces_read(drawable) == ({7} if count else own)
    assert not needs_decoding(op)


@pytest.mark.parametrize(("op", "count"), ops(ENCODED), ids=lambda value: type(value).__name__)
def test_compressed_images_become_bitmaps_and_nothing_else_changes(op: Op, count: int) -> None:
    assert needs_decoding(op) == bool(count)
    if not count:
        return
    before = Drawable(
        surface_id=3,
        bbox=BOX,
        op=op,
        clip=(BOX,),
        effect=2,
        mm_time=9,
        self_bitmap_area=BOX,
        surface_deps=((1, BOX),),
    )
    after = decoded(before, decode)
    assert not needs_decoding(after.op)
    image = next(images_read(after.op))
    (expected,) = {op for op, _ in ops(image) if type(op) is type(after.op) and repr(op) == repr(after.op)}
    assert after.op == expected
    again = Drawable(
        surface_id=3,
        bbox=BOX,
        op=after.op,
        clip=(BOX,),
        effect=2,
        mm_time=9,
        self_bitmap_area=BOX,
        surface_deps=((1, BOX),),
    )
    assert after == again
    assert (image.id, image.flags, image.width, image.height) == (0x11, 2, 2, 1)


def test_what_cannot_be_decoded_is_the_guests_fault() -> None:
    other = EncodedImage(id=0x22, flags=0, width=2, height=1, type=100, data=b"")
    drawable = Drawable(surface_id=0, bbox=BOX, op=Copy(other, BOX, 8, 0, Mask()))
    with pytest.raises(GuestError, match="0x22: no decoder for 100"):
        decoded(drawable, decode)


def test_a_canvas_draws_what_its_decoder_makes() -> None:
    canvas = CpuCanvas(decode)
    canvas.create_surface(0, SurfaceSpec(2, 1, SurfaceFormat.ARGB32))
    bad = EncodedImage(id=0x22, flags=0, width=2, height=1, type=100, data=b"")
    plain = EncodedImage(id=0x11, flags=0, width=2, height=1, type=1, data=b"abcdefgh")
    batch = [
        Drawable(surface_id=0, bbox=BOX, op=Copy(image, BOX, 8, 0, Mask())) for image in (bad, plain, bad)
    ]
    assert [(outcome.drawn, outcome.rects) for outcome in canvas.submit(batch)] == [
        (False, ()),
        (True, (BOX,)),
        (False, ()),
    ]
    assert canvas.read(0, BOX).data == b"abcdefgh"
