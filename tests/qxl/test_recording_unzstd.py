"""Frames with any window come out as the text that went in, from memory or from a file."""

import io
import os
import random
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordingError
from gspice.qxl.recording_unzstd import MAX_TEXT, MAX_WINDOW, Unzstd, ZstdError

MIB = 1 << 20
SKIPPABLE = struct.pack("<II", 0x184D2A53, 700) + bytes(700)
BLACK = (
    b"SPICE_REPLAY 1\nevent 0 1 20 0\n2000 2600 8000 32\n0 1 0 0\nbinary 0 data 20800000:"
    + bytes(20_800_000)
    + b"\n"
)
"""A recording of one primary surface."""
EVERYTHING_IN_A_FILE = 0
"""A ``small_window`` that no frame is below."""


def packed(text: bytes, window_log: int = 20, *, sized: bool = False) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(
        window_log=window_log, compression_level=1, enable_ldm=True, write_checksum=True
    )
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    stream = packer.compressobj(len(text)) if sized else packer.compressobj()
    return stream.compress(text) + stream.flush()


def unpacked(data: bytes, small_window: int = EVERYTHING_IN_A_FILE, step: int = 1 << 18) -> bytes:
    unzstd = Unzstd(io.BytesIO(data).read, small_window)
    text, part = bytearray(), bytearray(step)
    while got := unzstd.readinto(part):
        text += part[:got]
    assert unzstd.readinto(part) == 0
    return bytes(text)


def text_of(seed: int, size: int) -> bytes:
    """Noise, runs, and what was there before."""
    values, text = random.Random(seed), bytearray()
    while len(text) < size:
        match values.randrange(3):
            case 0:
                text += values.randbytes(values.randrange(5000))
            case 1:
                text += bytes([values.randrange(256)]) * values.randrange(300_000)
            case _:
                at = values.randrange(len(text) + 1)
                text += text[at : at + values.randrange(100_000)]
    return bytes(text[:size])


