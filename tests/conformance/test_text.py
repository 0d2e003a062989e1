"""TEXT on every canvas backend: coverage by a plain reference, blending by pixman."""

import random
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, Brush, Drawable, Glyph, SurfaceImage, Text
from tests.conformance import reference_text
from tests.conformance.reference_pixels import narrow, surface_argb, unpack, widen
from tests.conformance.strategies import any_rects, noise, rects_in, seeds

CanvasMaker = Callable[[], Canvas]
SIDE = 24
TILE = 3
PUT = 8
NOWHERE = Rect(0, 0, 0, 0)
RASTER = {1: 1, 2: 4, 4: 8}
FORMATS = [form for form in SurfaceFormat if form is not SurfaceFormat.A1]


@st.composite
def strings(draw: st.DrawFn, bits: int) -> tuple[Glyph, ...]:
    """Up to four glyphs that overlap or stick out."""
    out = []
    for i in range(draw(st.integers(0, 4))):
        width, height = draw(st.integers(0, 9)), draw(st.integers(0, 9))
        data = random.Random(draw(seeds)).randbytes((width * bits + 7) // 8 * height)
        at = Point(draw(st.integers(-3, 5)) + i * 5, draw(st.integers(3, SIDE)))
        out.append(Glyph(at, Point(draw(st.integers(-1, 1)), -draw(st.integers(0, 9))), width, height, data))
    return tuple(out)


@st.composite
def brushes(draw: st.DrawFn) -> Brush:
    """None, a colour, a bitmap with alpha, or surface 1."""
    kind = draw(st.sampled_from((0, 1, 1, 1, 2, 2)))
    if kind < 2:
        return Brush(kind, draw(st.integers(0, 0xFFFFFFFF)))
    at = Point(draw(st.integers(-9, 9)), draw(st.integers(-9, 9)))
    if draw(st.booleans()):
        image = SurfaceImage(id=1, flags=0, width=TILE, height=TILE, surface_id=1)
        return Brush(2, 0, image, at)
    form = draw(st.sampled_from((BitmapFormat.ARGB32, BitmapFormat.XRGB32, BitmapFormat.RGB555)))
    stride = row_bytes(TILE, form.bits_per_pixel)
    bitmap = BitmapImage(
        id=2,
        flags=0,
        width=TILE,
        height=TILE,
        format=form,
        top_down=True,
        stride=stride,
        data=noise(draw(seeds), stride * TILE),
    )
    return Brush(2, 0, bitmap, at)


def raw_and_argb(
    brush: Brush, target: SurfaceFormat, tile: list[list[int]], x: int, y: int
) -> tuple[int, int]:
    """A brush's pixel (x, y) as it is copied to the target, and as it is blended."""
    if brush.type < 2:
        color = brush.color if brush.type else 0
        argb = 0xFF000000 | color & 0xFFFFFF
        if target.bits_per_pixel == 16:
            argb = widen(color & 0x7FFF, (5, 5, 5))
        return color & (1 << target.bits_per_pixel) - 1, argb
    x, y = (x - brush.pos.x) % TILE, (y - brush.pos.y) % TILE
    if isinstance(brush.pattern, SurfaceImage):
        return tile[y][x], surface_argb(tile[y][x], target)
    assert isinstance(brush.pattern, BitmapImage)
    size = brush.pattern.format.bits_per_pixel // 8
    value = int.from_bytes(brush.pattern.data[(y * TILE + x) * size :][:size], "little")
    match brush.pattern.format:
        case BitmapFormat.RGB555:
            argb = widen(value, (5, 5, 5))
            raw = value if target is SurfaceFormat.RGB555 else narrow(argb, target)
        case BitmapFormat.XRGB32:
            argb = 0xFF000000 | value
            raw = value if target.bits_per_pixel == 32 else narrow(argb, target)
        case _:
            argb, raw = value, narrow(value, target)
    # It takes on the format of the target before it is blended, and keeps its alpha only in 32 bits.
    return raw, argb if target.bits_per_pixel == 32 else surface_argb(raw, target)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_text(make_canvas: CanvasMaker, form: SurfaceFormat, data: st.DataObject) -> None:
    flag = data.draw(st.sampled_from((1, 2, 4)))
    glyphs = data.draw(strings(RASTER[flag]))
    back = data.draw(rects_in(SIDE, SIDE) | st.just(NOWHERE) | any_rects())
    fore_brush, back_brush = data.draw(brushes()), data.draw(brushes())
    box = data.draw(rects_in(SIDE, SIDE))
    clip = data.draw(st.none() | st.lists(any_rects(), max_size=3).map(tuple))
    op = Text(flag | data.draw(st.sampled_from((0, 8))), glyphs, back, fore_brush, back_brush, PUT, 0x1F)
    size = form.bits_per_pixel // 8
    pixels, pattern = noise(data.draw(seeds), size * SIDE**2), noise(data.draw(seeds), size * TILE**2)
    tile = unpack(SurfaceSpec(TILE, TILE, form), pattern, size * TILE)
    want = bytearray(pixels)
    area = [
        (x, y)
        for y in range(box.top, box.bottom)
        for x in range(box.left, box.right)
        if clip is None or any(rect.contains_point(x, y) for rect in clip)
    ]
    for x, y in area:
        if back.contains_point(x, y):
            raw, _ = raw_and_argb(back_brush, form, tile, x, y)
            want[(y * SIDE + x) * size : (y * SIDE + x + 1) * size] = raw.to_bytes(size, "little")
    if glyphs and fore_brush.type and not (where := reference_text.bounds(glyphs)).empty:

        def source(x: int, y: int) -> int:
            return raw_and_argb(fore_brush, form, tile, x - where.left, y - where.top)[1]

        cover = reference_text.coverage(glyphs, RASTER[flag])
        after = reference_text.blended(form, (SIDE, SIDE), bytes(want), cover, where, source)
        keep = 1 if form is SurfaceFormat.XRGB32 else 0
        for x, y in area:
            if where.contains_point(x, y):
                place = (y * SIDE + x) * size
                want[place : place + size - keep] = after[place : place + size - keep]
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, SurfaceSpec(SIDE, SIDE, form), pixels, size * SIDE)
        canvas.create_surface(1, SurfaceSpec(TILE, TILE, form), pattern, size * TILE)
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=box, op=op, clip=clip)])
        assert outcome.drawn, outcome.reason
        assert canvas.read(0, Rect(0, 0, SIDE, SIDE)).data == bytes(want)


