"""The server's end of the link stage, sans-IO: bytes in, events to the owner of the policy out."""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gspice.errors import ProtocolError
from gspice.wire.caps import NO_CAPS, CapSet, CommonCap
from gspice.wire.link import (
    HEADER_SIZE,
    MAGIC,
    MAJOR,
    MAX_BODY_SIZE,
    MESS_SIZE,
    PUBLIC_KEY_SIZE,
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

MAX_BUFFERED: Final = HEADER_SIZE + MAX_BODY_SIZE + U32.size + TICKET_SIZE
"""Limit in bytes of what a peer may have sent ahead before it is granted its link: one whole link stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequested:
    """A client asks for a channel. The owner answers with ``accept`` or ``refuse``."""

    connection_id: int
    channel_type: int
    """Any number: the owner knows which channels there are."""
    channel_id: int
    common_caps: CapSet
    channel_caps: CapSet


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReceived:
    """The password, encrypted with the accepted link's key. The owner answers with ``grant`` or ``refuse``.

    It must decrypt even where no password is asked for.
    """

    encrypted: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFailed:
    """The peer broke the protocol: the owner sends what ``data_to_send`` still gives and disconnects."""

    code: LinkError
    reason: str
    """For the log."""
    reply_sent: bool
    """``code`` is on its way to the peer; else the connection ends in silence."""


LinkEvent = LinkRequested | TicketReceived | LinkFailed


class _State(Enum):
    HEADER = auto()
    MESS = auto()
    REQUESTED = auto()
    MECHANISM = auto()
    TICKET = auto()
    TICKET_HELD = auto()
    DONE = auto()
    OVER = auto()


class LinkServer:
    """One connection's link stage.

    The owner gives it bytes, handles its events in order, and after each step sends ``data_to_send``. When
    ``done``, ``leftover`` and all later bytes belong to the channel. When ``over``, the connection is to be
    closed once the data are sent; actions then do nothing. An action out of turn is a RuntimeError.
    """

    def __init__(self) -> None:
        self._state = _State.HEADER
        self._input = bytearray()
        self._output = bytearray()
        self._events: deque[LinkEvent] = deque()
        self._body_size = 0
        self._client_caps = NO_CAPS
        self._server_caps = NO_CAPS
        self._stages = {
            _State.HEADER: self._read_header,
            _State.MESS: self._read_mess,
            _State.MECHANISM: self._read_mechanism,
            _State.TICKET: self._read_ticket,
        }

    @property
    def done(self) -> bool:
        """The link is granted: the channel's messages follow."""
        return self._state is _State.DONE

    @property
    def over(self) -> bool:
        """The link is refused or has failed: nothing more is read."""
        return self._state is _State.OVER

    @property
    def bytes_wanted(self) -> int:
        """How many bytes the present stage still lacks; 0 while it is the owner's turn, and at the end.

        An owner that reads no more than this leaves what a hasty peer sends ahead in the socket, where
        MAX_BUFFERED does not count it.
        """
        return max(0, self._stage_size() - len(self._input))

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer, in pieces of any size; look for events next."""
        if self.over:
            return
        self._input += data
        self._advance()

    def next_event(self) -> LinkEvent | None:
        """The oldest event that was not taken yet."""
        return self._events.popleft() if self._events else None

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

    def accept(self, public_key_der: bytes, common_caps: CapSet, channel_caps: CapSet) -> None:
        """Answer LinkRequested: the client may authenticate, with a ticket for this key.

        The ticket is due at once unless both ends have AUTH_SELECTION; then the client names its mechanism
        first. AUTH_SASL must not be offered: there is no SASL exchange here, and a client that asks for it
        unoffered is refused.
        """
        if len(public_key_der) != PUBLIC_KEY_SIZE:
            raise ValueError(f"the public key has {len(public_key_der)} bytes, not {PUBLIC_KEY_SIZE}")
        if common_caps.has(CommonCap.AUTH_SASL):
            raise ValueError("AUTH_SASL cannot be offered: this link stage has no SASL exchange")
        if not self._is_turn("accept", _State.REQUESTED):
            return
        self._server_caps = common_caps
        reply = LinkReply(
            error=LinkError.OK,
            public_key=public_key_der,
            common_caps=common_caps,
            channel_caps=channel_caps,
        )
        self._output += with_header(reply.serialize())
        selects = (self._client_caps & common_caps).has(CommonCap.AUTH_SELECTION)
        self._state = _State.MECHANISM if selects else _State.TICKET
        self._advance()

    def refuse(self, code: LinkError) -> None:
        """End the link with an error code, at any time before it is granted.

        Until the link is accepted the code goes in a full reply, later as a bare number.
        """
        if code == LinkError.OK:
            raise ValueError("OK is no refusal: use grant")
        if not self._is_turn("refuse", *_BEFORE_ACCEPT, *_AFTER_ACCEPT):
            return
        self._send_refusal(code, full=self._state in _BEFORE_ACCEPT)
        self._end()

    def grant(self) -> None:
        """Answer TicketReceived: the client is in, and the channel begins."""
        if not self._is_turn("grant", _State.TICKET_HELD):
            return
        self._output += U32.pack(LinkError.OK)
        self._state = _State.DONE

    def _is_turn(self, action: str, *states: _State) -> bool:
        """False when the link is over: it may have failed behind an event that the owner answers only now."""
        if self.over:
            return False
        if self._state not in states:
            raise RuntimeError(f"{action} does not fit the link's state {self._state.name}")
        return True

    def _stage_size(self) -> int:
        """Bytes of the present stage; 0 when none are read."""
        return self._body_size if self._state is _State.MESS else _STAGE_SIZES.get(self._state, 0)

    def _advance(self) -> None:
        if self._state is _State.HEADER and bytes(self._input[: len(MAGIC)]) != MAGIC[: len(self._input)]:
            # Answered without waiting for the rest, which a peer of another protocol may never send.
            self._fail(LinkError.INVALID_MAGIC, "the connection does not begin with the SPICE magic")
        while (read := self._stages.get(self._state)) and len(self._input) >= self._stage_size():
            size = self._stage_size()
            data = bytes(self._input[:size])
            del self._input[:size]
            read(data)
        if not self.done and len(self._input) > MAX_BUFFERED:
            reason = f"{len(self._input)} bytes were sent ahead, more than a whole link stage has"
            self._fail(LinkError.INVALID_DATA, reason, reply=False)

    def _read_header(self, data: bytes) -> None:
        header = LinkHeader.parse(data)
        if header.major != MAJOR:
            # Major 0 was never a version: a peer that sends it would not understand a reply.
            reason = f"the client's protocol version is {header.major}.{header.minor}"
            self._fail(LinkError.VERSION_MISMATCH, reason, reply=header.major > 0)
        elif not MESS_SIZE <= header.size <= MAX_BODY_SIZE:
            reason = f"a link message of {header.size} bytes is not within {MESS_SIZE}..{MAX_BODY_SIZE}"
            self._fail(LinkError.INVALID_DATA, reason)
        else:
            self._body_size = header.size
            self._state = _State.MESS

    def _read_mess(self, data: bytes) -> None:
        try:
            mess = LinkMess.parse(data)
        except ProtocolError as error:
            self._fail(LinkError.INVALID_DATA, str(error))
            return
        self._client_caps = mess.common_caps
        self._state = _State.REQUESTED
        self._events.append(
            LinkRequested(
                connection_id=mess.connection_id,
                channel_type=mess.channel_type,
                channel_id=mess.channel_id,
                common_caps=mess.common_caps,
                channel_caps=mess.channel_caps,
            )
        )

    def _read_mechanism(self, data: bytes) -> None:
        (mechanism,) = U32.unpack(data)
        if mechanism == AuthMechanism.SPICE and self._server_caps.has(CommonCap.AUTH_SPICE):
            self._state = _State.TICKET
            return
        # Here alone a full reply follows the accepting one. A client that waits for the bare result reads
        # the magic as an error code, and so ends the link as it should.
        self._fail(LinkError.INVALID_DATA, f"authentication mechanism {mechanism} was not offered")

    def _read_ticket(self, data: bytes) -> None:
        self._state = _State.TICKET_HELD
        self._events.append(TicketReceived(encrypted=data))

    def _fail(self, code: LinkError, reason: str, *, reply: bool = True) -> None:
        if reply:
            self._send_refusal(code, full=True)
        self._events.append(
            LinkFailed(code=code, reason=f"{link_error_text(code)}: {reason}", reply_sent=reply)
        )
        self._end()

    def _send_refusal(self, code: LinkError, *, full: bool) -> None:
        self._output += with_header(LinkReply(error=code).serialize()) if full else U32.pack(code)

    def _end(self) -> None:
        self._state = _State.OVER
        self._input.clear()


_BEFORE_ACCEPT: Final = (_State.HEADER, _State.MESS, _State.REQUESTED)
_AFTER_ACCEPT: Final = (_State.MECHANISM, _State.TICKET, _State.TICKET_HELD)
_STAGE_SIZES: Final = {
    _State.HEADER: HEADER_SIZE,
    _State.MECHANISM: U32.size,
    _State.TICKET: TICKET_SIZE,
}
"""Bytes of the stages of a fixed size."""
