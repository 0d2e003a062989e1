"""The smartcard channel: messages of the virtual smartcard protocol, little endian here."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import INT32, U32, Blob
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.SMARTCARD
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.SMARTCARD
    DIRECTION = Direction.TO_SERVER


@wire
class SmartcardData(_ToClient):
    """A message to a reader at the client."""

    TYPE = 101
    type: U32
    """SmartcardMessageType"""
    reader_id: U32
    data: Annotated[bytes | memoryview, Blob(INT32, limit=limits.SMARTCARD_BYTES)]


@wire
class SmartcardClientData(_ToServer):
    """A message of a reader at the client."""

    TYPE = 101
    type: U32
    """SmartcardMessageType"""
    reader_id: U32
    data: Annotated[bytes, Blob(INT32, limit=limits.SMARTCARD_BYTES)]
