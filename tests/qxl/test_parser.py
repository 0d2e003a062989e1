import os
import struct
import subprocess
import sys

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import (
    CursorHide,
    CursorMove,
    CursorSet,
    CursorShape,
    CursorTrail,
    MessageCommand,
    SurfaceCreate,
    SurfaceDestroy,
    UpdateCommand,
)
from gspice.qxl.parser import CommandParser
from gspice.vdi.qxl import CommandExt, Head, MonitorsConfig, ReleaseInfo
from tests.qxl.guest_memory import (
    COMPAT,
    COMPAT_DRAWABLE_HEAD,
    COPY,
    CURSOR,
    DRAW,
    DRAWABLE_HEAD,
    FORMATS,
    GROUP,
    MESSAGE,
    NOP,
    PAGE,
    STRING_HEAD,
    SURFACE,
    SURFACES,
    UPDATE,
    GuestMemory,
    commands,
    copy,
    qxl,
    rect,
)
from tests.qxl.qxl_header import c_values, needs_headers


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


@needs_headers
def test_the_layouts_of_these_tests_are_those_of_the_header() -> None:
    ours = {f"sizeof({name})": struct.calcsize(layout) for name, layout in FORMATS.items()}
    ours["offsetof(QXLDrawable, u)"] = struct.calcsize(DRAWABLE_HEAD)
    ours["offsetof(QXLCompatDrawable, u)"] = struct.calcsize(COMPAT_DRAWABLE_HEAD)
    ours["offsetof(QXLString, chunk)"] = struct.calcsize(STRING_HEAD)
    ours["offsetof(QXLCursorCmd, u)"] = struct.calcsize("<QB")
    ours["sizeof(((QXLCursorCmd *)0)->u.set)"] = struct.calcsize("<hhBQ")
    ours["offsetof(QXLCursor, chunk)"] = struct.calcsize(FORMATS["QXLCursorHeader"]) + 4
    ours["offsetof(QXLClipRects, chunk)"] = ours["offsetof(QXLPath, chunk)"] = 4
    ours["offsetof(QXLImage, bitmap)"] = struct.calcsize(FORMATS["QXLImageDescriptor"])
    ours["offsetof(QXLMessage, data)"] = 8
    theirs = c_values(tuple(ours))
    assert {name: size for name, size in ours.items() if theirs[name] != size} == {}


# Commands and what is released after them


@pytest.mark.parametrize("name", commands())
def test_every_command_is_released_at_its_own_address(guest: GuestMemory, name: str) -> None:
    command = commands()[name](guest)
    host = guest.pages.address + guest.offset(command.data)
    assert guest.parser.release_info(command) == ReleaseInfo(host, GROUP)


@pytest.mark.parametrize("type", [0, 6, 2**32 - 1, -1])
def test_unknown_types_have_nothing_to_release(guest: GuestMemory, type: int) -> None:
    command = guest.drawable(NOP)._replace(type=type)
    assert guest.parser.release_info(command) is None
    with pytest.raises(GuestError, match=r"command.*(type|negative)"):
        guest.parse(command)


def test_release_info_must_be_guest_memory(guest: GuestMemory) -> None:
    end = guest.address(guest.size)
    for data, group in ((end - 7, GROUP), (end, GROUP), (0, GROUP), (2**64, GROUP), (end - 8, 0), (end - 8, 2)):
        assert guest.parser.release_info(CommandExt(data, DRAW, group)) is None
    assert guest.parser.release_info(CommandExt(end - 8, DRAW, GROUP)) is not None


@pytest.mark.parametrize("type", range(1, 6))
def test_cve_2010_0428_commands_outside_guest_memory(guest: GuestMemory, type: int) -> None:
    end = guest.address(guest.size)
    inside_the_host = guest.pages.address
    for data, group in ((end - 7, GROUP), (end, GROUP), (inside_the_host, GROUP), (0, GROUP), (end - 8, 2), (0, 0)):
        with pytest.raises(GuestError, match=r"no address|bytes at"):
            guest.parse(CommandExt(data, type, group))
    with pytest.raises(GuestError):
        guest.parse(CommandExt(2**64, type, GROUP))


