"""The client's end of the link stage: by hand, and against the server's end."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import LinkRefused, ProtocolError
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.link import LinkError, LinkReply, link_error_text, with_header
from gspice.wire.link_client import LinkClient
from gspice.wire.link_server import LinkFailed, LinkRequested, LinkServer, TicketReceived

KEY = bytes(range(162))
TICKET = bytes(reversed(range(128)))
OFFER = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
CHANNEL_CAPS = CapSet.of(1, 40)
OK_REPLY = with_header(LinkReply(error=0, public_key=KEY, common_caps=OFFER).serialize())
REFUSALS = [code for code in LinkError if code]


def encrypt(key: bytes) -> bytes:
    assert key == KEY
    return TICKET


def client(common: CapSet = OFFER) -> LinkClient:
    return LinkClient(7, 2, 1, common, CHANNEL_CAPS, encrypt)


def move(data: bytes, to: LinkClient | LinkServer, size: int) -> None:
    for start in range(0, len(data), size):
        to.receive(data[start : start + size])


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("common", [OFFER, CapSet.of(CommonCap.MINI_HEADER), CapSet()], ids=repr)
@pytest.mark.parametrize("offer", [OFFER, CapSet.of(CommonCap.AUTH_SPICE)], ids=repr)
def test_client_against_server(common: CapSet, offer: CapSet, size: int) -> None:
    end, server = client(common), LinkServer()
    move(end.data_to_send(), server, size)
    assert server.next_event() == LinkRequested(
        connection_id=7, channel_type=2, channel_id=1, common_caps=common, channel_caps=CHANNEL_CAPS
    )
    assert end.reply is None
    server.accept(KEY, offer, CapSet.of(6))
    move(server.data_to_send(), end, size)
    assert end.reply == LinkReply(error=0, public_key=KEY, common_caps=offer, channel_caps=CapSet.of(6))
    assert not end.done
    move(end.data_to_send(), server, size)
    assert server.next_event() == TicketReceived(encrypted=TICKET)
    server.grant()
    move(server.data_to_send() + b"first message", end, size)
    assert end.done
    assert end.leftover() == b"first message"
    assert end.leftover() == b""
    assert end.data_to_send() == b""


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_a_refusal_of_the_request(code: LinkError, size: int) -> None:
    end, server = client(), LinkServer()
    server.receive(end.data_to_send())
    server.refuse(code)
    with pytest.raises(LinkRefused) as caught:
        move(server.data_to_send(), end, size)
    assert caught.value.code == code
    assert str(caught.value) == link_error_text(code)
    assert not end.done


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_a_refusal_of_the_ticket(code: LinkError, size: int) -> None:
    end, server = client(), LinkServer()
    server.receive(end.data_to_send())
    server.accept(KEY, OFFER, CapSet())
    end.receive(server.data_to_send())
    server.receive(end.data_to_send())
    server.refuse(code)
    with pytest.raises(LinkRefused) as caught:
        move(server.data_to_send(), end, size)
    assert caught.value.code == code


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_full_refusal_where_the_bare_result_is_due(size: int) -> None:
    end, server = client(), LinkServer()
    server.receive(end.data_to_send())
    server.accept(KEY, OFFER, CapSet())
    end.receive(server.data_to_send())
    mechanism_and_ticket = end.data_to_send()
    assert mechanism_and_ticket == b"\1\0\0\0" + TICKET
    server.receive(b"\2\0\0\0" + TICKET)
    assert isinstance(server.next_event(), LinkRequested)
    assert isinstance(server.next_event(), LinkFailed)
    with pytest.raises(LinkRefused) as caught:
        move(server.data_to_send(), end, size)
    assert caught.value.code == LinkError.INVALID_DATA


def test_a_refusal_with_a_number_that_nobody_knows() -> None:
    end = client()
    with pytest.raises(LinkRefused, match="4711") as caught:
        end.receive(with_header(struct.pack("<I", 4711) + bytes(174)))
    assert caught.value.code == 4711


def test_the_fault_is_raised_again() -> None:
    end = client()
    with pytest.raises(ProtocolError):
        end.receive(b"HTTP/1.1 400 Bad")
    with pytest.raises(ProtocolError):
        end.receive(OK_REPLY)


def answer(size: int, body: bytes, *, magic: bytes = b"REDQ", major: int = 2) -> bytes:
    return magic + struct.pack("<III", major, 2, size) + body


NONSENSE = {
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "another version": answer(178, bytes(178), major=1),
    "a body that is too short": answer(177, b""),
    "a body that is too long": answer(4097, b""),
    "capabilities that lie outside": answer(178, bytes(4) + KEY + struct.pack("<III", 1, 0, 178)),
    "capabilities in the key": answer(178, bytes(4) + KEY + struct.pack("<III", 1, 0, 4)),
    "too many capabilities": answer(178, bytes(4) + KEY + struct.pack("<III", 0, 1025, 178)),
    "no ticket authentication": with_header(
        LinkReply(error=0, public_key=KEY, common_caps=CapSet.of(0, 2)).serialize()
    ),
    "accepted twice": OK_REPLY + OK_REPLY,
    "a late reply of another version": OK_REPLY + answer(178, bytes(178), major=1),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_from_the_server(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        client().receive(data)


def test_a_ticket_of_the_wrong_length_is_not_sent() -> None:
    end = LinkClient(0, 1, 0, OFFER, CapSet(), lambda key: key)
    with pytest.raises(ValueError, match="162"):
        end.receive(OK_REPLY)


@given(
    st.lists(st.binary(max_size=80), max_size=8),
    st.sampled_from([b"", b"REDQ", OK_REPLY, OK_REPLY + b"REDQ"]),
)
def test_random_bytes_raise_only_what_is_documented(chunks: list[bytes], head: bytes) -> None:
    end = client()
    try:
        for chunk in [head, *chunks]:
            end.receive(chunk)
    except (ProtocolError, LinkRefused):
        assert not end.done
        return
    assert end.done <= (len(b"".join(chunks)) >= 4)


@given(st.data())
def test_a_cut_stream_waits(data: st.DataObject) -> None:
    whole = OK_REPLY + bytes(4)
    cut = data.draw(st.integers(0, len(whole) - 1))
    end = client()
    end.receive(whole[:cut])
    assert not end.done
    end.receive(whole[cut:])
    assert end.done
