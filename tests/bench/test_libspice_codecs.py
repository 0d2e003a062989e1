"""What goes into libspice's encoders and comes out of them, without them."""

import ctypes
from pathlib import Path
from unittest.mock import Mock

import pytest

from bench.libspice.codecs import Codec, LibspiceCodecs, Picture

PICTURES = [
    Picture(8, 2, 1, 8, b"\1\0\2\0\3\0\4\0"),
    Picture(8, 1, 2, 4, bytes(8)),
    Picture(9, 1, 1, 4, bytes(4)),
]


class Library:
    """Each stream is one byte longer than the one before, and holds its number."""

    def __init__(self) -> None:
        self.seconds = 0.25
        self.codecs_encode = Mock(side_effect=self._encode)
        self.codecs_reason = Mock(return_value=b"check failed: width")

    def _encode(
        self,
        codec: int,
        images: ctypes.Array[ctypes.Structure],
        count: int,
        first: int,
        window: int,
        keep: int,
        room: ctypes.Array[ctypes.c_uint32],
        size: ctypes.c_size_t,
        sizes: ctypes.Array[ctypes.c_int64],
    ) -> float:
        assert ctypes.sizeof(room) == size.value
        assert len(images) == len(sizes) == count >= first
        used = 0
        for number in range(count):
            sizes[number] = number + 1
            ctypes.memset(ctypes.addressof(room) + used, number, number + 1)
            used += (number + 4) // 4 * 4 if keep else 0
        return self.seconds


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: made)
    return made


def test_streams_lie_at_every_fourth_byte(library: Library) -> None:
    encoded = LibspiceCodecs(Path("made-up")).encode(Codec.LZ, PICTURES[1:], PICTURES[:1], 1 << 20, keep=True)
    assert encoded.streams == [b"\0", b"\1\1", b"\2\2\2"]
    assert encoded.sizes == [2, 3], "those that came before the clock started are left out"
    assert encoded.seconds == library.seconds


def test_an_encoder_that_gives_up_says_why(library: Library) -> None:
    library.seconds = -1.0
    with pytest.raises(RuntimeError, match="libspice's GLZ: check failed: width"):
        LibspiceCodecs(Path("made-up")).encode(Codec.GLZ, PICTURES, [], 1 << 20)
