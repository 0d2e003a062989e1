"""Memory that is used again never shows what it held before, nor loses what it holds."""

import ctypes
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from random import Random

import numpy as np
import pytest

from gspice.qxl.image_memory import BUDGET, MIN_BYTES, copied, kept_bytes, trim
from gspice.qxl.recording_events import RecordingError
from gspice.qxl.recording_scanner import Scanner

MIB = 1 << 20


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    trim()
    yield
    trim()


def test_one_block_serves_images_that_come_one_after_another() -> None:
    sizes = [5 * MIB, 5 * MIB - 1, 4 * MIB + 1, 5 * MIB]
    for number, size in enumerate(sizes):
        data = bytes([number]) * size
        copy = copied(data)
        assert copy == data and len(copy) == size
        assert kept_bytes() == 5 * MIB
        del copy


def test_blocks_that_are_held_are_not_touched() -> None:
    held = [copied(bytes([number]) * MIB) for number in range(8)]
    assert kept_bytes() == 8 * MIB
    assert held == [bytes([number]) * MIB for number in range(8)]
    held.clear()
    assert kept_bytes() == 8 * MIB
    again = [copied(bytes(MIB)) for _ in range(8)]
    assert kept_bytes() == 8 * MIB
    assert len(set(map(id, again))) == 8


@pytest.mark.parametrize("view", [memoryview, lambda data: np.frombuffer(data, np.uint8)])
def test_a_view_holds_its_block(view: type[memoryview]) -> None:
    seen = view(copied(b"\x5a" * MIB))
    other = copied(bytes(MIB))
    assert bytes(seen) == b"\x5a" * MIB
    assert other == bytes(MIB)


def test_a_hash_is_not_left_from_the_last_image() -> None:
    first = copied(b"a" * MIB)
    hash(first)
    del first
    second = copied(b"b" * MIB)
    assert kept_bytes() == MIB
    assert hash(second) == hash(b"b" * MIB)
    assert {b"b" * MIB: "found"}[second] == "found"


def test_a_shorter_image_ends_with_a_nul_of_its_own() -> None:
    """Code in C may rely on it, as on that of any bytes."""
    first = copied(b"a" * MIB)
    del first
    second = copied(b"b" * (MIB - 3))
    assert ctypes.string_at(second, MIB - 2) == b"b" * (MIB - 3) + b"\0"


SIZES = sorted(
    {
        near
        for bits in range(16, 26)
        for quarter in range(4, 8)
        for near in ((quarter << (bits - 2)) - 1, quarter << (bits - 2), (quarter << (bits - 2)) + 1)
        if near >= MIN_BYTES
    }
    | {BUDGET - 1, BUDGET}
)


@pytest.mark.parametrize("size", SIZES)
def test_a_block_has_room_for_its_image_and_little_more(size: int) -> None:
    copy = copied(bytes(size))
    assert size <= kept_bytes() <= size * 5 // 4
    assert len(copy) == size
    assert copy.endswith(b"\0")


@pytest.mark.parametrize("size", [0, 1, MIN_BYTES - 1, BUDGET + 1])
def test_small_and_huge_images_are_not_kept(size: int) -> None:
    assert copied(bytes(size)) == bytes(size)
    assert kept_bytes() == 0


def test_what_is_kept_stays_within_the_budget_however_much_is_in_use() -> None:
    held = []
    for number in range(12):
        held.append(copied(bytes([number]) * (8 * MIB)))
        assert kept_bytes() <= BUDGET
    assert kept_bytes() == BUDGET
    assert all(data[0] == data[-1] == number for number, data in enumerate(held))
    held.clear()
    assert kept_bytes() == BUDGET


def test_memory_beyond_the_budget_is_freed() -> None:
    tracemalloc.start()
    try:
        held = [copied(bytes(8 * MIB)) for _ in range(12)]
        assert tracemalloc.get_traced_memory()[0] >= 96 * MIB
        held.clear()
        assert BUDGET <= tracemalloc.get_traced_memory()[0] < BUDGET + MIB
        trim()
        assert tracemalloc.get_traced_memory()[0] < MIB
    finally:
        tracemalloc.stop()


def test_images_of_another_size_push_out_what_is_idle() -> None:
    for _ in range(2):
        blocks = [copied(bytes(8 * MIB)) for _ in range(8)]
        del blocks
        assert kept_bytes() == BUDGET
        block = copied(bytes(MIB))
        assert kept_bytes() == BUDGET - 7 * MIB
        del block
        # The small one was asked for last: only large ones go, one for each two that are too many.
        assert copied(bytes(2 * MIB)) == bytes(2 * MIB)
        assert kept_bytes() == BUDGET - 5 * MIB


def test_a_size_has_at_most_sixty_four_blocks() -> None:
    held = [copied(bytes([number]) * MIN_BYTES) for number in range(100)]
    assert kept_bytes() == 64 * MIN_BYTES
    assert all(data == bytes([number]) * MIN_BYTES for number, data in enumerate(held))


def test_trim_frees_what_is_idle_and_leaves_what_is_held() -> None:
    held = copied(b"\x11" * MIB)
    idle = copied(b"\x22" * MIB)
    del idle
    trim()
    assert kept_bytes() == 0
    assert held == b"\x11" * MIB
    copied(bytes(MIB))
    assert held == b"\x11" * MIB


def test_a_read_that_fails_gives_its_block_back() -> None:
    for _ in range(3):
        cut = BytesIO(b"binary 0 data %d:" % MIB + b"x" * (MIB // 2))
        with pytest.raises(RecordingError, match="the file ends"):
            Scanner(cut.readinto).block("data")
        assert kept_bytes() == MIB
    assert copied(b"y" * MIB) == b"y" * MIB
    assert kept_bytes() == MIB


@pytest.fixture
def eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switches")
def test_threads_do_not_get_each_others_blocks() -> None:
    wrong: list[str] = []

    def use(seed: int) -> None:
        random = Random(seed)
        held: list[tuple[bytes, bytes]] = []
        for number in range(150):
            pattern = bytes([seed * 32 + number % 32])
            size = random.choice([MIN_BYTES, MIN_BYTES + 5, 2 * MIN_BYTES])
            held.append((copied(pattern * size), pattern * size))
            if len(held) > 5 or random.random() < 0.5:
                data, expected = held.pop(random.randrange(len(held)))
                if data != expected:
                    wrong.append(f"thread {seed}, image {number}")

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
