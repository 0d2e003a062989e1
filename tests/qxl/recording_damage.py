"""One command as a recording's text, changed, and read again."""

import io

from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedBadCommand, RecordedCommand, RecordedEvent
from gspice.qxl.recording_writer import RecordingWriter


def changed(command: ops.Command, *changes: tuple[str, str]) -> RecordedEvent:
    """What is read where each change's first text, which must be there, is replaced by its second."""
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        writer.command(command, 1)
        # Whatever is wrong with the first, the next must be found again.
        writer.command(ops.CursorHide(), 2)
    text = file.getvalue()
    for old, new in changes:
        assert old.encode() in text, text
        text = text.replace(old.encode(), new.encode(), 1)
    first, second = RecordingReader(io.BytesIO(text))
    assert isinstance(second, RecordedCommand) and second.command == ops.CursorHide()
    return first


def fault(command: ops.Command, *changes: tuple[str, str]) -> str:
    """Why the changed command is bad."""
    event = changed(command, *changes)
    assert isinstance(event, RecordedBadCommand), event
    return event.reason
