"""Brushes: colours and patterns for lines and for text."""

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.sources import Surfaces
from gspice.gpu.plans.stroke_brush import NONE, PATTERN, SOLID, alpha_color, alpha_tile, ink_of
from gspice.gpu.plans.stroke_pen import Pen
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Brush, Image, SurfaceImage
from tests.gpu import pixman
from tests.gpu.targets import PAINTER, target_of

ROP_COPY = 2


def bitmap(form: BitmapFormat, width: int, data: bytes) -> BitmapImage:
    """One row."""
    return BitmapImage(
        id=1, flags=0, width=width, height=1, format=form, top_down=True, stride=len(data), data=data
    )


def surface_image(surface_id: int) -> SurfaceImage:
    """The pixels of another surface."""
    return SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=surface_id)


def draw(brush: Brush, surface: Surface, spec: SurfaceSpec, area: list[Rect], surfaces: Surfaces) -> None:
    """Draw the whole area with the brush."""
    ink = ink_of(target_of(surface, spec, area, surfaces), brush)
    PAINTER.strokes(surface, area, ROP_COPY, Pen.fill, *ink)  # type: ignore[arg-type]


def row(surface: Surface) -> bytes:
    """The only row."""
    return surface.read(Rect(0, 0, surface.width, 1))


@pytest.mark.parametrize(("kind", "want"), [(NONE, b"\0\0"), (SOLID, b"\x34\x12")])
def test_colours_are_pixels_as_they_stand(kind: int, want: bytes) -> None:
    surface = Surface(1, 1, 16)
    surface.load(b"\x77\x77", 2)
    spec = SurfaceSpec(1, 1, SurfaceFormat.RGB565)
    draw(Brush(kind, 0xABCD1234), surface, spec, [Rect(0, 0, 1, 1)], {})
    assert row(surface) == want


def test_patterns_lie_at_their_place_in_the_surface() -> None:
    surface, spec = Surface(5, 1, 32), SurfaceSpec(5, 1, SurfaceFormat.XRGB32)
    pattern = bitmap(BitmapFormat.RGB24, 2, bytes(range(6)))
    draw(Brush(PATTERN, 0, pattern, Point(1, 7)), surface, spec, [Rect(0, 0, 5, 1)], {})
    first, second = b"\0\1\2\0", b"\3\4\5\0"
    assert row(surface) == second + first + second + first + second


def test_a_surface_may_be_its_own_pattern() -> None:
    surface, spec = Surface(4, 1, 8), SurfaceSpec(4, 1, SurfaceFormat.A8)
    surface.load(b"abcd", 4)
    brush = Brush(PATTERN, 0, surface_image(0), Point(1, 0))
    draw(brush, surface, spec, [Rect(0, 0, 4, 1)], {0: (surface, spec)})
    assert row(surface) == b"dabc"


@pytest.mark.parametrize(
    "brush",
    [
        Brush(3, 1),
        Brush(PATTERN),
        Brush(PATTERN, 0, surface_image(5)),
        Brush(PATTERN, 0, bitmap(BitmapFormat.BIT8, 1, b"x")),
        Brush(PATTERN, 0, bitmap(BitmapFormat.XRGB32, 2, b"1234567")),
        Brush(PATTERN, 0, bitmap(BitmapFormat.XRGB32, 0, b"")),
    ],
)
def test_brushes_that_cannot_be_drawn(brush: Brush) -> None:
    surface, spec = Surface(4, 1, 32), SurfaceSpec(4, 1, SurfaceFormat.XRGB32)
    with pytest.raises(GuestError):
        ink_of(target_of(surface, spec, []), brush)


def test_patterns_on_one_bit() -> None:
    surface, spec = Surface(12, 1, 1), SurfaceSpec(12, 1, SurfaceFormat.A1)
    brush = Brush(PATTERN, 0, bitmap(BitmapFormat.A8, 3, b"\x80\x7f\x00"), Point(1, 0))
    draw(brush, surface, spec, [Rect(1, 0, 11, 1)], {})
    assert row(surface) == (0b010010010010).to_bytes(2, "little")


def test_a_pattern_of_another_depth_takes_on_the_surfaces_format() -> None:
    surface, spec = Surface(3, 1, 32), SurfaceSpec(3, 1, SurfaceFormat.XRGB32)
    red = Surface(1, 1, 16)
    red.load(b"\x00\xf8", 2)
    others = {9: (red, SurfaceSpec(1, 1, SurfaceFormat.RGB565))}
    draw(Brush(PATTERN, 0, surface_image(9)), surface, spec, [Rect(0, 0, 2, 1)], others)
    assert row(surface) == b"\0\0\xff\xff" * 2 + bytes(4)


def test_colours_with_alpha() -> None:
    assert alpha_color(Brush(SOLID, 0x12345678), SurfaceFormat.XRGB32) == 0xFF345678
    assert alpha_color(Brush(SOLID, 0x12345678), SurfaceFormat.A8) == 0xFF345678
    for value in (0, 0x7FFF, 0x8421, 0x2D6B, 0x5294):
        wide = pixman.convert(value.to_bytes(2, "little"), SurfaceFormat.RGB555, SurfaceFormat.ARGB32, 1)
        # The same on 5-6-5: the colour is taken for 5-5-5 there too.
        for form in (SurfaceFormat.RGB555, SurfaceFormat.RGB565):
            assert alpha_color(Brush(SOLID, value), form).to_bytes(4, "little") == wide


RED = b"\x00\x00\xff\x80"


@pytest.mark.parametrize(
    ("form", "image", "want"),
    [
        (SurfaceFormat.XRGB32, bitmap(BitmapFormat.ARGB32, 1, RED), RED),
        (SurfaceFormat.ARGB32, bitmap(BitmapFormat.ARGB32, 1, RED), RED),
        (SurfaceFormat.ARGB32, bitmap(BitmapFormat.XRGB32, 1, RED), b"\0\0\xff\xff"),
        (SurfaceFormat.RGB565, bitmap(BitmapFormat.ARGB32, 1, RED), b"\0\0\xff\xff"),
        (SurfaceFormat.A8, bitmap(BitmapFormat.ARGB32, 1, RED), b"\0\0\0\x80"),
        (SurfaceFormat.XRGB32, surface_image(1), RED),
        (SurfaceFormat.RGB565, surface_image(1), RED),
        (SurfaceFormat.RGB565, surface_image(2), b"\0\0\xff\xff"),
        (SurfaceFormat.XRGB32, surface_image(3), b"\0\0\xff\xff"),
        (SurfaceFormat.ARGB32, surface_image(4), b"\0\0\0\x40"),
    ],
)
def test_patterns_with_alpha(form: SurfaceFormat, image: Image, want: bytes) -> None:
    surfaces = {}
    for surface_id, (other, data) in enumerate(
        (
            (SurfaceFormat.ARGB32, RED),
            (SurfaceFormat.XRGB32, RED),
            (SurfaceFormat.RGB565, b"\x00\xf8"),
            (SurfaceFormat.A8, b"\x40"),
        ),
        1,
    ):
        surface = Surface(1, 1, other.bits_per_pixel)
        surface.load(data, len(data))
        surfaces[surface_id] = surface, SurfaceSpec(1, 1, other)
    on = Surface(1, 1, form.bits_per_pixel), SurfaceSpec(1, 1, form)
    tile = alpha_tile(target_of(*on, [Rect(0, 0, 1, 1)], surfaces), Brush(PATTERN, 0, image))
    assert isinstance(tile, Surface)
    assert row(tile) == want
