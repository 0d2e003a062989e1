"""What a client sends: bytes from its transport, messages out of them, and only so many in one turn."""

from collections.abc import Mapping
from typing import Final

from gspice.server.transport import Transport
from gspice.wire.framing import FrameReader
from gspice.wire.message import Message

MESSAGES_PER_TURN: Final = 64
"""Messages before the loop gets to serve the others: some milliseconds of work, whatever they ask for."""
READS_PER_TURN: Final = 4
"""And reads, for messages so long that fewer of them are as much work."""


class Inbox:
    """Messages of one transport, in order.

    Each turn of the loop: ``begin_turn``, then ``next_message`` until None or until no more can be taken, then
    look at ``ended`` and ``waiting``.
    """

    def __init__(
        self,
        transport: Transport,
        messages: Mapping[int, type[Message]],
        *,
        mini: bool,
        max_size: int,
        leftover: bytes,
    ) -> None:
        self.bytes_in = len(leftover)
        self.ended = False
        """The client hung up, and all that it had sent was given."""
        self.waiting = False
        """The turn left something that no readiness of the socket announces: another must come by itself."""
        self._transport = transport
        self._reader = FrameReader(messages, mini=mini, max_size=max_size)
        self._reader.feed(leftover)
        self._messages_left = 0
        self._reads_left = 0

    def begin_turn(self) -> None:
        """Another turn: there is room for messages again."""
        self._messages_left = MESSAGES_PER_TURN
        self._reads_left = READS_PER_TURN
        # So it is unless ``next_message`` finds nothing more.
        self.waiting = True

    def next_message(self) -> Message | None:
        """The next message; None when none has come, or the turn is over. ProtocolError, OSError.

        The socket is read only when all messages read before were given: so no more is kept than one read
        brings, and the rest of a message that has come in part.
        """
        if not self._messages_left:
            return None
        while (message := self._reader.next_message()) is None:
            data = self._transport.receive() if self._reads_left else None
            if not data:
                self.ended = data is not None
                self.waiting = not self._reads_left and self._transport.pending
                return None
            self._reads_left -= 1
            self.bytes_in += len(data)
            self._reader.feed(data)
        self._messages_left -= 1
        return message
