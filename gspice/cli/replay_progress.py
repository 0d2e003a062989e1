"""How far a recording is read, on a terminal: one line that is written over, without hiding the cursor."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gspice.cli.shown import printable
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedEvent

LOOK_EVENTS = 32
"""Events between two looks at how far the file is read."""
LEAST_COLUMNS = 20
"""Narrower terminals get no line."""


class ReplayProgress:
    """Pass the events through ``follow``; ``end`` before anything else is written."""

    def __init__(self, reader: RecordingReader, file: Path) -> None:
        self._reader = reader
        self._columns = shutil.get_terminal_size().columns
        self._size = _size(file) if _terminal() and self._columns >= LEAST_COLUMNS else 0
        self._label = printable(file.name)[: self._columns - 6]
        self._shown = -1

    def follow(self, events: Iterator[RecordedEvent]) -> Iterator[RecordedEvent]:
        """The same events, and every per cent told."""
        if not self._size:
            yield from events
            return
        for number, event in enumerate(events):
            if number % LOOK_EVENTS == 0:
                self._show()
            yield event
        self._show()

    def end(self) -> None:
        """Leave the line, if there is one."""
        if self._shown >= 0:
            self._shown, self._size = -1, 0
            sys.stderr.write("\n")
            sys.stderr.flush()

    def _show(self) -> None:
        if not self._size:
            return
        percent = min(100, self._reader.file_position * 100 // self._size)
        if percent != self._shown:
            self._shown = percent
            sys.stderr.write(f"\r{self._label} {percent:3}%")
            sys.stderr.flush()


def _terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _size(file: Path) -> int:
    """0 for what is no regular file: nobody knows how long a pipe is."""
    status = file.stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