def test_cve_2010_0428_pointers_outside_guest_memory() -> None:
    """Every pointer of every command: one that names host memory is refused."""
    without = []
    for name, make in commands().items():
        memory = GuestMemory()
        command = make(memory)
        start = memory.offset(command.data)
        used = memory.read(command.data, memory.size - start)
        low, high = memory.address(start), memory.address(memory.size)
        pointers = [i for i in range(8, len(used) - 8) if low <= struct.unpack_from("<Q", used, i)[0] < high]
        for i in pointers:
            for bad in (memory.pages.address, memory.address(memory.size), 2**64 - 1):
                memory.write(command.data + i, struct.pack("<Q", bad))
                with pytest.raises(GuestError, match="bytes at"):
                    memory.parse(command)
            memory.write(command.data, used)
        memory.parse(command)
        without += [name] if not pointers else []
    assert without == [
        "nop",
        "copy bits",
        "whiteness",
        "invers",
        "compat fill",
        "update",
        "compat update",
        "message",
        "surface destroy",
        "cursor move",
        "cursor hide",
        "cursor trail",
        "copy SURFACE",
    ]


def test_commands_of_another_owner_do_not_mix() -> None:
    first, second = GuestMemory(), GuestMemory(2 * PAGE)
    parser = CommandParser(second.slots, surfaces=4)
    command = first.drawable(NOP, surface_id=3)
    with pytest.raises(GuestError):
        parser.parse(command)
    assert first.draw(command).surface_id == 3


# UPDATE


def test_update(guest: GuestMemory) -> None:
    raw = qxl("QXLUpdateCmd", 0, rect(Rect(-1, 2, 3, 4)), 2**32 - 1, SURFACES - 1)
    assert guest.parse(guest.command(UPDATE, raw)) == UpdateCommand(Rect(-1, 2, 3, 4), 2**32 - 1, SURFACES - 1)


def test_compat_update_is_of_the_primary(guest: GuestMemory) -> None:
    command = guest.command(UPDATE, qxl("QXLCompatUpdateCmd", 0, rect(Rect(1, 2, 3, 4)), 5), flags=COMPAT)
    assert guest.parse(command) == UpdateCommand(Rect(1, 2, 3, 4), 5, 0)


def test_bad_updates(guest: GuestMemory) -> None:
    raw = qxl("QXLUpdateCmd", 0, rect(Rect(5, 0, 1, 1)), 5, 0)
    guest.refuses(guest.command(UPDATE, raw), "update area: .*inside out")


@pytest.mark.parametrize("surface_id", [SURFACES, 2**31, 2**32 - 1])
def test_cve_2015_5260_surface_ids_of_commands(guest: GuestMemory, surface_id: int) -> None:
    update = qxl("QXLUpdateCmd", 0, rect(Rect(0, 0, 1, 1)), 5, surface_id)
    guest.refuses(guest.command(UPDATE, update), f"update: surface id {surface_id}")
    for type in (0, 1):
        command = guest.command(SURFACE, qxl("QXLSurfaceCmd", 0, surface_id, type, 0, bytes(24)))
        guest.refuses(command, f"surface command: surface id {surface_id}")


# MESSAGE


def test_message(guest: GuestMemory) -> None:
    assert guest.parse(guest.command(MESSAGE, bytes(8) + b"\xff\x01\0")) == MessageCommand(b"\xff\x01")


# SURFACE


def surface(
    guest: GuestMemory,
    *,
    format: int = 32,
    width: int = 2,
    height: int = 3,
    stride: int = 8,
    data: int | None = None,
    flags: int = 0,
    type: int = 0,
) -> CommandExt:
    data = guest.put(bytes(range(24))) if data is None else data
    body = qxl("QXLSurface", format, width, height, stride, data)
    return guest.command(SURFACE, qxl("QXLSurfaceCmd", 0, 5, type, flags, body))


