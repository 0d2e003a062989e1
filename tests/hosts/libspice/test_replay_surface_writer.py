"""Surface commands from compiled code have the bytes of the structures that ``structures_command`` describes."""

import ctypes as c

import pytest
from hypothesis import given

from gspice.hosts.libspice import replay_memory
from gspice.hosts.libspice.replay_surface_writer import SurfaceWriter
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.driver_memory import PAGE_SIZE, DoesNotFit
from gspice.qxl.recording_events import KEEP_DATA
from gspice.qxl.structures import CommandType
from gspice.qxl.structures_command import QXLSurfaceCmd, SurfaceCommandType
from tests.hosts.libspice.written import CommandStruct
from tests.qxl.recording_samples import surface_creates

PIXELS = 0x123456789ABC


@pytest.fixture(scope="module")
def writer() -> SurfaceWriter:
    return SurfaceWriter(PAGE_SIZE)


def page(address: int) -> bytes:
    """The command's page, but for the release info."""
    command = CommandStruct.from_address(address)
    assert command.ext.type == CommandType.SURFACE
    assert c.c_uint64.from_address(command.ext.data).value == address, "hosts find the command by its id"
    return c.string_at(command.ext.data, PAGE_SIZE)[8:]


def expected(command: QXLSurfaceCmd) -> bytes:
    return bytes(command).ljust(PAGE_SIZE, b"\0")[8:]


@given(surface_creates())
def test_a_surface_is_made(writer: SurfaceWriter, command: ops.SurfaceCreate) -> None:
    like = QXLSurfaceCmd(surface_id=77, type=SurfaceCommandType.CREATE)
    like.flags = KEEP_DATA if command.keep_data else 0
    create = like.u.surface_create
    create.format, create.width, create.height = command.format, command.width, command.height
    create.stride, create.data = command.stride, PIXELS
    address = writer.create(77, command, PIXELS)
    assert page(address) == expected(like)
    assert CommandStruct.from_address(address).count == 1, "the pixels are the caller's"
    assert replay_memory.take_back(address) == -1


def test_data_that_were_not_recorded_are_not_kept(writer: SurfaceWriter) -> None:
    create = ops.SurfaceCreate(
        surface_id=1, format=SurfaceFormat.A8, width=3, height=2, stride=4, keep_data=True, data=None
    )
    address = writer.create(1, create, PIXELS)
    assert page(address)[5:9] == bytes(4)
    replay_memory.take_back(address)


def test_a_surface_goes_with_its_pixels_and_its_id(writer: SurfaceWriter) -> None:
    pixels = replay_memory.allocate(100)
    address = writer.destroy(1023, pixels)
    assert page(address) == expected(QXLSurfaceCmd(surface_id=1023, type=SurfaceCommandType.DESTROY))
    command = CommandStruct.from_address(address)
    blocks = (c.c_uint64 * command.count).from_address(address + c.sizeof(CommandStruct))
    assert tuple(blocks) == (command.ext.data, pixels)
    assert replay_memory.take_back(address) == 1023


def test_what_cannot_be_written_does_not_take_the_pixels_along() -> None:
    pixels = replay_memory.allocate(100)
    with pytest.raises(DoesNotFit, match="512 bytes in one piece"):
        SurfaceWriter(PAGE_SIZE - 1).destroy(1, pixels)
    replay_memory.release(pixels)
