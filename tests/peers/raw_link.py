"""A client that says only what a test tells it to: the link stage over a real socket, and raw bytes after it."""

import socket
import time

from gspice.client.ticket import ticket_for
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.link_client import LinkClient
from gspice.wire.message import Message
from gspice.wire.registry import server_messages

COMMON = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
MAX_MESSAGE = 64 << 20


class RawChannel:
    """One linked channel."""

    def __init__(
        self,
        port: int,
        channel_type: ChannelType,
        connection_id: int = 0,
        *,
        password: str = "",
        channel_id: int = 0,
        caps: CapSet | None = None,
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        link = LinkClient(
            connection_id, channel_type, channel_id, COMMON, caps or CapSet(), ticket_for(password)
        )
        while not link.done:
            if data := link.data_to_send():
                self.socket.sendall(data)
                continue
            data = self.socket.recv(4096)
            if not data:
                raise ConnectionError("closed in the link stage")
            link.receive(data)
        self._reader = FrameReader(server_messages(channel_type), mini=True, max_size=MAX_MESSAGE)
        self._reader.feed(link.leftover())
        self._writer = FrameWriter(mini=True)

    def send(self, message: Message) -> None:
        self.socket.sendall(b"".join(self._writer.encode(message)))

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self, timeout: float = 10.0) -> Message | None:
        """The next message; None when the server has closed. TimeoutError."""
        end = time.monotonic() + timeout
        while (message := self._reader.next_message()) is None:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._reader.feed(data)
        return message

    def receive_type(self, kind: type[Message], timeout: float = 10.0) -> Message:
        """The next message of a type; others are passed over."""
        end = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.001, end - time.monotonic()))
            if message is None:
                raise ConnectionError(f"closed before {kind.__name__}")
            if isinstance(message, kind):
                return message

    def wait_closed(self, timeout: float = 10.0) -> bool:
        """Whether the server closes the connection in time."""
        end = time.monotonic() + timeout
        try:
            while self.receive(max(0.001, end - time.monotonic())) is not None:
                pass
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self.socket.close()
