"""The client's end of the link stage, sans-IO."""

from collections.abc import Callable
from enum import Enum, auto

from gspice.errors import LinkRefused, ProtocolError
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.link import (
    HEADER_SIZE,
    MAGIC,
    MAJOR,
    MAX_BODY_SIZE,
    REPLY_SIZE,
    TICKET_SIZE,
    U32,
    AuthMechanism,
    LinkError,
    LinkHeader,
    LinkMess,
    LinkReply,
    link_error_text,
    with_header,
)


class _State(Enum):
    HEADER = auto()
    REPLY = auto()
    RESULT = auto()
    LATE_HEADER = auto()
    LATE_REPLY = auto()
    DONE = auto()


class LinkClient:
    """One connection's link stage, seen from the client.

    The owner sends ``data_to_send`` at the start and after every ``receive``. When ``done``, ``leftover``
    and all later bytes belong to the channel. ``encrypt`` turns the server's DER public key into the 128
    bytes of the encrypted ticket.
    """

    def __init__(
        self,
        connection_id: int,
        channel_type: int,
        channel_id: int,
        common_caps: CapSet,
        channel_caps: CapSet,
        encrypt: Callable[[bytes], bytes],
    ) -> None:
        self.reply: LinkReply | None = None
        """The server's accepting reply, with its capabilities; None until it came."""
        self._caps = common_caps
        self._encrypt = encrypt
        self._state = _State.HEADER
        self._input = bytearray()
        self._reply_size = 0
        self._fault: LinkRefused | ProtocolError | None = None
        mess = LinkMess(
            connection_id=connection_id,
            channel_type=channel_type,
            channel_id=channel_id,
            common_caps=common_caps,
            channel_caps=channel_caps,
        )
        self._output = bytearray(with_header(mess.serialize()))
        self._stages = {
            _State.HEADER: self._read_header,
            _State.REPLY: self._read_reply,
            _State.RESULT: self._read_result,
            _State.LATE_HEADER: self._read_header,
            _State.LATE_REPLY: self._read_reply,
        }

    @property
    def done(self) -> bool:
        """The server has let the client in: the channel's messages follow."""
        return self._state is _State.DONE

    def data_to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def leftover(self) -> bytes:
        """The bytes that came behind the link stage, handed out once; empty until ``done``."""
        if not self.done:
            return b""
        data = bytes(self._input)
        self._input.clear()
        return data

    def receive(self, data: bytes) -> None:
        """Take bytes from the server, in pieces of any size.

        LinkRefused: the server said no; its code tells why. ProtocolError: the bytes are not those of a
        link. After either the connection is to be closed, and another call raises the same again.
        """
        if self._fault is not None:
            raise self._fault
        self._input += data
        try:
            self._advance()
        except (LinkRefused, ProtocolError) as fault:
            self._fault = fault
            raise

    def _advance(self) -> None:
        while (read := self._stages.get(self._state)) and len(self._input) >= self._stage_size():
            size = self._stage_size()
            data = bytes(self._input[:size])
            if self._state is _State.RESULT and data == MAGIC:
                # The server refuses with a full reply where a bare result was due: read it as one.
                self._state = _State.LATE_HEADER
                continue
            del self._input[:size]
            read(data)

    def _stage_size(self) -> int:
        if self._state in (_State.HEADER, _State.LATE_HEADER):
            return HEADER_SIZE
        return U32.size if self._state is _State.RESULT else self._reply_size

    def _read_header(self, data: bytes) -> None:
        header = LinkHeader.parse(data)
        if header.magic != MAGIC:
            raise ProtocolError(f"the server's link begins with {header.magic!r}: it does not speak SPICE")
        if header.major != MAJOR:
            raise ProtocolError(f"the server's protocol version is {header.major}.{header.minor}")
        if not REPLY_SIZE <= header.size <= MAX_BODY_SIZE:
            raise ProtocolError(
                f"a link reply of {header.size} bytes is not within {REPLY_SIZE}..{MAX_BODY_SIZE}"
            )
        self._reply_size = header.size
        self._state = _State.REPLY if self._state is _State.HEADER else _State.LATE_REPLY

    def _read_reply(self, data: bytes) -> None:
        reply = LinkReply.parse(data)
        if reply.error != LinkError.OK:
            raise LinkRefused(reply.error, link_error_text(reply.error))
        if self._state is _State.LATE_REPLY:
            raise ProtocolError("the server accepted the link twice")
        self.reply = reply
        if (self._caps & reply.common_caps).has(CommonCap.AUTH_SELECTION):
            if not reply.common_caps.has(CommonCap.AUTH_SPICE):
                raise ProtocolError("the server does not offer to authenticate with a ticket")
            self._output += U32.pack(AuthMechanism.SPICE)
        ticket = self._encrypt(reply.public_key)
        if len(ticket) != TICKET_SIZE:
            raise ValueError(f"the encrypted ticket has {len(ticket)} bytes, not {TICKET_SIZE}")
        self._output += ticket
        self._state = _State.RESULT

    def _read_result(self, data: bytes) -> None:
        (code,) = U32.unpack(data)
        if code != LinkError.OK:
            raise LinkRefused(code, link_error_text(code))
        self._state = _State.DONE
