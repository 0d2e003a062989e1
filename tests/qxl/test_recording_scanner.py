"""Words, numbers and blocks, however the file hands out its bytes."""

import zlib
from collections.abc import Callable

import pytest

from gspice.qxl.recording_events import MAX_SPACE, RecordingError
from gspice.qxl.recording_scanner import NotBuffered, Scanner


def by(step: int, data: bytes) -> Scanner:
    """A scanner whose file gives at most ``step`` bytes at once."""
    left = bytearray(data)

    def readinto(buffer: memoryview) -> int:
        part = bytes(left[: min(step, len(buffer))])
        del left[: len(part)]
        buffer[: len(part)] = part
        return len(part)

    return Scanner(readinto)


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_any_white_space_parts_words_and_any_read_size_does(step: int) -> None:
    scanner = by(step, b"SPICE_REPLAY \t\r\n 1\n\n\nevent\n7   1\v20\f18446744073709551615  \n")
    assert scanner.begin() == 1
    assert scanner.event() == (7, 1, 20, 0xFFFFFFFFFFFFFFFF)
    assert not scanner.primary_follows()
    assert scanner.event() is None
    assert scanner.at_end()


def test_unsigned_numbers_may_be_printed_negative() -> None:
    scanner = by(100, b"event -1 1 -2147483648 -1\n-5 4294967295 ")
    assert scanner.event() == (0xFFFFFFFF, 1, 0x80000000, 0xFFFFFFFFFFFFFFFF)
    assert scanner.primary_follows()
    assert scanner.numbers("a", "b") == [-5, -1]


@pytest.mark.parametrize(
    "text",
    [
        "4294967296 ",
        "-2147483649 ",
        "18446744073709551616 ",
        "99999999999999999999999 ",
        "- ",
        "+1 ",
        "1x ",
        "1",
    ],
)
def test_numbers_that_are_none(text: str) -> None:
    with pytest.raises(RecordingError, match="size"):
        by(100, text.encode()).numbers("size")


@pytest.mark.parametrize("step", [1, 1000, 1 << 20])
@pytest.mark.parametrize("size", [0, 1, 300, 100_000, 900_000])
def test_blocks_hold_any_bytes(step: int, size: int) -> None:
    data = (b" \n0:event" * (size // 9 + 1))[:size]
    text = f"binary 0 x {size}:".encode() + data
    scanner = by(step, text + b"\n8 ")
    assert scanner.block("x") == data
    assert scanner.position == len(text)
    assert scanner.numbers("after") == [8]


def test_compressed_blocks() -> None:
    data = bytes(range(256)) * 40
    packed = zlib.compress(data)
    scanner = by(50, f"binary 1 x {len(data)}:{len(packed)}:".encode() + packed + b"\n8 ")
    assert scanner.block("x") == data
    assert scanner.numbers("after") == [8]


def block(text: bytes) -> Callable[[], bytes]:
    return lambda: by(100, text).block("x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"binary 0 y 3:abc\n", "expected 'x', there is 'y'"),
        (b"binary 0 xy 3:abc\n", "expected 'x', there is 'xy'"),
        (b"binary 2 x 3:abc\n", "compression of a block: 2 is more than 1"),
        (b"binary 0 x 3 abc\n", "expected ':'"),
        (b"binary 0 x 3:ab", "ends 1 bytes before the end of a block"),
        (b"binary 0 x 1073741825:", "1073741825 bytes are more than 1073741824"),
        (b"binary 0 x 900000:abc", "ends 899997 bytes before"),
        (b"binary 1 x 3:99999:abc", "99999 compressed bytes for 3"),
        (b"binary 1 x 3:3:abc\n", "incorrect header check"),
        (b"binary 1 x 3:12:" + zlib.compress(b"abcd"), "not 3 bytes after decompression"),
        (b"binary 1 x 5:12:" + zlib.compress(b"abcd"), "not 5 bytes after decompression"),
        (b"binary " + b"0" * 400 + b" x 3:abc\n", "more than 20 digits"),
    ],
)
def test_blocks_that_are_none(text: bytes, reason: str) -> None:
    with pytest.raises(RecordingError) as failed:
        block(text)()
    assert reason in str(failed.value)


@pytest.mark.parametrize("step", [1000, 1 << 20])
def test_white_space_has_an_end(step: int) -> None:
    most = b" " * MAX_SPACE
    assert by(step, most + b"event 1 1 2 3 ").event() == (1, 1, 2, 3)
    with pytest.raises(RecordingError, match="white space"):
        by(step, most + b" event 1 1 2 3 ").event()


def test_what_was_read_before_a_failure_comes_first() -> None:
    parts = iter([b"event 1 1 2 3\nevent 2 1 2 3"])

    def readinto(buffer: memoryview) -> int:
        part = next(parts, None)
        if part is None:
            raise OSError("torn")
        buffer[: len(part)] = part
        return len(part)

    scanner = Scanner(readinto)
    assert scanner.event() == (1, 1, 2, 3)
    with pytest.raises(OSError, match="torn"):
        scanner.event()


@pytest.mark.parametrize("step", [3, 20, 70, 1 << 20])
def test_on_hold_nothing_is_read_of_the_file(step: int) -> None:
    reads: list[int] = []
    block = bytes(range(256)) * 100
    text = b"event 1 0 2 3\nbinary 0 data 25600:" + block + b"\nevent 4 1 5 6\n" + b" " * 100
    left = bytearray(text)

    def readinto(buffer: memoryview) -> int:
        reads.append(len(buffer))
        part = bytes(left[: min(step, len(buffer))])
        del left[: len(part)]
        buffer[: len(part)] = part
        return len(part)

    scanner = Scanner(readinto)
    seen: list[object] = []
    while len(seen) < 2:
        known, position = len(reads), scanner.position
        scanner.hold()
        try:
            event = scanner.event()
            seen.append(event if event is None or event[1] else scanner.block("data"))
            scanner.go_on(False)
            assert len(reads) == known
        except NotBuffered:
            assert len(reads) == known
            scanner.go_on(True)
            assert scanner.position == position
            event = scanner.event()
            seen.append(event if event is None or event[1] else scanner.block("data"))
    assert seen == [block, (4, 1, 5, 6)]
    assert (len(reads) == 1) == (step > len(text)), "the first look finds nothing, and then all is there"
