import itertools
import random
import struct
import sys
import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec import graduality, quic
from gspice.codec.graduality import Graduality
from gspice.codec.lz import LzType
from tests.codec.coded import Fenced, named

BYTES = {LzType.RGB16: 2, LzType.RGB24: 3, LzType.RGB32: 4, LzType.RGBA: 4}
LIMIT = 1 << 28

Channels = npt.NDArray[np.int64]


def channels(kind: LzType, rows: bytes, width: int, height: int) -> Channels:
    """(height, width, 3)"""
    if kind is LzType.RGB16:
        words = np.frombuffer(rows, "<u2").reshape(height, width).astype(np.int64)
        return np.stack([words & 31, words >> 5 & 31, words >> 10 & 31], axis=-1)
    pixels = np.frombuffer(rows, np.uint8).reshape(height, width, BYTES[kind])
    return pixels[..., :3].astype(np.int64)


def by_the_rules(kind: LzType, pixels: Channels) -> Graduality:
    """The plainest reading of libspice's rules: pixels are numbered row by row, and every 15th is looked at."""
    height, width, _ = pixels.shape
    if width < 2 or height < 2:
        return Graduality.LOW
    contrast = 8 if kind is LzType.RGB16 else 60
    total, pairs = 0.0, 0
    number = width // 2
    while number < (height - 1) * width:
        if number % width == width - 1:
            number -= 1
        y, x = divmod(number, width)
        others = [pixels[y, x + 1], pixels[y + 1, x], pixels[y + 1, x + 1]]
        most = [abs(other - pixels[y, x]).max() for other in others]
        if any(most):
            total += sum(0.5 if off == 0 else 1.0 if off >= contrast else -0.25 for off in most)
        pairs += 3
        number += 15 if 15 % width else 14
    mean = total / pairs
    if mean < (0 if kind is LzType.RGB16 else -0.03):
        return Graduality.HIGH
    return Graduality.MEDIUM if mean < 0.002 else Graduality.LOW


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(list(BYTES)),
    st.integers(1, 40),
    st.integers(1, 30),
    st.sampled_from([0, 1, 2, 7, 9, 30, 59, 60, 61, 120, 255]),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_measured_as_libspice_does(
    kind: LzType, width: int, height: int, most: int, padding: int, rng: random.Random
) -> None:
    line = width * BYTES[kind]
    if kind is LzType.RGB16:
        top = min(most, 31)
        words = [
            sum(rng.randint(0, top) << shift for shift in (0, 5, 10)) | rng.randint(0, 1) << 15
            for _ in range(width * height)
        ]
        rows = struct.pack(f"<{len(words)}H", *words)
    else:
        rows = bytes(rng.randint(0, most) for _ in range(line * height))
    expected = by_the_rules(kind, channels(kind, rows, width, height))
    assert graduality.measure(rows, kind, width, height, line) is expected
    if kind is LzType.RGB32:
        other = bytearray(rows)
        other[3::4] = rng.randbytes(width * height)
        assert graduality.measure(other, kind, width, height, line) is expected
    loose = b"".join(rows[at : at + line] + rng.randbytes(padding) for at in range(0, len(rows), line))
    loose = loose[: len(loose) - padding]
    source = Fenced(len(loose))
    try:
        given_rows = source.holding(loose)
        assert graduality.measure(given_rows, kind, width, height, line + padding) is expected
    finally:
        source.close()


@pytest.mark.parametrize("kind", BYTES)
def test_measured_as_libspice_does_where_it_is_close(kind: LzType) -> None:
    """Three or four values of one channel: about two of three neighbours differ, and the mean is near 0."""
    rng = random.Random(kind)
    seen = set()
    for _ in range(400):
        width, height = rng.choice([2, 3, 5, 14, 15, 16, 30, 41]), rng.randint(2, 30)
        values = rng.choice([range(3), range(4), (0, 1, 2, 9), (0, 1, 2, 70)])
        pixels = [rng.choice(values) for _ in range(width * height)]
        if kind is LzType.RGB16:
            rows = struct.pack(f"<{len(pixels)}H", *[min(pixel, 31) for pixel in pixels])
        else:
            rows = b"".join(bytes([7, pixel, 9, 0][: BYTES[kind]]) for pixel in pixels)
        expected = by_the_rules(kind, channels(kind, rows, width, height))
        assert graduality.measure(rows, kind, width, height, width * BYTES[kind]) is expected
        seen.add(expected)
    assert seen == set(Graduality)


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize(("kind", "least"), [(LzType.RGB32, 60), (LzType.RGB24, 60), (LzType.RGB16, 8)])
def test_what_is_a_contrast(channel: int, kind: LzType, least: int) -> None:
    # A chess board of one channel, and of another one four values, so that no neighbours are the same.
    y, x = np.mgrid[0:16, 0:16]
    for high, first in itertools.product((least - 1, least), (0, 1)):
        pixels = np.zeros((16, 16, 4), np.uint8)
        pixels[..., channel] = 5 + (x + y + first) % 2 * high
        pixels[..., (channel + 1) % 3] = x % 2 * 2 + y % 2
        if kind is LzType.RGB16:
            words = pixels[..., 0] | pixels[..., 1].astype("<u2") << 5 | pixels[..., 2].astype("<u2") << 10
            rows = words.astype("<u2").tobytes()
        else:
            rows = pixels[..., : BYTES[kind]].tobytes()
        level = Graduality.HIGH if high < least else Graduality.LOW
        assert graduality.measure(rows, kind, 16, 16, 16 * BYTES[kind]) is level


