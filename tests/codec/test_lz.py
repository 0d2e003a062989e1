import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec import lz
from gspice.codec.errors import CodecError
from gspice.codec.lz import LzType
from tests.codec.coded import Coded, Fenced, coded, digest, named

LIMIT = 1 << 28
ALL = coded("lz-")
SMALL = [one for one in ALL if len(one.data) < 3000]
BITS = {
    LzType.PLT1_LE: 1,
    LzType.PLT1_BE: 1,
    LzType.PLT4_LE: 4,
    LzType.PLT4_BE: 4,
    LzType.PLT8: 8,
    LzType.RGB16: 16,
    LzType.RGB24: 24,
    LzType.RGB32: 32,
    LzType.RGBA: 32,
    LzType.XXXA: 32,
    LzType.A8: 8,
}
"""By which the header counts the bytes of a row."""


def stream(
    kind: int,
    width: int,
    height: int,
    body: bytes = b"",
    *,
    stride: int | None = None,
    top_down: int = 1,
    magic: bytes = b"  ZL",
    version: int = 0x10001,
) -> bytes:
    if stride is None:
        stride = (width * BITS[LzType(kind)] + 7) // 8
    return magic + struct.pack(">6I", version, kind, width, height, stride, top_down) + body


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.name)
def test_what_libspice_encoded(image: Coded) -> None:
    header = lz.parse_header(image.data)
    assert (header.width, header.height) == image.size
    assert header.top_down == (not image.name.endswith("-up"))
    rows = lz.decode(image.data, LIMIT)
    assert digest(rows, header.stride, header.top_down) == image.entry["sha256"]
    out = bytearray(len(rows))
    lz.decode_into(image.data, out)
    assert out == rows


def test_all_types_are_covered() -> None:
    assert {lz.parse_header(image.data).type for image in ALL} == set(LzType) - {LzType.XXXA}


def test_alpha_alone() -> None:
    # A literal, and a match of 3 + 1 with the byte before it.
    assert lz.decode(stream(LzType.XXXA, 5, 1, b"\x00\x09\x40\x00"), LIMIT) == b"\x09" * 5


def test_units_of_more_than_a_byte() -> None:
    # Two literals and a match of 1 - 1 + 2.
    body = b"\x01\x12\x34\x56\x78" + b"\x20\x01"
    assert lz.decode(stream(LzType.RGB16, 2, 2, body), LIMIT) == bytes.fromhex("3412785634127856")
    with pytest.raises(CodecError, match="more of it"):
        lz.decode(stream(LzType.RGB16, 3, 1, body), LIMIT)
    three = stream(LzType.RGB24, 3, 1, b"\x00\x01\x02\x03" + b"\x40\x00")
    assert lz.decode(three, LIMIT) == b"\x01\x02\x03\x00" * 3


