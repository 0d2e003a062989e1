"""Operations survive the way into guest memory and back through the parser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, row_bytes
from gspice.qxl import ops
from gspice.qxl.driver_memory import DeviceBusy
from tests.qxl.parsing import ParsingGuest

GUEST = ParsingGuest()

U8 = st.integers(0, 255)
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
COLOR = st.integers(0, 0xFFFFFF)
ROPD = st.integers(1, 0x7FF)
SCALE = st.integers(0, 1)
POINT = st.builds(Point, st.integers(-1000, 1000), st.integers(-1000, 1000))
POINT16 = st.builds(Point, st.integers(-32768, 32767), st.integers(-32768, 32767))
RECT = st.builds(Rect.sized, st.integers(0, 99), st.integers(0, 99), st.integers(1, 90), st.integers(1, 90))
NUMBERS = {
    BitmapFormat.BIT1_LE: 2,
    BitmapFormat.BIT1_BE: 2,
    BitmapFormat.BIT4_LE: 16,
    BitmapFormat.BIT4_BE: 16,
}


@st.composite
def bitmaps(draw: st.DrawFn, formats: tuple[BitmapFormat, ...] = tuple(BitmapFormat)) -> ops.BitmapImage:
    kind = draw(st.sampled_from(formats))
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    stride = row_bytes(width, kind.bits_per_pixel) + draw(st.integers(0, 5))
    palette = None
    if kind.indexed:
        count = NUMBERS.get(kind, 256)
        palette = ops.Palette(
            draw(st.integers(0, 9)), tuple(draw(st.lists(COLOR, min_size=count, max_size=count)))
        )
    return ops.BitmapImage(
        id=draw(st.integers(0, 2**64 - 1)),
        flags=draw(st.integers(0, 3)),
        width=width,
        height=height,
        format=kind,
        top_down=draw(st.booleans()),
        stride=stride,
        data=draw(st.binary(min_size=stride * height, max_size=stride * height)),
        palette=palette,
        unstable=draw(st.booleans()),
    )


@st.composite
def mask_bitmaps(draw: st.DrawFn) -> ops.BitmapImage:
    image = draw(bitmaps((BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE)))
    return ops.BitmapImage(
        id=image.id,
        flags=image.flags,
        width=image.width,
        height=image.height,
        format=image.format,
        top_down=image.top_down,
        stride=image.stride,
        data=image.data,
    )


SURFACES = st.builds(
    ops.SurfaceImage,
    id=U32,
    flags=st.just(0),
    width=st.just(9),
    height=st.just(8),
    surface_id=st.integers(1, 1023),
)
IMAGES = st.one_of(bitmaps(), SURFACES)
BRUSHES = st.one_of(
    st.just(ops.Brush(0)),
    st.builds(ops.Brush, st.just(1), COLOR),
    st.builds(ops.Brush, st.just(2), st.just(0), bitmaps(), POINT),
)
MASKS = st.one_of(st.builds(ops.Mask), st.builds(ops.Mask, mask_bitmaps(), POINT, st.booleans()))
FIXED = st.integers(-(2**31), 2**31 - 1)
SEGMENTS = st.builds(
    ops.PathSegment, st.sampled_from([1, 3, 9, 17]), st.lists(st.tuples(FIXED, FIXED), max_size=6).map(tuple)
)
MODES = ROPD


@st.composite
def glyphs(draw: st.DrawFn, bits: int) -> ops.Glyph:
    width, height = draw(st.integers(0, 20)), draw(st.integers(0, 9))
    size = row_bytes(width, bits) * height
    return ops.Glyph(draw(POINT), draw(POINT), width, height, draw(st.binary(min_size=size, max_size=size)))


@st.composite
def texts(draw: st.DrawFn) -> ops.Text:
    bits = draw(st.sampled_from([1, 4, 8]))
    return ops.Text(
        {1: 1, 4: 2, 8: 4}[bits] | draw(st.sampled_from([0, 8])),
        tuple(draw(st.lists(glyphs(bits), max_size=5))),
        draw(RECT),
        draw(BRUSHES),
        draw(BRUSHES),
        draw(MODES),
        draw(MODES),
    )


@st.composite
def strokes(draw: st.DrawFn) -> ops.Stroke:
    style = tuple(draw(st.lists(FIXED, max_size=5)))
    return ops.Stroke(
        tuple(draw(st.lists(SEGMENTS, min_size=1, max_size=4))),
        8 if style else 0,
        style,
        draw(BRUSHES),
        draw(MODES),
        draw(MODES),
    )


TRANSFORMS = st.none() | st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 6)


@st.composite
def composites(draw: st.DrawFn) -> ops.Composite:
    mask = draw(st.none() | bitmaps((BitmapFormat.A8,)))
    return ops.Composite(
        draw(st.integers(0, 2**18 - 1)),
        draw(bitmaps((BitmapFormat.XRGB32, BitmapFormat.ARGB32, BitmapFormat.A8))),
        mask,
        draw(TRANSFORMS),
        draw(TRANSFORMS) if mask is not None else None,
        draw(POINT16),
        draw(POINT16),
    )


OPS = {
    "nop": st.builds(ops.Nop),
    "fill": st.builds(ops.Fill, BRUSHES, ROPD, MASKS),
    "opaque": st.builds(ops.Opaque, IMAGES, RECT, BRUSHES, ROPD, SCALE, MASKS),
    "copy": st.builds(ops.Copy, IMAGES, RECT, ROPD, SCALE, MASKS),
    "blend": st.builds(ops.Blend, IMAGES, RECT, ROPD, SCALE, MASKS),
    "copy_bits": st.builds(ops.CopyBits, POINT),
    "blackness": st.builds(ops.Blackness, MASKS),
    "whiteness": st.builds(ops.Whiteness, MASKS),
    "invers": st.builds(ops.Invers, MASKS),
    "rop3": st.builds(ops.Rop3, IMAGES, RECT, BRUSHES, U8, SCALE, MASKS),
    "stroke": strokes(),
    "text": texts(),
    "transparent": st.builds(ops.Transparent, IMAGES, RECT, COLOR, COLOR),
    "alpha_blend": st.builds(ops.AlphaBlend, st.integers(0, 3), U8, IMAGES, RECT),
    "composite": composites(),
}


@pytest.mark.parametrize("name", OPS)
def test_every_operation_comes_back_as_it_was(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(
        OPS[name],
        st.integers(0, 1023),
        RECT,
        st.none() | st.lists(RECT, max_size=4).map(tuple),
        st.integers(0, 7),
        U32,
        st.none() | RECT,
        st.lists(st.tuples(st.integers(0, 1023), RECT), max_size=3).map(tuple),
    )
    def there_and_back(
        op: ops.Op,
        surface: int,
        bbox: Rect,
        clip: tuple[Rect, ...] | None,
        effect: int,
        mm_time: int,
        self_bitmap_area: Rect | None,
        deps: tuple[tuple[int, Rect], ...],
    ) -> None:
        drawable = ops.Drawable(
            surface_id=surface,
            bbox=bbox,
            op=op,
            clip=clip,
            effect=effect,
            mm_time=mm_time,
            self_bitmap_area=self_bitmap_area,
            surface_deps=deps,
        )
        GUEST.driver.draw(drawable)
        assert GUEST.parsed() == [drawable]

    there_and_back()
    assert GUEST.driver.resources_in_use == 0


def test_images_that_the_guest_compressed_come_back() -> None:
    image = ops.EncodedImage(id=7, flags=1, width=5, height=4, type=1, data=bytes(range(200)) * 9)
    drawable = ops.Drawable(
        surface_id=0, bbox=Rect(0, 0, 5, 4), op=ops.Copy(image, Rect(0, 0, 5, 4), 8, 0, ops.Mask())
    )
    GUEST.driver.draw(drawable)
    assert GUEST.parsed() == [drawable]


def test_a_busy_device_takes_no_operation() -> None:
    guest = ParsingGuest()
    rows = np.zeros((1000, 1200), np.uint8)
    image = ops.BitmapImage(
        id=1,
        flags=0,
        width=1200,
        height=1000,
        format=BitmapFormat.A8,
        top_down=True,
        stride=1200,
        data=rows.tobytes(),
    )
    whole = Rect(0, 0, 1200, 1000)
    drawable = ops.Drawable(surface_id=0, bbox=whole, op=ops.Copy(image, whole, 8, 0, ops.Mask()))
    with pytest.raises(DeviceBusy):
        for _ in range(20):
            guest.driver.draw(drawable)
    parsed = guest.parsed()
    assert parsed == [drawable] * len(parsed)
    assert guest.driver.resources_in_use == 0
