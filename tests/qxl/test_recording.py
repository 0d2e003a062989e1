"""Recordings are read to the end, or up to where they are damaged; what was written comes back."""

import gzip
import io
import random
import struct
from collections import Counter
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.geometry import Point
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
    RecordingError,
)
from gspice.qxl.recording_writer import RecordingWriter
from tests.qxl.recording_samples import EVERYTHING, commands, primaries

DATA = Path(__file__).parent.parent / "data"
REAL = {
    "firmware.rec.zst": (2174, {"Copy": 1369}),
    "qxl-xorg.rec.zst": (
        40855,
        {
            "Copy": 6612,
            "Fill": 1473,
            "CopyBits": 3,
            "Composite": 6,
            "SurfaceCreate": 2553,
            "SurfaceDestroy": 1543,
        }
        | {"CursorMove": 9, "CursorHide": 6, "CursorSet": 4},
    ),
}
"""Made by libspice-server 0.15.1 of QEMU's devices: events in them, and commands by kind."""


def read(data: bytes) -> list[RecordedEvent]:
    return list(RecordingReader(io.BytesIO(data)))


def written(*commands: ops.Command) -> bytes:
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        for command in commands:
            writer.command(command, 1)
    return file.getvalue()


def kind(event: RecordedEvent) -> str:
    if not isinstance(event, RecordedCommand):
        return type(event).__name__
    command = event.command
    return type(command.op if isinstance(command, ops.Drawable) else command).__name__


@given(st.lists(commands, max_size=3))
@settings(max_examples=300, deadline=None)
def test_commands_come_back(commands: list[ops.Command]) -> None:
    events = read(written(*commands))
    assert [event.counter for event in events] == list(range(len(commands)))
    for event, command in zip(events, commands, strict=True):
        assert isinstance(event, RecordedCommand), event
        assert event.command == command


@given(primaries(), st.sampled_from([20, 29]), st.integers(0, (1 << 64) - 1))
def test_primaries_come_back(primary: RecordedPrimary, number: int, now_ns: int) -> None:
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        writer.message(number, now_ns, primary)
        writer.message(number, now_ns)  # refused: without a payload
        writer.message(MessageNumber.WAKEUP, now_ns)
    assert read(file.getvalue()) == [
        RecordedMessage(0, number, now_ns, primary),
        RecordedMessage(1, number, now_ns),
        RecordedMessage(2, MessageNumber.WAKEUP, now_ns),
    ]


def test_large_blocks_come_back_whole() -> None:
    data = random.Random(1).randbytes(3_000_000)
    text = ops.MessageCommand(data[:90_000])
    shape = ops.CursorShape(unique=0, type=1, width=0, height=0, hot_x=0, hot_y=0, data=data)
    move = ops.CursorMove(Point(1, 2))
    events = read(written(text, ops.CursorSet(move.position, True, shape), move))
    assert isinstance(events[1], RecordedCommand) and isinstance(events[1].command, ops.CursorSet)
    assert events[1].command.shape.data == data
    assert [kind(event) for event in events] == ["MessageCommand", "CursorSet", "CursorMove"]


@pytest.mark.parametrize("name", REAL)
def test_real_recordings_are_read_to_the_end(name: str) -> None:
    number, kinds = REAL[name]
    with RecordingReader(DATA / name) as reader:
        events = list(reader)
        assert reader.file_position == (DATA / name).stat().st_size
    assert len(events) == number
    counts = Counter(map(kind, events))
    del counts["RecordedMessage"]
    assert counts == kinds


