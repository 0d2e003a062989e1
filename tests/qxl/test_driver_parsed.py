"""What the driver writes is what the parser reads."""

import numpy as np
import pytest

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.driver_image import GuestBitmap
from gspice.vdi.qxl import Head
from tests.qxl.parsing import ParsingGuest

R = Rect(10, 20, 110, 70)
PIXELS = np.random.default_rng(2).integers(0, 256, (50, 100, 4), np.uint8)
NO_MASK = ops.Mask()


def one(guest: ParsingGuest) -> ops.Drawable:
    (drawable,) = guest.parsed()
    assert isinstance(drawable, ops.Drawable)
    return drawable


def pixels_of(image: ops.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Rows of a parsed bitmap, top row first."""
    assert isinstance(image, ops.BitmapImage)
    rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.stride)
    return rows if image.top_down else rows[::-1]


def test_simple_drawings() -> None:
    guest = ParsingGuest()
    driver = guest.driver
    driver.fill(R, 0x123456, clip=[Rect(0, 0, 5, 6), Rect(7, 8, 9, 10)])
    driver.copy_bits(R, Point(3, 4))
    driver.blackness(R)
    driver.whiteness(R)
    driver.invers(R)
    fill, bits, black, white, inverse = guest.parsed()
    assert fill == ops.Drawable(
        surface_id=0,
        bbox=R,
        clip=(Rect(0, 0, 5, 6), Rect(7, 8, 9, 10)),
        op=ops.Fill(ops.Brush(1, 0x123456), 8, NO_MASK),
    )
    assert bits == ops.Drawable(surface_id=0, bbox=R, op=ops.CopyBits(Point(3, 4)))
    assert black == ops.Drawable(surface_id=0, bbox=R, op=ops.Blackness(NO_MASK))
    assert white == ops.Drawable(surface_id=0, bbox=R, op=ops.Whiteness(NO_MASK))
    assert inverse == ops.Drawable(surface_id=0, bbox=R, op=ops.Invers(NO_MASK), effect=2)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("top_down", [False, True])
def test_pixels_are_identical(direct: bool, top_down: bool) -> None:
    guest = ParsingGuest()
    guest.driver.copy(R, PIXELS, direct=direct, top_down=top_down, cache_id=5, src_area=Rect(1, 1, 50, 50))
    copy = one(guest).op
    assert isinstance(copy, ops.Copy)
    assert (copy.src_area, copy.ropd) == (Rect(1, 1, 50, 50), 8)
    assert (copy.src.id, copy.src.flags) == (5 << 32, 1)
    assert (pixels_of(copy.src).reshape(50, 100, 4) == PIXELS).all()


def test_large_chunked_images_are_identical() -> None:
    guest = ParsingGuest()
    pixels = np.random.default_rng(3).integers(0, 256, (900, 1003, 4), np.uint8)
    guest.driver.copy(Rect(0, 0, 320, 200), pixels)
    copy = one(guest).op
    assert isinstance(copy, ops.Copy)
    assert (pixels_of(copy.src).reshape(pixels.shape) == pixels).all()


def test_palettes_and_alpha() -> None:
    guest = ParsingGuest()
    rows = np.array([[0xA5, 0x80], [0x5A, 0x40]], np.uint8)
    bitmap = GuestBitmap(
        width=10, format=BitmapFormat.BIT1_BE, rows=rows, palette=(0xFF0000, 0x00FF00), palette_id=9
    )
    guest.driver.copy_image(R, bitmap)
    copy = one(guest).op
    assert isinstance(copy, ops.Copy) and isinstance(copy.src, ops.BitmapImage)
    assert copy.src.palette == ops.Palette(9, (0xFF0000, 0x00FF00))
    assert (pixels_of(copy.src) == rows).all()
    guest.driver.alpha_blend(R, bitmap, alpha=5, alpha_flags=1)
    blend = one(guest).op
    assert isinstance(blend, ops.AlphaBlend)
    assert (blend.alpha, blend.alpha_flags) == (5, 1)


def test_surfaces() -> None:
    guest = ParsingGuest()
    surface = guest.driver.create_surface(64, 32, SurfaceFormat.ARGB32)
    data = np.arange(3 * 8, dtype=np.uint8).reshape(3, 8)
    kept = guest.driver.create_surface(8, 3, SurfaceFormat.A8, pixels=data)
    guest.driver.copy_surface(Rect(0, 0, 20, 10), surface, Point(5, 6))
    guest.driver.destroy_surface(surface)
    made, filled, copied, destroyed = guest.parsed()
    assert isinstance(made, ops.SurfaceCreate)
    assert made == ops.SurfaceCreate(
        surface_id=surface,
        format=SurfaceFormat.ARGB32,
        width=64,
        height=32,
        stride=256,
        address=made.address,
    )
    # VRAM is the second slot.
    assert made.address >> 56 == 2
    assert isinstance(filled, ops.SurfaceCreate)
    assert (filled.surface_id, filled.keep_data, filled.data) == (kept, True, data.tobytes())
    assert isinstance(copied, ops.Drawable) and isinstance(copied.op, ops.Copy)
    assert isinstance(copied.op.src, ops.SurfaceImage)
    assert copied.op.src.surface_id == surface
    assert copied.surface_deps == ((surface, Rect(5, 6, 25, 16)),)
    assert destroyed == ops.SurfaceDestroy(surface)


def test_cursors_and_updates() -> None:
    guest = ParsingGuest()
    data = bytes(range(256)) * 4
    guest.driver.set_cursor(0, 16, 16, (3, 4), data, 5, -6, unique=77)
    guest.driver.move_cursor(9, -9)
    guest.driver.hide_cursor()
    shown, moved, hidden = guest.parsed()
    shape = ops.CursorShape(unique=77, type=0, width=16, height=16, hot_x=3, hot_y=4, data=data)
    assert shown == ops.CursorSet(Point(5, -6), True, shape)
    assert moved == ops.CursorMove(Point(9, -9))
    assert isinstance(hidden, ops.CursorHide)
    guest.driver.update(R, 1234)
    assert guest.parsed() == [ops.UpdateCommand(R, 1234, 0)]


def test_monitors() -> None:
    guest = ParsingGuest(640, 480)
    assert guest.monitors().heads == (Head(0, 0, 0, 0, 640, 480, 0),)
    guest.driver.monitors_config([Head(0, 0, 0, 0, 320, 480), Head(1, 0, 320, 0, 320, 480, 1)], max_allowed=4)
    config = guest.monitors()
    assert config.max_allowed == 4
    assert config.heads == (Head(0, 0, 0, 0, 320, 480), Head(1, 0, 320, 0, 320, 480, 1))
