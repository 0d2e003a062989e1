"""Event borders, the times at which events are written, and that what is written is the recording."""

import io
import zlib
from pathlib import Path

import pytest

from bench.replay_recordings import DATA, unpacking
from bench.traffic_feeder import MAX_PIECES, NEXT, PADDING, Event, NoRecording, events, feed
from gspice.qxl.recording import RecordingReader

HEAD = b"SPICE_REPLAY 1\n"


def message(number: int, time_ns: int) -> bytes:
    return b"event %d 1 2 %d\n" % (number, time_ns)


def command(number: int, time_ns: int, block: bytes = b"") -> bytes:
    return b"event %d 0 1 %d\ndrawable\nrect bbox 0 0 1 1\n" % (number, time_ns) + block


def plain_block(data: bytes) -> bytes:
    return b"binary 0 bitmap.data %d:%b\n" % (len(data), data)


def parsed(text: bytes) -> list[bytes | Event]:
    return list(events(io.BytesIO(text)))


class Clock:
    """Time that passes where somebody sleeps; writes are noted with it."""

    def __init__(self, write_s: float = 0.0) -> None:
        self.time = 100.0
        self.written: list[tuple[float, bytes]] = []
        self.begun_at: float | None = None
        self._write_s = write_s

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds

    def begun(self) -> None:
        self.time += 5.0
        self.begun_at = self.time

    def write(self, pieces: list[bytes]) -> None:
        assert len(pieces) <= MAX_PIECES * 2
        self.written.append((self.time, b"".join(pieces)))
        self.time += self._write_s

    def text(self) -> bytes:
        return b"".join(data for _, data in self.written)


def fed(text: bytes, clock: Clock) -> None:
    feed(io.BytesIO(text), clock.write, clock.begun, clock.now, clock.sleep)


BLOCKS: list[bytes] = [
    plain_block(b""),
    plain_block(b"no line end"),
    plain_block(b"\n"),
    plain_block(b"\nevent 9 0 1 9\nbinary 0 x 99:\n"),
    plain_block(bytes(range(256)) * 999),
    b"binary 1 bitmap.data 3000:%d:%b\n" % (len(zlib.compress(bytes(3000))), zlib.compress(bytes(3000))),
    b"binary 1 style 30:4:\n::\n\n",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_is_part_of_its_event_whatever_it_holds(block: bytes) -> None:
    first, second = command(0, 7, block + b"after 1\n"), message(1, 8)
    head, *rest = parsed(HEAD + first + second)
    assert head == HEAD
    assert [(e.time_ns, e.command, b"".join(e.pieces)) for e in rest if isinstance(e, Event)] == [
        (7, True, first),
        (8, False, second),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"event 0 0 1 7\n",
        HEAD + b"drawable\n",
        HEAD + b"event 0 0 1\n",
        HEAD + b"event 0 0 1 x\n",
        HEAD + command(0, 7, b"binary 0 data\n"),
        HEAD + command(0, 7, b"binary 0 data x:\n"),
        HEAD + command(0, 7, b"binary 0 data 5:abc\n"),
        HEAD + command(0, 7, b"binary 0 data 2:abc\n"),
        HEAD + command(0, 7, b"binary 1 data 5:abc\n"),
        HEAD + command(0, 7, plain_block(b"\nabc")[:-1]),
    ],
)
def test_what_is_no_recording_is_told(text: bytes) -> None:
    with pytest.raises(NoRecording):
        parsed(text)


def test_events_come_at_their_times_after_the_beginning() -> None:
    clock = Clock()
    fed(HEAD + message(0, 10**9) + command(1, 3 * 10**9) + message(2, 3 * 10**9 + 5 * 10**8), clock)
    assert clock.begun_at == 105.0
    assert clock.written[0] == (100.0, HEAD + PADDING + NEXT), "a reader of the head wants it before"
    at = {data[:8]: when for when, data in clock.written if data}
    assert at == {HEAD[:8]: 100.0, b"vent 0 1": 105.0, b"vent 1 0": 107.0, b"vent 2 1": 107.5}


def test_an_event_is_whole_before_the_next_is_waited_for() -> None:
    clock = Clock()
    fed(HEAD + command(0, 0, plain_block(b"abc")) + message(1, 10**9), clock)
    before = b"".join(data for when, data in clock.written if when < 106.0)
    assert before == HEAD + PADDING + command(0, 0, plain_block(b"abc")) + PADDING + NEXT
    assert clock.text().endswith(message(1, 10**9) + PADDING), "and no beginning of one that never comes"


def test_what_is_late_is_written_together_and_told() -> None:
    clock = Clock(write_s=2.0)
    text = HEAD + b"".join(message(number, number * 10**9) for number in range(1, 5))
    result = feed(io.BytesIO(text), clock.write, clock.begun, clock.now, clock.sleep)
    assert (result.events, result.commands, result.span_s) == (4, 0, 3.0)
    assert result.late_s == pytest.approx(1.0)
    assert any(data.count(b"vent") == 2 for _, data in clock.written)


def test_many_events_at_once_are_written_in_parts() -> None:
    clock = Clock()
    text = HEAD + b"".join(message(number, 7) for number in range(2 * MAX_PIECES))
    fed(text, clock)
    assert clock.text().count(b"event") == 2 * MAX_PIECES
    assert len(clock.written) > 2


def summary(path: Path) -> list[tuple[int, int]]:
    """Counter and time of each event; reading raises where one is damaged."""
    with RecordingReader(path) as reader:
        return [(event.counter, event.time_ns) for event in reader]


def test_what_is_written_of_a_real_recording_reads_as_the_recording(tmp_path: Path) -> None:
    source, copy = DATA / "firmware.rec.zst", tmp_path / "copy.rec"
    clock = Clock()
    with unpacking(source) as unpacker:
        assert unpacker.stdout is not None
        result = feed(unpacker.stdout, clock.write, clock.begun, clock.now, clock.sleep)
    copy.write_bytes(clock.text())
    assert summary(copy) == summary(source)
    assert result.commands == 1369
    assert result.late_s < 1e-6
    assert clock.time == pytest.approx(105.0 + result.span_s)
