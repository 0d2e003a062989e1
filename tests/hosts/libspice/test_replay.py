"""A recording for a host: its commands, and what the recorded host asked of its device, in their order."""

import io
import logging
from collections.abc import Iterator

import pytest

from gspice.errors import ConfigError, GSpiceError, InterfaceError
from gspice.hosts.libspice import library, replay, replay_memory, replay_surfaces
from gspice.hosts.libspice.replay import Replay
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
    RecordingError,
)
from tests.hosts.libspice.replayed import CommandExtStruct, Server, Worker, recording
from tests.qxl.recording_samples import AREA, CURSOR, OPERATIONS, drawn

QXL = 0x1000
SERVER = Server()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    worker = Worker(SERVER)
    monkeypatch.setattr(library, "tell_worker", worker.tell)
    yield worker
    replay._left.clear()


def played(*events: RecordedEvent | ops.Command, surfaces: int = 1024, cut: int = 0) -> Replay:
    """``cut``: bytes that are missing at the end."""
    data = recording(events)
    return Replay(io.BytesIO(data[: len(data) - cut]), surfaces)  # type: ignore[arg-type]


def commands(player: Replay) -> list[ops.Command]:
    """All that come; each is released before the next."""
    seen = []
    while address := player.next_command(QXL):
        seen.append(SERVER.read(address))
        surface = replay_memory.take_back(address)
        if surface >= 0:
            player.surface_free(surface)
    return seen


def message(number: MessageNumber) -> RecordedMessage:
    return RecordedMessage(0, number, 0)


def primary(width: int = 320, height: int = 200, **fields: object) -> RecordedMessage:
    values = {"width": width, "height": height, "stride": -4 * width, "format": 32} | fields
    return RecordedMessage(0, MessageNumber.CREATE_PRIMARY, 0, RecordedPrimary(**values))  # type: ignore[arg-type]


def create(surface_id: int) -> ops.SurfaceCreate:
    return ops.SurfaceCreate(
        surface_id=surface_id, format=SurfaceFormat.A8, width=3, height=2, stride=8, keep_data=False
    )


def test_commands_come_as_they_were_recorded(worker: Worker) -> None:
    sent: list[ops.Command] = [
        *map(drawn, OPERATIONS),
        ops.UpdateCommand(AREA, 7, 0),
        ops.MessageCommand(b"x"),
        CURSOR,
    ]
    player = played(primary(), *sent)
    assert commands(player) == sent
    assert player.next_command(QXL) == 0, "the end stays the end"
    assert not player.skipped
    player.close()


def test_a_primary_is_made_with_what_it_held(worker: Worker) -> None:
    data = bytes(range(16))
    values = {"position": 3, "mouse_mode": 1, "flags": 1, "type": 2}
    player = played(primary(2, 2, data=data, **values), primary(2, 2))
    commands(player)
    assert worker.pixels == [data, bytes(16)]
    surface = worker.calls[0][3]
    assert worker.calls[0][:3] == (QXL, "create_primary_surface", 0)
    assert (surface.width, surface.height, surface.stride, surface.format, surface.group_id) == (
        2,
        2,
        -8,
        32,
        0,
    )
    assert (surface.position, surface.mouse_mode, surface.flags, surface.type) == (3, 1, 1, 2)
    assert worker.names() == [
        "create_primary_surface",
        "destroy_primary_surface",
        "create_primary_surface",
    ], "a primary is never made over another"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (MessageNumber.DESTROY_PRIMARY, "destroy_primary_surface"),
        (MessageNumber.DESTROY_PRIMARY_ASYNC, "destroy_primary_surface"),
        (MessageNumber.DESTROY_SURFACES, "destroy_surfaces"),
        (MessageNumber.DESTROY_SURFACES_ASYNC, "destroy_surfaces"),
    ],
)
def test_a_primary_goes_once(worker: Worker, number: MessageNumber, name: str) -> None:
    player = played(primary(), message(number), drawn(OPERATIONS[0]), primary())
    assert commands(player) == []
    assert worker.names() == ["create_primary_surface", name, "create_primary_surface"]
    assert dict(player.skipped) == {"surface 0 does not exist": 1}


def test_resets_wait_for_the_commands_before_them(worker: Worker) -> None:
    player = played(
        message(MessageNumber.RESET_CURSOR),
        primary(),
        message(MessageNumber.RESET_IMAGE_CACHE),
        message(MessageNumber.UPDATE),
        message(MessageNumber.ADD_MEMSLOT),
        RecordedMessage(0, 77, 0),
    )
    assert commands(player) == []
    assert worker.names() == ["reset_cursor", "create_primary_surface", "update_area", "reset_image_cache"]


def test_surfaces_get_free_ids(worker: Worker) -> None:
    copy = ops.Copy(
        ops.SurfaceImage(id=3, flags=0, width=0, height=0, surface_id=1000), AREA, 8, 0, ops.Mask()
    )
    player = played(
        primary(), create(1000), create(7), drawn(copy, 7), ops.SurfaceDestroy(1000), create(9), surfaces=3
    )
    made, other, drawing, gone, again = commands(player)
    assert isinstance(made, ops.SurfaceCreate) and isinstance(other, ops.SurfaceCreate)
    assert (made.surface_id, other.surface_id) == (1, 2)
    assert isinstance(drawing, ops.Drawable) and isinstance(drawing.op, ops.Copy)
    assert (drawing.surface_id, drawing.op.src) == (
        2,
        ops.SurfaceImage(id=3, flags=0, width=3, height=2, surface_id=1),
    )
    assert gone == ops.SurfaceDestroy(1)
    assert isinstance(again, ops.SurfaceCreate) and again.surface_id == 1


