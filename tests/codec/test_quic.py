import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec import quic
from gspice.codec.errors import CodecError
from gspice.codec.quic import QuicType
from tests.codec.coded import Coded, Fenced, coded, digest, kills, named

LIMIT = 1 << 28
ALL = coded("quic-")
SMALL = [one for one in ALL if len(one.data) < 3000]


def stream(
    kind: int, width: int, height: int, *words: int, version: int = 0, magic: bytes = b"QUIC"
) -> bytes:
    return magic + struct.pack(f"<{4 + len(words)}I", version, kind, width, height, *words)


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.name)
def test_what_libspice_encoded(image: Coded) -> None:
    header = quic.parse_header(image.data)
    assert (header.width, header.height) == image.size
    rows = quic.decode(image.data, LIMIT)
    stride = header.width * quic.pixel_bytes(header.type)
    assert digest(rows, stride, True) == image.entry["sha256"]
    out = bytearray(len(rows))
    quic.decode_into(image.data, out)
    assert out == rows


def test_all_types_are_covered() -> None:
    assert {quic.parse_header(image.data).type for image in ALL} == set(QuicType)


def test_a_stream_worked_out_by_hand() -> None:
    # One grey pixel. The first code is the costliest, of 7 low bits: a 1 begins values below 128. The value 6
    # is an error of 3: the pixel is 3.
    assert quic.decode(stream(1, 1, 1, 0b1_0000110 << 24), LIMIT) == b"\x03"
    # Odd values are negative errors: 5 is -3.
    assert quic.decode(stream(1, 1, 1, 0b1_0000101 << 24), LIMIT) == b"\xfd"
    # A 0 begins the 128 values that are left.
    assert quic.decode(stream(1, 1, 1, 0b0_0000010 << 24), LIMIT) == b"\x41"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no header"),
        (stream(1, 1, 1)[:19], "no header"),
        (stream(1, 1, 1, magic=b"CIUQ"), "magic"),
        (stream(1, 1, 1, 0, version=1), "version"),
        (stream(0, 1, 1, 0), "type 0"),
        (stream(6, 1, 1, 0), "type 6"),
        (stream(4, 0, 1, 0), "0x1 pixels"),
        (stream(4, 1, 0, 0), "1x0 pixels"),
        (stream(4, 1 << 31, 1, 0), "pixels"),
        (stream(4, 1, 0xFFFFFFFF, 0), "pixels"),
        (stream(4, 100, 100, 0), "cannot hold"),
        (stream(4, 1 << 16, 1 << 16, 0), "pixels, more than"),
        (stream(4, 1, 1), "cannot hold"),
    ],
)
def test_headers_that_make_no_sense(data: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        quic.decode(data, LIMIT)


def test_the_limit_is_the_callers() -> None:
    image = named("quic-rgb32-small")
    assert len(quic.decode(image.data, 5 * 4 * 4)) == 80
    with pytest.raises(CodecError, match="80 bytes, more than 79"):
        quic.decode(image.data, 79)


def test_a_huge_image_takes_no_memory() -> None:
    bomb = stream(4, 8000, 8000, *[0xFFFFFFFF] * 1000)
    tracemalloc.start()
    try:
        with pytest.raises(CodecError, match="cannot hold"):
            quic.decode(bomb, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_buffer_of_another_size() -> None:
    for size in (79, 81, 0):
        with pytest.raises(CodecError, match="buffer"):
            quic.decode_into(named("quic-rgb32-small").data, bytearray(size))


def test_runs_end_with_their_row() -> None:
    # One pixel of 0 takes 8 bits, those after it a 1 each; in row 1 a run begins, which each 1 makes longer.
    data = stream(1, 8, 2, 0x80FFFFFF, *[0xFFFFFFFF] * 40)
    with pytest.raises(CodecError, match=r"run beyond the end of row 1"):
        quic.decode(data, LIMIT)


@pytest.mark.parametrize("image", SMALL, ids=lambda image: image.name)
def test_every_truncation_is_an_error(image: Coded) -> None:
    # The coder ends with up to three words of padding.
    for length in range(len(image.data) - 16):
        with pytest.raises(CodecError):
            quic.decode(image.data[:length], LIMIT)


def decode_fenced(data: bytes, at_end: bool = True) -> None:
    """Decode with both buffers against a fence; an error of any kind but one escapes."""
    try:
        header = quic.parse_header(data)
    except CodecError:
        return
    size = header.width * header.height * quic.pixel_bytes(header.type)
    if size > 1 << 22:
        return
    source, out = Fenced(len(data), at_end=at_end), Fenced(size, at_end=at_end)
    try:
        quic.decode_into(source.holding(data), out.view)
    except CodecError:
        pass
    finally:
        out.close()
        source.close()


def test_the_fence_works() -> None:
    fenced = Fenced(100)
    buffer = (type(fenced.view.obj)).from_address(fenced.address + 1)  # type: ignore[attr-defined]
    assert kills(lambda: bytes(buffer))
    assert not kills(lambda: bytes(fenced.view))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_damage_stays_inside_its_memory(data: st.DataObject) -> None:
    image = bytearray(data.draw(st.sampled_from(SMALL)).data)
    for _ in range(data.draw(st.integers(1, 6))):
        image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(image)))
    decode_fenced(bytes(image[: max(cut, len(image) // 3)]), data.draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(QuicType),
    st.integers(1, 3000),
    st.integers(1, 4),
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff" * 3000, b"\x00" * 3000, b"\x80" * 3000]),
    st.booleans(),
)
def test_noise_stays_inside_its_memory(
    kind: QuicType, width: int, height: int, noise: bytes, rest: bytes, at_end: bool
) -> None:
    decode_fenced(stream(kind, width, height) + noise + rest, at_end)
