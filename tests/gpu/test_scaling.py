import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.images import Target, image_of
from gspice.gpu.plans.scaling import (
    INTERPOLATE,
    NEAREST,
    raw_format,
    scaled_source,
    stretch,
    stretch_rounded,
)
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Drawable, Nop
from tests.gpu.targets import PAINTER

ARGB, XRGB, RGB565 = SurfaceFormat.ARGB32, SurfaceFormat.XRGB32, SurfaceFormat.RGB565
BOX = Rect(10, 20, 13, 22)


def test_steps_are_rounded_down_and_corners_kept() -> None:
    way = stretch(Rect(5, 6, 12, 11), BOX, NEAREST)
    assert (way.step_x, way.step_y) == (7 * 65536 // 3, 5 * 65536 // 2)
    assert (way.from_x, way.from_y, way.origin) == (5, 6, Point(0, 0))
    assert way.part.contains(Rect(4, 5, 13, 12))


def test_ternary_operations_round_the_corner_to_drawn_pixels() -> None:
    way = stretch_rounded(Rect(5, 7, 12, 12), BOX, INTERPOLATE, Point(0, 0))
    # 5 / (7 / 3) = 2.14 and 7 / 2.5 = 2.8 drawn pixels.
    assert way.origin == Point(2, 3)
    assert (way.from_x, way.from_y) == (0, 0)
    assert way.part.contains(Rect(4, 6, 13, 13))
    moved = stretch_rounded(Rect(105, 207, 112, 212), BOX, INTERPOLATE, Point(100, 200))
    assert (moved.origin, moved.from_x, moved.from_y) == (Point(2, 3), 100, 200)


@pytest.mark.parametrize(
    "part", [Rect(5, 0, 4, 2), Rect(0, 3, 4, 2), Rect(0, 0, 32768, 1), Rect(-32768, 0, 1, 1)]
)
def test_areas_that_cannot_be_scaled(part: Rect) -> None:
    with pytest.raises(GuestError, match="cannot be scaled"):
        stretch(part, BOX, NEAREST)


def test_scale_modes_and_empty_areas() -> None:
    with pytest.raises(GuestError, match="scale mode 2"):
        stretch(BOX, BOX, 2)
    assert stretch(Rect(1, 1, 1, 1), BOX, NEAREST).step_x == 0
    with pytest.raises(GuestError, match="is empty"):
        stretch_rounded(Rect(1, 1, 1, 4), BOX, NEAREST, Point(0, 0))


def test_the_high_byte_is_carried_along_where_it_means_nothing() -> None:
    assert raw_format(XRGB) is ARGB
    assert raw_format(XRGB, XRGB) is ARGB
    assert raw_format(XRGB, ARGB) is XRGB
    assert raw_format(RGB565, XRGB) is RGB565


@pytest.mark.parametrize("mode", [NEAREST, INTERPOLATE])
@pytest.mark.parametrize("form", [BitmapFormat.XRGB32, BitmapFormat.RGB24])
def test_a_part_scales_as_the_whole_does(form: BitmapFormat, mode: int) -> None:
    """Images that must be converted are converted only where they are read: that must not be seen."""
    size = form.bits_per_pixel // 8
    width, height = 37, 23
    data = bytes((i * 7919 >> 3) & 255 for i in range(width * height * size))
    image = BitmapImage(
        id=1, flags=0, width=width, height=height, format=form, top_down=True, stride=width * size, data=data
    )
    plain = b"".join(data[i : i + 3] + b"\0" for i in range(0, len(data), size))
    whole = BitmapImage(
        id=1, flags=0, width=width, height=height, format=BitmapFormat.XRGB32, top_down=True, stride=width * 4,
        data=plain,
    )  # fmt: skip
    for part in (
        Rect(3, 4, 20, 15),
        Rect(6, 1, 34, 22),
        Rect(0, 0, width, height),
        Rect(30, 20, 41, 30),
        Rect(9, 9, 10, 10),
    ):
        for box in (Rect(0, 0, 2, 2), Rect(0, 0, 7, 5), Rect(2, 3, 40, 30)):
            results = []
            for picture in (image, whole):
                drawable = Drawable(surface_id=0, bbox=box, op=Nop())
                spec = SurfaceSpec(64, 64, XRGB)
                target = Target(Surface(64, 64, 32), spec, drawable, [box], {}, PAINTER)
                origin = image_of(target, picture)
                for way in (stretch(part, box, mode), stretch_rounded(part, box, mode, Point(0, 0))):
                    source, at = scaled_source(target, origin, way, [box])
                    assert at == (box.left, box.top)
                    results.append(colors(source, box))
            half = len(results) // 2
            assert results[:half] == results[half:]


def colors(source: object, box: Rect) -> bytes:
    from gspice.gpu.cpu.kernels import Source, blit

    assert isinstance(source, Source)
    out = Surface(box.width, box.height, 32)
    whole = Rect(0, 0, box.width, box.height)
    blit(out, [whole], source, 0, 0, 2)
    return bytes(byte for i, byte in enumerate(out.read(whole)) if i % 4 < 3)
