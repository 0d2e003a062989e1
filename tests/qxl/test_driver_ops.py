"""Operations survive the way into guest memory and back through the parser."""

from collections.abc import Callable
from typing import Any

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


@st.composite
def sources(draw: st.DrawFn) -> tuple[ops.Image, Rect]:
    """An image and a part of it."""
    image: ops.Image = draw(st.one_of(bitmaps(), SURFACES))
    left, top = draw(st.integers(0, image.width - 1)), draw(st.integers(0, image.height - 1))
    right, bottom = draw(st.integers(left + 1, image.width)), draw(st.integers(top + 1, image.height))
    return image, Rect(left, top, right, bottom)


BRUSHES = st.one_of(
    st.just(ops.Brush(0)),
    st.builds(ops.Brush, st.just(1), COLOR),
    st.builds(ops.Brush, st.just(2), st.just(0), bitmaps(), POINT),
)
MASKS = st.one_of(st.builds(ops.Mask), st.builds(ops.Mask, mask_bitmaps(), POINT, st.booleans()))
LENGTH = st.integers(0, 2**31 - 1)
FIXED = st.integers(-(2**31), 2**31 - 1)
SEGMENTS = st.builds(
    ops.PathSegment, st.sampled_from([1, 3, 9, 17]), st.lists(st.tuples(FIXED, FIXED), max_size=6).map(tuple)
)


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
        draw(ROPD),
        draw(ROPD),
    )


@st.composite
def strokes(draw: st.DrawFn) -> ops.Stroke:
    style = tuple(draw(st.lists(LENGTH, max_size=5).filter(lambda dashes: not dashes or any(dashes))))
    return ops.Stroke(
        tuple(draw(st.lists(SEGMENTS, min_size=1, max_size=4))),
        8 if style else 0,
        style,
        draw(BRUSHES),
        draw(ROPD),
        draw(ROPD),
    )


TRANSFORMS = st.none() | st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 6)


@st.composite
def composites(draw: st.DrawFn) -> ops.Composite:
    mask = draw(st.none() | bitmaps((BitmapFormat.A8,)))
    src_transform = draw(TRANSFORMS)
    mask_transform = draw(TRANSFORMS) if mask is not None else None
    # The parser says in the flags which of the three there are.
    flags = draw(st.integers(0, 2**19 - 1))
    for bit, part in ((1 << 19, mask), (1 << 20, src_transform), (1 << 21, mask_transform)):
        flags |= bit if part is not None else 0
    return ops.Composite(
        flags,
        draw(bitmaps((BitmapFormat.XRGB32, BitmapFormat.ARGB32, BitmapFormat.A8))),
        mask,
        src_transform,
        mask_transform,
        draw(POINT16),
        draw(POINT16),
    )


def reading(kind: Callable[..., ops.Op], *rest: st.SearchStrategy[Any]) -> st.SearchStrategy[ops.Op]:
    """Operations that begin with a source."""
    return st.builds(lambda source, *values: kind(*source, *values), sources(), *rest)


OPS = {
    "nop": st.builds(ops.Nop),
    "fill": st.builds(ops.Fill, BRUSHES, ROPD, MASKS),
    "opaque": reading(ops.Opaque, BRUSHES, ROPD, SCALE, MASKS),
    "copy": reading(ops.Copy, ROPD, SCALE, MASKS),
    "blend": reading(ops.Blend, ROPD, SCALE, MASKS),
    "copy_bits": st.builds(ops.CopyBits, POINT),
    "blackness": st.builds(ops.Blackness, MASKS),
    "whiteness": st.builds(ops.Whiteness, MASKS),
    "invers": st.builds(ops.Invers, MASKS),
    "rop3": reading(ops.Rop3, BRUSHES, U8, SCALE, MASKS),
    "stroke": strokes(),
    "text": texts(),
    "transparent": reading(ops.Transparent, COLOR, COLOR),
    "alpha_blend": st.builds(
        lambda flags, alpha, src: ops.AlphaBlend(flags, alpha, *src), st.integers(0, 3), U8, sources()
    ),
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
        if isinstance(op, ops.Copy | ops.Blend):
            # They name their source: a self-bitmap means nothing to them.
            self_bitmap_area = None
        drawable = ops.Drawable(
            surface_id=surface,
            bbox=bbox,
            op=op,
            clip=clip,
            effect=effect,
            mm_time=mm_time,
            self_bitmap_area=self_bitmap_area,
            surface_deps=tuple((id, rect) for id, rect in deps if id != surface),
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