def test_every_packing_is_known() -> None:
    plain = written(*EVERYTHING)
    halves = plain[: len(plain) // 2], plain[len(plain) // 2 :]
    frames = b"".join(zstandard.compress(half) for half in halves)
    for packed in (plain, zstandard.compress(plain), frames, gzip.compress(plain)):
        assert [kind(event) for event in read(packed)] == [kind(event) for event in read(plain)]
    assert len(read(plain)) == len(EVERYTHING)


def test_a_window_of_two_gigabytes_is_allowed() -> None:
    options = zstandard.ZstdCompressionParameters(window_log=31, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    packed = packer.compress(written(*EVERYTHING)) + packer.flush()
    assert zstandard.get_frame_parameters(packed).window_size == 1 << 31
    assert len(read(packed)) == len(EVERYTHING)


def test_a_cut_anywhere_is_told() -> None:
    data = written(*EVERYTHING)
    whole = read(data)
    starts = [at for at in range(len(data)) if data.startswith(b"event ", at)]
    assert len(starts) == len(EVERYTHING)
    for end in range(len(data) - 1):
        events: list[RecordedEvent] = []
        try:
            for event in RecordingReader(io.BytesIO(data[:end])):
                events.append(event)
        except RecordingError as error:
            assert error.position <= end
        else:
            assert end in starts or end + 1 in starts
        assert events == whole[: len(events)]


@pytest.mark.parametrize("pack", [zstandard.compress, gzip.compress])
def test_a_packed_file_that_is_cut_is_told(pack: object) -> None:
    assert callable(pack)
    packed = pack(written(ops.MessageCommand(random.Random(3).randbytes(50_000))))
    for end in (20, len(packed) // 2, len(packed) - 12):
        with pytest.raises(RecordingError):
            read(packed[:end])


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_damage_raises_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(written(*EVERYTHING))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from([0, 10, 32, 45, 48, 49, 57, 58, 97, 255]))
    try:
        events = read(bytes(damaged))
    except RecordingError:
        return
    assert all(isinstance(e, RecordedCommand | RecordedBadCommand | RecordedMessage) for e in events)


@given(seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_damaged_packing_raises_nothing_else(seed: int) -> None:
    values = random.Random(seed)
    packed = bytearray((zstandard.compress, gzip.compress)[seed % 2](written(*EVERYTHING)))
    packed[values.randrange(4, len(packed))] ^= 1 << values.randrange(8)
    try:
        read(bytes(packed))
    except RecordingError:
        return


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        (b"", 0, "expected 'SPICE_REPLAY', there is the end"),
        (b"\x7fELF", 0, "expected 'SPICE_REPLAY', there is '\\x7fELF'"),
        (b"SPICE_REPLAY 2\n", 0, "version 2"),
        (b"SPICE_REPLAY 1\nevnt 0", 15, "expected 'event', there is 'evnt'"),
        (b"SPICE_REPLAY 1\nevent x", 21, "event counter: expected a number"),
        (b"SPICE_REPLAY 1\nevent 0 2 1 1", 24, "event kind: 2 is more than 1"),
        (b"SPICE_REPLAY 1\nevent 0 0 9 1\n", 28, "command type 9 is not known"),
        (b"SPICE_REPLAY 1\nevent 0 0 0 1\n", 28, "command type 0 is not known"),
        (b"SPICE_REPLAY 1\nevent 0 1 20 1\n60000 60000 60000 32\n0 0 0 0\n", 0, "over 1073741824 bytes"),
        (
            b"SPICE_REPLAY 1\nevent 0 1 20 1\n2 2 8 32\n0 0 0 0\nbinary 0 data 3:abc\n",
            0,
            "of 3 bytes, not 16",
        ),
    ],
)
def test_what_is_wrong_is_said(text: bytes, position: int, reason: str) -> None:
    with pytest.raises(RecordingError) as failed:
        read(text)
    assert reason in failed.value.reason
    assert position in (0, failed.value.position)
    assert f"at byte {failed.value.position}" in str(failed.value)


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the recording: No such file"):
        RecordingReader(tmp_path / "none.rec")


@pytest.mark.parametrize(
    ("magic", "name"), [(b"\xfd7zXZ\0", "xz"), (b"BZh91AY", "bzip2"), (b"PK\3\4", "zip")]
)
def test_other_packings_are_named(magic: bytes, name: str) -> None:
    with pytest.raises(RecordingError, match=f"this is {name}: unpack it first"):
        RecordingReader(io.BytesIO(magic + bytes(20)))


@pytest.mark.parametrize("kind", [0, 15])
def test_zstd_may_begin_with_a_frame_that_is_skipped(kind: int) -> None:
    skipped = struct.pack("<II", 0x184D2A50 + kind, 3) + b"abc"
    data = skipped + zstandard.compress(b"SPICE_REPLAY 1\nevent 7 1 2 0\n")
    assert [event.counter for event in RecordingReader(io.BytesIO(data))] == [7]


def test_what_is_read_of_the_file_already_comes_without_it() -> None:
    data = written(*EVERYTHING) + b"\n" * 64
    file = io.BytesIO(data)
    reader = RecordingReader(file)
    first = next(iter(reader))
    file.close()
    rest = []
    while (event := reader.buffered()) is not None:
        rest.append(event)
    assert [first, *rest] == read(data)
    assert reader.buffered() is None
