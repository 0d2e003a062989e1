"""Files that hold what was told, and what libspice-server's own recordings hold, byte for byte."""

import io
import re
from pathlib import Path

import pytest
import zstandard

from gspice.errors import ConfigError
from gspice.geometry import Point
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import MessageNumber, RecordedBadCommand, RecordedMessage, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter
from tests.qxl.recording_samples import BITMAP, EVERYTHING, drawn

DATA = Path(__file__).parent.parent / "data"
MOVE = ops.CursorMove(Point(1, 2))
MOVE_TEXT = b"cursor_cmd\ntype 1\npoint16 1 2\n"


def test_events_are_counted() -> None:
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        writer.message(MessageNumber.START, 5)
        writer.command(MOVE, 1 << 63)
    assert file.getvalue() == (
        b"SPICE_REPLAY 1\nevent 0 1 8 5\nevent 1 0 3 9223372036854775808\n" + MOVE_TEXT
    )


def test_events_of_another_recording_are_counted_anew() -> None:
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        writer.event(RecordedBadCommand(7, 1, 8, "bad"))
        writer.event(RecordedMessage(9, 2, 10))
    assert file.getvalue() == b"SPICE_REPLAY 1\nevent 0 1 2 10\n"


def test_only_messages_that_make_a_primary_have_one() -> None:
    primary = RecordedPrimary(width=1, height=1, stride=4, format=32, data=bytes(4))
    with pytest.raises(ValueError, match="message 2 makes no primary"):
        RecordingWriter(io.BytesIO()).message(2, 0, primary)


@pytest.mark.parametrize("name", ["a.rec", "a.rec.zst"])
def test_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with RecordingWriter(path) as writer:
        for command in EVERYTHING:
            writer.command(command, 1)
    packed = path.read_bytes().startswith(b"\x28\xb5\x2f\xfd")
    assert packed == (path.suffix == ".zst")
    with RecordingReader(path) as reader:
        assert [getattr(event, "command", None) for event in reader] == list(EVERYTHING)
    if packed:
        # zstd takes no larger window without being asked to.
        assert zstandard.get_frame_parameters(path.read_bytes()).window_size <= 1 << 27


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write a recording: Is a directory"):
        RecordingWriter(tmp_path)


def test_large_pixels_are_written_in_one_piece() -> None:
    pieces: list[bytes] = []

    class File(io.BytesIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            pieces.append(data)
            return len(data)

    pixels = bytes(1 << 20)
    image = ops.BitmapImage(
        id=1, flags=0, width=512, height=512, format=BITMAP.format, top_down=True, stride=2048, data=pixels
    )
    RecordingWriter(File()).command(drawn(ops.Copy(image, drawn(ops.Nop()).bbox, 8, 0, ops.Mask())), 0)
    assert any(piece is pixels for piece in pieces)


def test_what_the_format_determines_is_written_byte_for_byte() -> None:
    name = DATA / "qxl-xorg.rec.zst"
    original = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(name.open("rb")).read()
    file = io.BytesIO()
    with RecordingReader(name) as reader, RecordingWriter(file) as writer:
        for event in reader:
            writer.event(event)
    copy = file.getvalue()
    # Images in one piece (DIRECT), or in several chunks, are written as one chunk; and what a guest left in fields
    # that it does not use is not kept.
    direct = rb"(bitmap\.flags )([57])((?:\n[a-z_.]+ -?\d+)+\n)binary 0 image_data_flat (\d+):"
    as_chunk = re.sub(
        direct,
        lambda m: (
            b"%s%d%sdata_chunks 0 %s\nbinary 0 bitmap.data %s:" % (m[1], int(m[2]) - 1, m[3], m[4], m[4])
        ),
        original,
    )
    as_chunk = re.sub(
        rb"(surfaces_dest -1\nrect surfaces_rects) -?\d+ -?\d+ -?\d+ -?\d+\n", rb"\1 0 0 0 0\n", as_chunk
    )
    own = rb"(surface_id (\d+)\nsurfaces_dest .*\n.*\n)surfaces_dest \2\nrect .*\n"
    as_chunk = re.sub(own, rb"\1surfaces_dest -1\nrect surfaces_rects 0 0 0 0\n", as_chunk)
    as_chunk = re.sub(rb"(descriptor\.flags )(\d+)\n", lambda m: b"%s%d\n" % (m[1], int(m[2]) & 3), as_chunk)
    assert joined(as_chunk) == copy


def joined(text: bytes) -> bytes:
    """The text with all chunks of a block joined to one."""
    out: list[bytes] = []
    at = 0
    for head in re.finditer(rb"data_chunks ([1-9]\d*) (\d+)\nbinary 0 ([a-z.]+) ", text):
        if head.start() < at:
            continue  # it only looks like one, inside of pixels
        more, total, name = int(head[1]), head[2], head[3]
        out += (text[at : head.start()], b"data_chunks 0 %s\nbinary 0 %s %s:" % (total, name, total))
        at = head.start() + text[head.start() :].index(b"\n") + 1
        for _ in range(more + 1):
            block = re.compile(rb"binary 0 %s (\d+):" % re.escape(name)).match(text, at)
            assert block is not None
            out.append(text[block.end() : block.end() + int(block[1])])
            at = block.end() + int(block[1]) + 1
        out.append(b"\n")
    return b"".join([*out, text[at:]])