@pytest.mark.parametrize("format", SurfaceFormat)
def test_surface_create(guest: GuestMemory, format: SurfaceFormat) -> None:
    data = guest.put(bytes(100))
    assert guest.parse(surface(guest, format=format, data=data, width=4, height=5, stride=-20)) == SurfaceCreate(
        surface_id=5, format=format, width=4, height=5, stride=-20, address=data
    )


@pytest.mark.parametrize(
    ("stride", "data"), [(8, bytes(range(24))), (-8, bytes([*range(16, 24), *range(8, 16), *range(8)]))]
)
def test_surface_create_that_keeps_data(guest: GuestMemory, stride: int, data: bytes) -> None:
    value = guest.parse(surface(guest, stride=stride, flags=1))
    assert isinstance(value, SurfaceCreate)
    assert (value.keep_data, value.data, value.stride) == (True, data, stride)


def test_surface_destroy(guest: GuestMemory) -> None:
    assert guest.parse(surface(guest, type=1, format=0)) == SurfaceDestroy(5)


@pytest.mark.parametrize("type", [2, 255])
def test_unknown_surface_command(guest: GuestMemory, type: int) -> None:
    guest.refuses(surface(guest, type=type), f"surface command: type {type}")


@pytest.mark.parametrize("format", [0, 2, 33, 2**32 - 1])
def test_unknown_surface_format(guest: GuestMemory, format: int) -> None:
    guest.refuses(surface(guest, format=format), f"format {format} is not known")


@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ({"width": 0}, "size is 0x3"),
        ({"height": 0}, "size is 2x0"),
        ({"width": 2**31}, "size is"),
        ({"height": 2**32 - 1}, "size is"),
        ({"stride": 7}, "stride 7"),
        ({"stride": -7}, "stride -7"),
        ({"stride": 0}, "stride 0"),
        ({"stride": -(2**31)}, "stride -2147483648"),
        ({"width": 2**30 + 1}, "stride 8"),
        ({"stride": 2**31 - 1, "height": 2}, "times height"),
        ({"stride": 2**16, "height": 2**16}, "times height"),
        ({"stride": -(2**16), "height": 2**31 - 1}, "times height"),
    ],
)
def test_cve_2016_2150_and_2015_5261_surface_parameters(
    guest: GuestMemory, size: dict[str, int], reason: str, flags: int
) -> None:
    guest.refuses(surface(guest, flags=flags, **size), f"surface create: .*{reason}")


@pytest.mark.parametrize("stride", [8, -8])
@pytest.mark.parametrize("flags", [0, 1])
def test_cve_2015_5261_surface_beyond_the_slot(guest: GuestMemory, stride: int, flags: int) -> None:
    data = guest.address(guest.size - 23)
    guest.refuses(surface(guest, stride=stride, flags=flags, data=data), "surface create data: 24 bytes")
    guest.refuses(surface(guest, stride=stride, flags=flags, data=0), "surface create data: 24 bytes at 0x0")


# CURSOR


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


# Monitors


def monitors(guest: GuestMemory, *heads: tuple[int, ...], count: int | None = None, most: int = 0) -> int:
    count = len(heads) if count is None else count
    return guest.put(qxl("QXLMonitorsConfig", count, most) + b"".join(qxl("QXLHead", *head) for head in heads))


HEAD = (1, 2, 640, 480, 10, 20, 3)


def test_monitors_config(guest: GuestMemory) -> None:
    address = monitors(guest, HEAD, (5, 2, 0, 480, 0, 0, 0), (6, 99, 640, 0, 0, 0, 0), HEAD, most=4)
    head = Head(id=1, surface_id=2, x=10, y=20, width=640, height=480, flags=3)
    assert guest.parser.monitors_config(address, GROUP) == MonitorsConfig(4, (head, head))


