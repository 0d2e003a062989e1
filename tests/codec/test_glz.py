"""The GLZ decoder and its window.

tests/data/codec/glz-stock.bin holds the images that libspice-server's own encoder made of one picture and its parts,
with a window of 400,000 pixels: of all four kinds, top-down and bottom-up, with references near and far and images that
leave the window. Each follows 4 bytes with its size; DIGEST is over the pixels that went in, 24-bit ones widened.
"""

import hashlib
import random
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec import glz
from gspice.codec.errors import CodecError
from gspice.codec.glz import GlzWindow
from gspice.codec.lz import LzType
from tests.codec.coded import DATA, Fenced

LIMIT = 1 << 28
WINDOW = 400_000
DIGEST = "6d3ce8324eaf3b47345e8c24af99dbd004405c9d9556c493df78b50906eec790"
STEP = {LzType.RGB16: 2, LzType.RGB24: 3, LzType.RGB32: 4, LzType.RGBA: 4}
"""Bytes of a pixel, by which the header counts those of a row."""


def stock() -> Iterator[bytes]:
    data = (DATA / "glz-stock.bin").read_bytes()
    while data:
        size = 4 + struct.unpack_from("<I", data)[0]
        yield data[4:size]
        data = data[size:]


def stream(
    image_id: int,
    width: int,
    height: int,
    body: bytes = b"",
    *,
    kind: int = LzType.RGB32,
    dist: int = 0,
    stride: int | None = None,
    magic: bytes = b"  ZL",
    version: int = 0x10001,
    top_down: int = 16,
) -> bytes:
    row = width * STEP.get(kind, 4) if stride is None else stride  # type: ignore[call-overload]
    head = struct.pack(">4sIBIIIQI", magic, version, kind | top_down, width, height, row, image_id, dist)
    return head + body


def pixels(*numbers: int) -> bytes:
    """As rows of RGB32."""
    return b"".join(struct.pack("<I", number) for number in numbers)


def literals(*numbers: int) -> bytes:
    """As the stream has up to 32 of them."""
    return bytes([len(numbers) - 1]) + b"".join(struct.pack("<I", number)[:3] for number in numbers)


def plain(image_id: int, *numbers: int, dist: int = 0) -> bytes:
    return stream(image_id, len(numbers), 1, literals(*numbers), dist=dist)


def rows(window: GlzWindow, data: bytes) -> bytes:
    return window.decode(data, LIMIT).data


def test_what_libspice_makes() -> None:
    window, digest, kinds = GlzWindow(WINDOW), hashlib.sha256(), set()
    for number, data in enumerate(stock()):
        header, image = window.decode(data, LIMIT)
        assert header == glz.parse_header(data) and header.id == number
        assert len(image) == header.stride * header.height
        assert len(window) == header.win_head_dist + 1
        kinds.add((header.type, header.top_down))
        digest.update(image)
    assert digest.hexdigest() == DIGEST
    assert len(kinds) == 7
    assert len(window) < 86 and window.pixels <= WINDOW == window.max_pixels


def test_stock_images_that_are_cut_short() -> None:
    window = GlzWindow(WINDOW)
    for number, data in enumerate(stock()):
        if number in (0, 1, 2, 4, 9, 30):
            fence = Fenced(len(data))
            try:
                for size in range(len(data) - 1, 0, -1 if len(data) < 600 else -37):
                    with pytest.raises(CodecError):
                        window.decode(fence.holding(data)[:size], LIMIT)
                    ending = fence.view[len(data) - size :]
                    ending[:] = data[:size]
                    with pytest.raises(CodecError):
                        window.decode(ending, LIMIT)
                with pytest.raises(CodecError, match="1 bytes are left over"):
                    window.decode(data + b"\0", LIMIT)
            finally:
                fence.close()
        window.decode(data, LIMIT)


