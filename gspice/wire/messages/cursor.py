"""The cursor channel: the pointer's shape, and its position in server mouse mode. Clients send nothing."""

from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import U16, U64, Flag, WirePoint16
from gspice.wire.message import Direction, Message, wire
from gspice.wire.types import Cursor


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.CURSOR
    DIRECTION = Direction.TO_CLIENT


@wire
class CursorInit(_ToClient):
    """The cursor as it is; exactly one between two CursorResets, and nothing shows before it."""

    TYPE = 101
    position: WirePoint16
    trail_length: U16 = 0
    trail_frequency: U16 = 0
    visible: Flag
    cursor: Cursor


@wire
class CursorReset(_ToClient):
    """Forget the cursor and the cache, until the next CursorInit."""

    TYPE = 102


@wire
class CursorSet(_ToClient):
    """A new shape."""

    TYPE = 103
    position: WirePoint16
    visible: Flag
    cursor: Cursor


@wire
class CursorMove(_ToClient):
    """The guest moved the pointer; shows it if it was hidden."""

    TYPE = 104
    position: WirePoint16


@wire
class CursorHide(_ToClient):
    """Hide the pointer."""

    TYPE = 105


@wire
class CursorTrail(_ToClient):
    """How many old positions stay visible, and for how long."""

    TYPE = 106
    length: U16
    frequency: U16


@wire
class CursorInvalOne(_ToClient):
    """Drop that cursor from the cache."""

    TYPE = 107
    id: U64


@wire
class CursorInvalAll(_ToClient):
    """Drop all cursors from the cache."""

    TYPE = 108
