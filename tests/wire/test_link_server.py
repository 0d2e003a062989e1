"""The server's end of the link stage, fed by hand."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.link import LinkError
from gspice.wire.link_server import (
    MAX_BUFFERED,
    LinkEvent,
    LinkFailed,
    LinkRequested,
    LinkServer,
    TicketReceived,
)
from tests.wire.link_vectors import LINK_VECTORS, header, link, mess

KEY = bytes(range(162))
TICKET = bytes(range(128))
OFFER = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
SELECTING = link(mess(common=1, words=struct.pack("<I", 0b1011)))
PLAIN = link(mess())
OK_REPLY = header(182) + bytes(4) + KEY + struct.pack("<IIII", 1, 0, 178, 0b1011)
REFUSALS = [code for code in LinkError if code]


def refusal(code: LinkError) -> bytes:
    """A full refusal as it is on the wire."""
    return header(178) + struct.pack("<I", code) + bytes(174)


def events(server: LinkServer) -> list[LinkEvent]:
    return list(iter(server.next_event, None))


def accepted(request: bytes = SELECTING, offer: CapSet = OFFER) -> LinkServer:
    server = LinkServer()
    server.receive(request)
    assert isinstance(server.next_event(), LinkRequested)
    server.accept(KEY, offer, CapSet())
    return server


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_whole_stage(size: int) -> None:
    server = LinkServer()
    for piece in pieces(
        link(mess(connection_id=7, channel_type=250, channel_id=3, channel=1, words=b"\x10\0\0\0")), size
    ):
        server.receive(piece)
    assert events(server) == [
        LinkRequested(
            connection_id=7,
            channel_type=250,
            channel_id=3,
            common_caps=CapSet(),
            channel_caps=CapSet.of(4),
        )
    ]
    assert server.data_to_send() == b""
    server.accept(KEY, OFFER, CapSet())
    assert server.data_to_send() == OK_REPLY
    assert server.data_to_send() == b""
    for piece in pieces(TICKET + b"early", size):
        server.receive(piece)
    assert events(server) == [TicketReceived(encrypted=TICKET)]
    assert not server.done
    assert server.leftover() == b""
    server.grant()
    assert server.done
    assert not server.over
    assert server.data_to_send() == bytes(4)
    server.receive(b"more")
    assert server.leftover() == b"earlymore"
    assert server.leftover() == b""


def test_a_client_with_auth_selection_names_its_mechanism_first() -> None:
    server = accepted()
    server.receive(b"\1\0\0\0" + TICKET)
    assert events(server) == [TicketReceived(encrypted=TICKET)]


@pytest.mark.parametrize(
    ("request_", "offer"),
    [(PLAIN, OFFER), (SELECTING, CapSet.of(CommonCap.AUTH_SPICE))],
    ids=["client cannot", "server cannot"],
)
def test_without_auth_selection_at_both_ends_the_ticket_comes_at_once(request_: bytes, offer: CapSet) -> None:
    server = accepted(request_, offer)
    server.receive(TICKET)
    assert events(server) == [TicketReceived(encrypted=TICKET)]


@pytest.mark.parametrize("mechanism", [0, 2, 3, 0x51444552, 0xFFFFFFFF])
def test_a_mechanism_that_was_not_offered_is_refused_in_full(mechanism: int) -> None:
    server = accepted()
    server.data_to_send()
    server.receive(struct.pack("<I", mechanism))
    (event,) = events(server)
    assert isinstance(event, LinkFailed)
    assert event.code is LinkError.INVALID_DATA
    assert event.reply_sent
    assert str(mechanism) in event.reason
    assert server.data_to_send() == refusal(LinkError.INVALID_DATA)
    assert server.over


def test_a_ticket_that_was_not_offered_is_refused() -> None:
    server = accepted(SELECTING, CapSet.of(CommonCap.AUTH_SELECTION))
    server.receive(b"\1\0\0\0")
    (event,) = events(server)
    assert isinstance(event, LinkFailed)


def test_sasl_cannot_be_offered() -> None:
    server = LinkServer()
    server.receive(SELECTING)
    with pytest.raises(ValueError, match="SASL"):
        server.accept(KEY, OFFER | CapSet.of(CommonCap.AUTH_SASL), CapSet())


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_a_refusal_before_the_accept_is_a_full_reply(code: LinkError) -> None:
    server = LinkServer()
    server.receive(PLAIN)
    server.refuse(code)
    assert server.data_to_send() == refusal(code)
    assert server.over
    assert not server.done


def test_a_refusal_before_the_request_is_a_full_reply() -> None:
    server = LinkServer()
    server.receive(b"RED")
    server.refuse(LinkError.ERROR)
    assert server.data_to_send() == refusal(LinkError.ERROR)


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
@pytest.mark.parametrize(
    "sent", [b"", b"\1\0\0\0", b"\1\0\0\0" + TICKET], ids=["mechanism", "ticket", "held"]
)
def test_a_refusal_after_the_accept_is_a_bare_number(code: LinkError, sent: bytes) -> None:
    server = accepted()
    server.receive(sent)
    server.data_to_send()
    server.refuse(code)
    assert server.data_to_send() == struct.pack("<I", code)
    assert server.over


@pytest.mark.parametrize("size", [1, 5000])
@pytest.mark.parametrize(
    ("data", "code"), [vector[1:] for vector in LINK_VECTORS], ids=[v[0] for v in LINK_VECTORS]
)
def test_faulty_beginnings(data: bytes, code: LinkError | None, size: int) -> None:
    server = LinkServer()
    for piece in pieces(data, size):
        server.receive(piece)
    (event,) = events(server)
    assert isinstance(event, LinkFailed)
    assert event.reason
    assert event.reply_sent == (code is not None)
    if code is None:
        assert server.data_to_send() == b""
    else:
        assert event.code is code
        assert server.data_to_send() == refusal(code)
    assert server.over
    assert server.bytes_wanted == 0


@pytest.mark.parametrize(
    "data",
    [
        header(18, minor=0) + mess(),
        header(18, minor=0xFFFFFFFF) + mess(),
        link(mess(offset=0)),
        link(mess(common=1, channel=1018, words=bytes(4076)) + b"pp"),
        link(mess(common=1, offset=20, words=b"pp" + bytes(4))),
    ],
    ids=["minor 0", "minor of all ones", "offset without capabilities", "the largest", "padding before caps"],
)
def test_odd_but_lawful_beginnings(data: bytes) -> None:
    server = LinkServer()
    server.receive(data)
    (event,) = events(server)
    assert isinstance(event, LinkRequested)


def test_only_so_much_may_be_sent_ahead() -> None:
    server = LinkServer()
    server.receive(PLAIN + bytes(MAX_BUFFERED))
    assert isinstance(server.next_event(), LinkRequested)
    server.receive(b"x")
    # The owner answers the request before it sees that the link has failed behind it.
    server.accept(KEY, OFFER, CapSet())
    server.grant()
    server.refuse(LinkError.ERROR)
    (event,) = events(server)
    assert isinstance(event, LinkFailed)
    assert not event.reply_sent
    assert server.data_to_send() == b""
    assert server.over


def test_what_is_sent_ahead_is_used_when_its_turn_comes() -> None:
    server = LinkServer()
    server.receive(SELECTING + b"\1\0\0\0" + TICKET)
    assert len(events(server)) == 1
    server.accept(KEY, OFFER, CapSet())
    assert events(server) == [TicketReceived(encrypted=TICKET)]


def test_bytes_wanted_leads_through_the_stage() -> None:
    stream = memoryview(SELECTING + b"\1\0\0\0" + TICKET + b"channel")
    server = LinkServer()
    sizes = []
    while not server.done:
        wanted = server.bytes_wanted
        sizes.append(wanted)
        server.receive(bytes(stream[:wanted]))
        stream = stream[wanted:]
        for event in events(server):
            if isinstance(event, LinkRequested):
                assert server.bytes_wanted == 0
                server.accept(KEY, OFFER, CapSet())
            else:
                server.grant()
    assert sizes == [16, 22, 4, 128]
    assert server.bytes_wanted == 0
    assert bytes(stream) == b"channel"


def test_actions_out_of_turn() -> None:
    server = LinkServer()
    with pytest.raises(RuntimeError, match="accept"):
        server.accept(KEY, OFFER, CapSet())
    with pytest.raises(RuntimeError, match="grant"):
        server.grant()
    server.receive(PLAIN)
    with pytest.raises(ValueError, match="162"):
        server.accept(KEY[1:], OFFER, CapSet())
    with pytest.raises(ValueError, match="OK"):
        server.refuse(LinkError.OK)
    server.accept(KEY, OFFER, CapSet())
    with pytest.raises(RuntimeError, match="accept"):
        server.accept(KEY, OFFER, CapSet())
    with pytest.raises(RuntimeError, match="grant"):
        server.grant()
    server.receive(TICKET)
    server.grant()
    with pytest.raises(RuntimeError, match="refuse"):
        server.refuse(LinkError.ERROR)


@given(st.lists(st.binary(max_size=60), max_size=8), st.binary(max_size=40), st.booleans())
def test_random_bytes_end_in_an_event_or_in_waiting(chunks: list[bytes], head: bytes, lawful: bool) -> None:
    server = LinkServer()
    seen: list[LinkEvent] = []
    for chunk in [header(len(head) + 18) + mess() + head if lawful else head, *chunks]:
        server.receive(chunk)
        for event in events(server):
            seen.append(event)
            if isinstance(event, LinkRequested):
                server.accept(KEY, OFFER, CapSet())
            elif isinstance(event, TicketReceived):
                server.refuse(LinkError.PERMISSION_DENIED)
    assert len(seen) <= 2
    assert server.over == (bool(seen) and not isinstance(seen[-1], LinkRequested))
    assert lawful <= bool(seen)