def test_an_id_that_the_server_still_has_is_not_given_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_surfaces.SurfacePool.take, "__defaults__", (0.01,))
    player = played(create(5), ops.SurfaceDestroy(5), create(6), ops.MessageCommand(b"x"), surfaces=2)
    assert player.next_command(QXL)
    gone = player.next_command(QXL)
    with pytest.raises(GSpiceError, match="larger nsurfaces"):
        player.next_command(QXL)
    assert SERVER.read(gone) == ops.SurfaceDestroy(1)
    assert player.next_command(QXL) == 0


def test_all_surfaces_go_with_the_message(worker: Worker) -> None:
    player = played(
        primary(),
        create(5),
        create(6),
        message(MessageNumber.DESTROY_SURFACES),
        create(5),
        create(8),
        surfaces=3,
    )
    made = commands(player)
    assert [command.surface_id for command in made if isinstance(command, ops.SurfaceCreate)] == [1, 2, 1, 2]
    assert worker.names() == ["create_primary_surface", "destroy_surfaces"]
    assert not player.skipped


def test_a_surface_that_a_message_destroyed_goes_when_it_is_made_anew(worker: Worker) -> None:
    player = played(create(5), message(MessageNumber.DESTROY_SURFACE_WAIT), create(5), create(5))
    first, gone, again = commands(player)
    assert isinstance(first, ops.SurfaceCreate) and isinstance(again, ops.SurfaceCreate)
    assert gone == ops.SurfaceDestroy(first.surface_id)
    assert again.surface_id != first.surface_id
    assert dict(player.skipped) == {"surface 5 exists already": 1}


def test_what_cannot_be_played_is_left_out(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    player = played(
        primary(format=99),
        ops.SurfaceDestroy(0),
        drawn(OPERATIONS[0], 3),
        drawn(OPERATIONS[0], 3),
        ops.MessageCommand(b"the end"),
    )
    assert commands(player) == [ops.MessageCommand(b"the end")]
    player._carry_out(RecordedBadCommand(0, 1, 0, "it was bad"))
    assert dict(player.skipped) == {
        "primary surface format 99 is not known": 1,
        "the primary surface is not destroyed by a command": 1,
        "surface 3 does not exist": 2,
        "it was bad": 1,
    }
    player.close()
    assert "5 commands of the recording were left out" in caplog.text
    assert caplog.text.count("surface 3 does not exist") == 1


def test_reasons_are_told_up_to_a_limit(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    player = played()
    for number in range(2000):
        player._skip(f"reason {number}")
    assert len(player.skipped) == replay.MAX_REASONS + 1
    assert player.skipped["other reasons"] == 2000 - replay.MAX_REASONS
    assert len(caplog.records) == replay.MAX_REASONS + 1


def test_a_damaged_recording_ends_where_it_is_damaged(worker: Worker) -> None:
    player = played(ops.MessageCommand(b"one"), ops.MessageCommand(b"two"), cut=2)
    assert SERVER.take(player.next_command(QXL)) == ops.MessageCommand(b"one")
    with pytest.raises(RecordingError, match="damaged"):
        player.next_command(QXL)
    assert player.next_command(QXL) == 0


def test_surfaces_stay_until_another_recording_begins(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[int] = []
    player = played(primary(), create(5))
    commands(player)
    mem = worker.calls[0][3].mem
    player.close()
    worker.names()
    monkeypatch.setattr(replay_memory, "release", freed.append)
    second = played(ops.MessageCommand(b"x"))
    assert not freed, "the server still writes to it"
    commands(second)
    assert worker.names() == ["destroy_surfaces"]
    assert mem in freed and len(freed) == 2
    second.close()
    third = played()
    commands(third)
    assert worker.names() == []


def test_what_was_not_handed_out_is_freed(worker: Worker) -> None:
    player = played(create(5), message(MessageNumber.DESTROY_SURFACE_WAIT), create(5))
    assert player.next_command(QXL) and player.next_command(QXL)
    player.close()
    assert not player._writer.take()


def test_one_device_for_one_recording(worker: Worker) -> None:
    player = played(ops.MessageCommand(b"x"))
    assert player.next_command(QXL)
    with pytest.raises(InterfaceError, match="one display device"):
        player.next_command(QXL + 64)


def test_a_device_has_a_surface() -> None:
    with pytest.raises(ConfigError, match="nsurfaces is 0"):
        played(surfaces=0)


def test_functions_for_c_do_not_raise(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    assert replay.new(io.BytesIO(b"no recording"), 10) == 0  # type: ignore[arg-type]
    assert replay.next_commands(12345, QXL, 16) == []
    replay.free(12345)
    replay.surface_free(12345, 3)
    assert len(caplog.records) == 3
    data = recording([RecordedCommand(0, 4, 0, ops.MessageCommand(b"x"))])
    handle = replay.new(io.BytesIO(data), 1 << 30)  # type: ignore[arg-type]
    (address,) = replay.next_commands(handle, QXL, 16)
    assert CommandExtStruct.from_address(address).type == 4
    assert replay.next_commands(handle, QXL, 16) == []
    replay.surface_free(handle, 3)
    replay.free(handle)
    assert replay.next_commands(handle, QXL, 16) == []
    assert len(caplog.records) == 4
