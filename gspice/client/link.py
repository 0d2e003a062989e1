"""One channel's connection without its socket: the link stage first, then framed messages, both ways."""

from collections.abc import Callable

from gspice.client.channel import ClientChannel
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.link_client import LinkClient
from gspice.wire.registry import server_messages

_AUTH = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE)
_MINI = CapSet.of(CommonCap.MINI_HEADER)
MAX_WAITING_BYTES = 64 << 20
"""What may come for a channel that waits for another: servers send no more than two windows of messages ahead."""


class ChannelLink:
    """Bytes from the server in, bytes for it out, and a channel that lives between.

    The owner sends ``data_to_send`` at the start, after every ``receive``, and when the channel has something
    to say. ``mini_header``: whether this client offers short message headers.
    """

    def __init__(
        self,
        channel: ClientChannel,
        *,
        session_id: int,
        encrypt: Callable[[bytes], bytes],
        mini_header: bool = True,
    ) -> None:
        self.channel = channel
        self._common_caps = _AUTH | _MINI if mini_header else _AUTH
        self._link = LinkClient(
            session_id, channel.TYPE, channel.channel_id, self._common_caps, channel.caps, encrypt
        )
        self._reader: FrameReader | None = None
        self._waiting_bytes = 0
        """What came since the channel began to wait."""
        self._writer = FrameWriter(mini=False)

    @property
    def answered(self) -> bool:
        """The server has accepted the link message: there is a SPICE server, and it has this channel."""
        return self._link.reply is not None

    @property
    def linked(self) -> bool:
        """The link stage is over: messages flow."""
        return self._reader is not None

    def receive(self, data: bytes) -> None:
        """Take bytes of the server's, in pieces of any size.

        LinkRefused, ProtocolError: the connection is to be closed.
        """
        self.channel.received_bytes += len(data)
        if self._reader is None:
            self._link.receive(data)
            if not self._link.done:
                return
            self._begin()
            data = self._link.leftover()
        reader = self._reader
        assert reader is not None
        reader.feed(data)
        self._waiting_bytes += len(data)
        self.resume()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            raise ProtocolError(
                f"{self._waiting_bytes} bytes came while the {self.channel.name} waits for another"
            )

    def resume(self) -> None:
        """Let the channel handle what has come; call it after other channels have handled something."""
        reader = self._reader
        if reader is None:
            return
        while self.channel.resume():
            self._waiting_bytes = 0
            message = reader.next_message()
            if message is None:
                return
            self.channel.receive(message, reader.serial)

    def data_to_send(self) -> list[bytes | memoryview]:
        """What is to be sent now; it is handed out once."""
        pieces: list[bytes | memoryview] = [self._link.data_to_send()]
        if self.linked:
            for message in self.channel.take_output():
                pieces += self._writer.encode(message)
        return [piece for piece in pieces if piece]

    def _begin(self) -> None:
        reply = self._link.reply
        assert reply is not None
        mini = (self._common_caps & reply.common_caps).has(CommonCap.MINI_HEADER)
        self._writer = FrameWriter(mini=mini)
        messages = server_messages(self.channel.TYPE)
        self._reader = FrameReader(messages, mini=mini, max_size=self.channel.MAX_MESSAGE)
        self.channel.start(reply.channel_caps)