@pytest.mark.parametrize(
    ("count", "most", "reason"),
    [
        (0, 0, "no heads"),
        (2, 1, "count 2, at most 1"),
        (257, 0, "count 257, at most 256"),
        (65535, 65535, "count 65535, at most 256"),
        (2, 0, "heads: 56 bytes"),
        (256, 256, "heads: 7168 bytes"),
    ],
)
def test_bad_monitors_config(guest: GuestMemory, count: int, most: int, reason: str) -> None:
    address = monitors(guest, HEAD, count=count, most=most)
    with pytest.raises(GuestError, match=f"monitors config.*{reason}"):
        guest.parser.monitors_config(address, GROUP)


def test_monitors_config_nowhere_and_of_no_surface(guest: GuestMemory) -> None:
    for address in (0, guest.address(guest.size - 3), 0xBAD, 2**64):
        with pytest.raises(GuestError, match="monitors config"):
            guest.parser.monitors_config(address, GROUP)
    with pytest.raises(GuestError, match="head 0: surface id 16"):
        guest.parser.monitors_config(monitors(guest, (1, SURFACES, 1, 1, 0, 0, 0)), GROUP)


FLIP = """
import mmap, sys
memory = mmap.mmap(int(sys.argv[1]), 0)
at, values = int(sys.argv[2]), [bytes.fromhex(value) for value in sys.argv[3:]]
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    for value in values:
        memory[at : at + len(value)] = value
"""


class Flipper:
    """Another process that keeps changing guest memory, as another processor of the guest may."""

    def __init__(self, size: int) -> None:
        self.fd = os.memfd_create("guest")
        os.truncate(self.fd, size)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, at: int, *values: bytes) -> None:
        arguments = [str(self.fd), str(at), *[value.hex() for value in values]]
        self._process = subprocess.Popen(
            [sys.executable, "-c", FLIP, *arguments], pass_fds=[self.fd], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        os.close(self.fd)


TRIES = 200_000
"""Bound of the races below; they end as soon as both outcomes were seen often."""
OFTEN = 50


def test_cve_2015_3247_monitors_config_that_changes_while_read() -> None:
    """Two heads end where the slot ends, and the count says now 2, now 200: never is a third head read."""
    flipper = Flipper(PAGE)
    try:
        guest = GuestMemory(PAGE, fd=flipper.fd)
        address = monitors(guest, HEAD, HEAD)
        flipper.start(guest.offset(address), b"\x02\0", b"\xc8\0")
        seen = {2: 0, 200: 0}
        for _ in range(TRIES):
            try:
                assert len(guest.parser.monitors_config(address, GROUP).heads) == 2
                seen[2] += 1
            except GuestError as error:
                assert "5600 bytes" in str(error)
                seen[200] += 1
            if min(seen.values()) >= OFTEN:
                break
        assert min(seen.values()) >= OFTEN
    finally:
        flipper.stop()


def test_a_bitmap_that_changes_while_read_is_as_large_as_it_says() -> None:
    """Height and stride are those that were checked, whatever the guest writes meanwhile."""
    flipper = Flipper(PAGE)
    try:
        guest = GuestMemory(PAGE, fd=flipper.fd)
        image = guest.bitmap(1, 2, stride=4, flags=1)
        command = guest.drawable(COPY, copy(image, Rect(0, 0, 1, 1)))
        height = guest.offset(image) + 18 + 1 + 1 + 4
        flipper.start(height, struct.pack("<II", 2, 4), struct.pack("<II", 2**31 - 1, 2**32 - 1))
        seen = {True: 0, False: 0}
        for _ in range(TRIES):
            try:
                source = guest.draw(command).op.src  # type: ignore[attr-defined]
                assert len(source.data) == source.stride * source.height == 8
                seen[True] += 1
            except GuestError as error:
                assert "src_bitmap" in str(error)
                seen[False] += 1
            if min(seen.values()) >= OFTEN:
                break
        assert min(seen.values()) >= OFTEN
    finally:
        flipper.stop()
