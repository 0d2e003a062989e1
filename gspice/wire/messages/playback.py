"""The playback channel: sound to the client. Clients send nothing."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import INT8, INT16, U16, U32, Array, BulkRest, Flag
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.PLAYBACK
    DIRECTION = Direction.TO_CLIENT


@wire
class PlaybackData(_ToClient):
    """Samples in the current mode; ``time`` is the multimedia time of the first, in milliseconds."""

    TYPE = 101
    time: U32
    data: BulkRest


@wire
class PlaybackMode(_ToClient):
    """How data is encoded from now on (AudioMode)."""

    TYPE = 102
    time: U32
    mode: U16
    data: BulkRest = b""


@wire
class PlaybackStart(_ToClient):
    """Sound begins; must precede the data."""

    TYPE = 103
    channels: U32
    format: U16
    """AudioFormat"""
    frequency: U32
    """Samples a second."""
    time: U32


@wire
class PlaybackStop(_ToClient):
    """Sound ends."""

    TYPE = 104


@wire
class PlaybackVolume(_ToClient):
    """A level from 0 to 65535 for each channel of sound."""

    TYPE = 105
    volume: Annotated[tuple[int, ...], Array(INT16, INT8, limit=limits.AUDIO_CHANNELS)]


@wire
class PlaybackMute(_ToClient):
    """Mute the sound, or no longer."""

    TYPE = 106
    mute: Flag


@wire
class PlaybackLatency(_ToClient):
    """Play sound at least so many milliseconds late, so that video can keep up."""

    TYPE = 107
    latency_ms: U32
