"""A recording's text, each event at the time at which it was recorded: a process that writes for a host that reads.

``python -m bench.traffic_feeder FILE``, of text that is unpacked: the head comes at once, the events after a line on
standard input. At the end one line of JSON on standard error tells what was written, see Fed.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from gspice.qxl.recording_events import MAX_WORD

NEXT = b"e"
"""Every event begins so. Readers that end a line with a white-space directive wait for what follows it, so each
event is written with the next one's first byte."""
PADDING = b"\n" * MAX_WORD
"""Readers that want a whole word in their buffer before they look at it get one that holds no word."""
MAX_PIECES = 512
"""Pieces of one write; the system's limit is 1024."""
NS = 1e-9


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its text in pieces, images among them."""

    time_ns: int
    command: bool
    """Whether it is a command of the guest, and not a message of its host."""
    pieces: list[bytes]


@dataclass(slots=True)
class Fed:
    """What was written, and how long after its time at most an event was."""

    events: int = 0
    commands: int = 0
    span_s: float = 0.0
    late_s: float = 0.0
    begun_s: float = 0.0
    """When the first event was due, by the monotonic clock, which all processes share."""


class NoRecording(RuntimeError):
    """What is read is not the text of a recording; the message says where."""


def read_block(line: bytes, file: IO[bytes]) -> list[bytes]:
    """The rest of a raw block, of which ``line`` is the head and what it holds up to its first line end.

    A line end follows each block, so that ``line`` never holds more than that.
    """
    head, colon, _ = line.partition(b":")
    words = head.split()
    try:
        packed, size = int(words[1]), int(words[3])
        if packed:
            sizes = line[len(head) + 1 :].split(b":", 1)
            size, head, colon = int(sizes[0]), head + b":" + sizes[0], colon * (len(sizes) - 1)
    except (IndexError, ValueError):
        colon = b""
    if not colon:
        raise NoRecording(f"a block's head is {line[:80]!r}")
    left = len(head) + 1 + size + 1 - len(line)
    rest = file.read(left) if left else b""
    if len(rest) != left or not (rest or line).endswith(b"\n"):
        raise NoRecording(f"no line end after the block {head!r}")
    return [line, rest]


def events(file: IO[bytes]) -> Iterator[bytes | Event]:
    """First the head, as it is, then the events. NoRecording."""
    head = file.readline()
    if not head.startswith(b"SPICE_REPLAY "):
        raise NoRecording(f"it begins with {head[:80]!r}")
    yield head
    event: Event | None = None
    for line in file:
        if line.startswith(b"event "):
            if event is not None:
                yield event
            try:
                _, _, what, _, time_ns = line.split()
                event = Event(int(time_ns), what == b"0", [line])
            except ValueError:
                raise NoRecording(f"an event begins with {line[:80]!r}") from None
        elif event is None:
            raise NoRecording(f"before the first event there is {line[:80]!r}")
        elif line.startswith(b"binary "):
            event.pieces.extend(read_block(line, file))
        else:
            event.pieces.append(line)
    if event is not None:
        yield event


Write = Callable[[list[bytes]], None]


def feed(
    file: IO[bytes],
    write: Write,
    begun: Callable[[], None],
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Fed:
    """Write all: the head, and after ``begun`` has returned each event at its time from then on."""
    parts = events(file)
    head = next(parts)
    assert isinstance(head, bytes)
    write([head, PADDING, NEXT])
    begun()
    start, first_ns = now(), None
    fed = Fed(begun_s=start)
    waiting: list[bytes] = []
    due = start
    for event in parts:
        assert isinstance(event, Event)
        if first_ns is None:
            first_ns = event.time_ns
        fed.span_s = max(fed.span_s, (event.time_ns - first_ns) * NS)
        due = start + fed.span_s
        wait = due - now()
        # What is due already is written together.
        if wait > 0:
            write(waiting)
            waiting = []
            wait = due - now()
        if wait > 0:
            sleep(wait)
        fed.late_s = max(fed.late_s, now() - due)
        fed.events += 1
        fed.commands += event.command
        event.pieces[0] = event.pieces[0].removeprefix(NEXT)
        waiting += [*event.pieces, PADDING, NEXT]
        if len(waiting) > MAX_PIECES:
            write(waiting)
            waiting = []
    write(waiting[:-1])
    return fed


def write_all(pieces: list[bytes]) -> None:
    """To standard output. Small pieces become one: a write of many is slower than their copy."""
    small: list[bytes] = []
    for piece in pieces:
        if len(piece) < 1 << 16:
            small.append(piece)
            continue
        _write(b"".join(small))
        small = []
        _write(piece)
    _write(b"".join(small))


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(1, left) :]


def main(path: Path) -> int:
    try:
        with path.open("rb") as file:
            fed = feed(file, write_all, lambda: None if sys.stdin.readline() else sys.exit(1))
    except (NoRecording, BrokenPipeError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(fed)), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
