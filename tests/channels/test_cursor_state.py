"""The cursor's state: what each command changes, and which shapes are none."""

import pytest

from gspice.channels.cursor_state import Change, CursorState, cursor_data_size
from gspice.errors import GuestError
from gspice.geometry import Point
from gspice.qxl.ops import CursorHide, CursorMove, CursorSet, CursorShape, CursorTrail
from gspice.wire.types import CursorType


def shape(kind: int, width: int, height: int, size: int) -> CursorShape:
    return CursorShape(unique=7, type=kind, width=width, height=height, hot_x=0, hot_y=0, data=bytes(size))


SIZES = [
    # type, size of a 9 x 3 cursor: its mask has two bytes a row
    (CursorType.ALPHA, 9 * 3 * 4),
    (CursorType.MONO, 2 * 2 * 3),
    (CursorType.COLOR4, 5 * 3 + 64 + 2 * 3),
    (CursorType.COLOR8, 9 * 3 + 1024 + 2 * 3),
    (CursorType.COLOR16, 9 * 3 * 2 + 2 * 3),
    (CursorType.COLOR24, 9 * 3 * 3 + 2 * 3),
    (CursorType.COLOR32, 9 * 3 * 4 + 2 * 3),
]


@pytest.mark.parametrize(("kind", "size"), SIZES)
def test_each_type_needs_its_bytes(kind: int, size: int) -> None:
    assert cursor_data_size(kind, 9, 3) == size
    state = CursorState()
    good = shape(kind, 9, 3, size)
    assert state.apply(CursorSet(Point(1, 2), True, good)) == Change.SHAPE
    with pytest.raises(GuestError, match=f"has {size - 1} bytes: it needs {size}"):
        state.apply(CursorSet(Point(9, 9), False, shape(kind, 9, 3, size - 1)))
    assert (state.shape, state.position, state.visible) == (good, Point(1, 2), True)


def test_padding_is_no_harm() -> None:
    assert CursorState().apply(CursorSet(Point(0, 0), True, shape(0, 1, 1, 100))) == Change.SHAPE


@pytest.mark.parametrize("kind", [7, 255])
def test_unknown_types_are_the_guests_fault(kind: int) -> None:
    with pytest.raises(GuestError, match=f"cursor type {kind} is unknown"):
        CursorState().apply(CursorSet(Point(0, 0), True, shape(kind, 1, 1, 100)))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
def test_a_shape_without_pixels_becomes_one_that_cannot_be_seen(width: int, height: int) -> None:
    state = CursorState()
    assert state.apply(CursorSet(Point(0, 0), True, shape(0, width, height, 0))) == Change.SHAPE
    assert state.shape is not None
    assert (state.shape.unique, state.shape.type, state.shape.width, state.shape.height) == (0, 0, 1, 1)
    assert state.shape.data == bytes(4)


def test_moves_are_told_in_server_mode_and_when_it_appears() -> None:
    state = CursorState()
    assert state.apply(CursorMove(Point(1, 1))) == Change.PLACE
    state.client_mouse = True
    assert state.apply(CursorMove(Point(2, 2))) == Change(0)
    assert state.position == Point(2, 2)
    assert state.apply(CursorHide()) == Change.PLACE
    assert not state.visible
    assert state.apply(CursorMove(Point(3, 3))) == Change.PLACE
    assert state.visible
    assert state.apply(CursorMove(Point(4, 4))) == Change(0)


def test_trail() -> None:
    state = CursorState()
    assert state.apply(CursorTrail(3, 40)) == Change.TRAIL
    assert (state.trail_length, state.trail_frequency) == (3, 40)


def test_clear_keeps_the_mouse_mode_only() -> None:
    state = CursorState()
    state.client_mouse = state.has_primary = True
    state.apply(CursorSet(Point(1, 2), False, shape(0, 1, 1, 4)))
    state.apply(CursorTrail(3, 40))
    state.clear()
    assert state.shape is None
    assert state.position == Point(0, 0)
    assert state.visible
    assert (state.trail_length, state.trail_frequency) == (0, 0)
    assert state.client_mouse
    assert not state.has_primary
