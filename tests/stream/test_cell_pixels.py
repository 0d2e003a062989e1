"""Cells cut out of rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.stream.cell_pixels import cell_pixels


@given(
    st.integers(1, 50),
    st.integers(1, 9),
    st.sampled_from([1, 2, 4]),
    st.integers(1, 60),
    st.booleans(),
    st.data(),
)
def test_cells_are_the_columns_of_the_rows(
    width: int, height: int, pixel: int, cell: int, ignore_high: bool, data: st.DataObject
) -> None:
    rows = data.draw(st.binary(min_size=width * height * pixel, max_size=width * height * pixel))
    ignore_high = ignore_high and pixel == 4
    clean = bytes(0 if ignore_high and at % 4 == 3 else byte for at, byte in enumerate(rows))
    stride = width * pixel
    expected = [
        b"".join(
            clean[y * stride + left * pixel : y * stride + min(left + cell, width) * pixel]
            for y in range(height)
        )
        for left in range(0, width, cell)
    ]
    assert cell_pixels(rows, width, pixel, cell, ignore_high=ignore_high) == expected


@pytest.mark.parametrize(
    "size, width, pixel, cell, high",
    [(0, 4, 4, 4, False), (15, 4, 4, 4, False), (16, 0, 4, 4, False), (16, 4, 4, 0, False), (16, 4, 5, 4, False),
     (16, 4, 2, 4, True), (16, -4, 4, 4, False)],
)  # fmt: skip
def test_what_are_no_rows(size: int, width: int, pixel: int, cell: int, high: bool) -> None:
    with pytest.raises(ValueError, match=r"bytes are no rows|no cells"):
        cell_pixels(bytes(size), width, pixel, cell, ignore_high=high)
