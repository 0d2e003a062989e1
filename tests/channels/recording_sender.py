"""A Sender that keeps what it is sent, and a link to go with it."""

from typing import TypeVar

from gspice.channels.base import LinkInfo
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message

M = TypeVar("M", bound=Message)


class RecordingSender:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.queued_bytes = 0
        self.blocked = False
        self.closed_with: str | None = None

    @property
    def serial(self) -> int:
        return len(self.messages)

    def send(self, message: Message) -> None:
        assert self.closed_with is None, "sent after close"
        message.serialize()  # it fits its wire form
        self.messages.append(message)

    def queue(self, message: Message) -> None:
        self.send(message)

    def flush(self, *, more: bool) -> None:
        return None

    def close(self, reason: str) -> None:
        self.closed_with = reason

    def take(self) -> list[Message]:
        """What came since the last call."""
        got, self.messages = self.messages, []
        return got

    def of(self, kind: type[M]) -> list[M]:
        """All messages of one class so far."""
        return [message for message in self.messages if isinstance(message, kind)]


def link_to(
    channel: ChannelType,
    *,
    channel_id: int = 0,
    caps: CapSet | None = None,
    local: bool = False,
    secure: bool = False,
) -> LinkInfo:
    """A link as the link stage reports it."""
    return LinkInfo(
        connection_id=0x1234,
        channel_type=channel,
        channel_id=channel_id,
        common_caps=CapSet(),
        channel_caps=caps or CapSet(),
        secure=secure,
        local=local,
        peer="test",
    )
