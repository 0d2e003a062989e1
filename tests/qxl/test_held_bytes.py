"""What commands other than drawing ones hold is counted, and drawing ones by drawable_bytes."""

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.drawable_bytes import drawable_bytes
from gspice.qxl.held_bytes import BASE_BYTES, held_bytes


def test_commands_of_every_kind() -> None:
    box = Rect(0, 0, 1, 1)
    drawn = ops.Drawable(surface_id=0, bbox=box, op=ops.Nop(), clip=(box,) * 50)
    shape = ops.CursorShape(unique=1, type=0, width=1, height=1, hot_x=0, hot_y=0, data=bytes(40))
    made = ops.SurfaceCreate(
        surface_id=1, format=SurfaceFormat.A8, width=4, height=4, stride=4, keep_data=True, data=bytes(16)
    )
    bare = ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.A8, width=4, height=4, stride=4)
    assert drawable_bytes(drawn) > 50
    for command, size in (
        (drawn, drawable_bytes(drawn)),
        (made, 16),
        (bare, 0),
        (ops.CursorSet(Point(0, 0), True, shape), 40),
        (ops.MessageCommand(b"hello"), 5),
        (ops.CursorHide(), 0),
        (ops.SurfaceDestroy(1), 0),
    ):
        assert held_bytes(command) == BASE_BYTES + size, command
