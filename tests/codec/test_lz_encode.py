import itertools
import random
import struct
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gspice.codec import lz, lz_encode
from gspice.codec.lz import LzType
from tests.codec.coded import Coded, Fenced, coded

LIMIT = 1 << 28
HEADER = 28
GIVEN_BITS = {
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
"""Of a pixel in the rows that encode() takes."""


def row_bytes(kind: LzType, width: int) -> int:
    return (width * GIVEN_BITS[kind] + 7) // 8


def kept(kind: LzType, rows: bytes) -> bytes:
    """What decode() gives of rows without padding."""
    out = bytearray(rows)
    if kind is LzType.XXXA:
        return bytes(out[3::4])
    if kind is LzType.RGB16:
        out[1::2] = bytes(byte & 0x7F for byte in out[1::2])
    if kind is LzType.RGB32:
        out[3::4] = bytes(len(out) // 4)
    if kind is LzType.RGB24:
        return b"".join(rows[at : at + 3] + b"\0" for at in range(0, len(rows), 3))
    return bytes(out)


def body(kind: LzType, units: bytes) -> bytes:
    """The stream of one row."""
    width = len(units) * 8 // GIVEN_BITS[kind]
    image = lz_encode.encode(units, kind, width, 1, len(units))
    assert lz.decode(image, LIMIT) == kept(kind, units)
    return image[HEADER:]


def pixel(number: int) -> bytes:
    return struct.pack("<I", number * 0x9E3779 & 0xFFFFFF)


def colours(pixels: bytes) -> bytes:
    return b"".join(pixels[at : at + 3] for at in range(0, len(pixels), 4))


ALL = coded("lz-")


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.name)
def test_no_larger_than_what_libspice_makes(image: Coded) -> None:
    header = lz.parse_header(image.data)
    rows = lz.decode(image.data, LIMIT)
    given_rows = rows
    if header.type is LzType.RGB24:
        given_rows = colours(rows)
    stride = row_bytes(header.type, header.width)
    ours = lz_encode.encode(given_rows, header.type, *image.size, stride, top_down=header.top_down)
    assert lz.parse_header(ours) == header
    assert ours[:HEADER] == image.data[:HEADER]
    assert lz.decode(ours, LIMIT) == rows
    assert len(ours) <= len(image.data) * 1.01


def test_literals_and_matches_are_these_bytes() -> None:
    a, b, c = b"\x01\x02\x03", b"\x04\x05\x06", b"\x07\x08\x09"
    x = b"\xff"
    # A run begins with its second pixel; a match of 1 has a length of 1, in the high three bits.
    run = (a + x) + (a + b"\0") * 4 + (b + x) + (c + x) * 8
    assert body(LzType.RGB32, run) == b"\x00" + a + b"\x80\x00" + b"\x01" + b + c + b"\xe0\x00\x00"
    # RGB16 has the high byte first; the highest bit of a pixel means nothing. No match is shorter than 3.
    halves = b"\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00"
    run = b"\x34\x92" + b"\x34\x12" * 3
    assert body(LzType.RGB16, run + halves) == b"\x00\x12\x34\x40\x00" + b"\x05\0\1\0\2\0\3\0\4\0\5\0\6"
    assert body(LzType.RGB16, run[:6] + halves)[:1] == b"\x08"
    # Of bytes, no match is shorter than 3.
    assert body(LzType.A8, b"\x09\x09\x09\x01\x02\x03\x04\x05\x06")[:1] == b"\x08"
    assert body(LzType.A8, b"\x09\x09\x09\x09\x01\x02\x03\x04\x05\x06") == b"\0\x09\x20\0\5\1\2\3\4\5\6"


TAIL = b"".join(pixel(number) for number in range(100, 110))
"""Of which there is no match; near the end none begins."""


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 8, 260, 261, 262, 263, 515, 516, 517, 518, 100_000])
def test_lengths(length: int) -> None:
    rest = length - 7  # what the bytes after the first one add up to
    more = b"\xff" * (rest // 255) + bytes([rest % 255]) if rest >= 0 else b""
    control = bytes([min(length, 7) << 5])
    stream = body(LzType.RGB32, pixel(1) * (length + 1) + TAIL)
    assert stream.startswith(b"\0" + pixel(1)[:3] + control + more + b"\0\x09" + colours(TAIL))


@pytest.mark.parametrize("distance", [9, 255, 256, 257, 8190, 8191, 8192, 8193, 65536, 73726, 73727, 73728])
def test_distances(distance: int) -> None:
    again = b"".join(pixel(number) for number in range(1, 9))
    stream = body(LzType.RGB32, again + pixel(20) * (distance - 8) + again + TAIL)
    back = distance - 1
    if distance < 8192:
        match = bytes([7 << 5 | back >> 8, 1, back & 255])
    else:
        match = bytes([7 << 5 | 31, 1, 255]) + struct.pack(">H", (back - 8191) & 0xFFFF)
    assert stream.startswith(b"\x08")
    if distance < 73728:
        assert stream.endswith(match + b"\x09" + colours(TAIL))
    else:
        assert stream.endswith(b"\x11" + colours(again + TAIL))


def test_a_long_run_gives_way_to_the_row_above_that_goes_on() -> None:
    text = b"".join(pixel(number) for number in range(100, 160))
    rows = [pixel(1) * 40 + pixel(2) * (20 - y) + pixel(3) * (60 + y) + text for y in range(20)]
    # With the runs alone it is 366.
    assert len(lz_encode.encode(b"".join(rows), LzType.RGB32, 180, 20, 720)) <= 348


def test_edges_that_slant_are_found_at_the_same_distance_again() -> None:
    width, height = 1024, 60
    places = ((x, y) for y in range(height) for x in range(width))
    shades = b"".join(pixel(x // 32 * 32 + (x + y) // 25 % 32 * 1024 + y // 20) for x, y in places)
    # Without, it is 14573.
    assert len(lz_encode.encode(shades, LzType.RGB32, width, height, 4 * width)) <= 12_500


def test_what_stands_upright_is_found_above() -> None:
    rng = random.Random(1)
    row = b"".join(pixel(rng.randrange(1 << 20)) for _ in range(40))
    changed = b"".join(
        row[at : at + 4] if at % 8 else pixel(rng.randrange(1 << 20)) for at in range(0, len(row), 4)
    )
    first = lz_encode.encode(row, LzType.RGB32, 40, 1, 160)
    both = lz_encode.encode(row + changed, LzType.RGB32, 40, 2, 160)
    # Every other pixel alone, of which no hash knows: a literal of 4 and a match of 2 bytes.
    assert len(both) - len(first) <= 20 * 6 + 12


@pytest.mark.parametrize("kind", LzType)
def test_only_the_pixels_count(kind: LzType) -> None:
    width, height = 37, 11
    line = row_bytes(kind, width)
    rng = random.Random(kind)
    rows = [bytes(rng.choices(b"\x00\x11\x85\xff", k=line)) for _ in range(height)]
    tight = lz_encode.encode(b"".join(rows), kind, width, height, line)
    assert lz.decode(tight, LIMIT) == kept(kind, b"".join(rows))
    for padding in (b"\xee" * 7, b"\x11" * 4, b"\x00"):
        loose = padding.join(rows)  # the last row needs none
        assert lz_encode.encode(loose, kind, width, height, line + len(padding)) == tight
        assert lz_encode.encode(loose + b"more", kind, width, height, line + len(padding)) == tight
    if kind is LzType.RGB32:
        other = bytearray(b"".join(rows))
        other[3::4] = rng.randbytes(width * height)
        assert lz_encode.encode(other, kind, width, height, line) == tight
    up = lz_encode.encode(b"".join(rows), kind, width, height, line, top_down=False)
    assert up[:24] + b"\0\0\0\1" + up[28:] == tight and not lz.parse_header(up).top_down


def test_any_buffer_will_do() -> None:
    rows = pixel(1) * 30 + pixel(2) * 30
    image = lz_encode.encode(rows, LzType.RGBA, 30, 2, 120)
    for same in (bytearray(rows), memoryview(rows).cast("I"), memoryview(rows).cast("B", (2, 30, 4))):
        assert lz_encode.encode(same, LzType.RGBA, 30, 2, 120) == image


@pytest.mark.parametrize(
    ("kind", "width", "height", "stride", "size", "reason"),
    [
        (0, 1, 1, 4, 4, "type 0"),
        (12, 1, 1, 4, 4, "type 12"),
        (8, 0, 1, 4, 4, "0x1 pixels"),
        (8, 1, 0, 4, 4, "1x0 pixels"),
        (8, -1, 1, 4, 4, "-1x1 pixels"),
        (8, 2, 2, 7, 16, "7 bytes from row to row, and 8"),
        (8, 2, 2, -8, 16, "-8 bytes from row to row"),
        (8, 2, 2, 8, 15, "2 rows of 8 bytes: there are 15"),
        (7, 3, 2, 10, 18, "there are 18"),
        (1, 9, 2, 2, 3, "there are 3"),
        (11, 1, 1, 1, 0, "there are 0"),
        (8, 1 << 14, 1 << 14, 1 << 16, 0, "more than"),
        (8, 1 << 40, 1 << 40, 1 << 42, 0, "more than"),
    ],
)
def test_arguments_that_do_not_fit(
    kind: int, width: int, height: int, stride: int, size: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        lz_encode.encode(bytes(size), kind, width, height, stride)  # type: ignore[arg-type]


def most_bytes(kind: LzType, width: int, height: int) -> int:
    """What an image may come to at most: all of it literals, 32 of them after each control byte."""
    line = row_bytes(kind, width)
    if kind < LzType.RGB16 or kind is LzType.A8:
        planes = [(line * height, 1)]
    elif kind is LzType.RGBA:
        planes = [(width * height, 3), (width * height, 1)]
    else:
        planes = [(width * height, {LzType.RGB16: 2, LzType.XXXA: 1}.get(kind, 3))]
    return HEADER + sum(units * size + -(-units // 32) for units, size in planes)


@st.composite
def pieces(draw: st.DrawFn) -> bytes:
    """Bytes with repetitions of all sorts, near and far."""
    out = b""
    for _ in range(draw(st.integers(1, 12))):
        if out and draw(st.booleans()):
            back = draw(st.integers(1, len(out)))
            length = draw(st.integers(1, 300))
            out += (out[-back:] * (length // back + 1))[:length]
        else:
            out += draw(st.binary(max_size=40)) or b"\0" * draw(st.integers(1, 70))
    return out


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LzType), st.integers(1, 60), st.integers(0, 5), pieces())
@example(LzType.RGB24, 1, 0, b"abc")
@example(LzType.PLT1_LE, 1, 0, b"\x01")
def test_what_is_encoded_comes_back(kind: LzType, width: int, padding: int, data: bytes) -> None:
    line = row_bytes(kind, width)
    stride = line + padding
    height = max(1, (len(data) + padding) // stride)
    data = data.ljust(stride * height, b"\0")
    # Rows that end where no one may read, so that reading more would end the test.
    size = stride * (height - 1) + line
    source = Fenced(size)
    try:
        image = lz_encode.encode(source.holding(data[:size]), kind, width, height, stride)
    finally:
        source.close()
    rows = b"".join(data[at : at + line] for at in range(0, stride * height, stride))
    assert lz.decode(image, LIMIT) == kept(kind, rows)
    assert len(image) <= most_bytes(kind, width, height)


def hostile(units: int) -> Iterator[bytes]:
    """Bytes of which matches are as short and literals between them as few as they can be."""
    rng = random.Random(units)
    for match, fresh in itertools.product(range(1, 7), range(1, 4)):
        out = bytearray(rng.randbytes(64))
        while len(out) < units:
            start = rng.randrange(len(out) - match)
            out += out[start : start + match] + rng.randbytes(fresh)
        yield bytes(out[:units])


@pytest.mark.parametrize("kind", [LzType.A8, LzType.RGB16, LzType.RGB32])
def test_far_matches_that_do_not_pay(kind: LzType) -> None:
    unit = GIVEN_BITS[kind] // 8
    rng = random.Random(kind)
    width = 8300
    for same, fresh in itertools.product((1, 2, 3, 4), (1, 2)):
        row = rng.randbytes(width * unit)
        below = bytearray(row)
        for x in range(0, width - fresh, same + fresh):
            below[x * unit : (x + fresh) * unit] = rng.randbytes(fresh * unit)
        image = lz_encode.encode(row + below, kind, width, 2, width * unit)
        assert len(image) <= most_bytes(kind, width, 2)


@pytest.mark.parametrize("kind", LzType)
def test_the_worst_images_fit(kind: LzType) -> None:
    bits = GIVEN_BITS[kind]
    for data in hostile(24_000):
        for width in (24_000 * 8 // bits, 2000 * 8 // bits):
            line = row_bytes(kind, width)
            height = len(data) // line
            image = lz_encode.encode(data, kind, width, height, line)
            assert len(image) <= most_bytes(kind, width, height)
            assert lz.decode(image, LIMIT) == kept(kind, data[: line * height])


def test_large_images_are_encoded_without_the_gil() -> None:
    rows = random.Random(3).randbytes(1 << 20)
    gate, ran = threading.Lock(), threading.Event()
    gate.acquire()

    def wait_and_run() -> None:
        with gate:
            ran.set()

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=wait_and_run)
    thread.start()
    sys.setswitchinterval(
        1000
    )  # from here on the other thread runs where the GIL is given up, and only there
    try:
        gate.release()
        for _ in range(200):
            lz_encode.encode(rows, LzType.RGB32, 512, 512, 2048)
            if ran.is_set():
                return
        raise AssertionError("no other thread ran")
    finally:
        sys.setswitchinterval(interval)
        thread.join()
