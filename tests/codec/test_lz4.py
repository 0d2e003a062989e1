import struct

import lz4.block
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec import lz4 as codec
from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat, row_bytes

FORMATS = sorted(codec.FORMATS)


def chained(rows: bytes, cuts: list[int]) -> bytes:
    """The chunks of one chained stream, cut where ``cuts`` say."""
    out, start = b"", 0
    for end in (*cuts, len(rows)):
        block = lz4.block.compress(
            rows[start:end], store_size=False, dict=rows[max(0, start - (1 << 16)) : start]
        )
        out += struct.pack(">I", len(block)) + block
        start = end
    return out


@settings(deadline=None)
@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    bitmap_format = data.draw(st.sampled_from(FORMATS))
    width, height = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 8))
    row = row_bytes(width, bitmap_format.bits_per_pixel)
    stride = row + data.draw(st.integers(0, 5))
    rows = data.draw(st.binary(min_size=stride * height, max_size=stride * height))
    top_down = data.draw(st.booleans())
    payload = codec.encode(rows, stride, width, height, bitmap_format, top_down=top_down)
    tight = b"".join(rows[y * stride : y * stride + row] for y in range(height))
    assert codec.decode(payload, width, height) == (bitmap_format, top_down, tight)


def test_layout_is_header_then_one_chunk() -> None:
    payload = codec.encode(b"\x01\x02\x03\x04", 4, 1, 1, BitmapFormat.XRGB32, top_down=True)
    assert payload[:2] == bytes([1, 8])
    assert struct.unpack(">I", payload[2:6]) == (len(payload) - 6,)
    assert lz4.block.decompress(payload[6:], uncompressed_size=4) == b"\x01\x02\x03\x04"


def test_last_row_may_lack_padding() -> None:
    payload = codec.encode(b"ab--cd", 4, 1, 2, BitmapFormat.RGB555, top_down=False)
    assert codec.decode(payload, 1, 2) == (BitmapFormat.RGB555, False, b"abcd")


@settings(deadline=None)
@given(st.data())
def test_chained_chunks(data: st.DataObject) -> None:
    seed = data.draw(st.binary(min_size=1, max_size=40))
    width, height = 40, 8
    rows = (seed * (width * height * 4))[: width * height * 4]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=6)))
    payload = bytes([1, BitmapFormat.XRGB32]) + chained(rows, cuts)
    assert codec.decode(payload, width, height) == (BitmapFormat.XRGB32, True, rows)


def test_chunk_reaches_back_a_whole_window() -> None:
    noise = b"".join(struct.pack("<I", i * 2654435761 % (1 << 32)) for i in range(16383))
    rows = noise + noise[:4096]
    payload = bytes([0, BitmapFormat.XRGB32]) + chained(rows, [len(noise)])
    assert len(payload) < len(rows) - 3000, "the second chunk does not refer to the first"
    assert codec.decode(payload, 13, 1339).rows == rows


def test_every_truncation_is_refused() -> None:
    rows = bytes(range(48)) * 2
    payload = bytes([1, BitmapFormat.RGB24]) + chained(rows, [10, 50])
    assert codec.decode(payload, 8, 4).rows == rows
    for size in range(len(payload)):
        with pytest.raises(ProtocolError):
            codec.decode(payload[:size], 8, 4)


def header(bitmap_format: int, *blocks: bytes) -> bytes:
    return bytes([1, bitmap_format]) + b"".join(struct.pack(">I", len(block)) + block for block in blocks)


WHOLE = lz4.block.compress(bytes(16), store_size=False)


@pytest.mark.parametrize(
    ("payload", "width", "height", "text"),
    [
        (header(5, WHOLE), 4, 1, "format 5"),
        (header(10, WHOLE), 4, 1, "format 10"),
        (header(8, WHOLE), 0, 1, "0x1"),
        (header(8, WHOLE), 4, -1, "4x-1"),
        (header(8, WHOLE), 5, 1, "16 bytes of 20"),
        (header(8, WHOLE), 3, 1, "chunk of"),
        (header(8, WHOLE, WHOLE), 4, 1, "chunk of"),
        (header(8, WHOLE, WHOLE), 9, 1, "32 bytes of 36"),
        (header(8, WHOLE, b""), 5, 1, "chunk of 0"),
        (header(8, b"\x00"), 1, 1, "without pixels"),
        (header(8, b"\xff\xff\xff"), 4, 1, "chunk of 3"),
        (header(8, WHOLE) + b"\x00\x00", 5, 1, "length of a chunk"),
        (bytes([1, 8]) + b"\xff\xff\xff\xff" + WHOLE, 4, 1, "only"),
        (header(8, WHOLE), 1 << 20, 1 << 20, "more than"),
        (header(8, WHOLE), 4000, 4000, "cannot hold"),
    ],
)
def test_bad_payloads(payload: bytes, width: int, height: int, text: str) -> None:
    with pytest.raises(ProtocolError, match=text):
        codec.decode(payload, width, height)


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(FORMATS), st.integers(1, 6), st.integers(1, 6))
def test_random_bytes_raise_nothing_else(
    junk: bytes, bitmap_format: BitmapFormat, width: int, height: int
) -> None:
    try:
        rows = codec.decode(bytes([0, bitmap_format]) + junk, width, height).rows
    except ProtocolError:
        return
    assert len(rows) == row_bytes(width, bitmap_format.bits_per_pixel) * height


def test_size_limit_is_the_callers() -> None:
    payload = codec.encode(bytes(64), 16, 4, 4, BitmapFormat.XRGB32, top_down=True)
    assert len(codec.decode(payload, 4, 4, max_bytes=64).rows) == 64
    with pytest.raises(ProtocolError, match="more than 63"):
        codec.decode(payload, 4, 4, max_bytes=63)


@pytest.mark.parametrize(
    ("rows", "stride", "width", "height", "bitmap_format"),
    [
        (bytes(15), 16, 4, 1, BitmapFormat.XRGB32),
        (bytes(64), 15, 4, 1, BitmapFormat.XRGB32),
        (bytes(64), 16, 0, 1, BitmapFormat.XRGB32),
        (bytes(64), 16, 4, 0, BitmapFormat.XRGB32),
        (bytes(64), 16, 4, 1, BitmapFormat.BIT8),
    ],
)
def test_encode_refuses_rows_that_do_not_fit(
    rows: bytes, stride: int, width: int, height: int, bitmap_format: BitmapFormat
) -> None:
    with pytest.raises(ValueError, match=r"bytes with stride|cannot be sent"):
        codec.encode(rows, stride, width, height, bitmap_format, top_down=True)
