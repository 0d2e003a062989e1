import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.qxl.driver_memory import (
    ALIGN,
    PAGE_SIZE,
    DeviceBusy,
    DoesNotFit,
    FreeList,
    GuestMemory,
    Resource,
    rounded,
)
from gspice.qxl.layout import DeviceMemory
from gspice.qxl.structures import QXLDataChunk, QXLReleaseInfo
from tests.qxl.fake_worker import SIZES

SIZE = 4096


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 900)), max_size=80))
def test_blocks_never_overlap_and_all_come_back_in_one_piece(steps: list[tuple[bool, int]]) -> None:
    free_list = FreeList(SIZE)
    live: list[tuple[int, int]] = []
    for allocate, number in steps:
        if allocate:
            start = free_list.alloc(number)
            if start is None:
                # Only when there is really no piece large enough.
                edges = sorted((s, s + rounded(n)) for s, n in live)
                gaps = [b[0] - a[1] for a, b in zip([(0, 0), *edges], [*edges, (SIZE, SIZE)], strict=True)]
                assert max(gaps) < rounded(number)
                continue
            assert start % ALIGN == 0 and 0 <= start <= SIZE - rounded(number)
            assert all(start + rounded(number) <= s or s + rounded(n) <= start for s, n in live)
            live.append((start, number))
        elif live:
            free_list.free(*live.pop(number % len(live)))
        assert free_list.free_bytes == SIZE - sum(rounded(n) for _, n in live)
    for block in live:
        free_list.free(*block)
    assert free_list.free_bytes == SIZE
    assert free_list.extents == 1
    assert free_list.alloc(SIZE) == 0


@pytest.mark.parametrize("wrong", [(0, 16), (32, 16), (16, 32), (-16, 16), (SIZE, 16), (48, 64)])
def test_freeing_what_is_free_is_refused(wrong: tuple[int, int]) -> None:
    free_list = FreeList(SIZE)
    assert [free_list.alloc(16) for _ in range(4)] == [0, 16, 32, 48]
    free_list.free(0, 16)
    free_list.free(32, 16)
    with pytest.raises(ValueError, match="free already"):
        free_list.free(*wrong)
    assert free_list.free_bytes == SIZE - 32


def guest_memory() -> GuestMemory:
    device = DeviceMemory(SIZES)
    device.rom.slot_generation = 5
    return GuestMemory(device, main_slot=1, vram_slot=2)


def test_addresses_carry_slot_generation_and_offset() -> None:
    memory = guest_memory()
    block = memory.alloc(100)
    assert block.place.address == 1 << 56 | 5 << 48 | SIZES.primary
    surface = memory.alloc(100, surface=True)
    assert surface.place.address == 2 << 56 | 5 << 48
    assert memory.primary.address == 1 << 56 | 5 << 48


def test_what_does_not_fit_main_memory_spills_into_vram() -> None:
    memory = guest_memory()
    blocks = [memory.alloc(1 << 20) for _ in range(7)]
    slots = [block.place.address >> 56 for block in blocks]
    assert slots == [1, 1, 1, 2, 2, 2, 2]
    with pytest.raises(DeviceBusy):
        memory.alloc(1 << 20)
    with pytest.raises(DoesNotFit):
        memory.alloc(SIZES.vram + 1)
    for block in blocks:
        memory.free(block)
    assert memory.free_bytes == memory.capacity


def test_a_resource_clears_its_structures_and_shares_a_page() -> None:
    memory = guest_memory()
    memory.bytes[SIZES.primary : SIZES.primary + (1 << 16)] = 0xEE
    resource = Resource(memory, 7)
    info, first = resource.struct(QXLReleaseInfo)
    chunk, second = resource.struct(QXLDataChunk, tail=30)
    assert (info.id, chunk.data_size, chunk.next_chunk) == (0, 0, 0)
    assert not memory.bytes[second.offset : second.offset + 50].any()
    assert second.address - first.address == ALIGN
    assert memory.capacity - memory.free_bytes == PAGE_SIZE
    assert resource.place == first
    resource.free()
    assert memory.free_bytes == memory.capacity


def test_commands_wait_for_those_that_have_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gspice.qxl.driver_memory.IN_FLIGHT_BYTES", 1 << 20)
    memory = guest_memory()
    memory.alloc(2 << 20, surface=True)  # surfaces do not count
    first, second, third = (Resource(memory, id) for id in range(1, 4))
    first.bulk((1 << 20) - ALIGN)
    second.carve(100)
    second.bulk(1 << 20)  # one that has begun may have as much as it needs
    for wanted in (third.carve, third.bulk):
        with pytest.raises(DeviceBusy, match="commands have"):
            wanted(100)
    second.free()
    before = memory.free_bytes
    third.carve(100)
    third.free()
    first.free()
    assert memory.free_bytes > before


def test_a_structure_larger_than_a_page_gets_a_block_of_its_own() -> None:
    memory = guest_memory()
    resource = Resource(memory, 7)
    resource.struct(QXLDataChunk, tail=PAGE_SIZE)
    resource.struct(QXLDataChunk, tail=PAGE_SIZE - 100)
    resource.struct(QXLDataChunk, tail=200)
    assert memory.capacity - memory.free_bytes == rounded(20 + PAGE_SIZE) + 2 * PAGE_SIZE
    adopted = memory.alloc(64)
    resource.adopt(adopted)
    resource.free()
    assert memory.free_bytes == memory.capacity
