import array
import itertools
import random
import sys
import threading

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gspice.codec import quic, quic_encode
from gspice.codec.quic import QuicType
from tests.codec.coded import Coded, Fenced, coded, digest

LIMIT = 1 << 28
HEADER = 20
GIVEN_BYTES = {
    QuicType.GRAY: 1,
    QuicType.RGB16: 2,
    QuicType.RGB24: 3,
    QuicType.RGB32: 4,
    QuicType.RGBA: 4,
}
"""Of a pixel in the rows that encode() takes."""
MASK_PIXELS = 2048
"""After so many, six times, the model learns less often."""


def kept(kind: QuicType, rows: bytes) -> bytes:
    """What decode() gives of rows without padding."""
    out = bytearray(rows)
    if kind is QuicType.RGB16:
        out[1::2] = bytes(byte & 0x7F for byte in out[1::2])
    if kind is QuicType.RGB32:
        out[3::4] = bytes(len(out) // 4)
    if kind is QuicType.RGB24:
        out = bytearray(len(rows) // 3 * 4)
        for channel in range(3):
            out[channel::4] = rows[channel::3]
    return bytes(out)


def come_back(kind: QuicType, width: int, height: int, rows: bytes) -> bytes:
    """The image, once it was seen to be right."""
    image = quic_encode.encode(rows, kind, width, height, width * GIVEN_BYTES[kind])
    assert quic.parse_header(image) == (kind, width, height)
    assert quic.decode(image, LIMIT) == kept(kind, rows)
    return image


ALL = coded("quic-")


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.name)
def test_just_what_libspice_makes(image: Coded) -> None:
    header = quic.parse_header(image.data)
    rows = quic.decode(image.data, LIMIT)
    assert digest(rows, header.width * quic.pixel_bytes(header.type), True) == image.entry["sha256"]
    if header.type is QuicType.RGB24:
        rows = b"".join(rows[at : at + 3] for at in range(0, len(rows), 4))
    stride = header.width * GIVEN_BYTES[header.type]
    assert quic_encode.encode(rows, header.type, header.width, header.height, stride) == image.data


def test_all_types_are_covered() -> None:
    assert {quic.parse_header(image.data).type for image in ALL} == set(QuicType) == set(GIVEN_BYTES)


def test_a_stream_worked_out_by_hand() -> None:
    # One grey pixel. The first code is the costliest, of 7 low bits: a 1 begins values below 128, a 0 the others.
    # An error of 3 is the value 6, one of -3 the value 5. Behind the word there is one more, for who reads ahead.
    for pixel, bits in ((3, 0b1_0000110), (0xFD, 0b1_0000101), (0x41, 0b0_0000010)):
        image = quic_encode.encode(bytes([pixel]), QuicType.GRAY, 1, 1, 1)
        assert image[:HEADER] == b"QUIC" + bytes([0] * 4 + [1, 0, 0, 0] * 3)
        assert image[HEADER:] == bytes([0, 0, 0, bits]) + bytes(4)


@st.composite
def pictures(draw: st.DrawFn, channels: int, width: int, height: int) -> bytes:
    """Rows with runs and without, and such as differ from the row above in a few pixels."""
    rng = random.Random(draw(st.integers(0, 1 << 30)))
    colours = [rng.randbytes(channels) for _ in range(draw(st.integers(1, 4)))]
    changes = draw(st.sampled_from([0, 0.02, 0.3, 1]))
    noise = draw(st.booleans())
    row: list[bytes] = []
    out = []
    for _ in range(height):
        if not row or rng.random() < 0.2:
            row = []
            while len(row) < width:
                row += [rng.choice(colours)] * rng.choice((1, 1, 2, 3, 5, 9, 40, 300))
        row = [
            (rng.randbytes(channels) if noise else rng.choice(colours)) if rng.random() < changes else pixel
            for pixel in row[:width]
        ]
        out.append(b"".join(row))
    return b"".join(out)


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(QuicType),
    st.integers(1, 90),
    st.integers(1, 9),
    st.integers(0, 5),
    st.booleans(),
)
def test_what_is_encoded_comes_back(
    data: st.DataObject, kind: QuicType, width: int, height: int, padding: int, at_end: bool
) -> None:
    line = width * GIVEN_BYTES[kind]
    rows = data.draw(pictures(GIVEN_BYTES[kind], width, height))
    lines = [rows[at : at + line] for at in range(0, len(rows), line)]
    loose = (b"\x5a" * padding).join(lines)  # the last row needs none
    # Rows that end, or begin, where no one may read, so that reading more would end the test.
    source = Fenced(len(loose), at_end=at_end)
    try:
        image = quic_encode.encode(source.holding(loose), kind, width, height, line + padding)
    finally:
        source.close()
    assert image == come_back(kind, width, height, rows)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(QuicType), st.integers(600, 5000), st.integers(1, 12))
