"""The weights of RGB to YUV, against the standards' own equations."""

import itertools

import pytest

from gspice.stream.yuv_weights import SHIFT, Matrix, matrix_for, weights

PARTS = {Matrix.BT601: (0.299, 0.114), Matrix.BT709: (0.2126, 0.0722)}
VALUES = (0, 1, 16, 17, 100, 127, 128, 200, 235, 254, 255)


def exact(matrix: Matrix, red: int, green: int, blue: int, *, full_range: bool) -> tuple[float, float, float]:
    kr, kb = PARTS[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    if full_range:
        return luma, cb + 128, cr + 128
    return luma * 219 / 255 + 16, cb * 224 / 255 + 128, cr * 224 / 255 + 128


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", list(Matrix))
def test_rounds_what_the_standard_says(matrix: Matrix, full_range: bool) -> None:
    table = weights(matrix, full_range=full_range)
    for pixel in itertools.product(VALUES, repeat=3):
        wanted = exact(matrix, *pixel, full_range=full_range)
        for row, value in zip(table, wanted, strict=True):
            got = (sum(w * p for w, p in zip(row, pixel, strict=False)) + row[3]) >> SHIFT
            assert 0 <= got <= 255
            assert abs(got - value) <= 0.51


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", list(Matrix))
def test_grey_has_no_colour(matrix: Matrix, full_range: bool) -> None:
    table = weights(matrix, full_range=full_range)
    ends = [(sum(table.y[:3]) * grey + table.y[3]) >> SHIFT for grey in (0, 255)]
    assert ends == ([0, 255] if full_range else [16, 235])
    for row in (table.cb, table.cr):
        assert sum(row[:3]) == 0
        assert row[3] >> SHIFT == 128


def test_the_matrix_is_what_gstreamer_takes_a_stream_for() -> None:
    assert [matrix_for(lines) for lines in (1, 576, 577, 1080)] == [
        Matrix.BT601,
        Matrix.BT601,
        Matrix.BT709,
        Matrix.BT709,
    ]
