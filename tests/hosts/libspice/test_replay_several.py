"""Several commands of a recording at once: drawings that are read already, and nothing that has to wait."""

import io
from collections.abc import Iterator

import pytest

from gspice.geometry import Point
from gspice.hosts.libspice import library, replay
from gspice.hosts.libspice.replay import Replay
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    MAX_WORD,
    MessageNumber,
    RecordedEvent,
    RecordedMessage,
    RecordingError,
)
from tests.hosts.libspice.replayed import PRIMARY, Server, Worker, recording
from tests.qxl.recording_samples import AREA, drawn

QXL = 0x1000
SERVER = Server()
DRAWS = [drawn(ops.CopyBits(Point(number, 0))) for number in range(7)]
PADDING = b"\n" * MAX_WORD
"""What a reader wants behind a number to see that it is whole."""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    worker = Worker(SERVER)
    monkeypatch.setattr(library, "tell_worker", worker.tell)
    yield worker
    replay._left.clear()


def text(*events: RecordedEvent | ops.Command) -> bytes:
    return recording(events) + PADDING


def player(data: bytes) -> Replay:
    return Replay(io.BytesIO(data), 1024)  # type: ignore[arg-type]


def taken(player: Replay, limit: int = 16) -> list[ops.Command]:
    return [SERVER.take(address) for address in player.next_commands(QXL, limit)]


def test_only_drawings_come_along_and_nothing_is_asked_of_the_device(worker: Worker) -> None:
    update = ops.UpdateCommand(AREA, 7, 0)
    wakeup = RecordedMessage(0, MessageNumber.WAKEUP, 0)
    reset = RecordedMessage(0, MessageNumber.RESET_CURSOR, 0)
    nowhere = drawn(ops.Nop(), 77)
    played = player(
        text(PRIMARY, DRAWS[0], wakeup, DRAWS[1], nowhere, DRAWS[2], update, DRAWS[3], reset, *DRAWS[4:])
    )
    assert taken(played) == DRAWS[:3]
    assert worker.names() == ["create_primary_surface"]
    assert played.skipped == {"surface 77 does not exist": 1}
    assert taken(played) == [update, DRAWS[3]]
    assert worker.names() == []
    assert taken(played) == DRAWS[4:]
    assert worker.names() == ["update_area", "reset_cursor"]
    assert taken(played) == []


def test_as_many_as_there_is_room_for(worker: Worker) -> None:
    played = player(text(PRIMARY, *DRAWS))
    assert taken(played, 1) == DRAWS[:1]
    assert taken(played, 4) == DRAWS[1:5]
    assert taken(played, 4) == DRAWS[5:]
    assert taken(played, 4) == []


def test_what_is_not_read_yet_is_not_waited_for(worker: Worker) -> None:
    data = text(PRIMARY, *DRAWS[:3])
    last = data.rindex(b"event")
    parts = [data[:last] + PADDING, data[last:]]

    class Pipe(io.RawIOBase):
        def readinto(self, target: memoryview) -> int:  # type: ignore[override]
            part = parts[0][: len(target)] if parts else b""
            if parts:
                parts[0] = parts[0][len(part) :]
                if not parts[0]:
                    del parts[0]
            target[: len(part)] = part
            return len(part)

        def read(self, size: int = -1) -> bytes:
            head, parts[0] = parts[0][:size], parts[0][size:]
            return head

    played = Replay(Pipe(), 1024)  # type: ignore[arg-type]
    assert taken(played) == DRAWS[:2]
    assert len(parts) == 1
    assert taken(played) == DRAWS[2:3]


def test_damage_is_told_after_the_commands_before_it(worker: Worker) -> None:
    data = text(PRIMARY, *DRAWS[:3])
    at = data.rindex(b"event")
    played = player(data[:at] + b"what?" + data[at + 5 :])
    assert taken(played) == DRAWS[:2]
    with pytest.raises(RecordingError, match="damaged"):
        taken(played)
    assert taken(played) == []
