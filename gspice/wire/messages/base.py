"""The messages that every channel has, numbers 1 to 100."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.buffer import BodyReader
from gspice.wire.fields import INT8, INT16, INT32, U16, U32, U64, Array, Blob, BulkRest, Pointer, Rest, Text
from gspice.wire.message import BASE_CHANNEL, Direction, Message, Nested, Struct, plan_of, wire
from gspice.wire.types import ChannelWait


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = BASE_CHANNEL
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = BASE_CHANNEL
    DIRECTION = Direction.TO_SERVER


# -- server to client --------------------------------------------------------------------------------------


@wire
class Migrate(_ToClient):
    """The channel moves to another server; with NEED_FLUSH the client answers MigrateFlushMark."""

    TYPE = 1
    flags: U32
    """MigrateFlags"""


@wire
class MigrateData(_ToClient):
    """The channel's state, for the client to carry to the new server; the very next message after Migrate."""

    TYPE = 2
    data: BulkRest


@wire
class SetAck(_ToClient):
    """From now on the client answers with AckSync and then an Ack each ``window`` messages."""

    TYPE = 3
    generation: U32
    window: U32


@wire
class Ping(_ToClient):
    """The client answers Pong with the same id and timestamp; ``data`` only fills the line."""

    TYPE = 4
    id: U32
    timestamp: U64
    data: BulkRest = b""


@wire
class WaitForChannels(_ToClient):
    """The client handles nothing more on this channel until others have come that far."""

    TYPE = 5
    waits: Annotated[tuple[ChannelWait, ...], Array(Nested(ChannelWait), INT8, limit=limits.WAIT_CHANNELS)]


@wire
class Disconnecting(_ToClient):
    """The server is about to close; ``reason`` is an error code of the link stage."""

    TYPE = 6
    timestamp: U64
    reason: U32


@wire
class Notify(_ToClient):
    """A line for the person at the client."""

    TYPE = 7
    timestamp: U64
    severity: U32
    """NotifySeverity"""
    visibility: U32
    """NotifyVisibility"""
    what: U32 = 0
    """A code whose meaning depends on the severity."""
    message: Annotated[str, Text(INT32, limit=limits.NOTIFY_BYTES, nul_uncounted=True)]


@wire
class SubMessage(Struct):
    """A message inside another: number and body."""

    type: U16
    data: Annotated[bytes | memoryview, Blob(INT32, limit=limits.BODY)]


@wire
class SubList(_ToClient):
    """Messages to handle in this order, before the message that carries them (here: as one message)."""

    TYPE = 8
    messages: Annotated[
        tuple[SubMessage, ...], Array(Pointer(Nested(SubMessage)), INT16, limit=limits.SUB_MESSAGES)
    ]


def read_sub_list(body: bytes | bytearray | memoryview, offset: int) -> tuple[tuple[SubMessage, ...], int]:
    """The sub-messages that a full header's sub_list points to, and where the first byte of theirs lies.

    What precedes that byte is the body of the carrying message. ProtocolError for bytes that are no sub-list.
    """
    start = BodyReader(body).at(offset)
    first = offset
    offsets = start.at(offset)
    for _ in range(offsets.u16("sub-message count")):
        first = min(first, offsets.u32("sub-message offset"))
    messages: tuple[SubMessage, ...] = plan_of(SubList).read(start, {}).messages
    start.cover(offset)
    return messages, first


# -- client to server --------------------------------------------------------------------------------------


@wire
class AckSync(_ToServer):
    """The client has seen the SetAck of that generation: acknowledgements before it count for nothing."""

    TYPE = 1
    generation: U32


@wire
class Ack(_ToServer):
    """One more window of messages has been handled."""

    TYPE = 2


@wire
class Pong(_ToServer):
    """The answer to a Ping."""

    TYPE = 3
    id: U32
    timestamp: U64


@wire
class MigrateFlushMark(_ToServer):
    """Nothing more of the client's is on its way to the old server."""

    TYPE = 4


@wire
class ClientMigrateData(_ToServer):
    """The channel's state, carried to this server by the client: as little to be trusted as anything else."""

    TYPE = 5
    data: Rest


@wire
class ClientDisconnecting(_ToServer):
    """The client is about to close."""

    TYPE = 6
    timestamp: U64
    reason: U32
