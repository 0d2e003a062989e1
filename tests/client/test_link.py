"""One channel's bytes, without a socket: against the server's own end of the link stage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.client.inputs import InputsChannel
from gspice.client.link import ChannelLink
from gspice.client.ticket import ticket_for
from gspice.errors import LinkRefused, ProtocolError
from gspice.wire.caps import CapSet, CommonCap, InputsCap
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.link import LinkError
from gspice.wire.link_server import LinkRequested, LinkServer, TicketReceived
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping, Pong, WaitForChannels
from gspice.wire.messages.inputs import InputsInit
from gspice.wire.registry import client_messages
from gspice.wire.types import ChannelWait
from tests.client.fake_server import OAEP, public_key_der, server_key

COMMON = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)


def new_link(*, mini: bool = True) -> ChannelLink:
    return ChannelLink(InputsChannel(), session_id=7, encrypt=ticket_for("pw"), mini_header=mini)


def to_server(link: ChannelLink, server: LinkServer) -> None:
    server.receive(b"".join(bytes(piece) for piece in link.data_to_send()))


def do_link(link: ChannelLink, *, server_caps: CapSet = COMMON) -> LinkServer:
    """The link stage, up to and without the last word of the server's."""
    server = LinkServer()
    to_server(link, server)
    event = server.next_event()
    assert isinstance(event, LinkRequested)
    assert (event.connection_id, event.channel_type, event.channel_id) == (7, 3, 0)
    assert not link.answered
    server.accept(public_key_der(), server_caps, CapSet.of(InputsCap.KEY_SCANCODE))
    link.receive(server.data_to_send())
    assert link.answered
    to_server(link, server)
    ticket = server.next_event()
    assert isinstance(ticket, TicketReceived)
    assert server_key().decrypt(ticket.encrypted, OAEP) == b"pw\0"
    assert not link.linked
    return server


def framed(writer: FrameWriter, *messages: Message) -> bytes:
    return b"".join(bytes(piece) for message in messages for piece in writer.encode(message))


@pytest.mark.parametrize("client_mini", [False, True])
@pytest.mark.parametrize("server_mini", [False, True])
def test_messages_flow_after_the_link_in_headers_that_both_know(client_mini: bool, server_mini: bool) -> None:
    link = new_link(mini=client_mini)
    caps = COMMON if server_mini else CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE)
    server = do_link(link, server_caps=caps)
    server.grant()
    mini = client_mini and server_mini
    # what the channel begins with may come with the last word of the link stage
    link.receive(
        server.data_to_send()
        + framed(FrameWriter(mini=mini), InputsInit(modifiers=6), Ping(id=1, timestamp=2))
    )
    assert link.linked
    channel = link.channel
    assert isinstance(channel, InputsChannel)
    assert channel.up
    assert channel.server_caps.has(InputsCap.KEY_SCANCODE)
    assert channel.modifiers == 6
    reader = FrameReader(client_messages(3), mini=mini, max_size=1000)
    for piece in link.data_to_send():
        reader.feed(piece)
    assert reader.next_message() == Pong(id=1, timestamp=2)
    assert link.data_to_send() == []


@given(st.integers(1, 40))
def test_bytes_may_come_in_any_pieces(size: int) -> None:
    link = new_link()
    server = do_link(link)
    server.grant()
    data = server.data_to_send() + framed(FrameWriter(mini=True), *[InputsInit(modifiers=5)] * 3)
    for start in range(0, len(data), size):
        link.receive(data[start : start + size])
    assert isinstance(link.channel, InputsChannel)
    assert link.channel.modifiers == 5


def test_a_refusal_is_raised() -> None:
    link = new_link()
    server = do_link(link)
    server.refuse(LinkError.PERMISSION_DENIED)
    with pytest.raises(LinkRefused) as caught:
        link.receive(server.data_to_send())
    assert caught.value.code == LinkError.PERMISSION_DENIED


@pytest.mark.parametrize(
    "junk", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"RFB 003.008\n\0\0\0\0\0", bytes(300)]
)
def test_what_is_no_spice_is_a_protocol_error(junk: bytes) -> None:
    with pytest.raises(ProtocolError):
        new_link().receive(junk)


@given(st.binary(max_size=200))
def test_random_messages_raise_nothing_but_protocol_errors(junk: bytes) -> None:
    link = new_link()
    server = do_link(link)
    server.grant()
    link.receive(server.data_to_send())
    try:
        link.receive(junk)
    except ProtocolError:
        return
    assert len(junk) < 2000


def test_long_messages_are_refused_at_their_header() -> None:
    link = new_link()
    server = do_link(link)
    server.grant()
    link.receive(server.data_to_send())
    with pytest.raises(ProtocolError, match="longer than"):
        link.receive(b"\4\0" + (InputsChannel.MAX_MESSAGE + 1).to_bytes(4, "little"))


def test_a_channel_that_waits_gets_nothing_more_until_it_need_not() -> None:
    link, other = new_link(), InputsChannel(1)
    link.channel.peer = lambda channel_type, number: other
    server = do_link(link)
    server.grant()
    link.receive(server.data_to_send())
    writer = FrameWriter(mini=True)
    wait = WaitForChannels(waits=(ChannelWait(channel_type=3, channel_id=1, message_serial=1),))
    link.receive(framed(writer, wait, Ping(id=1, timestamp=2)))
    assert link.channel.take_output() == []
    link.receive(framed(writer, Ping(id=2, timestamp=2)))
    assert link.channel.take_output() == []
    other.receive(InputsInit(modifiers=0), 1)
    link.resume()
    assert [pong.id for pong in link.channel.take_output() if isinstance(pong, Pong)] == [1, 2]


def test_what_comes_for_a_channel_that_waits_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gspice.client.link.MAX_WAITING_BYTES", 1000)
    link = new_link()
    link.channel.peer = lambda channel_type, number: InputsChannel(1)
    server = do_link(link)
    server.grant()
    link.receive(server.data_to_send())
    writer = FrameWriter(mini=True)
    wait = WaitForChannels(waits=(ChannelWait(channel_type=3, channel_id=1, message_serial=1),))
    for _ in range(3):
        link.receive(framed(writer, Ping(id=1, timestamp=2, data=bytes(600))))
    link.receive(framed(writer, wait))
    link.receive(framed(writer, Ping(id=1, timestamp=2, data=bytes(600))))
    with pytest.raises(ProtocolError, match="waits for another"):
        link.receive(framed(writer, Ping(id=1, timestamp=2, data=bytes(600))))