def test_long_lengths_and_distances() -> None:
    # 7 + 255 + 255 + 1 - 1 + 3 units after one literal.
    body = b"\x00\x05" + b"\xe0\xff\xff\x01" + b"\x00"
    assert lz.decode(stream(LzType.A8, 1, 521, body), LIMIT) == b"\x05" * 521
    # 32 literals at a time, then the first 3 of them again, from 8192 + 0x0102 units before.
    many = bytes(range(256)) * 33 + b"\x00" * 32
    literals = b"".join(b"\x1f" + many[at : at + 32] for at in range(0, 8480, 32))
    distance = 8480 - 8192
    body = literals + b"\x3f\xff" + struct.pack(">H", distance)
    assert lz.decode(stream(LzType.PLT8, 1, 8483, body), LIMIT) == many + many[:3]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no header"),
        (stream(8, 1, 1)[:27], "no header"),
        (stream(8, 1, 1, b"\x00abc", magic=b"LZ  "), "magic"),
        (stream(8, 1, 1, b"\x00abc", version=0x10002), "version"),
        (stream(0, 1, 1, stride=4), "type 0"),
        (stream(12, 1, 1, stride=4), "type 12"),
        (stream(8, 0, 1), "0x1 pixels"),
        (stream(8, 1, 0), "1x0 pixels"),
        (stream(11, 1 << 31, 1), "pixels"),
        (stream(8, 1, 0xFFFFFFFF), "pixels"),
        (stream(8, 2, 1, stride=9), "rows of 9 bytes"),
        (stream(1, 9, 1, stride=1), "rows of 1 bytes"),
        (stream(1, 8, 1, stride=2), "rows of 2 bytes"),
        (stream(8, 1 << 16, 1 << 16), "more than"),
        (stream(8, 100, 100, b"\x00abc"), "cannot hold"),
        (stream(11, 1, 1), "cannot hold"),
        (stream(11, 1, 1, b"\x00"), "too early"),
        (stream(8, 1, 1, b"\x00ab"), "too early"),
        (stream(11, 1, 1, b"\x01ab"), "more of it"),
        (stream(11, 1, 1, b"\x00ab"), "1 bytes are left over"),
        (stream(11, 9, 1, b"\x20\x00"), "before the image"),
        (stream(11, 9, 1, b"\x00a\x20\x01"), "before the image"),
        (stream(11, 3, 1, b"\x00a\x20\x00"), "more of it"),
        (stream(11, 9, 1, b"\x00a\xe0\xff"), "too early"),
        (stream(11, 9, 1, b"\x00a\x3f\xff\x00"), "too early"),
    ],
)
def test_streams_that_make_no_sense(data: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        lz.decode(data, LIMIT)


def test_the_limit_is_the_callers() -> None:
    image = named("lz-rgb32-column")
    assert len(lz.decode(image.data, 57 * 4)) == 228
    with pytest.raises(CodecError, match="228 bytes, more than 227"):
        lz.decode(image.data, 227)


def test_a_huge_image_takes_no_memory() -> None:
    bomb = stream(LzType.RGB32, 8000, 8000, b"\x00abc" + b"\xe0" + b"\xff" * 1000)
    tracemalloc.start()
    try:
        with pytest.raises(CodecError, match="cannot hold"):
            lz.decode(bomb, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_buffer_of_another_size() -> None:
    for size in (227, 229, 0):
        with pytest.raises(CodecError, match="buffer"):
            lz.decode_into(named("lz-rgb32-column").data, bytearray(size))


@pytest.mark.parametrize("image", SMALL, ids=lambda image: image.name)
def test_every_truncation_is_an_error(image: Coded) -> None:
    for length in range(len(image.data)):
        with pytest.raises(CodecError):
            lz.decode(image.data[:length], LIMIT)


def decode_fenced(data: bytes, at_end: bool = True) -> None:
    """Decode with both buffers against a fence; an error of any kind but one escapes."""
    try:
        header = lz.parse_header(data)
    except CodecError:
        return
    size = header.stride * header.height
    if size > 1 << 22:
        return
    source, out = Fenced(len(data), at_end=at_end), Fenced(size, at_end=at_end)
    try:
        lz.decode_into(source.holding(data), out.view)
    except CodecError:
        pass
    finally:
        out.close()
        source.close()


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_damage_stays_inside_its_memory(data: st.DataObject) -> None:
    image = bytearray(data.draw(st.sampled_from(SMALL)).data)
    for _ in range(data.draw(st.integers(1, 6))):
        image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(image)))
    decode_fenced(bytes(image[: max(cut, len(image) // 3)]), data.draw(st.booleans()))


CONTROLS = st.sampled_from(
    [b"\x00a", b"\x1f", b"\x20\x00", b"\xe0\xff\xff", b"\x3f\xff\x00\x00", b"\xff", b"\x20\x03"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(LzType),
    st.integers(1, 300),
    st.integers(1, 30),
    st.lists(st.one_of(CONTROLS, st.binary(max_size=9)), max_size=60).map(b"".join),
    st.booleans(),
)
def test_noise_stays_inside_its_memory(
    kind: LzType, width: int, height: int, noise: bytes, at_end: bool
) -> None:
    decode_fenced(stream(kind, width, height, noise), at_end)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_matches_copy_as_if_unit_by_unit(data: st.DataObject) -> None:
    """All lengths and distances against the plainest reading of the format."""
    kind = data.draw(st.sampled_from([LzType.A8, LzType.RGB16, LzType.RGB32]))
    size, bias = {LzType.A8: (1, 3), LzType.RGB16: (2, 2), LzType.RGB32: (3, 1)}[kind]
    body = b""
    units: list[bytes] = []
    for again in data.draw(st.lists(st.booleans(), min_size=1, max_size=8)):
        if units and again:
            distance = data.draw(st.integers(1, min(len(units), 8191)))
            length = data.draw(st.integers(bias, bias + 60))
            field = length - bias + 1
            body += bytes([min(field, 7) << 5 | (distance - 1) >> 8])
            body += bytes([field - 7]) if field >= 7 else b""
            body += bytes([(distance - 1) & 255])
            for _ in range(length):
                units.append(units[-distance])
        else:
            literals = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=1, max_size=32))
            body += bytes([len(literals) - 1]) + b"".join(literals)
            units += literals
    expected = b"".join(unit[::-1] if size == 2 else unit + b"\0" if size == 3 else unit for unit in units)
    assert lz.decode(stream(kind, len(units), 1, body), LIMIT) == expected
