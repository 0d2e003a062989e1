"""The cursor pair: bounds, ranges, blobs by reference, pointers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ProtocolError
from gspice.wire.buffer import BLOB_BY_REFERENCE, BodyReader, Reader, Writer

INTS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "i64": "q"}


def bounds(code: str) -> tuple[int, int]:
    bits = 8 * struct.calcsize("<" + code)
    return (0, 2**bits - 1) if code.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@pytest.mark.parametrize("name", INTS)
@given(data=st.data())
def test_integers_are_little_endian_both_ways(name: str, data: st.DataObject) -> None:
    value = data.draw(st.integers(*bounds(INTS[name])))
    expected = struct.pack("<" + INTS[name], value)
    writer = Writer()
    getattr(writer, name)(value)
    assert writer.getvalue() == expected
    reader = Reader(expected)
    assert getattr(reader, name)() == value
    assert reader.remaining == 0


@pytest.mark.parametrize("name", INTS)
def test_integers_out_of_range_are_protocol_errors(name: str) -> None:
    low, high = bounds(INTS[name])
    for value in (low - 1, high + 1):
        with pytest.raises(ProtocolError, match="the field"):
            getattr(Writer(), name)(value, "the field")


@pytest.mark.parametrize("name", INTS)
def test_an_overrun_is_truncation_and_leaves_the_position(name: str) -> None:
    size = struct.calcsize("<" + INTS[name])
    reader = Reader(bytes(size - 1))
    with pytest.raises(ProtocolError, match="truncated width"):
        getattr(reader, name)("width")
    assert reader.pos == 0


def test_take_is_bounded_and_not_copied() -> None:
    data = bytearray(b"abcdef")
    reader = Reader(data)
    taken = reader.take(4)
    data[0] = ord("X")
    assert bytes(taken) == b"Xbcd"
    assert (reader.pos, reader.remaining, reader.total) == (4, 2, 6)
    for n in (3, -1):
        with pytest.raises(ProtocolError):
            reader.take(n)
    assert reader.pos == 4


def test_peek_stays() -> None:
    reader = Reader(b"\x01\x02")
    assert (reader.peek_u8(1), reader.pos) == (2, 0)
    with pytest.raises(ProtocolError):
        reader.peek_u8(2)


def test_at_is_absolute_and_independent() -> None:
    reader = Reader(b"abcdef")
    reader.take(3)
    there = reader.at(1)
    assert bytes(there.take(2)) == b"bc"
    assert (reader.pos, there.pos) == (3, 3)
    assert reader.at(6).remaining == 0
    for offset in (7, -1):
        with pytest.raises(ProtocolError, match="outside"):
            reader.at(offset)


def test_memoryviews_of_other_formats_are_bytes() -> None:
    reader = Reader(memoryview(b"\x01\x00\x00\x00\x02\x00\x00\x00").cast("I"))
    assert (reader.total, reader.u32(), reader.u32()) == (8, 1, 2)


def test_a_large_blob_is_kept_by_reference_and_a_small_one_copied() -> None:
    large, small = bytes(BLOB_BY_REFERENCE), bytearray(b"small")
    writer = Writer()
    writer.u8(1)
    writer.blob(large)
    writer.blob(small)
    small[0] = ord("X")
    buffers = writer.buffers()
    assert buffers[1] is large
    assert b"".join(buffers) == b"\x01" + large + b"small" == writer.getvalue()


@pytest.mark.parametrize("size", [BLOB_BY_REFERENCE - 1, BLOB_BY_REFERENCE, BLOB_BY_REFERENCE + 1])
@pytest.mark.parametrize("make", [bytes, bytearray, lambda n: memoryview(bytes(n))])
def test_positions_count_blobs(size: int, make: "type[bytes]") -> None:
    writer = Writer()
    before = writer.reserve_u32()
    writer.blob(make(size))
    after = writer.reserve_u32()
    assert (before, after, writer.tell()) == (0, size + 4, size + 8)
    writer.patch_u32(before, 7)
    writer.patch_u32(after, 9)
    assert writer.getvalue() == b"\x07\0\0\0" + bytes(size) + b"\x09\0\0\0" == b"".join(writer.buffers())


def test_patching_checks_its_range() -> None:
    writer = Writer()
    position = writer.reserve_u32()
    with pytest.raises(ProtocolError):
        writer.patch_u32(position, 2**32)


def test_a_body_is_not_covered_twice() -> None:
    reader = BodyReader(bytes(10))
    there = reader.at(2)
    there.take(8)
    there.cover(2)
    assert reader.end == 10
    reader.take(2)
    reader.cover(0)
    again = reader.at(9)
    again.take(1)
    with pytest.raises(ProtocolError, match="overlapping"):
        again.cover(9)
