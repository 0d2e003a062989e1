"""The cursor of one display device as the guest set it last, and what each command changes of it."""

from enum import IntFlag

from gspice.errors import GuestError
from gspice.geometry import Point
from gspice.qxl.ops import CursorHide, CursorMove, CursorSet, CursorShape, CursorTrail
from gspice.wire.types import CursorType

CursorCommand = CursorSet | CursorMove | CursorHide | CursorTrail


class Change(IntFlag):
    """What a client has not been told yet."""

    SHAPE = 1
    PLACE = 2
    """Position, or whether it shows."""
    TRAIL = 4
    RESET = 8


def cursor_data_size(kind: int, width: int, height: int) -> int:
    """Bytes that a shape of this type and size has; GuestError for types that are none.

    Colour types are followed by a 1-bit mask, the ones with 4 and 8 bits by a palette before it.
    """
    mask = (width + 7) // 8 * height
    match kind:
        case CursorType.ALPHA:
            return width * height * 4
        case CursorType.MONO:
            return mask * 2
        case CursorType.COLOR4:
            return (width + 1) // 2 * height + 16 * 4 + mask
        case CursorType.COLOR8:
            return width * height + 256 * 4 + mask
        case CursorType.COLOR16:
            return width * height * 2 + mask
        case CursorType.COLOR24:
            return width * height * 3 + mask
        case CursorType.COLOR32:
            return width * height * 4 + mask
    raise GuestError(f"cursor type {kind} is unknown")


_NOTHING = CursorShape(unique=0, type=CursorType.ALPHA, width=1, height=1, hot_x=0, hot_y=0, data=bytes(4))
"""What stands in for a shape without pixels, which clients take for an error: one that cannot be seen."""


class CursorState:
    """The newest cursor. It belongs to the worker's thread."""

    def __init__(self) -> None:
        self.client_mouse = False
        """The client moves the pointer itself."""
        self.has_primary = False
        self.shape: CursorShape | None = None
        self.position = Point(0, 0)
        self.visible = True
        self.trail_length = 0
        self.trail_frequency = 0

    def clear(self) -> None:
        """Back to no cursor and no primary surface; the mouse mode stays."""
        self.has_primary = False
        self.shape = None
        self.position = Point(0, 0)
        self.visible = True
        self.trail_length = self.trail_frequency = 0

    def apply(self, command: CursorCommand) -> Change:
        """Take a command in; what clients are to be told of it. GuestError leaves the state as it was."""
        match command:
            case CursorSet():
                return self._set(command)
            case CursorMove():
                return self._move(command.position)
            case CursorHide():
                self.visible = False
                return Change.PLACE
            case CursorTrail():
                self.trail_length = command.length
                self.trail_frequency = command.frequency
                return Change.TRAIL

    def _set(self, command: CursorSet) -> Change:
        shape = command.shape
        if not shape.width or not shape.height:
            shape = _NOTHING
        needed = cursor_data_size(shape.type, shape.width, shape.height)
        if len(shape.data) < needed:
            raise GuestError(
                f"cursor of type {shape.type}, {shape.width}x{shape.height}, has {len(shape.data)} bytes: "
                f"it needs {needed}"
            )
        self.shape = shape
        self.position = command.position
        self.visible = command.visible
        return Change.SHAPE

    def _move(self, position: Point) -> Change:
        appears = not self.visible
        self.visible = True
        self.position = position
        # In client mode the client moves its own pointer; it has only to learn that there is one again.
        return Change.PLACE if appears or not self.client_mouse else Change(0)
