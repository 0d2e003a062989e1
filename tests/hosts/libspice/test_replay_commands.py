"""Commands written into the host's memory are read by the server as what they were."""

import numpy as np
import pytest

from gspice.geometry import Point, Rect
from gspice.hosts.libspice import replay_commands, replay_memory
from gspice.hosts.libspice.replay_commands import CommandWriter
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.driver_memory import DoesNotFit, Place
from tests.hosts.libspice.replayed import Server
from tests.qxl.recording_samples import BOX, CURSOR, OPERATIONS, drawn

SERVER = Server()


@pytest.fixture
def writer() -> CommandWriter:
    return CommandWriter()


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: type(op).__name__)
def test_every_operation_is_what_it_was(writer: CommandWriter, op: ops.Op) -> None:
    drawable = drawn(op)
    writer.draw(drawable)
    assert SERVER.take(writer.take()) == drawable
    assert not writer.take()


def test_an_image_of_many_chunks(writer: CommandWriter) -> None:
    width, height = 1000, 1500
    data = np.random.default_rng(1).bytes(4 * width * height)
    image = ops.BitmapImage(
        id=1,
        flags=0,
        width=width,
        height=height,
        format=BitmapFormat.XRGB32,
        top_down=False,
        stride=4 * width,
        data=data,
    )
    drawable = drawn(ops.Copy(image, Rect(0, 0, width, height), 8, 0, ops.Mask()))
    writer.draw(drawable)
    assert SERVER.take(writer.take()) == drawable


def test_commands_that_do_not_draw_come_in_their_order(writer: CommandWriter) -> None:
    update = ops.UpdateCommand(BOX, 0xFFFFFFFF, 3)
    writer.update(3, update)
    writer.message(b"hello, \xff")
    for command in (CURSOR, ops.CursorMove(Point(-1, 700)), ops.CursorHide(), ops.CursorTrail(1, 2)):
        writer.cursor(command)
    assert [SERVER.take(writer.take()) for _ in range(6)] == [
        update,
        ops.MessageCommand(b"hello, \xff"),
        CURSOR,
        ops.CursorMove(Point(-1, 700)),
        ops.CursorHide(),
        ops.CursorTrail(1, 2),
    ]
    assert writer.take() == 0


@pytest.mark.parametrize("stride", [8, -8])
@pytest.mark.parametrize("data", [None, b"abc.....def....."])
def test_a_surface_has_memory_of_its_own(writer: CommandWriter, stride: int, data: bytes | None) -> None:
    command = ops.SurfaceCreate(
        surface_id=70,
        format=SurfaceFormat.A8,
        width=3,
        height=2,
        stride=stride,
        keep_data=data is not None,
        data=data,
    )
    memory = writer.create_surface(5, command)
    made = SERVER.take(writer.take())
    assert isinstance(made, ops.SurfaceCreate)
    assert (made.surface_id, made.stride, made.keep_data, made.data) == (5, stride, data is not None, data)
    assert made.address == memory.place.address
    assert SERVER.memslots.copy(made.address, 16, 0) == (
        bytes(16) if data is None else data if stride > 0 else data[8:] + data[:8]
    ), "it outlives the command"
    writer.destroy_surface(5, memory)
    gone = writer.take()
    assert SERVER.read(gone) == ops.SurfaceDestroy(5)
    assert replay_memory.take_back(gone) == 5


def test_what_is_too_large_leaves_nothing_behind(
    writer: CommandWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    live: set[int] = set()
    allocate, release = replay_memory.allocate, replay_memory.release

    def counted(size: int) -> int:
        if size > 100_000:
            raise MemoryError(f"no memory for {size} bytes")
        address = allocate(size)
        live.add(address)
        return address

    def counted_release(address: int) -> None:
        live.remove(address)
        release(address)

    monkeypatch.setattr(replay_memory, "allocate", counted)
    monkeypatch.setattr(replay_memory, "release", counted_release)
    image = ops.BitmapImage(
        id=1,
        flags=0,
        width=200,
        height=200,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=800,
        data=bytes(160_000),
    )
    with pytest.raises(DoesNotFit, match="no memory for"):
        writer.draw(drawn(ops.Stroke((), 0, (), ops.Brush(2, 0, image), 8, 8)))
    assert not live
    with pytest.raises(DoesNotFit, match="no memory for"):
        writer.create_surface(
            1,
            ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.A8, width=9, height=9000, stride=12),
        )
    assert not live and not writer.take()
    monkeypatch.setattr(replay_commands, "MAX_COMMAND", 1000)
    with pytest.raises(DoesNotFit, match="more than 1000"):
        writer.memory.alloc(1001)


def test_what_nobody_took_is_freed(writer: CommandWriter) -> None:
    writer.draw(drawn(OPERATIONS[0]))
    writer.close()
    assert not writer.take()


def test_places_are_addresses(writer: CommandWriter) -> None:
    block = writer.memory.alloc(32)
    assert block.place.offset == block.place.address
    writer.memory.span(block.place.at(16), 2)[:] = (1, 2)
    assert bytes(writer.memory.span(Place(0, block.place.address), 18))[16:] == b"\1\2"
    writer.memory.free(block)
