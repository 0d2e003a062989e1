"""Writing recordings, in the text that libspice-server's replay reads.

A recording holds what a guest draws, so pictures of everything on its screen.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import zstandard

from gspice.errors import ConfigError
from gspice.qxl.ops import Command
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    MAGIC,
    VERSION,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedPrimary,
)
from gspice.qxl.recording_text import command_parts, primary_parts

ZSTD_SUFFIX = ".zst"
ZSTD_LEVEL = 3
ZSTD_WINDOW_LOG = 26
"""64 MiB: some frames of a large screen, since the next one mostly looks like them; any zstd reads it."""


class Recorder(Protocol):
    """What a worker tells of what it receives, in order; called on its thread."""

    def command(self, command: Command, now_ns: int) -> None:
        """A command, before it is carried out; ``now_ns`` is the monotonic clock."""

    def message(self, number: int, now_ns: int, primary: RecordedPrimary | None = None) -> None:
        """A message of the host (MessageNumber), before it is handled."""

    def close(self) -> None:
        """There will be no more."""


class RecordingWriter:
    """Writes events to a file, counting them. One thread; ``close`` it, or the end is missing.

    OSError, from any call: the file cannot be written.
    """

    def __init__(self, target: Path | BinaryIO) -> None:
        """``target``: a path, compressed with zstd where it ends in ``.zst``; or a file that stays the caller's.

        ConfigError: no file can be made there.
        """
        self._closing: list[Callable[[], object]] = []
        self._counter = 0
        file = target
        if isinstance(file, Path):
            file = _create(file)
            self._closing.append(file.close)
        if isinstance(target, Path) and target.suffix == ZSTD_SUFFIX:
            options = zstandard.ZstdCompressionParameters.from_level(
                ZSTD_LEVEL, window_log=ZSTD_WINDOW_LOG, enable_ldm=True, write_checksum=True
            )
            stream = zstandard.ZstdCompressor(compression_params=options).stream_writer(file, closefd=False)
            self._closing.append(stream.close)
            self._write: Callable[[bytes], object] = stream.write
        else:
            self._write = file.write
        self._write(f"{MAGIC} {VERSION}\n".encode())

    def __enter__(self) -> "RecordingWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def command(self, command: Command, now_ns: int) -> None:
        """Write a command."""
        kind, parts = command_parts(command)
        self._event(0, kind, now_ns, parts)

    def message(self, number: int, now_ns: int, primary: RecordedPrimary | None = None) -> None:
        """Write a message; ``primary`` goes with those that make one."""
        if primary is not None and number not in CREATES_PRIMARY:
            raise ValueError(f"message {number} makes no primary surface")
        self._event(1, number, now_ns, primary_parts(primary) if primary is not None else [])

    def event(self, event: RecordedEvent) -> None:
        """Write an event of another recording, under the next number. Bad commands are left out."""
        if isinstance(event, RecordedCommand):
            self.command(event.command, event.time_ns)
        elif not isinstance(event, RecordedBadCommand):
            self.message(event.number, event.time_ns, event.primary)

    def _event(self, what: int, kind: int, now_ns: int, parts: list[bytes]) -> None:
        self._write(f"event {self._counter} {what} {kind:d} {now_ns}\n".encode())
        self._counter = self._counter + 1 & 0xFFFFFFFF
        small: list[bytes] = []
        for part in parts:
            if len(part) < COPIED_BYTES:
                small.append(part)
                continue
            self._write(b"".join(small))
            small.clear()
            self._write(part)
        if small:
            self._write(b"".join(small))

    def close(self) -> None:
        """Write what is still to be written, and close the file if it was made here."""
        while self._closing:
            self._closing.pop()()


COPIED_BYTES = 1 << 16
"""Pieces below that size are joined before they are written."""


def _create(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise ConfigError(f"{path}: cannot write a recording: {error.strerror}") from error
