"""The records of the link stage, against vectors worked out by hand."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.link import (
    AuthMechanism,
    LinkError,
    LinkHeader,
    LinkMess,
    LinkReply,
    link_error_text,
    with_header,
)

MESS = bytes.fromhex(
    "78563412"  # connection_id
    "02 03"  # channel type and id
    "01000000"  # common words
    "02000000"  # channel words
    "12000000"  # they start behind the fixed part
    "0b000000"  # AUTH_SELECTION AUTH_SPICE MINI_HEADER
    "13000000 01000000"  # bits 0 1 4 and 32
)
KEY = bytes(range(162))
REPLY = bytes.fromhex(
    "00000000" + KEY.hex() + "01000000"  # common words
    "01000000"  # channel words
    "b2000000"  # offset 178
    "0b000000 52100000"
)

caps = st.sets(st.integers(0, 95)).map(CapSet)
u32 = st.integers(0, 2**32 - 1)
u8 = st.integers(0, 255)


def test_header() -> None:
    wire = bytes.fromhex("52454451 02000000 02000000 1e000000")
    assert LinkHeader(size=30).serialize() == wire
    assert LinkHeader.parse(wire) == LinkHeader(size=30, major=2, minor=2, magic=b"REDQ")
    assert with_header(b"abc") == bytes.fromhex("52454451 02000000 02000000 03000000") + b"abc"


def test_mess() -> None:
    mess = LinkMess(
        connection_id=0x12345678,
        channel_type=2,
        channel_id=3,
        common_caps=CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER),
        channel_caps=CapSet.of(0, 1, 4, 32),
    )
    assert mess.serialize() == MESS
    assert LinkMess.parse(MESS) == mess


def test_mess_with_a_gap_before_the_capabilities() -> None:
    moved = MESS[:14] + b"\x15\0\0\0" + b"gap" + MESS[18:] + b"tail"
    assert LinkMess.parse(moved) == LinkMess.parse(MESS)


def test_mess_without_capabilities_may_have_any_offset() -> None:
    wire = bytes.fromhex("00000000 01 00 00000000 00000000 ffffffff")
    assert LinkMess.parse(wire) == LinkMess(connection_id=0, channel_type=1, channel_id=0)


def test_reply() -> None:
    reply = LinkReply(
        error=LinkError.OK,
        public_key=KEY,
        common_caps=CapSet.of(0, 1, 3),
        channel_caps=CapSet.of(1, 4, 6, 12),
    )
    assert reply.serialize() == REPLY
    assert LinkReply.parse(REPLY) == reply


def test_a_refusal_is_its_code_and_zeros() -> None:
    wire = LinkReply(error=LinkError.NEED_SECURED).serialize()
    assert wire == b"\5" + bytes(177)
    assert LinkReply.parse(wire).error == LinkError.NEED_SECURED


@pytest.mark.parametrize("wire", [MESS[:17], MESS[:18], MESS[:-1], b""])
def test_truncated_mess(wire: bytes) -> None:
    with pytest.raises(ProtocolError):
        LinkMess.parse(wire)


@pytest.mark.parametrize(("common", "channel"), [(1025, 0), (0, 1025)])
def test_the_count_of_capability_words_has_a_limit(common: int, channel: int) -> None:
    wire = struct.pack("<IBBIII", 0, 1, 0, common, channel, 18) + bytes(4 * 1025)
    with pytest.raises(ProtocolError, match="1024"):
        LinkMess.parse(wire)


@pytest.mark.parametrize("wire", [REPLY[:177], REPLY[:178], REPLY[:-1], b""])
def test_truncated_reply(wire: bytes) -> None:
    with pytest.raises(ProtocolError):
        LinkReply.parse(wire)


def test_truncated_header() -> None:
    with pytest.raises(ProtocolError):
        LinkHeader.parse(b"REDQ" + bytes(11))


def test_error_numbers_and_texts() -> None:
    assert [(code.value, code.name) for code in LinkError] == [
        (0, "OK"),
        (1, "ERROR"),
        (2, "INVALID_MAGIC"),
        (3, "INVALID_DATA"),
        (4, "VERSION_MISMATCH"),
        (5, "NEED_SECURED"),
        (6, "NEED_UNSECURED"),
        (7, "PERMISSION_DENIED"),
        (8, "BAD_CONNECTION_ID"),
        (9, "CHANNEL_NOT_AVAILABLE"),
    ]
    assert len({link_error_text(code) for code in range(12)}) == 12
    assert "10" in link_error_text(10)


def test_a_mechanism_has_the_number_of_its_capability() -> None:
    assert AuthMechanism.SPICE.value == CommonCap.AUTH_SPICE.value
    assert AuthMechanism.SASL.value == CommonCap.AUTH_SASL.value


@given(u32, u8, u8, caps, caps)
def test_mess_round_trip(
    connection_id: int, channel_type: int, channel_id: int, common: CapSet, channel: CapSet
) -> None:
    mess = LinkMess(
        connection_id=connection_id,
        channel_type=channel_type,
        channel_id=channel_id,
        common_caps=common,
        channel_caps=channel,
    )
    assert LinkMess.parse(mess.serialize()) == mess


@given(st.binary(min_size=162, max_size=162), caps, caps)
def test_reply_round_trip(key: bytes, common: CapSet, channel: CapSet) -> None:
    reply = LinkReply(error=0, public_key=key, common_caps=common, channel_caps=channel)
    assert LinkReply.parse(reply.serialize()) == reply


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_protocol_errors(data: bytes) -> None:
    for record in (LinkHeader, LinkMess, LinkReply):
        try:
            record.parse(data)
        except ProtocolError:
            continue