def test_changed_stock_images_are_errors_or_images() -> None:
    rng = random.Random(8)
    images = list(stock())
    for _ in range(12):
        window = GlzWindow(WINDOW)
        for number, data in enumerate(images):
            changed = bytearray(data)
            for _ in range(rng.randrange(1, 4)):
                changed[rng.randrange(8, len(data))] = rng.randrange(256)
            if number % 4 == 3:
                fence = Fenced(len(data))
                try:
                    window.decode(fence.holding(bytes(changed)), 1 << 22)
                    break  # ids and references are not those of the sequence any more
                except CodecError:
                    pass
                finally:
                    fence.close()
            try:
                window.decode(data, LIMIT)
            except CodecError:
                break  # the changed one has let go of what this one needs


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.binary(max_size=40)), max_size=8))
def test_any_bytes_are_errors_or_images(parts: list[tuple[int, int, bytes]]) -> None:
    window = GlzWindow(100)
    for image_id, dist, body in parts:
        try:
            image = window.decode(stream(image_id, 5, 3, body, dist=dist), LIMIT)
        except CodecError:
            continue
        assert len(image.data) == 60
        assert window.pixels == 15 * len(window) <= 100


# -- what the bytes mean


def match(length: int, *rest: int, far: bool = False, low: int = 0) -> bytes:
    """A match of ``length``, which the stream holds in 3 bits and ``rest`` before the offset."""
    return bytes([min(length, 7) << 5 | (16 if far else 0) | low, *rest])


def run(number: int, count: int) -> bytes:
    """``count`` pixels that are the same."""
    if count < 2:
        return literals(number) if count else b""
    more = divmod(count - 8, 255)
    return literals(number) + match(count - 1, *([255] * more[0] + [more[1]] if count > 7 else []), 0, 0)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (literals(1, 2, 3, 4), (1, 2, 3, 4)),
        (literals(1, 2) + literals(3, 4), (1, 2, 3, 4)),
        (literals(1) + match(3, 0, 0), (1, 1, 1, 1)),
        (literals(1, 2) + match(2, 0, 0, low=1), (1, 2, 1, 2)),
        (literals(1, 2, 3) + match(1, 0, 0, low=2), (1, 2, 3, 1)),
        (literals(1) + match(1, 0, 0) + literals(4, 5), (1, 1, 4, 5)),
    ],
)
def test_matches_within_an_image(body: bytes, result: tuple[int, ...]) -> None:
    assert rows(GlzWindow(9), stream(0, 4, 1, body)) == pixels(*result)


@pytest.mark.parametrize("length", [1, 6, 7, 8, 261, 262, 263, 517, 1000])
def test_lengths(length: int) -> None:
    body = run(5, length + 1)
    assert len(body) == 7 + (length >= 7) + max(0, length - 7) // 255
    assert rows(GlzWindow(2000), stream(0, length + 1, 1, body)) == pixels(5) * (length + 1)


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (1, match(2, 0, 0, low=0)),
        (16, match(2, 0, 0, low=15)),
        (17, match(2, 1, 0, low=0)),
        (4096, match(2, 255, 0, low=15)),
        (4097, match(2, 0, 1, far=True)),
        (131072, match(2, 255, 31, far=True, low=15)),
        (131073, match(2, 0, 32, 1, far=True)),
        (300_000, match(2, 0x3D, 32 | 9, 2, far=True, low=15)),
    ],
)
def test_distances(offset: int, code: bytes) -> None:
    fill = offset - 1
    image = rows(GlzWindow(1 << 20), stream(0, offset + 2, 1, literals(9) + run(7, fill) + code))
    assert image == pixels(9) + pixels(7) * fill + (pixels(9, 7) if fill else pixels(9, 9))


@pytest.mark.parametrize(
    ("back", "code"),
    [
        (1, match(2, 0, 1, low=1)),
        (63, match(2, 0, 63, low=1)),
        (64, match(2, 0, 64, 1, low=1)),
        (16383, match(2, 0, 64 | 63, 255, low=1)),
        (16384, match(2, 0, 128, 0, 1, low=1)),
        (1 << 19, match(2, 0, 192, 0, 32, 0, low=1)),
        (255, match(2, 0, 64, 255, far=True, low=1)),
        (256, match(2, 0, 128, 0, 1, far=True, low=1)),
        (65536, match(2, 0, 192 | 32, 0, 0, 1, 0, far=True, low=1)),
    ],
)
def test_images_before(back: int, code: bytes) -> None:
    window = GlzWindow(100)
    rows(window, plain(3, 1, 2, 3, 4))
    body = literals(8) + code + literals(9)
    assert rows(window, stream(3 + back, 2, 2, body, dist=back)) == pixels(8, 2, 3, 9)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (match(2, 5000 >> 4 & 255, 64 | 5000 >> 12, 1, far=True, low=5000 & 15), (7, 7)),
        (match(2, 0xD3, 64 | 32 | 16, 1, 1, far=True, low=14), (1, 2)),
    ],
)
def test_far_offsets_into_another_image(code: bytes, found: tuple[int, int]) -> None:
    window = GlzWindow(1 << 20)
    assert 1 << 17 | 16 << 12 | 0xD3 << 4 | 14 == 199_998
    rows(window, stream(0, 200_000, 1, run(7, 199_998) + literals(1, 2)))
    assert rows(window, stream(1, 2, 1, code, dist=1)) == pixels(*found)


