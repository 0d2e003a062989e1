import struct

import pytest

from gspice.geometry import Point
from gspice.qxl.ops import CursorHide, CursorMove, CursorSet, CursorShape, CursorTrail
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_memory import GuestMemory
from tests.qxl.guest_structures import CURSOR, qxl


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def cursor(
    guest: GuestMemory,
    type: int = 0,
    width: int = 4,
    height: int = 2,
    *,
    chunks: tuple[bytes, ...] = (bytes(32),),
    size: int | None = None,
    shape: int | None = None,
    visible: int = 1,
) -> CommandExt:
    size = sum(map(len, chunks)) if size is None else size
    if shape is None:
        head = qxl("QXLCursorHeader", 2**64 - 1, type, width, height, 1, 65535) + struct.pack("<I", size)
        shape = guest.chunks(*chunks, head=head)
    return guest.command(CURSOR, struct.pack("<QBhhBQ", 0, 0, -32768, 32767, visible, shape))


def test_cursor_set(guest: GuestMemory) -> None:
    value = guest.parse(cursor(guest, chunks=(bytes(range(20)), bytes(range(20, 32))), visible=2))
    shape = CursorShape(
        unique=2**64 - 1, type=0, width=4, height=2, hot_x=1, hot_y=65535, data=bytes(range(32))
    )
    assert value == CursorSet(Point(-32768, 32767), True, shape)
    hidden = guest.parse(cursor(guest, visible=0))
    assert isinstance(hidden, CursorSet) and not hidden.visible


# By type: bytes of a shape of 9x3 pixels
CURSOR_SIZES = {
    0: 9 * 3 * 4,
    1: 2 * 3 * 2,
    2: 5 * 3 + 16 * 4 + 2 * 3,
    3: 9 * 3 + 256 * 4 + 2 * 3,
    4: 9 * 3 * 2 + 2 * 3,
    5: 9 * 3 * 3 + 2 * 3,
    6: 9 * 3 * 4 + 2 * 3,
}


@pytest.mark.parametrize(("type", "size"), CURSOR_SIZES.items())
def test_cursor_data_match_type_and_size(guest: GuestMemory, type: int, size: int) -> None:
    value = guest.parse(cursor(guest, type, 9, 3, chunks=(bytes(size),)))
    assert isinstance(value, CursorSet) and len(value.shape.data) == size
    guest.refuses(cursor(guest, type, 9, 3, chunks=(bytes(size - 1),)), f"takes {size} bytes")
    guest.refuses(cursor(guest, type, 9, 3, chunks=(bytes(size),), size=size - 1), f"takes {size} bytes")
    # More than it takes is kept: clients may know what it is for.
    more = guest.parse(cursor(guest, type, 9, 3, chunks=(bytes(size), bytes(9)), size=size + 4))
    assert isinstance(more, CursorSet) and len(more.shape.data) == size + 4


def test_cursor_without_pixels(guest: GuestMemory) -> None:
    value = guest.parse(cursor(guest, 3, 0, 5, chunks=(b"",)))
    assert isinstance(value, CursorSet) and value.shape.data == b""


@pytest.mark.parametrize("type", [7, 255, 65535])
def test_unknown_cursor_shape(guest: GuestMemory, type: int) -> None:
    guest.refuses(cursor(guest, type), f"cursor: type {type}")


def test_cursor_size_has_a_limit(guest: GuestMemory) -> None:
    guest.refuses(cursor(guest, 0, 65535, 65535), "cursor: 65535x65535")
    guest.refuses(cursor(guest, size=2**32 - 1), "cursor: .*data_size 4294967295")


def test_cursor_shape_nowhere(guest: GuestMemory) -> None:
    guest.refuses(cursor(guest, shape=0), "cursor: no address")
    guest.refuses(cursor(guest, shape=guest.address(guest.size - 4)), "cursor: .*not all inside")


def test_other_cursor_commands(guest: GuestMemory) -> None:
    def parse(raw: bytes) -> object:
        return guest.parse(guest.command(CURSOR, raw))

    assert parse(struct.pack("<QBhh", 0, 1, -3, 4)) == CursorMove(Point(-3, 4))
    assert parse(struct.pack("<QB", 0, 2)) == CursorHide()
    assert parse(struct.pack("<QBHH", 0, 3, 65535, 4)) == CursorTrail(65535, 4)
    guest.refuses(guest.command(CURSOR, struct.pack("<QB", 0, 4)), "cursor command: type 4")
