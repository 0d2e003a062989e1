"""What a server has counted, as values that nobody changes any more: so they may cross from thread to thread.

Times are seconds, sizes bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gspice.channels.display_client import DisplayChannelClient
from gspice.server.connection import Connection
from gspice.stream.statistics import DamageNumbers, DisplayNumbers
from gspice.wire.channel_types import ChannelType


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNumbers:
    """One connection of one client."""

    connection_id: int
    """Names the client; never shown: who knows it can join that client."""
    channel_type: ChannelType
    channel_id: int
    received_bytes: int
    """SPICE's own bytes, both ways: after the link stage, before TLS."""
    sent_bytes: int
    """What the socket has taken."""
    queue_bytes: int
    round_trip: float | None
    """None: it is not measured on this channel, or not yet."""
    display: DisplayNumbers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNumbers:
    """One QXL device and its worker."""

    qxl_id: int
    canvas: str
    """The canvas that draws: cpu, opengl or vulkan; empty: it could not be made, or is not there yet."""
    canvas_device: str = ""
    commands: Mapping[str, int] = field(default_factory=dict)
    """As ``CommandReader.counters`` has them."""
    damage: DamageNumbers = field(default_factory=DamageNumbers)
    channels: tuple[ChannelNumbers, ...] = ()

    @property
    def settled(self) -> bool:
        """Nothing is on its way to any client."""
        return not any(
            channel.queue_bytes or (channel.display is not None and channel.display.under_way)
            for channel in self.channels
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderNumbers:
    """The threads that pack images."""

    threads: int = 0
    queued: int = 0
    """Jobs that no thread has taken yet."""
    jobs: int = 0
    """Done."""
    wait: float = 0.0
    """Seconds that these have stood in the queue, together."""
    busy: float = 0.0
    """Seconds that they took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNumbers:
    """One client."""

    number: int
    """Counted from 1 in the order in which clients came."""
    peer: str
    secure: bool
    channels: tuple[ChannelNumbers, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNumbers:
    """All of it. Channels that belong to no client that is still there are left out."""

    clients: tuple[ClientNumbers, ...] = ()
    devices: tuple[DeviceNumbers, ...] = ()
    encoders: EncoderNumbers = field(default_factory=EncoderNumbers)


def channel_numbers(connection: Connection) -> ChannelNumbers:
    """How a connection stands. Call it on its owner's thread."""
    channel = connection.channel
    display = channel.numbers() if isinstance(channel, DisplayChannelClient) else None
    measured = connection.round_trip
    round_trip = measured.value if measured.samples else None
    return ChannelNumbers(
        connection_id=connection.link.connection_id,
        channel_type=connection.link.channel_type,
        channel_id=connection.link.channel_id,
        received_bytes=connection.bytes_in,
        sent_bytes=connection.bytes_out,
        queue_bytes=connection.queued_bytes,
        # The pings of displays stand in the queue behind whole frames; the window knows the road alone.
        round_trip=display.round_trip if display is not None else round_trip,
        display=display,
    )


def by_client(channels: Iterable[ChannelNumbers]) -> dict[int, list[ChannelNumbers]]:
    """The channels of each client, by its connection id."""
    found: dict[int, list[ChannelNumbers]] = {}
    for channel in channels:
        found.setdefault(channel.connection_id, []).append(channel)
    return found
