"""Images, brushes and masks: what a server refuses is a bad command, and reading goes on behind it."""

import pytest

from gspice.geometry import Rect
from gspice.qxl import ops
from gspice.qxl.recording_events import RecordedCommand, RecordingError
from tests.qxl.recording_damage import changed, fault
from tests.qxl.recording_samples import AREA, BITMAP, MASK, PALETTED, PATTERN, QUIC, drawn

COPY = drawn(ops.Copy(BITMAP, AREA, 8, 0, ops.Mask()))
INDEXED = drawn(ops.Copy(PALETTED, Rect(0, 0, 3, 1), 8, 0, ops.Mask()))
SURFACE = drawn(
    ops.Copy(ops.SurfaceImage(id=5, flags=0, width=9, height=9, surface_id=4), AREA, 8, 0, ops.Mask())
)
QUICK = drawn(ops.Copy(QUIC, AREA, 8, 0, ops.Mask()))
FILL = drawn(ops.Fill(PATTERN, 8, ops.Mask()))


@pytest.mark.parametrize(
    ("drawable", "old", "new", "reason"),
    [
        (COPY, "bitmap.format 8", "bitmap.format 11", "bitmap format 11 is not known"),
        (COPY, "bitmap.format 8", "bitmap.format -1", "bitmap format 4294967295 is not known"),
        (COPY, "bitmap.x 2", "bitmap.x 0", "its size is 0x2"),
        (COPY, "bitmap.y 2", "bitmap.y -1", "its size is 2x4294967295"),
        (COPY, "bitmap.stride 8", "bitmap.stride 7", "stride 7 is less than the 8 bytes of a row"),
        (COPY, "bitmap.stride 8", "bitmap.stride 9", "16 bytes, stride times height is 18"),
        (COPY, "bitmap.stride 8", "bitmap.stride 1073741823", "is over 1073741824 bytes"),
        (INDEXED, "has_palette 1\nqp.num_ents 3\nunique 99\nents -1\nents 0\nents 1193046", "has_palette 0",
         "BIT8 bitmap without a palette"),
        (INDEXED, "bitmap.format 5", "bitmap.format 1", "3 entries, its pixels tell 2 apart"),
        (SURFACE, "surface_image.surface_id 4", "surface_image.surface_id 1024", "surface 1024, ids are below 1024"),
        (QUICK, "descriptor.width 5", "descriptor.width 0", "its size is 0x6"),
        (FILL, "type 1\ntype 2\nimage 1", "type 1\ntype 2\nimage 1", ""),
        (drawn(ops.Fill(ops.Brush(0), 8, ops.Mask())), "type 1\ntype 0", "type 1\ntype 3",
         "brush: brush type 3 is not known"),
    ],
)  # fmt: skip
def test_what_a_server_refuses(drawable: ops.Drawable, old: str, new: str, reason: str) -> None:
    if not reason:
        event = changed(drawable, (old, new))
        assert isinstance(event, RecordedCommand) and event.command == drawable
    else:
        assert reason in fault(drawable, (old, new))


def test_surfaces_need_no_size() -> None:
    event = changed(SURFACE, ("descriptor.width 9", "descriptor.width 0"))
    assert isinstance(event, RecordedCommand)


def test_an_image_may_be_direct_or_in_several_chunks() -> None:
    event = changed(
        COPY,
        ("bitmap.flags 4", "bitmap.flags 5"),
        ("data_chunks 0 16\nbinary 0 bitmap.data 16", "binary 0 image_data_flat 16"),
    )
    assert isinstance(event, RecordedCommand) and event.command == COPY
    chunks = "data_chunks 2 16\nbinary 0 bitmap.data 0:\nbinary 0 bitmap.data 0:\nbinary 0 bitmap.data 16"
    event = changed(COPY, ("data_chunks 0 16\nbinary 0 bitmap.data 16", chunks))
    assert isinstance(event, RecordedCommand) and event.command == COPY


def test_a_mask_needs_no_palette() -> None:
    masked = drawn(ops.Blackness(MASK))
    event = changed(masked)
    assert isinstance(event, RecordedCommand) and event.command == masked


@pytest.mark.parametrize(
    ("drawable", "old", "new", "reason"),
    [
        (COPY, "descriptor.type 0", "descriptor.type 105", "image type 105"),
        (COPY, "image 1", "image 2", "image: 2 is more than 1"),
        (COPY, "data_chunks 0 16", "data_chunks 0 15", "chunk of 16 bytes, 15 are left"),
        (COPY, "data_chunks 0 16", "data_chunks 2097152 16", "2097152 data chunks are more than 2097152"),
        (
            COPY,
            "data_chunks 0 16\nbinary 0 b",
            "data_chunks 0 1073741825\nbinary 0 b",
            "1073741825 bytes are more than 1073741824",
        ),
        (QUICK, "quic.data_size 9", "quic.data_size 8", "9 bytes, quic.data_size is 8"),
        (INDEXED, "qp.num_ents 3", "qp.num_ents 65536", "65536 is more than 65535"),
    ],
)
def test_what_ends_the_recording(drawable: ops.Drawable, old: str, new: str, reason: str) -> None:
    with pytest.raises(RecordingError) as failed:
        changed(drawable, (old, new))
    assert reason in str(failed.value)
