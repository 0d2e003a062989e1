"""Commands that do not draw: what a server refuses of them."""

import pytest

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import RecordedCommand, RecordingError
from tests.qxl.recording_damage import changed, fault
from tests.qxl.recording_samples import CURSOR

CREATE = ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.A8, width=3, height=2, stride=-4)
KEPT = ops.SurfaceCreate(
    surface_id=2, format=SurfaceFormat.A8, width=3, height=2, stride=-4, keep_data=True, data=b"aaaabbbb"
)
UPDATE = ops.UpdateCommand(Rect(0, 0, 5, 5), 1, 0)


@pytest.mark.parametrize(
    ("command", "old", "new", "reason"),
    [
        (CREATE, "surface_create.format 8", "surface_create.format 9", "format 9 is not known"),
        (CREATE, "surface_create.width 3", "surface_create.width 0", "its size is 0x2"),
        (CREATE, "surface_create.width 3", "surface_create.width 5", "stride -4, 5 pixels take 5 bytes"),
        (CREATE, "surface_create.height 2", "surface_create.height 2147483647", "over 1073741824"),
        (CREATE, "surface_create.stride -4", "surface_create.stride -2147483648", "over 1073741824"),
        (CREATE, "surface_id 1", "surface_id -1", "surface command: surface 4294967295"),
        (KEPT, "surface_create.stride -4", "surface_create.stride -5", "8 bytes, stride times height is 10"),
        (ops.SurfaceDestroy(1), "type 1", "type 2", "type 2 is not known"),
        (UPDATE, "rect area 0 0 5 5", "rect area 0 6 5 5", "update area"),
        (CURSOR, "header.type 0", "header.type 7", "cursor: type 7 is not known"),
        (CURSOR, "header.height 1", "header.height 2", "takes 16 bytes, data_size and chunks hold 8"),
        (CURSOR, "data_size 8", "data_size 7", "takes 8 bytes, data_size and chunks hold 7"),
        (ops.CursorHide(), "type 2", "type 4", "cursor command: type 4 is not known"),
        (ops.MessageCommand(bytes(100_000)), "100000", "0100000", ""),
        (ops.MessageCommand(bytes(100_001)), "100001", "100001", "100001 bytes are more than 100000"),
    ],
)
def test_what_a_server_refuses(command: ops.Command, old: str, new: str, reason: str) -> None:
    if reason:
        assert reason in fault(command, (old, new))
    else:
        assert isinstance(changed(command, (old, new)), RecordedCommand)


def test_surfaces_are_kept_top_down_and_recorded_as_they_lie() -> None:
    event = changed(KEPT, ("data 8:bbbbaaaa", "data 8:bbbbcccc"))
    assert isinstance(event, RecordedCommand) and isinstance(event.command, ops.SurfaceCreate)
    assert event.command.data == b"ccccbbbb"


def test_a_cursor_is_no_longer_than_its_size_says() -> None:
    event = changed(CURSOR, ("header.width 2", "header.width 1"), ("data_size 8", "data_size 4"))
    assert isinstance(event, RecordedCommand) and isinstance(event.command, ops.CursorSet)
    assert event.command.shape.data == b"pixe"


def test_too_much_cursor_ends_the_recording() -> None:
    with pytest.raises(RecordingError, match="16777217 bytes are more than 16777216"):
        changed(CURSOR, ("data_chunks 0 8", "data_chunks 0 16777217"))
