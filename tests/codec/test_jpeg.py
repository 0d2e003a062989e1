import io
import struct
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gspice.codec import jpeg, lz, quic
from gspice.codec.errors import CodecError
from tests.codec.coded import Coded, coded, named

LIMIT = 1 << 28
ALL = coded("jpeg-")
PLAIN = [one for one in ALL if "jpeg_size" not in one.entry]
WITH_ALPHA = [one for one in ALL if "jpeg_size" in one.entry]


def rows_of(image: Coded, max_bytes: int = LIMIT) -> bytes:
    if image in PLAIN:
        return jpeg.decode(image.data, *image.size, max_bytes)
    top_down = bool(image.entry["jpeg_flags"] & 1)
    return jpeg.decode_alpha(image.data, image.entry["jpeg_size"], top_down, *image.size, max_bytes)


def original(image: Coded) -> np.ndarray:
    """The pixels before they became JPEG: B, G, R, A of each."""
    width, height = image.size
    lossless = named(image.entry["lossless"].removesuffix(".bin"))
    rows = quic.decode(lossless.data, LIMIT) if lossless.name[0] == "q" else lz.decode(lossless.data, LIMIT)
    if len(rows) == width * height * 4:
        return np.frombuffer(rows, np.uint8).reshape(height, width, 4)
    words = np.frombuffer(rows, "<u2").reshape(height, width)
    channels = np.stack([words & 31, words >> 5 & 31, words >> 10 & 31, words * 0], axis=-1)
    return (channels << 3 | channels >> 2).astype(np.uint8)


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.name)
def test_what_libspice_encoded(image: Coded) -> None:
    width, height = image.size
    pixels = np.frombuffer(rows_of(image), np.uint8).reshape(height, width, 4).astype(int)
    expected = original(image)
    assert (pixels[..., 3] == expected[..., 3]).all()
    off = abs(pixels[..., :3] - expected[..., :3].astype(int))
    # Quality 85 with half the colours: text has seams, on average nothing moves. Swapped channels would.
    assert off.mean() < 4, off.mean()
    assert abs(pixels[..., :3].mean(axis=(0, 1)) - expected[..., :3].mean(axis=(0, 1))).max() < 1


