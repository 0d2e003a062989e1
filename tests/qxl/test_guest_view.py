"""Chains of data chunks and bounded text, seen through the commands that carry them."""

import pytest

from gspice.geometry import Rect
from gspice.qxl.ops import Copy, Drawable, EncodedImage, Image
from tests.qxl.guest_memory import PAGE, GuestMemory
from tests.qxl.guest_structures import COPY, MESSAGE, copy, qxl

CHUNK_HEAD = 20


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def source(drawable: Drawable) -> Image:
    assert isinstance(drawable.op, Copy)
    return drawable.op.src


def quic(guest: GuestMemory, *chunks: bytes) -> bytes:
    """What the chunks hold, by way of a QUIC image: the one kind that may hold anything."""
    image = source(guest.draw(guest.drawable(COPY, copy(guest.quic(*chunks)))))
    assert isinstance(image, EncodedImage)
    return image.data


@pytest.mark.parametrize(
    "chunks", [[b"one"], [b"one", b"two"], [b"", b"one", b"", b"two", b""], [b""], [b"", b""]]
)
def test_chunks_are_joined_in_order(guest: GuestMemory, chunks: list[bytes]) -> None:
    assert quic(guest, *chunks) == b"".join(chunks)


@pytest.mark.parametrize("number", [7, 8, 9, 17, 63, 64, 65, 500])
def test_any_number_of_chunks(guest: GuestMemory, number: int) -> None:
    assert quic(guest, *[bytes([i & 0xFF]) for i in range(number)]) == bytes(i & 0xFF for i in range(number))


def test_large_data_are_whole() -> None:
    guest = GuestMemory(1 << 20)
    data = bytes(range(256)) * 1000
    assert quic(guest, data[:100_000], data[100_000:]) == data


def test_frames_of_one_size_keep_their_own_pixels() -> None:
    guest = GuestMemory(1 << 21)
    frames = [bytes([number]) * 200_000 for number in range(5)]
    held = [quic(guest, frame) for frame in frames]
    assert held == frames
    del held[1::2]
    assert quic(guest, frames[4]) == frames[4]
    assert held == frames[::2]


def test_a_chunk_may_end_where_its_slot_ends(guest: GuestMemory) -> None:
    assert quic(guest, b"last byte of the slot") == b"last byte of the slot"


def last_chunk(guest: GuestMemory, size: int, following: int = 0) -> int:
    """A chunk whose 8 bytes of data end where the slot ends, said to have ``size``."""
    return guest.put(qxl("QXLDataChunk", size, 0, following) + bytes(8))


@pytest.mark.parametrize("size", [9, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_chunk_beyond_its_slot(guest: GuestMemory, size: int) -> None:
    chunk = last_chunk(guest, size)
    bitmap = guest.bitmap(2, 1, address=chunk)
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "data chunk of src_bitmap: .*not all inside")


def test_a_second_chunk_beyond_its_slot(guest: GuestMemory) -> None:
    chunk = guest.put(qxl("QXLDataChunk", 4, 0, last_chunk(guest, 9)) + bytes(4))
    bitmap = guest.bitmap(2, 2, address=chunk)
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "data chunk of src_bitmap: .*not all inside")


def test_a_chunk_head_beyond_its_slot(guest: GuestMemory) -> None:
    bitmap = guest.bitmap(2, 1, address=guest.address(guest.size - CHUNK_HEAD + 1))
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "data chunk of src_bitmap: .*not all inside")


def test_next_chunk_that_is_no_address(guest: GuestMemory) -> None:
    bitmap = guest.bitmap(2, 1, address=last_chunk(guest, 4, 0x0100_0000_0000_0000))
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "data chunk of src_bitmap: .*not mapped")


def circle(guest: GuestMemory, size: int) -> int:
    chunk = guest.put(qxl("QXLDataChunk", size, 0, 0) + bytes(size))
    guest.write(chunk, qxl("QXLDataChunk", size, 0, chunk))
    return chunk


def test_a_circle_of_empty_chunks_ends(guest: GuestMemory) -> None:
    bitmap = guest.bitmap(2, 1, address=circle(guest, 0))
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "chain of 2097152 data chunks or more")


def test_a_circle_of_chunks_ends_when_there_is_enough(guest: GuestMemory) -> None:
    bitmap = guest.bitmap(2, 1, address=circle(guest, 3))
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "hold more than 8 bytes")


def test_overlapping_chunks_hold_no_more_than_memory(guest: GuestMemory) -> None:
    """Chunks of nested headers: each chunk's data cover all chunks after it."""
    number, row = 40, 4096
    heads = [guest.size - row - (number - i) * CHUNK_HEAD for i in range(number)]
    total = 0
    for i, offset in enumerate(heads):
        size = guest.size - offset - CHUNK_HEAD
        total += size
        following = guest.address(heads[i + 1]) if i + 1 < number else 0
        guest.write(guest.address(offset), qxl("QXLDataChunk", size, 0, following))
    guest._free = heads[0]
    assert total > guest.size
    descriptor = qxl("QXLImageDescriptor", 1, 0, 0, 1, total)
    bitmap = guest.put(descriptor + qxl("QXLBitmap", 10, 0, 1, total, 1, 0, guest.address(heads[0])))
    guest.refuses(guest.drawable(COPY, copy(bitmap, Rect(0, 0, 1, 1))), "more than all memory slots")


def test_fewer_bytes_than_wanted(guest: GuestMemory) -> None:
    bitmap = guest.bitmap(2, 3, chunks=[bytes(23)])
    guest.refuses(guest.drawable(COPY, copy(bitmap)), "hold 23 bytes, stride times height is 24")


def test_text_ends_at_its_nul(guest: GuestMemory) -> None:
    for text in (b"", b"x", b"y" * 255, b"y" * 256, b"z" * 257, b"long " * 1000):
        value = guest.parse(guest.command(MESSAGE, bytes(8) + text + b"\0rest"))
        assert getattr(value, "text", None) == text


def test_text_may_end_where_its_slot_ends(guest: GuestMemory) -> None:
    value = guest.parse(guest.command(MESSAGE, bytes(8) + b"end\0"))
    assert getattr(value, "text", None) == b"end"


def test_text_without_end(guest: GuestMemory) -> None:
    guest.refuses(guest.command(MESSAGE, bytes(8) + b"no end"), "message: it does not end within 6 bytes")
    guest.refuses(guest.command(MESSAGE, bytes(8))._replace(data=guest.address(guest.size)), "message")


def test_text_is_limited() -> None:
    guest = GuestMemory(32 * PAGE)
    longest = guest.parse(guest.command(MESSAGE, bytes(8) + b"m" * 99_999 + b"\0"))
    assert len(getattr(longest, "text", b"")) == 99_999
    guest = GuestMemory(32 * PAGE)
    guest.refuses(guest.command(MESSAGE, bytes(8) + b"m" * 100_000 + b"\0"), "within 100000 bytes")
