"""Operations on images, every backend against the reference: all codes, operators, formats and sizes once."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Blend,
    Brush,
    Composite,
    Copy,
    Drawable,
    Fill,
    Image,
    Mask,
    Opaque,
    Palette,
    Rop3,
    SurfaceImage,
    Transparent,
)
from tests.conformance.reference_render import OPERATORS
from tests.conformance.strategies import NO_MASK, drawables, noise, rects_in, seeds, specs
from tests.conformance.test_canvas import compare

CanvasMaker = Callable[[], Canvas]
PUT = 8


def bitmap(form: BitmapFormat, width: int, height: int, seed: int = 1) -> BitmapImage:
    stride = row_bytes(width, form.bits_per_pixel)
    numbers = random.Random(seed)
    palette = Palette(1, tuple(numbers.getrandbits(32) for _ in range(256))) if form.indexed else None
    return BitmapImage(
        id=1,
        flags=0,
        width=width,
        height=height,
        format=form,
        top_down=True,
        stride=stride,
        data=noise(seed, stride * height),
        palette=palette,
    )


def surface(surface_id: int) -> SurfaceImage:
    return SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=surface_id)


@pytest.mark.parametrize("target", SurfaceFormat)
def test_every_ternary_code(make_canvas: CanvasMaker, target: SurfaceFormat) -> None:
    image, pattern = bitmap(BitmapFormat.XRGB32, 7, 2), bitmap(BitmapFormat.RGB24, 3, 1)
    batch = []
    for code in range(256):
        brush = Brush(2, 0, pattern, Point(1, 0)) if code % 2 else Brush(1, 0x5A3C96F1)
        op = Rop3(image, Rect(0, 0, 7, 2), brush, code, 1, NO_MASK)
        batch.append(Drawable(surface_id=0, bbox=Rect(1, 0, 8, 2), op=op))
    compare(make_canvas, {0: SurfaceSpec(8, 2, target)}, 29, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("component_alpha", [0, 1])
def test_every_operator(make_canvas: CanvasMaker, component_alpha: int, target: SurfaceFormat) -> None:
    batch = []
    for operator in sorted(OPERATORS):
        for source, mask in ((1, None), (1, 2), (2, 1)):
            flags = operator | 3 << 8 | 3 << 11 | component_alpha << 18 | (mask is not None) << 19
            image = surface(mask) if mask else None
            op = Composite(flags, surface(source), image, None, None, Point(1, 0), Point(0, 1))
            batch.append(Drawable(surface_id=0, bbox=Rect(0, 0, 8, 3), op=op))
    forms = (target, SurfaceFormat.ARGB32, SurfaceFormat.A8)
    compare(make_canvas, {i: SurfaceSpec(9, 4, form) for i, form in enumerate(forms)}, 31, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("filtering", range(5))
@pytest.mark.parametrize("repeat", range(4))
def test_transformed_composites(
    make_canvas: CanvasMaker, repeat: int, filtering: int, target: SurfaceFormat
) -> None:
    turned = (0xB505, -0xB505, 0x48000, 0xB505, 0xB505, -0x30000)
    flags = 3 | filtering << 8 | repeat << 14 | filtering << 11 | repeat << 16 | 7 << 19
    batch = []
    for source in range(1, 5):
        op = Composite(
            flags,
            surface(source),
            surface(3),
            turned,
            (0x8000, 0, 7, 0, 0x18000, 9),
            Point(2, -3),
            Point(0, 1),
        )
        batch.append(
            Drawable(
                surface_id=0, bbox=Rect(2, 1, 22, 13), op=op, clip=(Rect(0, 0, 15, 20), Rect(12, 5, 30, 9))
            )
        )
    forms = (target, SurfaceFormat.ARGB32, SurfaceFormat.XRGB32, SurfaceFormat.A8, SurfaceFormat.RGB565)
    compare(make_canvas, {i: SurfaceSpec(24, 14, form) for i, form in enumerate(forms)}, 37, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize(
    "source", [*BitmapFormat, *SurfaceFormat], ids=lambda form: f"{type(form).__name__}.{form.name}"
)
def test_scaling_every_format_onto_every_surface(
    make_canvas: CanvasMaker, source: BitmapFormat | SurfaceFormat, target: SurfaceFormat
) -> None:
    surfaces = {0: SurfaceSpec(40, 26, target)}
    image: Image = surface(1)
    if isinstance(source, BitmapFormat):
        image = bitmap(source, 23, 17)
    else:
        surfaces[1] = SurfaceSpec(23, 17, source)
    mask = Mask(bitmap(BitmapFormat.BIT1_LE, 40, 26), Point(1, 1))
    brush = Brush(2, 0, bitmap(BitmapFormat.XRGB32, 5, 3), Point(0, 0))
    inner, all_of_it, beyond = Rect(3, 2, 19, 13), Rect(0, 0, 23, 17), Rect(9, 9, 28, 22)
    batch = []
    for box in (Rect(1, 1, 8, 6), Rect(0, 2, 40, 25)):
        for mode, part in enumerate((inner, all_of_it, beyond, inner)):
            mode %= 2
            ops = (
                Copy(image, part, PUT, mode, NO_MASK),
                Copy(image, part, PUT, mode, mask),
                Blend(image, part, 64, mode, NO_MASK),
                Opaque(image, part, brush, 32, mode, mask),
                Rop3(image, part, brush, 0x6A, mode, mask),
                Transparent(image, part, 0, 0x00808080),
                AlphaBlend(2, 200, image, part),
                AlphaBlend(1, 255, image, part),
            )
            batch += [Drawable(surface_id=0, bbox=box, op=op, clip=(Rect(0, 0, 30, 20),)) for op in ops]
    compare(make_canvas, surfaces, 41, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("source", BitmapFormat)
def test_patterns_of_every_format(
    make_canvas: CanvasMaker, source: BitmapFormat, target: SurfaceFormat
) -> None:
    batch = []
    for width in (1, 3, 8, 511, 600):
        brush = Brush(2, 0, bitmap(source, width, 2, width), Point(-width // 2, 5))
        for ropd in (PUT, 64 | 2):
            op = Fill(brush, ropd, NO_MASK)
            batch.append(Drawable(surface_id=0, bbox=Rect(3, 0, 1100, 3), op=op))
    compare(make_canvas, {0: SurfaceSpec(1101, 3, target)}, 43, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("source", SurfaceFormat)
def test_surfaces_of_every_depth_as_operands(
    make_canvas: CanvasMaker, source: SurfaceFormat, target: SurfaceFormat
) -> None:
    """Also the surface itself, as a self-bitmap: of whatever format it is."""
    area, brush = Rect(2, 1, 14, 6), Brush(2, 0, surface(1), Point(-3, 2))
    mask = Mask(bitmap(BitmapFormat.BIT1_BE, 12, 5), Point(0, 0))
    batch = []
    for surface_id, own in ((1, None), (0, area)):
        image = surface(surface_id)
        ops = (
            Copy(image, area, 64, 1, NO_MASK),
            Opaque(image, area, brush, 32 | 2, 1, mask),
            Rop3(image, area, brush, 0xCA, 1, NO_MASK),
            Transparent(image, area, 0, 0x00FFFFFF),
            Transparent(image, area, 0, 0),
            Fill(brush, 16, mask),
        )
        batch += [
            Drawable(surface_id=0, bbox=area.translate(1, 2), op=op, self_bitmap_area=own) for op in ops
        ]
    compare(make_canvas, {0: SurfaceSpec(19, 9, target), 1: SurfaceSpec(17, 7, source)}, 47, batch)


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_batches_in_which_much_is_covered(make_canvas: CanvasMaker, data: st.DataObject) -> None:
    surfaces = data.draw(specs())
    batch = data.draw(st.lists(drawables(surfaces), min_size=2, max_size=8))
    for _ in range(data.draw(st.integers(1, 3))):
        surface_id = data.draw(st.sampled_from(sorted(surfaces)))
        spec = surfaces[surface_id]
        whole = Rect(0, 0, spec.width, spec.height)
        box = data.draw(st.just(whole) | rects_in(spec.width, spec.height))
        cover = Drawable(surface_id=surface_id, bbox=box, op=Fill(Brush(1, 0x123456), PUT, NO_MASK))
        batch.insert(data.draw(st.integers(1, len(batch))), cover)
    compare(make_canvas, surfaces, data.draw(seeds), batch, at_once=True)