def made(width: int, height: int, mode: str = "RGB", **options: object) -> bytes:
    image = Image.new(mode, (width, height), 0x40 if mode == "L" else None)
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each segment before the scan begins, and its marker."""
    at = 2
    while data[at + 1] != 0xDA:
        yield at, data[at + 1]
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    yield at, 0xDA


def test_grey_and_progressive_files() -> None:
    assert jpeg.decode(made(3, 2, "L"), 3, 2, LIMIT) == b"\x40\x40\x40\x00" * 6
    assert jpeg.decode(made(30, 20, progressive=True), 30, 20, LIMIT) == bytes(30 * 20 * 4)
    assert jpeg.decode(made(30, 20, restart_marker_rows=1), 30, 20, LIMIT) == bytes(30 * 20 * 4)


@pytest.mark.parametrize(
    ("data", "width", "height", "reason"),
    [
        (b"", 3, 2, "cannot hold"),
        (bytes(100), 3, 2, "begins with 00"),
        (b"\xff\xd8", 3, 2, "no end"),
        (b"\xff\xd8\xff", 3, 2, "without a marker"),
        (b"\xff\xd8\x00\x00", 3, 2, "without a marker"),
        (b"\xff\xd8\xff\xdb\x00", 3, 2, "ends within"),
        (b"\xff\xd8\xff\xdb\x00\x01", 3, 2, "1 bytes"),
        (b"\xff\xd8\xff\xdb\x00\x09abc", 3, 2, "9 bytes"),
        (b"\xff\xd8\xff\xc9\x00\x02", 3, 2, "type 0xc9"),
        (b"\xff\xd8\xff\xc0\x00\x04ab", 3, 2, "frame header of 2"),
        (made(4, 2), 3, 2, "4x2 pixels"),
        (made(3, 2, "CMYK"), 3, 2, "CMYK"),
        (made(3, 2), 0, 2, "0x2"),
        (made(3, 2), 1 << 15, 1 << 15, "allowed"),
        (made(3, 2)[:40], 8000, 8000, "cannot hold"),
    ],
)
def test_files_that_make_no_sense(data: bytes, width: int, height: int, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        jpeg.decode(data, width, height, LIMIT)


def test_the_limit_is_the_callers() -> None:
    data = made(3, 2)
    assert len(jpeg.decode(data, 3, 2, 24)) == 24
    with pytest.raises(CodecError, match="24 bytes of 23"):
        jpeg.decode(data, 3, 2, 23)


def test_one_frame_and_no_end_of_scans() -> None:
    data = made(30, 20, progressive=True)
    starts = dict((marker, at) for at, marker in segments(data))
    scan = data[starts[0xDA] : -2]
    with pytest.raises(CodecError, match=rf"{10 * (jpeg.MAX_SCANS // 10 + 1)} scans"):
        jpeg.decode(data[: starts[0xDA]] + scan * (jpeg.MAX_SCANS // 10 + 1) + data[-2:], 30, 20, LIMIT)
    frame = data[starts[0xC2] :][: 2 + 17]
    with pytest.raises(CodecError, match="2 frames"):
        jpeg.decode(data[:2] + frame + data[2:], 30, 20, LIMIT)


def test_what_decoding_does_not_need_is_left_out() -> None:
    # A broken Exif block and a directory of further pictures, either of which Pillow would look into.
    data = made(3, 2)
    extra = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body
        for marker, body in [
            (0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
            (0xE2, b"MPF\0MM\0*\xff\xff\xff\xff"),
            (0xFE, b"hi"),
        ]
    )
    assert jpeg.decode(data[:2] + extra + data[2:], 3, 2, LIMIT) == bytes(24)


def test_alpha_must_fit_its_jpeg() -> None:
    image = named("jpeg-rgba-flat")
    data, size = image.data, image.entry["jpeg_size"]
    top_down = bool(image.entry["jpeg_flags"] & 1)
    width, height = image.size
    for wrong in (0, -1, len(data), 1 << 40):
        with pytest.raises(CodecError, match="with alpha in"):
            jpeg.decode_alpha(data, wrong, top_down, width, height, LIMIT)
    with pytest.raises(CodecError, match="order of the rows"):
        jpeg.decode_alpha(data, size, not top_down, width, height, LIMIT)
    with pytest.raises(CodecError, match=r"XXXA of 300x60"):
        jpeg.decode_alpha(data, size, top_down, width, height + 1, LIMIT)
    with pytest.raises(CodecError, match="RGB32 of"):
        jpeg.decode_alpha(data[:size] + named("lz-rgb32-flat").data, size, top_down, width, height, LIMIT)


def test_alpha_bottom_up() -> None:
    file = made(2, 2)
    plane = b"  ZL" + struct.pack(">6I", 0x10001, lz.LzType.XXXA, 2, 2, 8, 0) + b"\x03\x01\x02\x03\x04"
    rows = jpeg.decode_alpha(file + plane, len(file), False, 2, 2, LIMIT)
    assert rows[3::4] == b"\x03\x04\x01\x02"


@pytest.mark.parametrize("image", [named("jpeg-rgba-flat"), named("jpeg-rgb16-photo")], ids=lambda i: i.name)
def test_every_truncation_is_an_error(image: Coded) -> None:
    for length in range(len(image.data)):
        cut = image._replace(data=image.data[:length])
        with pytest.raises(CodecError):
            rows_of(cut) if image in WITH_ALPHA else jpeg.decode(cut.data, *image.size, LIMIT)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_an_error_or_a_picture(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(ALL))
    damaged = bytearray(whole.data)
    starts = [at for at, _ in segments(whole.data)]
    for _ in range(data.draw(st.integers(1, 5))):
        # Half of the damage in the headers, where it is not just other pixels.
        last = data.draw(st.sampled_from([starts[-1] + 20, len(damaged) - 1]))
        damaged[data.draw(st.integers(0, last))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        # Segments in any order, some more than once.
        pieces = [bytes(damaged[a:b]) for a, b in pairwise([*starts, len(damaged)])]
        order = data.draw(st.lists(st.sampled_from(range(len(pieces))), max_size=12))
        damaged = bytearray(bytes(damaged[:2]) + b"".join(pieces[i] for i in order))
    width, height = whole.size
    try:
        rows = (
            rows_of(Coded(whole.name, bytes(damaged), whole.entry))
            if whole in WITH_ALPHA
            else jpeg.decode(bytes(damaged), width, height, LIMIT)
        )
    except CodecError:
        return
    assert len(rows) == width * height * 4


def test_without_pillow_the_image_is_bad_and_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.JpegImagePlugin", None)
    with pytest.raises(CodecError, match="need Pillow"):
        jpeg.decode(made(8, 8), 8, 8, LIMIT)