@given(
    seeds=st.lists(st.integers(0, 99), max_size=4),
    size=st.integers(0, 1_200_000),
    sized=st.booleans(),
    small_window=st.sampled_from([EVERYTHING_IN_A_FILE, 100_000, MAX_WINDOW]),
    step=st.sampled_from([1, 4099, 1 << 18, 1 << 22]),
)
@settings(max_examples=40, deadline=None)
def test_frames_come_out_one_after_another(
    seeds: list[int], size: int, sized: bool, small_window: int, step: int
) -> None:
    texts = [text_of(seed, size if step > 1 else size // 100) for seed in seeds]
    data = b"".join(packed(text, sized=sized) + SKIPPABLE for text in texts)
    assert unpacked(data, small_window, step) == b"".join(texts)


def test_references_reach_back_over_what_is_in_the_file() -> None:
    noise = random.Random(1).randbytes(9 * MIB)
    text = noise + bytes(15 * MIB) + noise + noise[::-1] + noise
    data = packed(text, window_log=26)
    assert len(data) < 20 * MIB, "the sample refers back"
    assert unpacked(data) == text


def deleted_files() -> list[os.stat_result]:
    files = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(link).endswith("(deleted)"):
                files.append(link.stat())
        except FileNotFoundError:
            continue  # the one that lists
    return files


def test_the_file_keeps_little_more_than_the_window_and_goes() -> None:
    before = {status.st_ino for status in deleted_files()}
    unzstd = Unzstd(io.BytesIO(packed(bytes(150 * MIB))).read, EVERYTHING_IN_A_FILE)
    part = bytearray(MIB)
    for _ in range(140):
        assert unzstd.readinto(part)
    while unzstd.readinto(part):
        pass
    (file,) = (status for status in deleted_files() if status.st_ino not in before)
    assert file.st_size > 140 * MIB
    assert file.st_blocks * 512 < 100 * MIB
    del unzstd
    assert {status.st_ino for status in deleted_files()} <= before


def test_small_windows_need_no_file() -> None:
    before = len(deleted_files())
    unzstd = Unzstd(io.BytesIO(packed(bytes(10 * MIB))).read)
    assert unzstd.readinto(bytearray(1)) == 1
    assert len(deleted_files()) == before


@pytest.mark.parametrize("small_window", [EVERYTHING_IN_A_FILE, MAX_WINDOW])
def test_a_frame_that_is_cut_is_damaged_behind_the_text_it_has(small_window: int) -> None:
    text = random.Random(5).randbytes(200_000) + text_of(5, 400_000)
    data = packed(text) + SKIPPABLE
    ends = [*range(1, 20), *range(20, len(data), 997)]
    lengths = [cut_text(data[:end], small_window, text) for end in ends]
    assert lengths == sorted(lengths) and lengths[0] == 0
    # Within the checksum, and where the next frame has begun, the text is whole.
    whole = len(data) - len(SKIPPABLE)
    for end in (whole - 4, whole - 1, whole + 1, whole + 3, whole + 6, len(data) - 1):
        assert cut_text(data[:end], small_window, text) == len(text)
    assert unpacked(data[:whole], small_window) == text


def cut_text(data: bytes, small_window: int, text: bytes) -> int:
    """How much of the text comes out before the error."""
    unzstd = Unzstd(io.BytesIO(data).read, small_window)
    done, part = 0, bytearray(1 << 18)
    with pytest.raises(ZstdError, match="the file ends inside a zstd frame"):
        while got := unzstd.readinto(part):
            assert text[done : done + got] == part[:got]
            done += got
    return done


@pytest.mark.parametrize("small_window", [EVERYTHING_IN_A_FILE, MAX_WINDOW])
def test_checksums_are_compared(small_window: int) -> None:
    data = packed(b"some text")
    with pytest.raises(ZstdError, match="checksum"):
        unpacked(data[:-1] + bytes([data[-1] ^ 1]), small_window)


def test_what_came_before_a_cut_is_read() -> None:
    data = packed(b"SPICE_REPLAY 1\nevent 0 1 2 0\nevent 1 1 2 0\n")
    events = iter(RecordingReader(io.BytesIO(data[:-2])))
    assert [next(events).counter, next(events).counter] == [0, 1]
    with pytest.raises(RecordingError, match="the file ends inside a zstd frame"):
        next(events)


def test_where_addresses_are_few_a_frame_of_unknown_size_takes_a_part() -> None:
    program = (
        "import io, resource, sys\n"
        "from gspice.qxl.recording_unzstd import Unzstd, ZstdError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "unzstd, part, done = Unzstd(sys.stdin.buffer.read, 0), bytearray(1 << 20), 0\n"
        "try:\n"
        "    while got := unzstd.readinto(part): done += got\n"
        "except ZstdError as error: print(error)\n"
        "print(done >> 20)\n"
    )
    for size, said in ((100, "100\n"), (400, "no addresses (ulimit -v")):
        done = subprocess.run(
            [sys.executable, "-c", program], input=packed(bytes(size * MIB)), capture_output=True, check=False
        )
        assert said in done.stdout.decode(), done.stderr.decode()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_raises_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(packed(text_of(data.draw(st.integers(0, 5)), 60_000)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    small_window = data.draw(st.sampled_from([EVERYTHING_IN_A_FILE, MAX_WINDOW]))
    try:
        unpacked(bytes(damaged), small_window)
    except ZstdError:
        return


def header(*fields: int) -> bytes:
    return b"\x28\xb5\x2f\xfd" + bytes(fields)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed(b"abc") + b"garbage after the frame", "Unknown frame descriptor"),
        (header(0x00, 22 << 3) + bytes(20), "requires too much memory"),
        (header(0xC0, 17 << 3) + (MAX_TEXT + 1).to_bytes(8, "little") + bytes(20), "is larger than"),
        (header(0x00, 17 << 3) + b"\x07\x00\x00" + bytes(20), "Data corruption"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(ZstdError, match=reason):
        unpacked(data)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel refuses to write more into a file, as it does where a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_without_room_is_an_error(tmp_path: Path) -> None:
    data = packed(BLACK, window_log=28)
    path = tmp_path / "large.rec.zst"
    path.write_bytes(data)
    with files_of_at_most(5 * MIB):
        with pytest.raises(OSError, match=r"holds the text that was unpacked last, .* \(TMPDIR can name"):
            unpacked(data)
        with (
            pytest.raises(RecordingError, match=r"cannot be read: .*TMPDIR"),
            RecordingReader(path) as reader,
        ):
            list(reader)
