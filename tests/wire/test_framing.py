"""Message framing in both header forms: hand-made bytes, round trips, cuts and faults."""

import random
import struct
from collections.abc import Iterable
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ProtocolError
from gspice.wire.fields import Blob, Int
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.message import Message, wire

LIMIT = 10_000_000


@wire
class Raw(Message):
    """Any bytes."""

    TYPE = 101
    data: Annotated[bytes, Blob(limit=LIMIT)]


@wire
class Number(Message):
    """Just four bytes."""

    TYPE = 3
    value: Annotated[int, Int("I")]


@wire
class Empty(Message):
    """No body at all."""

    TYPE = 102


@wire
class List(Message):
    """Known so that it may come; the reader takes it apart itself."""

    TYPE = 8
    data: Annotated[bytes, Blob(limit=LIMIT)]


MESSAGES: dict[int, type[Message]] = {cls.TYPE: cls for cls in (Raw, Number, Empty, List)}
FORMS = pytest.mark.parametrize("mini", [True, False], ids=["mini", "full"])


def reader(mini: bool, max_size: int = LIMIT) -> FrameReader:
    return FrameReader(MESSAGES, mini=mini, max_size=max_size)


def joined(parts: Iterable[bytes | memoryview]) -> bytes:
    return b"".join(parts)


def read_all(source: FrameReader, *chunks: bytes) -> list[Message]:
    messages: list[Message] = []
    for chunk in chunks:
        source.feed(chunk)
        messages += iter(source.next_message, None)
    return messages


def full(number: int, body: bytes, *, serial: int = 1, sub_list: int = 0, size: int | None = None) -> bytes:
    return struct.pack("<QHII", serial, number, len(body) if size is None else size, sub_list) + body


def mini_frame(number: int, body: bytes, *, size: int | None = None) -> bytes:
    return struct.pack("<HI", number, len(body) if size is None else size) + body


# -- bytes worked out by hand


def test_mini_header() -> None:
    writer = FrameWriter(mini=True)
    assert joined(writer.encode(Number(value=0x01020304))) == bytes.fromhex("0300 04000000 04030201")
    assert joined(writer.encode(Empty())) == bytes.fromhex("6600 00000000")
    assert writer.serial == 2


def test_full_header() -> None:
    writer = FrameWriter(mini=False)
    assert joined(writer.encode(Number(value=5))) == bytes.fromhex(
        "0100000000000000 0300 04000000 00000000 05000000"
    )
    assert joined(writer.encode(Empty())) == bytes.fromhex("0200000000000000 6600 00000000 00000000")
    assert writer.serial == 2


def test_sub_messages_behind_a_full_header_and_body() -> None:
    sent = FrameWriter(mini=False).encode(Raw(data=b"body"), [Number(value=9), Raw(data=b"xyz")])
    assert joined(sent) == bytes.fromhex(
        "0100000000000000 6500 21000000 17000000"  # 33 bytes, the list 23 bytes in
        "626f6479"
        "0300 04000000 09000000"  # at 4
        "6500 03000000 78797a"  # at 14
        "0200 04000000 0e000000"  # at 23
    )
    source = reader(mini=False)
    assert read_all(source, joined(sent)) == [Number(value=9), Raw(data=b"xyz"), Raw(data=b"body")]
    assert source.serial == 1


def test_sub_messages_of_an_empty_body() -> None:
    sent = joined(FrameWriter(mini=False).encode(Empty(), [Empty()]))
    assert sent == bytes.fromhex(
        "0100000000000000 6600 0c000000 06000000"  # the list's offset is not 0, which would mean none
        "6600 00000000"
        "0100 00000000"
    )
    assert read_all(reader(mini=False), sent) == [Empty(), Empty()]


def test_sub_messages_with_mini_headers_go_ahead_as_a_list() -> None:
    writer = FrameWriter(mini=True)
    sent = joined(writer.encode(Raw(data=b"body"), [Number(value=9), Raw(data=b"xyz")]))
    assert sent == bytes.fromhex(
        "0800 1d000000"
        "0200 0a000000 14000000"
        "0300 04000000 09000000"  # at 10
        "6500 03000000 78797a"  # at 20
        "6500 04000000 626f6479"
    )
    assert writer.serial == 2
    source = reader(mini=True)
    source.feed(sent)
    assert source.next_message() == Number(value=9)
    assert source.next_message() == Raw(data=b"xyz")
    assert source.serial == 1
    assert source.next_message() == Raw(data=b"body")
    assert source.serial == 2
    assert source.next_message() is None


def test_a_lone_sub_message_with_mini_headers_goes_ahead_as_it_is() -> None:
    writer = FrameWriter(mini=True)
    sent = joined(writer.encode(Empty(), [Number(value=1)]))
    assert sent == mini_frame(3, b"\1\0\0\0") + mini_frame(102, b"")
    assert writer.serial == 2


