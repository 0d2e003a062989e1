"""Copies of scanouts' pixels stay inside what they are given."""

import numpy as np
import pytest

from gspice.server.scanout_rows import copy_pixels, read_pixels

SOURCE = bytes(range(48))
"""Four rows of three pixels of four bytes."""


def frame(width: int = 5, height: int = 6) -> memoryview:
    return memoryview(bytearray(width * height * 4)).cast("B", (height, width, 4))


def test_rows_are_copied_from_either_end_to_their_place() -> None:
    out = frame()
    copy_pixels(SOURCE, 4, 12, 4, (0, 1, 2), out, 1, 2, 2, 3)
    rows = np.asarray(out)
    assert rows[2:5, 1:3].tobytes() == b"".join(SOURCE[4 + 12 * y : 12 + 12 * y] for y in range(3))
    assert np.count_nonzero(rows) == 24
    copy_pixels(SOURCE, 36, -12, 4, (0, 1, 2), out, 0, 0, 3, 4)
    assert rows[:4, :3].tobytes() == b"".join(SOURCE[12 * y : 12 * y + 12] for y in (3, 2, 1, 0))


@pytest.mark.parametrize(("size", "places"), [(4, (2, 1, 0)), (4, (1, 2, 3)), (3, (0, 1, 2)), (3, (2, 1, 0))])
def test_colours_go_to_their_places(size: int, places: tuple[int, int, int]) -> None:
    out = frame(2, 2)
    copy_pixels(SOURCE, 0, size * 2, size, places, out, 0, 0, 2, 2)
    expected = [[SOURCE[i * size + place] for place in places] + [0] for i in range(4)]
    assert np.asarray(out).reshape(4, 4).tolist() == expected


def test_a_part_is_read_without_padding() -> None:
    out = frame()
    copy_pixels(SOURCE, 0, 12, 4, (0, 1, 2), out, 2, 1, 3, 4)
    assert read_pixels(out, 2, 1, 3, 4) == SOURCE
    assert read_pixels(out, 3, 2, 1, 2) == SOURCE[16:20] + SOURCE[28:32]


@pytest.mark.parametrize(
    "change",
    [
        {"first": -1}, {"first": 1}, {"step": 13}, {"step": -12}, {"left": 3}, {"left": -1}, {"top": 3}, {"top": -1},
        {"width": 0}, {"height": 0}, {"height": -1}, {"size": 5}, {"places": (0, 1, 4)}, {"places": (-1, 1, 2)},
        {"size": 2}, {"target": memoryview(bytearray(30)).cast("B", (5, 2, 3))},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    fits: dict[str, object] = {
        "first": 0, "step": 12, "size": 4, "places": (0, 1, 2), "target": frame(), "left": 0, "top": 0, "width": 3,
        "height": 4,
    }  # fmt: skip
    copy_pixels(SOURCE, *fits.values())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="pixels"):
        copy_pixels(SOURCE, *(fits | change).values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "area", [(-1, 0, 2, 2), (0, -1, 2, 2), (4, 0, 2, 2), (0, 5, 1, 2), (0, 0, 0, 1), (0, 0, 1, 0)]
)
def test_no_part_outside_is_read(area: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="no "):
        read_pixels(frame(), *area)
