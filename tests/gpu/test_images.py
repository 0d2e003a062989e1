import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans import images
from gspice.gpu.plans.images import Target, check_picture, image_of, masked
from gspice.gpu.plans.rops import ROP_COPY, ROP_SET
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Drawable, EncodedImage, Mask, Nop, Palette, SurfaceImage
from tests.gpu.targets import PAINTER

A1, A8, RGB555, XRGB, ARGB = (
    SurfaceFormat.A1,
    SurfaceFormat.A8,
    SurfaceFormat.RGB555,
    SurfaceFormat.XRGB32,
    SurfaceFormat.ARGB32,
)
BOX = Rect(1, 0, 4, 2)


def target(form: SurfaceFormat = XRGB, self_bitmap: Rect | None = None) -> Target:
    specs = {0: SurfaceSpec(4, 2, form), 1: SurfaceSpec(6, 3, A8), 2: SurfaceSpec(6, 3, A1)}
    surfaces = {i: (Surface(s.width, s.height, s.format.bits_per_pixel), s) for i, s in specs.items()}
    drawable = Drawable(surface_id=0, bbox=BOX, op=Nop(), self_bitmap_area=self_bitmap)
    return Target(surfaces[0][0], specs[0], drawable, [BOX], surfaces, PAINTER)


def pixels(place: Target, rect: Rect) -> bytes:
    assert isinstance(place.surface, Surface)
    return place.surface.read(rect)


def bitmap(form: BitmapFormat) -> BitmapImage:
    palette = Palette(1, (0, 0xFFFFFFFF)) if form.indexed else None
    return BitmapImage(
        id=1,
        flags=0,
        width=1,
        height=1,
        format=form,
        top_down=True,
        stride=4,
        data=b"\xff" * 4,
        palette=palette,
    )


def surface(surface_id: int) -> SurfaceImage:
    return SurfaceImage(id=1, flags=0, width=1, height=1, surface_id=surface_id)


@pytest.mark.parametrize(
    ("source", "on", "form", "original"),
    [
        (BitmapFormat.XRGB32, XRGB, XRGB, XRGB),
        (BitmapFormat.XRGB32, ARGB, XRGB, XRGB),
        (BitmapFormat.ARGB32, XRGB, ARGB, ARGB),
        (BitmapFormat.ARGB32, RGB555, RGB555, ARGB),
        (BitmapFormat.RGB24, RGB555, RGB555, XRGB),
        (BitmapFormat.RGB555, XRGB, XRGB, RGB555),
        (BitmapFormat.A8, ARGB, XRGB, A8),
        (BitmapFormat.BIT8, ARGB, XRGB, ARGB),
        (BitmapFormat.BIT8, RGB555, RGB555, RGB555),
    ],
)
def test_what_pixman_takes_a_bitmap_for(
    source: BitmapFormat, on: SurfaceFormat, form: SurfaceFormat, original: SurfaceFormat
) -> None:
    assert image_of(target(on), bitmap(source)).format is form
    assert image_of(target(on), bitmap(source), original=True).format is original


def test_surfaces_keep_their_format_and_size() -> None:
    origin = image_of(target(), surface(1))
    assert (origin.format, origin.bounds, origin.self_bitmap) == (A8, Rect(0, 0, 6, 3), False)


def test_the_surfaces_own_pixels_are_those_of_the_moment_of_reading() -> None:
    place = target()
    origin = image_of(place, surface(0))
    whole = Rect(0, 0, 4, 2)
    place.painter.fill(place.surface, [Rect(2, 1, 3, 2)], 0x123456, ROP_COPY)
    source, at = origin.pixels(Rect(2, 1, 4, 2))
    assert at == (2, 1)
    place.painter.fill(place.surface, [whole], 0, ROP_SET)
    place.painter.blit(place.surface, [Rect(0, 0, 2, 1)], source, 0, 0, ROP_COPY)
    assert pixels(place, Rect(0, 0, 2, 1)) == b"\x56\x34\x12\x00\0\0\0\0"


def test_a_self_bitmap_is_no_larger_than_its_area() -> None:
    area = Rect(1, 1, 3, 2)
    origin = image_of(target(self_bitmap=area), surface(0))
    assert (origin.bounds, origin.self_bitmap) == (area, True)
    assert image_of(target(self_bitmap=area), surface(1)).bounds == Rect(0, 0, 6, 3)
    with pytest.raises(GuestError, match="not inside 4x2"):
        image_of(target(self_bitmap=Rect(0, 0, 5, 1)), surface(0))
    assert image_of(target(A1, self_bitmap=area), surface(0)).format is A1


def test_a_mask_limits_where_is_drawn() -> None:
    where = masked(target(), Mask(surface(2), Point(4, 2)))
    assert (where.rects, where.dx, where.dy, where.unmasked) == ([Rect(1, 0, 3, 1)], -3, -2, False)
    assert masked(target(), Mask()).unmasked
    assert masked(target(), Mask()).mask is None


def test_a_mask_of_the_surfaces_own_bits_is_those_of_the_moment_of_reading() -> None:
    place = target(A1)
    where = masked(place, Mask(surface(0), Point(1, 0)))
    place.painter.fill(place.surface, [Rect(2, 0, 3, 1)], 1, ROP_COPY)
    mask = where.mask
    place.painter.fill(place.surface, [Rect(0, 0, 4, 2)], 0, ROP_COPY)
    place.painter.fill(place.surface, where.rects, 1, ROP_COPY, mask, where.dx, where.dy)
    assert pixels(place, Rect(0, 0, 4, 2)) == b"\x04\x00"


def test_images_that_pixman_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = BitmapImage(
        id=1,
        flags=0,
        width=32767,
        height=1,
        format=BitmapFormat.A8,
        top_down=True,
        stride=32767,
        data=bytes(32767),
    )
    with pytest.raises(GuestError, match="32767x1"):
        check_picture(image_of(target(), wide))
    monkeypatch.setattr(images, "MAX_COPY_BYTES", 3)
    with pytest.raises(GuestError, match="over 3 bytes"):
        check_picture(image_of(target(), bitmap(BitmapFormat.A8)))


def test_other_images_are_refused() -> None:
    with pytest.raises(GuestError, match="EncodedImage"):
        image_of(target(), EncodedImage(id=1, flags=0, width=1, height=1, type=1, data=b""))
    with pytest.raises(GuestError, match="surface 9"):
        image_of(target(), surface(9))
