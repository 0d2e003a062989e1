"""Port channels, webdav among them: a named character device of the guest. ``vmc`` has its data."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import INT32, U8, Flag, Pointer, Text
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.PORT
    DIRECTION = Direction.TO_CLIENT


@wire
class PortInit(_ToClient):
    """The first message of the channel: the port's name, and whether the guest has it open."""

    TYPE = 201
    name: Annotated[str, Pointer(Text(INT32, limit=limits.NAME_BYTES))]
    opened: Flag


@wire
class PortEvent(_ToClient):
    """The guest opened or closed the port (PortEventType)."""

    TYPE = 202
    event: U8


@wire
class PortClientEvent(Message):
    """The client opened or closed the port, or sends a break (PortEventType)."""

    TYPE = 201
    CHANNEL = ChannelType.PORT
    DIRECTION = Direction.TO_SERVER
    event: U8
