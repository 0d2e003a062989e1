import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import AlphaBlend, BitmapImage, Composite, Drawable, Image, Op, SurfaceImage

A8, RGB565, XRGB, ARGB = SurfaceFormat.A8, SurfaceFormat.RGB565, SurfaceFormat.XRGB32, SurfaceFormat.ARGB32
DEST_HAS_ALPHA, SRC_SURFACE_HAS_ALPHA = 1, 2
OVER, ADD = 3, 12
HAS_MASK, SOURCE_OPAQUE, DEST_OPAQUE = 1 << 19, 1 << 22, 1 << 24
PIXEL = Rect(0, 0, 1, 1)
HERE = Point(0, 0)
OTHER = SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=1)
OWN = SurfaceImage(id=0, flags=0, width=2, height=1, surface_id=5)


def bitmap(value: int, form: BitmapFormat = BitmapFormat.ARGB32) -> BitmapImage:
    size = form.bits_per_pixel // 8
    data = value.to_bytes(size, "little")
    return BitmapImage(id=1, flags=0, width=1, height=1, format=form, top_down=True, stride=size, data=data)


def draw(
    op: Op, before: int, form: SurfaceFormat = XRGB, other: tuple[int, SurfaceFormat] = (0, XRGB)
) -> int:
    """One pixel after an op; surface 1 holds one of another format."""
    canvas = CpuCanvas()
    for surface_id, (value, kind) in enumerate(((before, form), other)):
        size = kind.bits_per_pixel // 8
        canvas.create_surface(surface_id, SurfaceSpec(1, 1, kind), value.to_bytes(size, "little"))
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=PIXEL, op=op)])
    assert outcome.drawn, outcome.reason
    return int.from_bytes(canvas.read(0, PIXEL).data, "little")


@pytest.mark.parametrize(
    ("form", "flags", "before", "after"),
    [
        (XRGB, 0, 0x99808080, 0x00C08040),
        (XRGB, DEST_HAS_ALPHA, 0x80808080, 0xC0C08040),
        (ARGB, 0, 0x80808080, 0xC0C08040),
    ],
)
def test_blending_over(form: SurfaceFormat, flags: int, before: int, after: int) -> None:
    # Half transparent: 0x80 red, 0x40 green and no blue, over one half of what was there.
    assert draw(AlphaBlend(flags, 255, bitmap(0x80804000), PIXEL), before, form) == after


def test_no_alpha_draws_nothing_and_some_counts_for_all() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SurfaceSpec(1, 1, XRGB), b"\x01\x02\x03\x04")
    op = AlphaBlend(0, 0, bitmap(0xFFFFFFFF), PIXEL)
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=PIXEL, op=op)])
    assert (outcome.drawn, outcome.rects) == (True, ())
    assert canvas.read(0, PIXEL).data == b"\x01\x02\x03\x04"
    assert draw(AlphaBlend(0, 0x80, bitmap(0xFFFFFF, BitmapFormat.RGB24), PIXEL), 0) == 0x808080


@pytest.mark.parametrize(("flags", "after"), [(0, 0x123456), (SRC_SURFACE_HAS_ALPHA, 0x123456 + 0x808080)])
def test_the_high_byte_of_a_source_surface_counts_if_told_so(flags: int, after: int) -> None:
    op = AlphaBlend(flags, 255, OTHER, PIXEL)
    assert draw(op, 0x808080, other=(0x00123456, XRGB)) == after


def test_bitmaps_keep_an_alpha_that_the_surface_has_not() -> None:
    assert draw(AlphaBlend(0, 255, bitmap(0x80, BitmapFormat.A8), PIXEL), 0xFFFF, RGB565) == 0x7BEF
    assert draw(AlphaBlend(0, 255, bitmap(0x00FF0000), PIXEL), 0x001F, RGB565) == 0xF81F


@pytest.mark.parametrize(
    ("surface_id", "left", "after"),
    [
        (5, 0x40102030, 0x00708090),
        (5, 0xFF102030, 0x00102030),
        (5, 0x00102030, 0x00102030),
        (0, 0x40102030, 0x00102030),
    ],
)
def test_high_bytes_of_self_bitmaps_count_off_the_screen_if_some_are_set(
    surface_id: int, left: int, after: int
) -> None:
    canvas = CpuCanvas()
    # The right pixel, on which the left one is drawn, has none.
    canvas.create_surface(
        surface_id, SurfaceSpec(2, 1, XRGB), left.to_bytes(4, "little") + b"\x80\x80\x80\x00"
    )
    own = SurfaceImage(id=0, flags=0, width=2, height=1, surface_id=surface_id)
    op, area, right = AlphaBlend(0, 255, own, PIXEL), Rect(0, 0, 2, 1), Rect(1, 0, 2, 1)
    drawable = Drawable(surface_id=surface_id, bbox=right, op=op, self_bitmap_area=area)
    (outcome,) = canvas.submit([drawable])
    assert outcome.drawn
    assert int.from_bytes(canvas.read(surface_id, right).data, "little") == after


def composite(
    flags: int, src: Image, mask: Image | None = None, transform: tuple[int, ...] | None = None
) -> Composite:
    return Composite(flags | (HAS_MASK if mask else 0), src, mask, transform, None, HERE, HERE)


def test_operators() -> None:
    assert draw(composite(ADD, bitmap(0x40404040)), 0x90101010, ARGB) == 0xD0505050
    assert draw(composite(ADD, bitmap(0x40404040)), 0x90101010, XRGB) == 0x00505050
    assert draw(composite(ADD, OTHER), 0x90, A8, (0x40, A8)) == 0xD0


def test_source_opaque_concerns_surfaces_and_dest_opaque_nothing() -> None:
    op = composite(OVER | SOURCE_OPAQUE, OTHER)
    assert draw(op, 0x80808080, ARGB, (0x20123456, ARGB)) == 0xFF123456
    assert draw(composite(OVER | SOURCE_OPAQUE, bitmap(0x00010203)), 0x80808080, ARGB) == 0x80818283
    assert draw(composite(OVER | DEST_OPAQUE, bitmap(0)), 0x80808080, ARGB) == 0x80808080


def test_a_mask_is_a_surface_with_alpha() -> None:
    white = bitmap(0xFFFFFFFF)
    assert draw(composite(OVER, white, OTHER), 0, ARGB, (0x80, A8)) == 0x80808080
    assert draw(composite(OVER, white, bitmap(0x80, BitmapFormat.A8)), 0, ARGB) == 0xFFFFFFFF
    assert draw(Composite(OVER, white, OTHER, None, None, HERE, HERE), 0, ARGB, (0x80, A8)) == 0xFFFFFFFF


def test_its_own_surface_as_source_is_read_before_it_is_drawn() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(5, SurfaceSpec(2, 1, ARGB), bytes([1, 1, 1, 1, 2, 2, 2, 2]))
    flip = (-65536, 0, 2 * 65536, 0, 65536, 0)
    box = Rect(0, 0, 2, 1)
    (outcome,) = canvas.submit([Drawable(surface_id=5, bbox=box, op=composite(1, OWN, None, flip))])
    assert outcome.drawn
    assert canvas.read(5, box).data == bytes([2, 2, 2, 2, 1, 1, 1, 1])
