"""Pictures in the one form in which they are compared."""

import hashlib

import pytest

from gspice.hosts.replay_picture import bgrx, picture_hash
from gspice.pixels import Pixels, SurfaceFormat


def test_undefined_bytes_and_padding_do_not_count() -> None:
    padded = Pixels(1, 2, 6, SurfaceFormat.XRGB32, b"\1\2\3\xff--\4\5\6\7--")
    assert bgrx(padded) == Pixels(1, 2, 4, SurfaceFormat.XRGB32, b"\1\2\3\0\4\5\6\0")
    assert picture_hash(padded) == hashlib.sha256(b"\1\2\3\0\4\5\6\0").hexdigest()


@pytest.mark.parametrize(
    ("kind", "word", "color"),
    [
        (SurfaceFormat.RGB555, 0x7FFF, b"\xff\xff\xff\0"),
        (SurfaceFormat.RGB555, 0x0010, b"\x84\0\0\0"),
        (SurfaceFormat.RGB555, 0x7C00, b"\0\0\xff\0"),
        (SurfaceFormat.RGB565, 0xFFFF, b"\xff\xff\xff\0"),
        (SurfaceFormat.RGB565, 0x0400, b"\0\x82\0\0"),
        (SurfaceFormat.RGB565, 0x8000, b"\0\0\x84\0"),
    ],
)
def test_16_bit_colours_are_widened(kind: SurfaceFormat, word: int, color: bytes) -> None:
    assert bgrx(Pixels(1, 1, 4, kind, word.to_bytes(2, "little") + b"--")).data == color


def test_alpha_alone_is_grey() -> None:
    assert bgrx(Pixels(2, 1, 3, SurfaceFormat.A8, b"\x80\1-")).data == b"\x80\x80\x80\0\1\1\1\0"
    picture = bgrx(Pixels(9, 1, 2, SurfaceFormat.A1, b"\x02\xff"))
    white, black = b"\xff\xff\xff\0", bytes(4)
    assert picture.data == black + white + 6 * black + white


@pytest.mark.parametrize("kind", [SurfaceFormat.XRGB32, SurfaceFormat.RGB565])
def test_strips_make_the_same_hash(kind: SurfaceFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Pixels(5, 9, 24, kind, bytes(range(216)))
    whole = hashlib.sha256(bgrx(picture).data).hexdigest()
    for size in (1, 50, 1 << 20):
        monkeypatch.setattr("gspice.hosts.replay_picture.STRIP_BYTES", size)
        assert picture_hash(picture) == whole