def test_kinds_of_pixels() -> None:
    window = GlzWindow(100)
    halves = stream(0, 4, 1, b"\x00\x12\x34" + match(2, 0, 0), kind=LzType.RGB16)
    assert rows(window, halves) == b"\x34\x12" * 4  # of them a match is 1 longer than it says
    triple = stream(1, 4, 1, literals(1) + match(3, 0, 0), kind=LzType.RGB24, dist=1)
    assert rows(window, triple) == pixels(1, 1, 1, 1)
    with_alpha = stream(
        2, 4, 1, literals(1) + match(3, 0, 0) + b"\0\x77" + match(1, 0, 0), kind=LzType.RGBA, dist=2
    )
    assert rows(window, with_alpha) == pixels(*[0x77000001] * 4)  # of alpha, 2 longer
    again = stream(3, 2, 1, match(2, 0, 1) + b"\0\x55\0\x66", kind=LzType.RGBA, dist=3)
    assert rows(window, again) == pixels(0x55000001, 0x66000001)
    alpha = stream(4, 3, 1, literals(5, 6, 7) + match(1, 0, 2), kind=LzType.RGBA, dist=4)
    assert rows(window, alpha) == pixels(0x77000005, 0x77000006, 0x77000007)
    wider = stream(5, 2, 1, match(2, 0, 4), dist=5)
    assert rows(window, wider) == pixels(1, 1)  # 24 and 32 bits come to the same
    for kind, back in ((LzType.RGB16, 1), (LzType.RGB32, 2), (LzType.RGBA, 1), (LzType.RGB24, 4)):
        with pytest.raises(CodecError, match="other pixels"):
            rows(window, stream(6, 2, 1, match(1, 0, back), kind=kind, dist=6))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "cannot hold"),
        (b"\0", "too early"),
        (literals(1, 2, 3), "too early"),
        (literals(1, 2, 3, 4, 5), "more of it"),
        (literals(1) + match(4, 0, 0), "more of it"),
        (literals(1) + match(7, 255), "too early"),
        (literals(1) + match(7, *[255] * 9, 0, 0, 0), "more of it"),
        (match(4, 0, 0), "before the image"),
        (literals(1) + match(3, 0, 0, low=1), "before the image"),
        (literals(1) + match(3), "too early"),
        (literals(1) + match(3, 0), "too early"),
        (literals(1) + match(3, 0, 64), "too early"),
        (literals(1) + match(3, 0, 192, 0, 0), "too early"),
        (literals(1) + match(3, 0, 32, far=True), "too early"),
        (literals(1) + match(3, 0, 192 | 32, 0, 0, 0, far=True), "too early"),
        (literals(1) + match(3, 0, 1, low=2), "beyond the image that it is in"),
        (literals(1) + match(1, 1, 1), "beyond the image that it is in"),
        (literals(1) + match(1, 0, 2), "not in the window"),
        (literals(1) + match(1, 0, 4), "not in the window"),
        (literals(1) + match(1, 0, 192, 255, 255, 255), "not in the window"),
        (literals(1, 2, 3, 4) + b"\0", "left over"),
    ],
)
def test_malformed_streams(body: bytes, reason: str) -> None:
    window = GlzWindow(100)
    rows(window, plain(8, 1, 2, 3, 4))
    rows(window, plain(10, 1, 2, 3, 4, dist=2))
    with pytest.raises(CodecError, match=reason):
        rows(window, stream(11, 2, 2, body, dist=3))
    # What was no image has changed nothing.
    assert rows(window, stream(11, 2, 2, match(4, 0, 1), dist=3)) == pixels(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(32), "no header"),
        (stream(0, 1, 1, magic=b"ZL  "), "magic 0x5a4c2020"),
        (stream(0, 1, 1, version=0x20001), "version 0x20001"),
        (stream(0, 1, 1, kind=5), "type 5"),
        (stream(0, 1, 1, kind=10), "type 10"),
        (stream(0, 0, 1), "0x1 pixels"),
        (stream(0, 1, 0), "1x0 pixels"),
        (stream(0, 1 << 13, (1 << 12) + 1), "8192x4097 pixels"),
        (stream(0, 1 << 29, 1 << 29), "pixels"),
        (stream(0, 4, 1, stride=15), "rows of 15 bytes"),
        (stream(1 << 63, 1, 1), "GLZ image 9223372036854775808"),
        (stream(3, 1, 1, dist=4), "from 4 images before"),
    ],
)
def test_malformed_headers(data: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        glz.parse_header(data)
    with pytest.raises(CodecError, match=reason):
        GlzWindow(1 << 26).decode(data, LIMIT)


# -- the window


def test_images_leave_the_window_when_the_server_says_so() -> None:
    window = GlzWindow(12)
    for number in range(50):
        rows(window, plain(number, number, 2, 3, dist=min(number, 3)))
        assert len(window) == min(number, 3) + 1 and window.pixels == 3 * len(window)
    gone = stream(50, 3, 1, match(3, 0, 5), dist=3)
    with pytest.raises(CodecError, match="not in the window"):
        rows(window, gone)
    assert rows(window, stream(50, 3, 1, match(3, 0, 4), dist=2)) == pixels(46, 2, 3)
    assert len(window) == 3
    rows(window, plain(51, 1))
    assert len(window) == 1


def test_an_image_may_refer_to_one_that_then_leaves() -> None:
    window = GlzWindow(6)
    rows(window, plain(0, 1, 2, 3))
    assert rows(window, stream(1, 3, 1, match(3, 0, 1))) == pixels(1, 2, 3)
    assert len(window) == 1


def test_more_than_was_announced() -> None:
    window = GlzWindow(8)
    rows(window, plain(0, 1, 2, 3, 4))
    rows(window, plain(1, 1, 2, 3, 4, dist=1))
    with pytest.raises(CodecError, match="for a window of 8, which holds 8"):
        rows(window, plain(2, 1, dist=2))
    with pytest.raises(CodecError, match="3x3 pixels for a window of 8"):
        rows(GlzWindow(8), stream(0, 3, 3, literals(*range(9))))


def test_the_limit_of_an_image() -> None:
    data = plain(0, 1, 2, 3)
    assert GlzWindow(8).decode(data, 12).data == pixels(1, 2, 3)
    with pytest.raises(CodecError, match="12 bytes, more than 11"):
        GlzWindow(8).decode(data, 11)
    with pytest.raises(CodecError, match="cannot hold"):
        GlzWindow(1 << 25).decode(stream(0, 4096, 4096, bytes(100)), LIMIT)


def test_images_that_come_late_or_twice() -> None:
    window = GlzWindow(20)
    rows(window, plain(2, 1, 2, 3, dist=2))
    rows(window, plain(0, 7, 8, 9))
    with pytest.raises(CodecError, match="not in the window"):
        rows(window, stream(3, 3, 1, match(3, 0, 2), dist=3))
    assert rows(window, stream(3, 3, 1, match(3, 0, 3), dist=3)) == pixels(7, 8, 9)
    for number in (0, 2, 3):
        with pytest.raises(CodecError, match=f"GLZ image {number} has been before"):
            rows(window, plain(number, 1))
    rows(window, plain(4, 1, dist=1))
    with pytest.raises(CodecError, match="GLZ image 1 has been before"):
        rows(window, plain(1, 1))


def test_more_images_than_any_window_has() -> None:
    window = GlzWindow(1 << 25)
    rows(window, plain(0, 1))
    rows(window, plain(1 << 19, 1, dist=1 << 19))
    assert len(window) == 2
    with pytest.raises(CodecError, match="from 1048576 images before"):
        rows(window, plain(1 << 20, 1, dist=1 << 20))
    last = (1 << 63) - 1
    rows(window, plain(last, 6, dist=5))
    assert len(window) == 1
    with pytest.raises(CodecError):
        rows(window, plain(last, 6))


def test_images_are_let_go_of() -> None:
    window = GlzWindow(1000)
    kept = [
        window.decode(plain(number, *range(20), dist=min(number, 2)), LIMIT).data for number in range(200)
    ]
    del window
    assert all(image == kept[0] for image in kept)
