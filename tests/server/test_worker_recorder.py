"""What a worker receives, in a recording; and that a recording which fails leaves the worker alone."""

import ctypes
import os
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.memslots import MemSlots
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import MessageNumber, RecordedMessage, RecordedPrimary
from gspice.server import worker_messages as m
from gspice.server.worker_recorder import WorkerRecorder, open_recorder
from gspice.vdi.qxl import DevSurfaceCreate, MemSlot

COMMAND = ops.UpdateCommand(Rect(0, 0, 1, 1), 2, 0)
SURFACE = DevSurfaceCreate(
    width=2, height=2, stride=-8, format=SurfaceFormat.XRGB32, mem=0, group_id=0, flags=1
)
SLOT = MemSlot(group_id=0, slot_id=0, generation=0, virt_start=0, virt_end=0, addr_delta=0)


class Told:
    """A recorder that remembers, and fails when told to."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        self.failure: Exception | None = None

    def _note(self, *event: object) -> None:
        if self.failure is not None:
            raise self.failure
        self.events.append(event)

    def command(self, command: ops.Command, now_ns: int) -> None:
        self._note(command, now_ns)

    def message(self, number: int, now_ns: int, primary: RecordedPrimary | None = None) -> None:
        self._note(number, now_ns, primary)

    def close(self) -> None:
        self._note("close")


@pytest.fixture
def memory() -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(b"row1row1row0row0", 16)


@pytest.fixture
def memslots(memory: "ctypes.Array[ctypes.c_char]") -> MemSlots:
    memslots = MemSlots(groups=1, slots=1, generation_bits=0, id_bits=0, internal_group=0)
    start = ctypes.addressof(memory)
    memslots.add(
        MemSlot(group_id=0, slot_id=0, generation=0, virt_start=start, virt_end=start + 16, addr_delta=start)
    )
    return memslots


def test_commands_and_messages_are_told_in_order(memslots: MemSlots) -> None:
    told, clock = Told(), iter(range(100))
    recorder = WorkerRecorder(told, lambda: next(clock))
    recorder.message(m.Start(), memslots)
    recorder.command(COMMAND)
    recorder.message(m.Snapshot(), memslots)
    recorder.message(m.AddMemslot(SLOT), memslots)
    recorder.message(m.AddMemslot(SLOT, cookie=1), memslots)
    recorder.message(m.DestroyPrimary(0, cookie=0), memslots)
    recorder.close()
    recorder.command(COMMAND)
    assert told.events == [
        (MessageNumber.START, 0, None),
        (COMMAND, 1),
        (MessageNumber.ADD_MEMSLOT, 2, None),
        (MessageNumber.ADD_MEMSLOT_ASYNC, 3, None),
        (MessageNumber.DESTROY_PRIMARY_ASYNC, 4, None),
        ("close",),
    ]


def test_primaries_have_what_their_memory_holds(memslots: MemSlots) -> None:
    told = Told()
    recorder = WorkerRecorder(told, lambda: 0)
    recorder.message(m.CreatePrimary(0, SURFACE), memslots)
    (event,) = told.events
    assert event == (
        MessageNumber.CREATE_PRIMARY,
        0,
        RecordedPrimary(width=2, height=2, stride=-8, format=32, flags=1, data=b"row1row1row0row0"),
    )


@pytest.mark.parametrize("change", [{"height": 3}, {"height": 0}, {"width": -1}, {"stride": 1 << 30}])
def test_primaries_that_will_be_refused_have_nothing(memslots: MemSlots, change: dict[str, int]) -> None:
    fields = {"width": 2, "height": 2, "stride": 8, "format": 32, "mem": 0, "group_id": 0} | change
    told = Told()
    WorkerRecorder(told, lambda: 0).message(
        m.CreatePrimary(0, DevSurfaceCreate(**fields), cookie=5), memslots
    )
    assert told.events == [(MessageNumber.CREATE_PRIMARY_ASYNC, 0, None)]


def test_a_full_disk_ends_the_recording_only(memslots: MemSlots, caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    recorder = WorkerRecorder(told, lambda: 0)
    told.failure = OSError(28, "No space left on device")
    recorder.command(COMMAND)
    told.failure = None
    recorder.command(COMMAND)
    recorder.close()
    assert told.events == []
    assert "the recording ends here" in caplog.text and "No space left" in caplog.text


def test_devices_have_files_of_their_own(tmp_path: Path, memslots: MemSlots) -> None:
    for qxl_id in (0, 1, 12):
        recorder = open_recorder(tmp_path / "a.rec.zst", qxl_id)
        recorder.message(m.Wakeup(), memslots)
        recorder.command(COMMAND)
        recorder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.rec.zst", "a-12.rec.zst", "a.rec.zst"]
    with RecordingReader(tmp_path / "a-1.rec.zst") as reader:
        event, _ = reader
    assert isinstance(event, RecordedMessage) and event.number == MessageNumber.WAKEUP
    assert (tmp_path / "a.rec.zst").stat().st_mode & 0o777 == 0o600


def test_a_guest_that_draws_nothing_takes_no_recordings_place(tmp_path: Path, memslots: MemSlots) -> None:
    old = tmp_path / "a.rec"
    old.write_bytes(b"old")
    recorder = open_recorder(old, 0)
    recorder.message(m.Wakeup(), memslots)
    recorder.close()
    assert old.read_bytes() == b"old" and list(tmp_path.iterdir()) == [old]
    recorder = open_recorder(old, 0)
    recorder.command(COMMAND)
    assert list(tmp_path.iterdir()) == [old]
    recorder.close()
    assert old.read_bytes().startswith(b"SPICE_REPLAY")


def test_only_regular_files_are_recorded_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ConfigError, match="no regular file"):
            open_recorder(path, 0)


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_recorder(tmp_path / "none" / "a.rec", 0)