def test_the_list_may_lie_before_its_sub_messages() -> None:
    body = b"body" + struct.pack("<HI", 1, 10) + struct.pack("<HI", 3, 4) + b"\1\0\0\0"
    assert read_all(reader(mini=False), full(101, body, sub_list=4)) == [Number(value=1), Raw(data=b"body")]


def test_a_list_message_with_a_full_header() -> None:
    body = struct.pack("<HI", 1, 6) + struct.pack("<HI", 3, 4) + b"\1\0\0\0"
    assert read_all(reader(mini=False), full(8, body)) == [Number(value=1)]


def test_an_empty_list_counts_as_a_message() -> None:
    source = reader(mini=True)
    assert read_all(source, mini_frame(8, b"\0\0")) == []
    assert source.serial == 1


# -- serials


@FORMS
def test_the_first_serial_is_1_and_each_top_level_message_counts(mini: bool) -> None:
    source, writer = reader(mini), FrameWriter(mini=mini)
    assert (source.serial, writer.serial) == (0, 0)
    for expected in (1, 2, 3):
        source.feed(joined(writer.encode(Empty())))
        assert source.next_message() == Empty()
        assert (source.serial, writer.serial) == (expected, expected)


def test_serials_on_the_wire_are_not_believed() -> None:
    source = reader(mini=False)
    assert len(read_all(source, full(102, b"", serial=77) + full(102, b"", serial=0))) == 2
    assert source.serial == 2


# -- faults


@FORMS
def test_an_unknown_type_is_refused_from_its_header(mini: bool) -> None:
    source = reader(mini)
    source.feed(mini_frame(999, b"", size=50) if mini else full(999, b"", size=50))
    with pytest.raises(ProtocolError, match="999"):
        source.next_message()


@FORMS
def test_a_body_above_the_limit_is_refused_from_its_header(mini: bool) -> None:
    source = reader(mini, max_size=100)
    make = mini_frame if mini else full
    assert len(read_all(source, make(101, bytes(100)))) == 1
    source.feed(make(101, b"", size=101))
    with pytest.raises(ProtocolError, match="101 bytes"):
        source.next_message()


@pytest.mark.parametrize("sub_list", [49, 50, 0xFFFFFFFF])
def test_a_list_outside_the_body_is_refused_from_the_header(sub_list: int) -> None:
    source = reader(mini=False)
    source.feed(full(101, b"", size=50, sub_list=sub_list))
    with pytest.raises(ProtocolError, match="outside its 50 bytes"):
        source.next_message()


@FORMS
def test_what_came_before_a_fault_is_returned_and_the_fault_stays(mini: bool) -> None:
    source, writer = reader(mini), FrameWriter(mini=mini)
    good = joined(writer.encode(Number(value=1)))
    source.feed(good + bytes(18) + good)
    assert source.next_message() == Number(value=1)
    for _ in range(2):
        with pytest.raises(ProtocolError, match="type 0"):
            source.next_message()
    source.feed(good)
    with pytest.raises(ProtocolError):
        source.next_message()


@FORMS
def test_a_malformed_body(mini: bool) -> None:
    source = reader(mini)
    source.feed(mini_frame(3, b"abc") if mini else full(3, b"abc"))
    with pytest.raises(ProtocolError):
        source.next_message()


SUB = struct.pack("<HI", 3, 4) + b"\1\0\0\0"
FAULTY_LISTS = {
    "the list begins at the end": (b"body", 4),
    "the list begins beyond the end": (b"body", 5),
    "the list begins far beyond": (b"body", 0xFFFFFFFF),
    "the count is cut": (b"body\1", 4),
    "the offsets are cut": (b"body" + struct.pack("<HH", 1, 0), 4),
    "more offsets than bytes": (b"body\xff\xff", 4),
    "an offset at the end": (b"body" + struct.pack("<HI", 1, 10), 4),
    "an offset beyond the end": (b"body" + struct.pack("<HI", 1, 11), 4),
    "an offset far beyond": (b"body" + struct.pack("<HI", 1, 0xFFFFFFFF), 4),
    "the sub-message header is cut": (b"body" + struct.pack("<HI", 1, 10) + SUB[:5], 4),
    "the sub-message is cut": (b"body" + struct.pack("<HI", 1, 10) + SUB[:9], 4),
    "the sub-message's size is all ones": (b"body" + struct.pack("<HIHI", 1, 10, 3, 0xFFFFFFFF), 4),
    "the sub-message's type is unknown": (b"body" + struct.pack("<HIHI", 1, 10, 999, 0), 4),
    "the sub-message is malformed": (b"body" + struct.pack("<HIHI", 1, 10, 3, 3) + b"abc", 4),
    "the sub-message is a list": (b"body" + struct.pack("<HIHIH", 1, 10, 8, 2, 0), 4),
    "a sub-message counts twice": (b"body" + struct.pack("<HIII", 3, 18, 18, 18) + SUB, 4),
}


