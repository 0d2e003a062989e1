from collections.abc import Callable

import numpy as np
import pytest

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl.driver import GuestDriver
from gspice.qxl.driver_image import GuestBitmap
from gspice.qxl.driver_memory import DeviceBusy
from gspice.qxl.structures_draw import ClipType, DrawType, Effect, Ropd
from gspice.qxl.structures_image import ImageType, QXLImage
from tests.qxl.guest_reader import GuestReader, as_rect

R = Rect(10, 20, 110, 70)
PIXELS = np.random.default_rng(1).integers(0, 256, (50, 100, 4), np.uint8)

PLAIN: dict[str, tuple[Callable[[GuestDriver], None], DrawType, Effect]] = {
    "fill": (lambda d: d.fill(R, 0x123456), DrawType.FILL, Effect.OPAQUE),
    "xor": (lambda d: d.fill(R, 1, ropd=Ropd.OP_XOR), DrawType.FILL, Effect.BLEND),
    "copy": (lambda d: d.copy(R, PIXELS), DrawType.COPY, Effect.OPAQUE),
    "copy_bits": (lambda d: d.copy_bits(R, Point(3, 4)), DrawType.COPY_BITS, Effect.OPAQUE),
    "blackness": (lambda d: d.blackness(R), DrawType.BLACKNESS, Effect.OPAQUE),
    "whiteness": (lambda d: d.whiteness(R), DrawType.WHITENESS, Effect.OPAQUE),
    "invers": (lambda d: d.invers(R), DrawType.INVERS, Effect.REVERT_ON_DUP),
    "alpha_blend": (
        lambda d: d.alpha_blend(R, _bitmap(PIXELS), alpha=77),
        DrawType.ALPHA_BLEND,
        Effect.BLEND,
    ),
}


def _bitmap(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> GuestBitmap:
    return GuestBitmap(
        width=pixels.shape[1], format=BitmapFormat.ARGB32, rows=pixels.reshape(pixels.shape[0], -1)
    )


@pytest.mark.parametrize("name", PLAIN)
def test_the_common_part_of_a_drawable(name: str) -> None:
    draw, kind, effect = PLAIN[name]
    guest = GuestReader()
    draw(guest.driver)
    drawable = guest.drawable()
    assert (drawable.type, drawable.effect, drawable.surface_id) == (kind, effect, 0)
    assert as_rect(drawable.bbox) == R
    assert (drawable.clip.type, drawable.clip.data) == (ClipType.NONE, 0)
    assert list(drawable.surfaces_dest) == [-1, -1, -1]
    assert drawable.self_bitmap == 0


def test_fill_and_copy_bits_bodies() -> None:
    guest = GuestReader()
    guest.driver.fill(R, 0x123456)
    fill = guest.drawable().u.fill
    assert (fill.brush.type, fill.brush.u.color, fill.rop_descriptor) == (1, 0x123456, 8)
    assert fill.mask.bitmap == 0
    guest.driver.copy_bits(R, Point(3, 4))
    src = guest.drawable().u.copy_bits.src_pos
    assert (src.x, src.y) == (3, 4)


def test_copy_body_and_pixels() -> None:
    guest = GuestReader()
    guest.driver.copy(R, PIXELS)
    copy = guest.drawable().u.copy
    assert (copy.rop_descriptor, as_rect(copy.src_area)) == (Ropd.OP_PUT, Rect(0, 0, 100, 50))
    image, rows = guest.image(copy.src_bitmap)
    assert (image.descriptor.type, image.descriptor.flags) == (ImageType.BITMAP, 0)
    assert image.u.bitmap.format == BitmapFormat.XRGB32
    assert (rows == PIXELS.reshape(50, 400)).all()


def test_copy_of_a_part_scaled() -> None:
    guest = GuestReader()
    guest.driver.copy(R, PIXELS, src_area=Rect(1, 2, 30, 40))
    assert as_rect(guest.drawable().u.copy.src_area) == Rect(1, 2, 30, 40)


def test_alpha_blend_body() -> None:
    guest = GuestReader()
    guest.driver.alpha_blend(R, _bitmap(PIXELS), alpha=77, alpha_flags=1, src_area=Rect(0, 0, 100, 50))
    body = guest.drawable().u.alpha_blend
    assert (body.alpha, body.alpha_flags, as_rect(body.src_area)) == (77, 1, Rect(0, 0, 100, 50))
    assert guest.image(body.src_bitmap)[0].u.bitmap.format == BitmapFormat.ARGB32


def test_copy_surface_names_its_source_as_a_dependency() -> None:
    guest = GuestReader()
    source = guest.driver.create_surface(64, 64)
    guest.worker.run()
    guest.driver.copy_surface(Rect(5, 5, 15, 25), source, Point(7, 8))
    drawable = guest.drawable()
    assert list(drawable.surfaces_dest) == [source, -1, -1]
    assert as_rect(drawable.surfaces_rects[0]) == Rect(7, 8, 17, 28) == as_rect(drawable.u.copy.src_area)
    image = guest.at(QXLImage, drawable.u.copy.src_bitmap)
    assert (image.descriptor.type, image.u.surface_image.surface_id) == (ImageType.SURFACE, source)
    assert (image.descriptor.width, image.descriptor.height) == (64, 64)


def test_drawing_on_another_surface() -> None:
    guest = GuestReader()
    surface = guest.driver.create_surface(64, 64)
    guest.worker.run()
    guest.driver.fill(Rect(0, 0, 64, 64), 5, surface=surface)
    assert guest.drawable().surface_id == surface


@pytest.mark.parametrize("count", [0, 1, 3, 200])
def test_clip_rectangles(count: int) -> None:
    guest = GuestReader()
    clip = [Rect(i, i + 1, i + 10, i + 12) for i in range(count)]
    guest.driver.fill(R, 1, clip=clip)
    drawable = guest.drawable()
    assert drawable.clip.type == ClipType.RECTS
    assert guest.clip(drawable.clip.data) == clip


@pytest.mark.parametrize("rect", [Rect(0, 0, 0, 5), Rect(-1, 0, 5, 5), Rect(0, 0, 321, 5), Rect(5, 5, 4, 9)])
def test_rectangles_outside_the_surface_are_refused(rect: Rect) -> None:
    guest = GuestReader()
    with pytest.raises(ValueError, match="not inside surface 0"):
        guest.driver.fill(rect, 0)
    assert guest.worker.take() == []


def test_surfaces_that_do_not_exist_are_refused() -> None:
    guest = GuestReader()
    with pytest.raises(ValueError, match="no surface 9"):
        guest.driver.fill(R, 0, surface=9)
    with pytest.raises(ValueError, match="no surface 9"):
        guest.driver.copy_surface(R, 9, Point(0, 0))


def test_a_busy_device_draws_nothing_and_takes_it_later() -> None:
    guest = GuestReader()
    for _ in range(32):
        guest.driver.copy(R, PIXELS)
    free = guest.driver.free_bytes
    with pytest.raises(DeviceBusy):
        guest.driver.copy(R, PIXELS)
    assert guest.driver.free_bytes == free
    guest.worker.run()
    guest.driver.copy(R, PIXELS)
    guest.worker.run()
    guest.driver.service()
    assert guest.driver.resources_in_use == 0
