from typing import Any

import numpy as np
import pytest

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat
from gspice.qxl.driver_image import CHUNK_BYTES, GuestBitmap, bgrx, image_id
from gspice.qxl.driver_memory import DoesNotFit
from gspice.qxl.structures_image import BitmapFlag, ImageFlag, ImageGroup
from tests.qxl.guest_reader import GuestReader

WHOLE = Rect(0, 0, 320, 200)


def noise(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 4), np.uint8)


VIEWS = {
    "contiguous": noise(40, 50),
    "part": noise(200, 300)[13:77, 5:99],
    "every other row": noise(80, 50)[::2],
    "every other column": noise(40, 100)[:, ::2],
    "upside down": noise(40, 50)[::-1],
    "mirrored": noise(40, 50)[:, ::-1],
    "RGB seen as BGR": noise(40, 50)[:, :, [2, 1, 0, 3]],
    "one pixel": noise(1, 1),
}


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("name", VIEWS)
def test_pixels_arrive_whatever_the_array_and_the_layout(name: str, top_down: bool, direct: bool) -> None:
    pixels = VIEWS[name]
    guest = GuestReader()
    guest.driver.copy(WHOLE, pixels, top_down=top_down, direct=direct)
    image, rows = guest.image(guest.drawable().u.copy.src_bitmap)
    assert (rows.reshape(pixels.shape) == pixels).all()
    assert bool(image.u.bitmap.flags & BitmapFlag.DIRECT) == direct
    assert bool(image.u.bitmap.flags & BitmapFlag.TOP_DOWN) == top_down


def test_large_images_are_cut_into_chunks_of_whole_rows() -> None:
    guest = GuestReader()
    pixels = noise(700, 1000)
    guest.driver.copy(WHOLE, pixels)
    bitmap = guest.image(guest.drawable().u.copy.src_bitmap)[0].u.bitmap
    parts = guest.chunks(bitmap.data)
    assert [len(part) for part in parts] == [4000 * 262, 4000 * 262, 4000 * 176]
    assert all(len(part) <= CHUNK_BYTES for part in parts)
    assert b"".join(parts) == pixels.tobytes()


def test_a_row_longer_than_a_chunk_is_a_chunk() -> None:
    guest = GuestReader()
    pixels = noise(2, CHUNK_BYTES // 4 + 1)
    guest.driver.copy(WHOLE, pixels)
    image, rows = guest.image(guest.drawable().u.copy.src_bitmap)
    assert rows.tobytes() == pixels.tobytes()
    assert len(guest.chunks(image.u.bitmap.data)) == 2


def test_images_without_cache_id_never_share_an_id() -> None:
    guest = GuestReader()
    ids = set()
    for _ in range(3):
        guest.driver.copy(WHOLE, noise(2, 2))
        descriptor = guest.image(guest.drawable().u.copy.src_bitmap)[0].descriptor
        assert descriptor.flags == 0
        assert descriptor.id & 0xFFFFFFFF == ImageGroup.DRIVER_DONT_CACHE
        ids.add(descriptor.id)
    assert len(ids) == 3


def test_a_cache_id_marks_the_image_as_cacheable() -> None:
    guest = GuestReader()
    guest.driver.copy(WHOLE, noise(2, 2), cache_id=0xFFFFFFFF)
    descriptor = guest.image(guest.drawable().u.copy.src_bitmap)[0].descriptor
    assert descriptor.id == image_id(ImageGroup.DRIVER, 0xFFFFFFFF) == 0xFFFFFFFF00000000
    assert descriptor.flags == ImageFlag.CACHE


def test_palettes_and_one_bit_images() -> None:
    guest = GuestReader()
    rows = np.array([[0xA5, 0], [0x5A, 0]], np.uint8)
    bitmap = GuestBitmap(
        width=10, format=BitmapFormat.BIT1_BE, rows=rows, palette=(0xFF0000, 0x00FF00), palette_id=9
    )
    guest.driver.copy_image(WHOLE, bitmap)
    image, seen = guest.image(guest.drawable().u.copy.src_bitmap)
    assert (seen == rows).all()
    assert image.u.bitmap.format == BitmapFormat.BIT1_BE
    assert (image.u.bitmap.x, image.u.bitmap.stride) == (10, 2)
    assert guest.palette(image.u.bitmap.palette) == (9, (0xFF0000, 0x00FF00))
    everything = GuestBitmap(
        width=2,
        format=BitmapFormat.BIT8,
        rows=np.array([[7, 255]], np.uint8),
        palette=tuple(range(256)),
        direct=True,
    )
    guest.driver.copy_image(WHOLE, everything)
    image, _ = guest.image(guest.drawable().u.copy.src_bitmap)
    assert guest.palette(image.u.bitmap.palette) == (0, tuple(range(256)))


def test_an_image_larger_than_the_device_never_fits() -> None:
    guest = GuestReader()
    free = guest.driver.free_bytes
    one_row = np.zeros((1, 1024, 4), np.uint8)
    huge = np.broadcast_to(one_row, (4096, 1024, 4))
    for direct in (False, True):
        with pytest.raises(DoesNotFit):
            guest.driver.copy(WHOLE, huge, direct=direct)
    assert guest.driver.free_bytes == free


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 4), np.uint32)],
)
def test_arrays_that_are_not_pixels_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="not \\(height, width, 4\\)"):
        bgrx(wrong)


def test_rows_that_are_too_short_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        GuestBitmap(width=9, format=BitmapFormat.BIT1_LE, rows=np.zeros((2, 1), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        GuestBitmap(width=1, format=BitmapFormat.A8, rows=np.zeros(2, np.uint8))