@pytest.mark.parametrize(("body", "sub_list"), FAULTY_LISTS.values(), ids=FAULTY_LISTS)
def test_faulty_sub_message_lists(body: bytes, sub_list: int) -> None:
    source = reader(mini=False)
    source.feed(full(101, body, sub_list=sub_list))
    with pytest.raises(ProtocolError):
        source.next_message()


@pytest.mark.parametrize("body", [b"", b"\1", struct.pack("<HI", 1, 6), struct.pack("<HIHIH", 1, 6, 8, 2, 0)])
def test_faulty_list_messages(body: bytes) -> None:
    source = reader(mini=True)
    source.feed(mini_frame(8, body))
    with pytest.raises(ProtocolError):
        source.next_message()


def test_a_list_is_refused_where_it_is_no_message() -> None:
    source = FrameReader({3: Number}, mini=True, max_size=100)
    source.feed(mini_frame(8, b"\0\0"))
    with pytest.raises(ProtocolError, match="8"):
        source.next_message()


# -- cuts and sizes

bodies = st.one_of(
    st.builds(Raw, data=st.binary(max_size=40)),
    st.builds(Number, value=st.integers(0, 2**32 - 1)),
    st.just(Empty()),
)


@given(st.booleans(), st.lists(st.tuples(bodies, st.lists(bodies, max_size=3)), max_size=6), st.data())
def test_round_trip_cut_anywhere(
    mini: bool, sent: list[tuple[Message, list[Message]]], data: st.DataObject
) -> None:
    writer = FrameWriter(mini=mini)
    stream = b"".join(joined(writer.encode(message, sub)) for message, sub in sent)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    source = reader(mini)
    expected = [each for message, sub in sent for each in (*sub, message)]
    assert read_all(source, *chunks) == expected
    assert source.serial == writer.serial


@FORMS
def test_byte_by_byte(mini: bool) -> None:
    writer = FrameWriter(mini=mini)
    stream = b"".join(joined(writer.encode(Raw(data=bytes(n)), [Number(value=n)])) for n in range(20))
    assert read_all(reader(mini), *(bytes([byte]) for byte in stream)) == [
        message for n in range(20) for message in (Number(value=n), Raw(data=bytes(n)))
    ]


@FORMS
def test_chunks_that_are_fed_before_any_is_read(mini: bool) -> None:
    writer = FrameWriter(mini=mini)
    stream = b"".join(joined(writer.encode(Number(value=n))) for n in range(50))
    source = reader(mini)
    for start in range(0, len(stream), 7):
        source.feed(stream[start : start + 7])
    assert list(iter(source.next_message, None)) == [Number(value=n) for n in range(50)]


@FORMS
def test_a_buffer_that_is_used_again_after_the_feed(mini: bool) -> None:
    stream = joined(FrameWriter(mini=mini).encode(Raw(data=b"original")))
    buffer = bytearray(stream)
    source = reader(mini)
    source.feed(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert source.next_message() == Raw(data=b"original")


@FORMS
def test_large_bodies_are_sent_by_reference_and_read_whole(mini: bool) -> None:
    data = random.Random(1).randbytes(8_000_000)
    parts = FrameWriter(mini=mini).encode(Raw(data=data), [Number(value=1), Raw(data=data)])
    assert sum(part is data for part in parts) == 2
    stream = joined(parts)
    # In pieces of a few hundred bytes: adding each to what is there would copy 500 gigabytes.
    source = reader(mini, max_size=2 * LIMIT)
    chunks = (stream[start : start + 500] for start in range(0, len(stream), 500))
    assert read_all(source, *chunks) == [Number(value=1), Raw(data=data), Raw(data=data)]


@FORMS
def test_small_messages_are_one_piece(mini: bool) -> None:
    assert len(FrameWriter(mini=mini).encode(Number(value=1))) == 1


@given(st.booleans(), st.lists(st.binary(max_size=60), max_size=5), st.booleans())
def test_random_bytes_raise_nothing_but_protocol_errors(
    mini: bool, chunks: list[bytes], lawful: bool
) -> None:
    source = reader(mini, max_size=200)
    if lawful:
        body = b"".join(chunks)
        chunks = [mini_frame(8, body) if mini else full(101, body, sub_list=2)]
    try:
        read_all(source, *chunks)
    except ProtocolError:
        return
    assert source.serial <= len(b"".join(chunks))