@example(None, QuicType.RGB32, MASK_PIXELS, 8)
@example(None, QuicType.RGBA, MASK_PIXELS // 2, 16)
@example(None, QuicType.GRAY, MASK_PIXELS + 1, 7)
@example(None, QuicType.RGB16, 7 * MASK_PIXELS, 2)
def test_it_slows_down_as_the_decoder_does(
    data: st.DataObject | None, kind: QuicType, width: int, height: int
) -> None:
    size = GIVEN_BYTES[kind]
    if data is None:
        rows = random.Random(width).randbytes(width * height * size)
    else:
        rows = data.draw(pictures(size, width, height))
    come_back(kind, width, height, rows)


@pytest.mark.parametrize("kind", QuicType)
def test_runs_of_any_length(kind: QuicType) -> None:
    size = GIVEN_BYTES[kind]
    one, other = b"\x10\x20\x30\x40"[:size], b"\x11\x22\x33\x44"[:size]
    for width in (3, 4, 5, 11, 12, 13, 20, 100, 300_000):
        rows = (one * width) * 2
        come_back(kind, width, 2, rows)
        come_back(kind, width, 2, rows[:-size] + other)
    for length in (1, 2, 3, 7, 8, 9, 15, 16, 17):
        below = (one * 3 + one * length + other * 2) * 40
        come_back(kind, (length + 5) * 40, 3, one * ((length + 5) * 40) + below * 2)


def test_runs_make_flat_images_small() -> None:
    image = come_back(QuicType.RGB32, 300_000, 4, b"\x10\x20\x30\x00" * 1_200_000)
    # The first row has none: 3 bits a pixel are the least that it takes.
    assert len(image) < 300_000 * 3 // 8 + 2000


@pytest.mark.parametrize("kind", QuicType)
def test_only_the_pixels_count(kind: QuicType) -> None:
    width, height, size = 37, 11, GIVEN_BYTES[kind]
    rng = random.Random(kind)
    rows = bytearray(
        b"".join(rng.choices([b"\x10\x20\x30\x40"[:size], b"\x11\x20\x30\x50"[:size]], k=width * height))
    )
    image = come_back(kind, width, height, bytes(rows))
    if kind is QuicType.RGB32:
        rows[3::4] = rng.randbytes(width * height)
    elif kind is QuicType.RGB16:
        rows[1::2] = bytes(byte | rng.choice((0, 0x80)) for byte in rows[1::2])
    assert quic_encode.encode(rows, kind, width, height, width * size) == image


@pytest.mark.parametrize("kind", QuicType)
def test_images_that_grow(kind: QuicType) -> None:
    # Noise, and noise where the model expects the least: after many rows that its shortest codes were best for.
    size, rng = GIVEN_BYTES[kind], random.Random(kind)
    noise = rng.randbytes(300 * 200 * size)
    assert len(come_back(kind, 300, 200, noise)) > len(noise) * 0.7
    flat = b"\x05" * 300 * 100 * size
    come_back(kind, 300, 300, flat + noise)
    far = bytearray(300 * 200 * size)
    for x in range(0, 300 * 200, 7):
        far[x * size] = 0x84  # the farthest from 0 of 8 bits and of 5
    come_back(kind, 300, 200, bytes(far))


def one_row(kind: QuicType, errors: list[int]) -> bytes:
    """Pixels each of which differs so much from the one before; in a first row the coder expects no difference."""
    values = [value & (31 if kind is QuicType.RGB16 else 255) for value in itertools.accumulate(errors)]
    if kind is QuicType.RGB16:
        return b"".join((value << 10 | value << 5 | value).to_bytes(2, "little") for value in values)
    return b"".join(bytes([value] * GIVEN_BYTES[kind]) for value in values)


@pytest.mark.parametrize("kind", QuicType)
def test_the_longest_words(kind: QuicType) -> None:
    # Far ones are few, and never two together: until, at the end, all are.
    far = 16 if kind is QuicType.RGB16 else 128
    usual = [0, 0, 0, 1, 0, 0, far] * 9000
    lengths = [
        len(come_back(kind, len(errors), 1, one_row(kind, errors)))
        for errors in (usual, usual + [far] * 20)  # of which the model hears too late
    ]
    channels = {QuicType.GRAY: 1, QuicType.RGBA: 4}.get(kind, 3)
    assert lengths[1] - lengths[0] >= 20 * channels * 24 // 8


@pytest.mark.parametrize(
    ("kind", "width", "height", "stride", "reason"),
    [
        (0, 4, 4, 16, "type 0"),
        (6, 4, 4, 16, "type 6"),
        (4, 0, 4, 16, "0x4 pixels: it has none"),
        (4, 4, 0, 16, "4x0 pixels: it has none"),
        (4, -4, -4, 16, "it has none"),
        (1, 1 << 15, 1 << 15, 1 << 15, "more than 536870911"),
        (1, 1 << 70, 1, 1 << 70, "more than"),
        (4, 4, 4, 15, "15 bytes from row to row, and 16"),
        (3, 4, 4, 11, "11 bytes from row to row, and 12"),
        (2, 4, 4, 7, "7 bytes from row to row, and 8"),
        (1, 4, 4, 3, "3 bytes from row to row, and 4"),
        (4, 4, 4, 17, "there are 64 bytes"),
        (4, 4, 5, 16, "there are 64 bytes"),
        (1, 4, 2, 1 << 66, "there are 64 bytes"),
    ],
)
def test_arguments_that_do_not_fit(kind: int, width: int, height: int, stride: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        quic_encode.encode(bytes(64), kind, width, height, stride)  # type: ignore[arg-type]


def test_rows_may_lie_anywhere() -> None:
    words = array.array("H", range(64))
    image = quic_encode.encode(words.tobytes(), QuicType.RGB16, 8, 8, 16)
    for data in (bytearray(words.tobytes()), memoryview(words), memoryview(b"x" + words.tobytes())[1:]):
        assert quic_encode.encode(data, QuicType.RGB16, 8, 8, 16) == image
    with pytest.raises(ValueError, match="there are 0 bytes"):
        quic_encode.encode(b"", QuicType.GRAY, 1, 1, 1)


def test_threads_do_not_meet() -> None:
    rows = [random.Random(number).randbytes(1 << 18) for number in range(4)]
    expected = [quic_encode.encode(each, QuicType.RGBA, 256, 256, 1024) for each in rows]
    found: list[list[bytes]] = [[] for _ in rows]

    def work(number: int) -> None:
        for _ in range(5):
            found[number].append(quic_encode.encode(rows[number], QuicType.RGBA, 256, 256, 1024))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(rows))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[image] * 5 for image in expected]


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
    # From here on the other thread runs where the GIL is given up, and only there.
    sys.setswitchinterval(1000)
    try:
        gate.release()
        for _ in range(200):
            quic_encode.encode(rows, QuicType.RGB32, 512, 512, 2048)
            if ran.is_set():
                return
        raise AssertionError("no other thread ran")
    finally:
        sys.setswitchinterval(interval)
        thread.join()
