"""Pixel formats."""

import pytest

from gspice.pixels import BitmapFormat, SurfaceFormat, row_bytes


def test_every_format_has_its_depth() -> None:
    assert [f.bits_per_pixel for f in SurfaceFormat] == [1, 8, 16, 32, 16, 32]
    assert [f.bits_per_pixel for f in BitmapFormat] == [1, 1, 4, 4, 8, 16, 24, 32, 32, 8]
    assert [f for f in BitmapFormat if f.indexed] == list(BitmapFormat)[:5]


@pytest.mark.parametrize(("width", "bits", "size"), [(1, 1, 1), (8, 1, 1), (9, 1, 2), (3, 4, 2), (5, 24, 15)])
def test_row_bytes_rounds_up(width: int, bits: int, size: int) -> None:
    assert row_bytes(width, bits) == size
