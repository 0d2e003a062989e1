from gspice.qxl.structures_command import CursorCommandType, QXLCursor, QXLCursorCmd
from tests.qxl.guest_reader import GuestReader


def command(guest: GuestReader) -> QXLCursorCmd:
    taken = guest.worker.take()
    assert [one.type for one in taken] == [3]
    return guest.at(QXLCursorCmd, taken[0].data)


def test_set_writes_shape_and_position() -> None:
    guest = GuestReader()
    data = bytes(range(256)) * 16
    guest.driver.set_cursor(0, 32, 32, (3, 4), data, 100, -7, unique=1 << 40)
    cursor = command(guest)
    assert cursor.type == CursorCommandType.SET
    assert (cursor.u.set.position.x, cursor.u.set.position.y, cursor.u.set.visible) == (100, -7, 1)
    shape = guest.at(QXLCursor, cursor.u.set.shape)
    header = shape.header
    assert (header.unique, header.type, header.width, header.height) == (1 << 40, 0, 32, 32)
    assert (header.hot_spot_x, header.hot_spot_y) == (3, 4)
    assert shape.data_size == len(data)
    assert guest.chunks(cursor.u.set.shape + 22) == [data]


def test_an_invisible_shape_without_data() -> None:
    guest = GuestReader()
    guest.driver.set_cursor(1, 0, 0, (0, 0), b"", 0, 0, visible=False)
    cursor = command(guest)
    assert cursor.u.set.visible == 0
    assert guest.chunks(cursor.u.set.shape + 22) == [b""]


def test_move_and_hide() -> None:
    guest = GuestReader()
    guest.driver.move_cursor(-5, 300)
    moved = command(guest)
    assert (moved.type, moved.u.position.x, moved.u.position.y) == (CursorCommandType.MOVE, -5, 300)
    guest.driver.hide_cursor()
    assert command(guest).type == CursorCommandType.HIDE


def test_trail() -> None:
    guest = GuestReader()
    guest.driver.cursor_trail(3, 65535)
    trail = command(guest)
    assert (trail.type, trail.u.trail.length, trail.u.trail.frequency) == (CursorCommandType.TRAIL, 3, 65535)


def test_cursors_come_back() -> None:
    guest = GuestReader()
    free = guest.driver.free_bytes
    for x in range(100):
        guest.driver.move_cursor(x, x)
        guest.driver.set_cursor(0, 64, 64, (0, 0), bytes(64 * 64 * 4), x, x)
        guest.worker.run()
    guest.driver.service()
    assert guest.driver.resources_in_use == 0
    assert guest.driver.free_bytes == free
