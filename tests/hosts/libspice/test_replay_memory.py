"""Memory of replayed commands: cleared, found by the release id, and free with the command."""

import ctypes as c

import pytest

from gspice.hosts.libspice import replay_memory
from tests.hosts.libspice.replayed import CommandExtStruct


def test_memory_is_cleared_and_can_be_written() -> None:
    address = replay_memory.allocate(100)
    bytes_ = replay_memory.span(address, 100)
    assert bytes(bytes_) == bytes(100)
    bytes_[3] = 7
    assert c.string_at(address, 5) == b"\0\0\0\7\0"
    replay_memory.release(address)


def test_nothing_is_as_good_as_something() -> None:
    address = replay_memory.allocate(0)
    assert address
    replay_memory.release(address)


def test_more_than_there_is() -> None:
    with pytest.raises(MemoryError, match="no memory for"):
        replay_memory.allocate(1 << 60)


@pytest.mark.parametrize("surface", [-1, 0, 1023])
def test_a_command_knows_its_structure_and_the_structure_its_command(surface: int) -> None:
    blocks = tuple(replay_memory.allocate(64) for _ in range(3))
    command = replay_memory.hand_out(blocks[0], 3, blocks, surface)
    ext = CommandExtStruct.from_address(command)
    assert (ext.data, ext.type, ext.group_id, ext.flags) == (blocks[0], 3, 0, 0)
    assert c.c_uint64.from_address(blocks[0]).value == command
    assert replay_memory.take_back(command) == surface


def test_what_goes_with_a_command_is_free_again() -> None:
    """100 GiB would not fit, were it not given back."""
    for _ in range(100):
        block = replay_memory.allocate(1 << 30)
        replay_memory.take_back(replay_memory.hand_out(block, 1, (block,), -1))
    small = set()
    for _ in range(1000):
        block = replay_memory.allocate(1000)
        command = replay_memory.hand_out(block, 1, (block,), -1)
        small.add((block, command))
        replay_memory.take_back(command)
    assert len(small) < 100, "the same memory is taken again and again"
