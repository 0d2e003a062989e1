"""What every channel has at the client's end, sans-IO: pings, acknowledgements, the server's last words."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from gspice.client.errors import quoted
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import MigrateFlags
from gspice.wire.link import link_error_text
from gspice.wire.message import Message
from gspice.wire.messages.base import (
    Ack,
    AckSync,
    Disconnecting,
    Migrate,
    MigrateData,
    MigrateFlushMark,
    Notify,
    Ping,
    Pong,
    SetAck,
    WaitForChannels,
)
from gspice.wire.types import ChannelWait

MAX_NOTICES = 16
"""Notices kept; of more only the newest."""

Handlers = dict[type[Message], Callable[[Any, Any], None]]


class ClientChannel:
    """Base of the channels. The driver calls ``start`` once the link is up and ``receive`` for each message,
    and sends what ``take_output`` gives after either. Ahead of each message it calls ``resume``, and as long as that
    is false, once more whenever another channel has handled something.

    ``receive`` raises ProtocolError for what a server must not send: the connection is then to be closed.
    """

    TYPE: ClassVar[ChannelType]
    CAPS: ClassVar[CapSet] = CapSet()
    """Channel capabilities that this client announces, unless ``caps`` are others."""
    MAX_MESSAGE: ClassVar[int] = 4 << 20
    """Limit of a message body in bytes."""
    HANDLERS: ClassVar[Handlers] = {}

    def __init__(self, channel_id: int = 0) -> None:
        self.channel_id = channel_id
        self.caps = self.CAPS
        self.up = False
        """The link stage is over."""
        self.server_caps = CapSet()
        self.handled = 0
        """Serial of the last message that was handled."""
        self.received_bytes = 0
        """So far, of the link stage too."""
        self.peer: Callable[[int, int], ClientChannel | None] = lambda channel_type, channel_id: None
        """The session's other channels, by type and id: what it may have to wait for."""
        self.notices: deque[str] = deque(maxlen=MAX_NOTICES)
        """Lines that the server had for the user, the newest last."""
        self._leaving: str | None = None
        self._output: list[Message] = []
        self._ack_window = 0
        self._acked = 0
        """Serial up to which messages are acknowledged."""
        self._held: tuple[Message, int] | None = None
        """A message that waits for other channels, and its serial."""

    @property
    def name(self) -> str:
        """The channel as the user is told of it."""
        return f"{self.TYPE.name.lower()} channel" + (f" {self.channel_id}" if self.channel_id else "")

    @property
    def last_words(self) -> str:
        """Why the server hangs up, as far as it said so; else empty."""
        if self._leaving is None:
            return ""
        return self.notices[-1] if self.notices else self._leaving

    def start(self, server_caps: CapSet) -> None:
        """The link is up: say what a server waits for."""
        self.server_caps = server_caps
        self.up = True

    def receive(self, message: Message, serial: int) -> None:
        """A message of the server's; ``serial`` is that of the top-level message it came in."""
        self._held = message, serial
        self.resume()

    def resume(self) -> bool:
        """Handle the message that waits for other channels, if it need not any more; whether none waits."""
        if self._held is None:
            return True
        message, serial = self._held
        if not all(self._come(wait) for wait in self._waits_of(message)):
            return False
        self._held = None
        self._handle(message, serial)
        self.handled = serial
        return True

    def _come(self, wait: ChannelWait) -> bool:
        # What is not there, or never was, cannot be waited for.
        peer = self.peer(wait.channel_type, wait.channel_id)
        return peer is None or peer is self or peer.handled >= wait.message_serial

    def _waits_of(self, message: Message) -> Sequence[ChannelWait]:
        """What must have been handled elsewhere before this is."""
        return message.waits if isinstance(message, WaitForChannels) else ()

    def _handle(self, message: Message, serial: int) -> None:
        handler = self.HANDLERS.get(type(message)) or _BASE_HANDLERS.get(type(message))
        if handler is None:
            raise ProtocolError(f"{message.NAME} came without anything that asked for it")
        if isinstance(message, SetAck):
            self._acked = serial
        handler(self, message)
        while self._ack_window and serial - self._acked >= self._ack_window:
            self._acked += self._ack_window
            self.send(Ack())

    def send(self, message: Message) -> None:
        """Queue a message for the server."""
        self._output.append(message)

    def take_output(self) -> list[Message]:
        """What is to be sent now; handed out once."""
        output, self._output = self._output, []
        return output

    def _on_set_ack(self, message: SetAck) -> None:
        self._ack_window = message.window
        self.send(AckSync(generation=message.generation))

    def _on_ping(self, message: Ping) -> None:
        self.send(Pong(id=message.id, timestamp=message.timestamp))

    def _on_notify(self, message: Notify) -> None:
        self.notices.append(quoted(message.message))

    def _on_disconnecting(self, message: Disconnecting) -> None:
        self._leaving = link_error_text(message.reason) if message.reason else ""

    def _on_migrate(self, message: Migrate) -> None:
        if message.flags & MigrateFlags.NEED_FLUSH:
            self.send(MigrateFlushMark())

    def _on_ignored(self, message: Message) -> None:
        return None


_BASE_HANDLERS: Handlers = {
    SetAck: ClientChannel._on_set_ack,
    Ping: ClientChannel._on_ping,
    Notify: ClientChannel._on_notify,
    Disconnecting: ClientChannel._on_disconnecting,
    Migrate: ClientChannel._on_migrate,
    MigrateData: ClientChannel._on_ignored,
    WaitForChannels: ClientChannel._on_ignored,
}
