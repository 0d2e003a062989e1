"""The record channel: sound from the client."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import INT8, INT16, U16, U32, Array, Flag, Rest
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.RECORD
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.RECORD
    DIRECTION = Direction.TO_SERVER


# -- server to client --------------------------------------------------------------------------------------


@wire
class RecordStart(_ToClient):
    """Begin to record; the client answers RecordStartMark and RecordMode."""

    TYPE = 101
    channels: U32
    format: U16
    """AudioFormat"""
    frequency: U32
    """Samples a second."""


@wire
class RecordStop(_ToClient):
    """Stop recording."""

    TYPE = 102


@wire
class RecordVolume(_ToClient):
    """A level from 0 to 65535 for each channel of sound."""

    TYPE = 103
    volume: Annotated[tuple[int, ...], Array(INT16, INT8, limit=limits.AUDIO_CHANNELS)]


@wire
class RecordMute(_ToClient):
    """Mute the microphone, or no longer."""

    TYPE = 104
    mute: Flag


# -- client to server --------------------------------------------------------------------------------------


@wire
class RecordData(_ToServer):
    """Samples in the current mode."""

    TYPE = 101
    time: U32
    data: Rest


@wire
class RecordMode(_ToServer):
    """How data is encoded from now on (AudioMode)."""

    TYPE = 102
    time: U32
    mode: U16
    data: Rest = b""


@wire
class RecordStartMark(_ToServer):
    """The time at which recording began."""

    TYPE = 103
    time: U32