LETTER = Glyph(Point(0, 4), Point(0, -4), 4, 4, b"\xf0" * 4)


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (Text(8, (LETTER,), NOWHERE, Brush(1, 1), Brush(1, 1), PUT, PUT), "flags"),
        (Text(1, (LETTER,), NOWHERE, Brush(4, 1), Brush(1, 1), PUT, PUT), "brush"),
        (Text(1, (LETTER,), Rect(0, 0, 2, 2), Brush(1, 1), Brush(4, 1), PUT, PUT), "brush"),
        (Text(1, (LETTER,), Rect(0, 0, 2, 2), Brush(1, 1), Brush(1, 1), 64, PUT), "fore_mode"),
        (Text(4, (LETTER,), Rect(0, 0, 2, 2), Brush(1, 1), Brush(1, 1), PUT, PUT), "bytes"),
        (Text(1, (LETTER,), Rect(0, 0, 2, 2), Brush(2), Brush(1, 1), PUT, PUT), "pattern"),
    ],
)
def test_text_that_makes_no_sense(make_canvas: CanvasMaker, op: Text, reason: str) -> None:
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, SurfaceSpec(8, 8, SurfaceFormat.XRGB32))
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=Rect(0, 0, 8, 8), op=op)])
        assert not outcome.drawn
        assert reason in outcome.reason
        assert not any(canvas.read(0, Rect(0, 0, 8, 8)).data)


def test_modes_without_a_background_mean_nothing(make_canvas: CanvasMaker) -> None:
    op = Text(1, (LETTER,), NOWHERE, Brush(1, 0x123456), Brush(9, 1), 64, 32)
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, SurfaceSpec(5, 5, SurfaceFormat.XRGB32))
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=Rect(0, 0, 5, 5), op=op)])
        assert outcome.drawn
        row = b"\x56\x34\x12\0" * 4 + bytes(4)
        assert canvas.read(0, Rect(0, 0, 5, 5)).data == row * 4 + bytes(20)
