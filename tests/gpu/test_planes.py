"""What encoders want of pixels, in numbers."""

import pytest

from gspice.gpu.planes import PlanesSpec


@pytest.mark.parametrize(
    ("full", "width", "height", "strides", "size"),
    [
        (False, 16, 8, (16, 8), 16 * 8 + 2 * 8 * 4),
        (False, 17, 9, (24, 12), 24 * 9 + 2 * 12 * 5),
        (True, 17, 9, (24, 24), 3 * 24 * 9),
        (False, 1, 1, (8, 4), 8 + 2 * 4),
    ],
)
def test_rows_are_whole_words(
    full: bool, width: int, height: int, strides: tuple[int, int], size: int
) -> None:
    spec = PlanesSpec(width, height, full, False, ())
    assert (spec.stride, spec.chroma_stride) == strides and spec.size == size


def test_half_a_side_is_rounded_up() -> None:
    assert PlanesSpec(1, 1, False, True, ()).shown(101, 100) == (51, 50)
    assert PlanesSpec(1, 1, False, False, ()).shown(101, 100) == (101, 100)
