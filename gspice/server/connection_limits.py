"""What one client may cost: its largest message, how much may wait for it, and for how long."""

from dataclasses import dataclass
from typing import Final

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType

_FIELDS: Final = 64
"""Room for the fields around a message's data."""
MAX_RECEIVED: Final = {
    # The largest that a client brings to main is a migration's data: 11 pieces of the agent's, and fields.
    ChannelType.MAIN: 4096 + 11 * limits.AGENT_CHUNK_BYTES,
    ChannelType.DISPLAY: 1024,
    ChannelType.CURSOR: 1024,
    ChannelType.INPUTS: 2048,
    ChannelType.PLAYBACK: 1024,
    # A third of a second of raw sound, where clients send a hundredth at a time.
    ChannelType.RECORD: 64 * 1024,
    ChannelType.SMARTCARD: limits.SMARTCARD_BYTES + _FIELDS,
    ChannelType.USBREDIR: limits.VMC_BYTES + _FIELDS,
    ChannelType.PORT: limits.VMC_BYTES + _FIELDS,
    ChannelType.WEBDAV: limits.VMC_BYTES + _FIELDS,
}
"""Largest body that a client may send, in bytes, by channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """When a client is given up, and when a channel is told that there is room."""

    queue_bytes: int = 64 * 1024 * 1024
    """With so much unsent already, another message ends the connection: the client is too slow to be kept."""
    answers: int = 1024 * 1024
    """With so many bytes of answers unsent, a client is not heard any more until it takes some."""
    low_water: int = 64 * 1024
    """At or below this, ``ChannelClient.drained`` is called after each write."""
    stalled_s: float = 120.0
    """Without one byte taken while there are some to send, or an acknowledgement while blocked."""
    flush_s: float = 5.0
    """For the last words of a connection that is closed."""
    linger_s: float = 1.0
    """For the client to hang up, once it has them."""
