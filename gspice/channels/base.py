"""One client's end of one channel, sans-IO: messages and the time in, messages to a sender out."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, Protocol

from gspice.stream.client_caches import ClientCaches
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInfo:
    """What the link stage found out about the peer."""

    connection_id: int
    channel_type: ChannelType
    channel_id: int
    common_caps: CapSet
    channel_caps: CapSet
    secure: bool
    """The connection is TLS."""
    local: bool
    """The connection is a UNIX socket."""
    peer: str
    """The peer's address, for the log."""
    caches: ClientCaches | None = None
    """What the client's display channels share; None: this one shares nothing."""


class Sender(Protocol):
    """Where a channel's messages go. Nothing here blocks: what the socket does not take is queued."""

    @property
    def queued_bytes(self) -> int:
        """Bytes not yet taken by the socket, messages that wait for acknowledgements included."""

    @property
    def blocked(self) -> bool:
        """No acknowledgement came for a whole window: messages wait, and nothing but they would."""

    @property
    def serial(self) -> int:
        """Serial of the last message sent."""

    def send(self, message: Message) -> None:
        """Queue a message; order is kept."""

    def queue(self, message: Message) -> None:
        """The same for one of several: ``flush`` must follow, before the loop runs again."""

    def flush(self, *, more: bool) -> None:
        """Give the socket what it takes of what was queued. ``more``: then call ``drained`` once there is room."""

    def close(self, reason: str) -> None:
        """End the connection once what is queued has gone; the reason is logged."""


class ChannelClient(ABC):
    """Base of the channels. The connection calls; the channel answers through ``sender``.

    ``receive`` and ``start`` raise ProtocolError for what ends the connection.
    """

    TYPE: ClassVar[ChannelType]
    CAPS: ClassVar[CapSet] = CapSet()
    """Channel capabilities that the server announces in the link reply."""
    ACK_WINDOW: ClassVar[int] = 0
    """Messages a client may take before it must acknowledge; 0: this channel has no acknowledgements."""

    def __init__(self, link: LinkInfo, sender: Sender) -> None:
        self.link = link
        self.sender = sender
        self.closed = False

    def start(self, now: float) -> None:
        """The link is up: send what a client expects first."""
        return None

    def receive(self, message: Message, now: float) -> None:
        """A message of the client's; of the base messages only pongs come here, acks are the connection's."""
        return None

    def drained(self, now: float) -> None:
        """The queue has fallen so low that there is room for more."""
        return None

    def deadline(self) -> float | None:
        """When ``on_timer`` wants to be called, on the clock of ``now``; None: not at all."""
        return None

    def on_timer(self, now: float) -> None:
        return None

    def disconnected(self, now: float) -> None:
        """The connection is gone: give back what others hold for this client."""
        self.closed = True


@dataclass(slots=True)
class RoundTrip:
    """The smoothed round-trip time of one connection, in seconds; 0 until measured."""

    value: float = 0.0
    samples: int = 0

    def add(self, sample: float) -> None:
        """Take a measured round trip in (weight 1/8, as TCP does)."""
        self.value = sample if not self.samples else self.value + (sample - self.value) / 8
        self.samples += 1
