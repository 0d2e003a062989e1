"""The pointer: INIT and RESET, shapes and their cache."""

import pytest

from gspice.client.cursor import MAX_CACHED, CursorChannel
from gspice.errors import ProtocolError
from gspice.geometry import Point
from gspice.wire.messages.cursor import (
    CursorHide,
    CursorInit,
    CursorInvalAll,
    CursorInvalOne,
    CursorMove,
    CursorReset,
    CursorSet,
    CursorTrail,
)
from gspice.wire.types import Cursor, CursorFlags, CursorHeader

NONE = Cursor(flags=CursorFlags.NONE)


def shape(unique: int, flags: int = CursorFlags.CACHE_ME, data: bytes = b"\1\2\3\4") -> Cursor:
    header = CursorHeader(unique=unique, type=0, width=1, height=1, hot_x=0, hot_y=0)
    return Cursor(flags=flags, header=header, data=data)


def put(cursor: Cursor) -> CursorSet:
    return CursorSet(position=Point(3, 4), visible=True, cursor=cursor)


@pytest.fixture
def cursor() -> CursorChannel:
    channel = CursorChannel()
    channel.receive(CursorInit(position=Point(1, 2), visible=True, cursor=NONE), 1)
    return channel


def test_nothing_happens_before_the_init() -> None:
    channel = CursorChannel()
    channel.receive(put(shape(1)), 1)
    channel.receive(CursorMove(position=Point(9, 9)), 2)
    assert (channel.shape, channel.position, channel.visible) == (None, Point(0, 0), False)


def test_set_move_hide(cursor: CursorChannel) -> None:
    assert (cursor.shape, cursor.position, cursor.visible) == (None, Point(1, 2), True)
    cursor.receive(put(shape(0, 0)), 2)
    assert (cursor.shape, cursor.position) == (shape(0, 0), Point(3, 4))
    cursor.receive(CursorHide(), 3)
    cursor.receive(CursorTrail(length=0, frequency=0), 4)
    assert not cursor.visible
    cursor.receive(CursorMove(position=Point(-5, 6)), 5)
    assert (cursor.position, cursor.visible) == (Point(-5, 6), True)


def test_a_second_init_waits_for_a_reset(cursor: CursorChannel) -> None:
    again = CursorInit(position=Point(7, 7), visible=False, cursor=shape(1))
    cursor.receive(again, 2)
    assert cursor.position == Point(1, 2)
    cursor.receive(CursorReset(), 3)
    assert not cursor.visible
    cursor.receive(again, 4)
    assert (cursor.position, cursor.shape) == (Point(7, 7), shape(1))


def test_shapes_come_from_the_cache(cursor: CursorChannel) -> None:
    cursor.receive(put(shape(5, data=b"five")), 2)
    cursor.receive(put(shape(6, data=b"six!")), 3)
    cursor.receive(put(shape(5, CursorFlags.FROM_CACHE, b"")), 4)
    assert cursor.shape is not None
    assert cursor.shape.data == b"five"


@pytest.mark.parametrize("drop", [CursorInvalOne(id=5), CursorInvalAll(), CursorReset()])
def test_what_is_dropped_is_no_longer_there(
    cursor: CursorChannel, drop: CursorInvalOne | CursorInvalAll
) -> None:
    cursor.receive(put(shape(5)), 2)
    cursor.receive(drop, 3)
    cursor.receive(CursorInit(position=Point(1, 2), visible=True, cursor=NONE), 4)
    with pytest.raises(ProtocolError, match="cache"):
        cursor.receive(put(shape(5, CursorFlags.FROM_CACHE, b"")), 5)


def test_the_cache_has_limits(cursor: CursorChannel) -> None:
    for unique in range(MAX_CACHED):
        cursor.receive(put(shape(unique)), 2)
    cursor.receive(put(shape(0)), 3)
    with pytest.raises(ProtocolError, match="too many"):
        cursor.receive(put(shape(MAX_CACHED)), 4)


def test_the_cache_has_a_limit_in_bytes(cursor: CursorChannel) -> None:
    big = bytes(16 << 20)
    for unique in (1, 1, 1, 2, 3, 4):
        cursor.receive(put(shape(unique, data=big)), 2)
    with pytest.raises(ProtocolError, match="too many"):
        cursor.receive(put(shape(5, data=big)), 3)
