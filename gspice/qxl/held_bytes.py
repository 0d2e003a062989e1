"""How much memory a command holds on to, so that what waits for its turn can be bounded."""

from gspice.qxl import ops
from gspice.qxl.drawable_bytes import drawable_bytes

BASE_BYTES = 512
"""A command with nothing but numbers."""


def held_bytes(value: ops.Command) -> int:
    """Bytes that live as long as the command does. Pixels are counted exactly, small values about."""
    match value:
        case ops.Drawable():
            return BASE_BYTES + drawable_bytes(value)
        case ops.SurfaceCreate(data=bytes() as data):
            return BASE_BYTES + len(data)
        case ops.CursorSet():
            return BASE_BYTES + len(value.shape.data)
        case ops.MessageCommand():
            return BASE_BYTES + len(value.text)
    return BASE_BYTES