def test_the_highest_bit_of_a_short_pixel_means_nothing() -> None:
    rng = random.Random(2)
    rows = b"".join(bytes((0x34, rng.choice((0x12, 0x92)))) for _ in range(256))
    assert graduality.measure(rows, LzType.RGB16, 16, 16, 32) is Graduality.MEDIUM


@pytest.mark.parametrize("measured", ["measure", "distinct"])
def test_many_pixels_are_looked_at_without_the_gil(measured: str) -> None:
    rows = bytes(1 << 22)
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
        for _ in range(1000):
            if measured == "measure":
                graduality.measure(rows, LzType.RGB32, 1024, 1024, 4096)
            else:
                graduality.distinct(rows, 1024, 1024, 4096, 2)
            if ran.is_set():
                return
        raise AssertionError("no other thread ran")
    finally:
        sys.setswitchinterval(interval)
        thread.join()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quic-rgb32-photo", Graduality.HIGH),
        ("quic-rgb16-photo", Graduality.HIGH),
        ("quic-rgb32-ui", Graduality.LOW),
        ("quic-rgb32-noise", Graduality.LOW),
        ("quic-rgb32-flat", Graduality.MEDIUM),
    ],
)
def test_pictures(name: str, expected: Graduality) -> None:
    image = named(name)
    kind = LzType.RGB16 if "rgb16" in name else LzType.RGB32
    rows = quic.decode(image.data, LIMIT)
    assert graduality.measure(rows, kind, *image.size, image.size[0] * BYTES[kind]) is expected


def test_the_levels_are_ordered() -> None:
    assert Graduality.LOW < Graduality.MEDIUM < Graduality.HIGH


@pytest.mark.parametrize("kind", sorted(set(LzType) - set(BYTES)))
def test_only_colours_have_a_graduality(kind: LzType) -> None:
    with pytest.raises(ValueError, match="no graduality"):
        graduality.measure(bytes(16), kind, 2, 2, 8)


WRONG = [
    (0, 1, 4, 4, "0x1 pixels"),
    (1, 0, 4, 4, "1x0 pixels"),
    (1, -1, 4, 4, "1x-1 pixels"),
    (2, 2, 7, 16, "7 bytes from row to row, and 8"),
    (2, 2, -8, 16, "-8 bytes from row to row"),
    (2, 2, 8, 15, "2 rows of 8 bytes"),
    (1, 1, 4, 0, "there are 0 bytes"),
    (1 << 40, 1 << 40, 1 << 42, 64, "there are 64 bytes"),
]


@pytest.mark.parametrize(("width", "height", "stride", "size", "reason"), WRONG)
def test_arguments_that_do_not_fit(width: int, height: int, stride: int, size: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        graduality.measure(bytes(size), LzType.RGB32, width, height, stride)
    with pytest.raises(ValueError, match=reason):
        graduality.distinct(bytes(size), width, height, stride, 9)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 40),
    st.integers(0, 9),
    st.integers(1, 400),
    st.integers(1, graduality.MOST_DISTINCT),
    st.randoms(use_true_random=False),
)
def test_colours_are_counted(
    width: int, height: int, padding: int, colours: int, limit: int, rng: random.Random
) -> None:
    choice = [rng.randbytes(3) for _ in range(colours)]
    pixels: list[bytes] = []
    while len(pixels) < width * height:
        pixels += [rng.choice(choice)] * rng.randint(1, 9)
    del pixels[width * height :]
    lines = [
        b"".join(pixel + rng.randbytes(1) for pixel in pixels[at : at + width])
        for at in range(0, len(pixels), width)
    ]
    data = rng.randbytes(padding).join(lines)
    source = Fenced(len(data))
    try:
        found = graduality.distinct(source.holding(data), width, height, width * 4 + padding, limit)
    finally:
        source.close()
    assert found == min(len(set(pixels)), limit)


def test_black_and_white_are_colours() -> None:
    for pixel in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        assert graduality.distinct(pixel * 64, 8, 8, 32, 256) == 1
    assert graduality.distinct(b"\0\0\0\0\xff\xff\xff\xff" * 32, 8, 8, 32, 256) == 2


def test_colours_that_share_a_place_in_the_set() -> None:
    # Many times more colours than places; all that differ count, up to the limit.
    data = b"".join(struct.pack("<I", number << 12) for number in range(255))
    assert graduality.distinct(data * 2, 255, 2, 1020, 256) == 255


@pytest.mark.parametrize("limit", [0, -1, 257, 1 << 40])
def test_limits_of_counting(limit: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 256"):
        graduality.distinct(bytes(4), 1, 1, 4, limit)
