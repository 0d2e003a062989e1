import struct

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import (
    MessageCommand,
    SurfaceCreate,
    SurfaceDestroy,
    UpdateCommand,
)
from gspice.qxl.parser import CommandParser
from gspice.vdi.qxl import CommandExt, ReleaseInfo
from tests.qxl.guest_commands import commands
from tests.qxl.guest_memory import GROUP, PAGE, SURFACES, GuestMemory
from tests.qxl.guest_structures import (
    COMPAT,
    COMPAT_DRAWABLE_HEAD,
    DRAW,
    DRAWABLE_HEAD,
    FORMATS,
    MESSAGE,
    NOP,
    STRING_HEAD,
    SURFACE,
    UPDATE,
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
    for data, group in (
        (end - 7, GROUP),
        (end, GROUP),
        (0, GROUP),
        (2**64, GROUP),
        (end - 8, 0),
        (end - 8, 2),
    ):
        assert guest.parser.release_info(CommandExt(data, DRAW, group)) is None
    assert guest.parser.release_info(CommandExt(end - 8, DRAW, GROUP)) is not None


@pytest.mark.parametrize("type", range(1, 6))
def test_cve_2010_0428_commands_outside_guest_memory(guest: GuestMemory, type: int) -> None:
    end = guest.address(guest.size)
    inside_the_host = guest.pages.address
    for data, group in (
        (end - 7, GROUP),
        (end, GROUP),
        (inside_the_host, GROUP),
        (0, GROUP),
        (end - 8, 2),
        (0, 0),
    ):
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
    assert guest.parse(guest.command(UPDATE, raw)) == UpdateCommand(
        Rect(-1, 2, 3, 4), 2**32 - 1, SURFACES - 1
    )


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
    assert guest.parse(
        surface(guest, format=format, data=data, width=4, height=5, stride=-20)
    ) == SurfaceCreate(surface_id=5, format=format, width=4, height=5, stride=-20, address=data)


@pytest.mark.parametrize(
    ("stride", "data"), [(8, bytes(range(24))), (-8, bytes([*range(16, 24), *range(8, 16), *range(8)]))]
)
def test_surface_create_that_keeps_data(guest: GuestMemory, stride: int, data: bytes) -> None:
    value = guest.parse(surface(guest, stride=stride, flags=1))
    assert isinstance(value, SurfaceCreate)
    assert (value.keep_data, value.data, value.stride) == (True, data, stride)


def test_surface_create_after_a_migration(guest: GuestMemory) -> None:
    command = surface(guest, stride=8)
    value = guest.parser.parse(command, reload=True)
    assert isinstance(value, SurfaceCreate)
    assert (value.keep_data, value.data) == (True, bytes(range(24)))
    # Nothing that a host may put into the flags of a command means it.
    again = guest.parser.parse(command._replace(flags=2**32 - 1))
    assert isinstance(again, SurfaceCreate) and not again.keep_data


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


# Many drawing commands in one go


def test_a_run_of_draws_gives_what_one_by_one_gives(guest: GuestMemory) -> None:
    made = [command for build in commands().values() if (command := build(guest)).type == DRAW]
    assert len(made) > 5
    run = guest.parser.parse_draws(made, 0, 1 << 30)
    assert run.drawables == [guest.parser.parse(command) for command in made]
    assert run.releases == [guest.parser.release_info(command) for command in made]
    assert run.bad == [] and run.end == len(made) and run.held_bytes > 0
    assert guest.parser.parse_draws(made, 2, 1 << 30).drawables == run.drawables[2:]


def test_a_run_ends_at_what_does_not_draw(guest: GuestMemory) -> None:
    draw = guest.drawable(NOP)
    other = next(command for build in commands().values() if (command := build(guest)).type != DRAW)
    for stranger in (other, draw._replace(data=2**64), draw._replace(flags=-1)):
        run = guest.parser.parse_draws([draw, stranger, draw], 0, 1 << 30)
        assert (len(run.drawables), len(run.releases), run.bad, run.end) == (1, 1, [], 1)
        assert guest.parser.parse_draws([draw, stranger, draw], 1, 1 << 30).end == 1
    assert guest.parser.parse_draws([], 0, 0).end == 0


def test_bad_draws_are_told_and_released_and_do_not_end_a_run(guest: GuestMemory) -> None:
    good, bad = guest.drawable(NOP), guest.drawable(77, bytes(64))
    nowhere = good._replace(data=guest.address(guest.size))
    run = guest.parser.parse_draws([good, bad, nowhere, good], 0, 1 << 30)
    assert [command for command, _ in run.bad] == [bad, nowhere]
    assert all(isinstance(error, GuestError) for _, error in run.bad)
    assert run.releases == [guest.parser.release_info(command) for command in (good, bad, good)]
    assert len(run.drawables) == 2 and run.end == 4


def test_a_run_ends_behind_the_image_that_is_too_much(guest: GuestMemory) -> None:
    command = commands()["copy"](guest)
    size = guest.parser.parse_draws([command], 0, 0).held_bytes
    assert size > 0
    run = guest.parser.parse_draws([command] * 5, 0, size)
    assert run.end == 2 and run.held_bytes == 2 * size
