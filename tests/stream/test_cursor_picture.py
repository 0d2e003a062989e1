"""Cursors of every type on a picture, at its sides too."""

import numpy as np
import numpy.typing as npt
import pytest

from gspice.channels.cursor_state import cursor_data_size
from gspice.geometry import Point
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl.ops import CursorShape
from gspice.stream.cursor_picture import with_cursor
from gspice.wire.enums import CursorType

WIDTH, HEIGHT, STRIDE = 20, 12, 96
GROUND = (10, 20, 200)

Rows = npt.NDArray[np.uint8]


def ground() -> Pixels:
    data = np.zeros((HEIGHT, STRIDE), np.uint8)
    data[:, : 4 * WIDTH] = np.tile(np.array([*GROUND, 0], np.uint8), WIDTH)
    return Pixels(WIDTH, HEIGHT, STRIDE, SurfaceFormat.XRGB32, data.tobytes())


def shape(
    kind: CursorType, width: int, height: int, data: bytes, hot: tuple[int, int] = (0, 0)
) -> CursorShape:
    return CursorShape(unique=1, type=kind, width=width, height=height, hot_x=hot[0], hot_y=hot[1], data=data)


def drawn(cursor: CursorShape, x: int, y: int) -> Rows:
    """B, G, R of each pixel."""
    rows = np.frombuffer(bytes(with_cursor(ground(), cursor, Point(x, y))), np.uint8).reshape(HEIGHT, STRIDE)
    assert not rows[:, 4 * WIDTH :].any(), "what is beyond the rows stays"
    return rows[:, : 4 * WIDTH].reshape(HEIGHT, WIDTH, 4)[:, :, :3]


def changed(picture: Rows) -> dict[tuple[int, int], tuple[int, ...]]:
    return {
        (x, y): tuple(int(value) for value in picture[y, x])
        for y in range(HEIGHT)
        for x in range(WIDTH)
        if tuple(picture[y, x]) != GROUND
    }


def test_alpha_is_blended_and_was_multiplied_before() -> None:
    half = bytes((50, 60, 70, 128))
    data = bytes((1, 2, 3, 255)) + half + bytes(4) + bytes((9, 9, 9, 255))
    got = changed(drawn(shape(CursorType.ALPHA, 2, 2, data, (1, 0)), 5, 3))
    assert got[4, 3] == (1, 2, 3) and got[5, 4] == (9, 9, 9) and (4, 4) not in got
    assert got[5, 3] == pytest.approx((50 + 5, 60 + 10, 70 + 100), abs=1)


def test_two_masks_make_black_white_inverse_and_nothing() -> None:
    data = bytes((0b00110000,)) + bytes((0b01010000,))
    got = changed(drawn(shape(CursorType.MONO, 4, 1, data), 1, 1))
    assert got == {(1, 1): (0, 0, 0), (2, 1): (255, 255, 255), (4, 1): (245, 235, 55)}


COLORS = {
    CursorType.COLOR32: bytes((1, 2, 3, 0)) + bytes((4, 5, 6, 0)) * 2 + bytes(4),
    CursorType.COLOR24: bytes((1, 2, 3)) + bytes((4, 5, 6)) * 2 + bytes(3),
    CursorType.COLOR16: b"".join(n.to_bytes(2, "little") for n in (1 << 10, 31, 31, 0)),
    CursorType.COLOR8: bytes((7, 9, 9, 0)),
    CursorType.COLOR4: bytes((0x79, 0x90)),
}
PALETTE = {7: (1, 2, 3), 9: (4, 5, 6)}


@pytest.mark.parametrize("kind", list(COLORS))
def test_colours_cover_what_is_not_masked_and_invert_the_rest(kind: CursorType) -> None:
    data = COLORS[kind]
    size = {CursorType.COLOR8: 256, CursorType.COLOR4: 16}.get(kind, 0)
    data += b"".join(bytes((*PALETTE.get(n, (0, 0, 0)), 0)) for n in range(size)) + bytes((0b00110000,))
    assert len(data) == cursor_data_size(kind, 4, 1)
    one, two = ((0, 0, 8), (255, 0, 0)) if kind is CursorType.COLOR16 else ((1, 2, 3), (4, 5, 6))
    got = changed(drawn(shape(kind, 4, 1, data), 3, 2))
    assert got == {(3, 2): one, (4, 2): two, (5, 2): (245, 235, 55)}


@pytest.mark.parametrize(
    ("at", "seen"),
    [((-2, -2), 4), ((18, 10), 4), ((-4, 0), 0), ((20, 3), 0), ((0, 40), 0), ((-1, 11), 3), ((4, 4), 16)],
)
def test_what_is_outside_is_cut_off(at: tuple[int, int], seen: int) -> None:
    white = shape(CursorType.ALPHA, 4, 4, bytes((255,)) * 64)
    assert len(changed(drawn(white, *at))) == seen
