import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import GuestError, InterfaceError
from gspice.qxl.memslots import MemSlots
from gspice.vdi.qxl import MemSlot

START, END = 0x10000, 0x20000
DELTA = START - 0x100


def slots(*, groups: int = 2, per_group: int = 4, generation_bits: int = 8, id_bits: int = 8) -> MemSlots:
    return MemSlots(
        groups=groups, slots=per_group, generation_bits=generation_bits, id_bits=id_bits, internal_group=0
    )


def slot(
    *,
    group: int = 1,
    id: int = 2,
    generation: int = 3,
    start: int = START,
    end: int = END,
    delta: int = DELTA,
) -> MemSlot:
    return MemSlot(
        group_id=group, slot_id=id, generation=generation, virt_start=start, virt_end=end, addr_delta=delta
    )


def address(offset: int, *, id: int = 2, generation: int = 3) -> int:
    return id << 56 | generation << 48 | offset


@pytest.fixture
def mapped() -> MemSlots:
    memslots = slots()
    memslots.add(slot())
    return memslots


def test_offset_plus_delta_is_the_host_address(mapped: MemSlots) -> None:
    assert mapped.translate(address(0x100), 1, 1) == START
    assert mapped.translate(address(0x1234), 8, 1) == DELTA + 0x1234


def test_the_delta_wraps_round() -> None:
    memslots = slots()
    memslots.add(slot(delta=(START - 0x5000) % 2**64))
    assert memslots.translate(address(0x5000), 4, 1) == START
    memslots.add(slot(delta=-0x10 % 2**64, start=0xFF0, end=0x1000))
    assert memslots.translate(address(0x1000), 0x10, 1) == 0xFF0


def test_the_whole_length_must_lie_in_the_slot(mapped: MemSlots) -> None:
    size = END - START
    assert mapped.translate(address(0x100), size, 1) == START
    assert mapped.translate(address(0x100 + size - 1), 1, 1) == END - 1
    for offset, length in ((0x100, size + 1), (0x100 + size, 1), (0xFF, 1), (0xFF, 2), (0x100, 2**64 - 1)):
        with pytest.raises(GuestError, match="not all inside its memory slot"):
            mapped.translate(address(offset), length, 1)


@pytest.mark.parametrize(
    ("bad", "group", "reason"),
    [
        (address(0x100, id=1), 1, "not mapped"),
        (address(0x100, id=3), 1, "not mapped"),
        (address(0x100, generation=2), 1, "generation"),
        (address(0x100, generation=0x83), 1, "generation"),
        (address(0x100), 0, "not mapped"),
        (-1, 1, "cannot be"),
        (2**64, 1, "cannot be"),
    ],
)
def test_bad_addresses(mapped: MemSlots, bad: int, group: int, reason: str) -> None:
    with pytest.raises(GuestError, match=reason):
        mapped.translate(bad, 1, group)


@pytest.mark.parametrize("length", [-1, 2**64])
def test_bad_lengths(mapped: MemSlots, length: int) -> None:
    with pytest.raises(GuestError, match="cannot be"):
        mapped.translate(address(0x100), length, 1)


def test_cve_2019_3813_ids_equal_to_the_counts_are_beyond_them(mapped: MemSlots) -> None:
    with pytest.raises(GuestError, match="beyond the slots"):
        mapped.translate(address(0x100, id=4), 1, 1)
    with pytest.raises(GuestError):
        mapped.translate(address(0x100), 1, 2)
    for bad in (slot(group=2), slot(id=4), slot(group=-1), slot(id=-1)):
        with pytest.raises(GuestError, match="memory slot"):
            mapped.add(bad)
    for group, id in ((2, 0), (0, 4), (-1, 0), (0, -1)):
        with pytest.raises(GuestError, match="memory slot"):
            mapped.remove(group, id)


def test_a_slot_of_all_memory_translates_to_itself_except_for_nothing() -> None:
    memslots = slots()
    memslots.add(slot(group=0, id=0, generation=0, start=0, end=2**64 - 1, delta=0))
    assert memslots.translate(0x7FFF_1234_5678, 100, 0) == 0x7FFF_1234_5678
    with pytest.raises(GuestError):
        memslots.translate(0, 1, 0)


@pytest.mark.parametrize(
    "bad",
    [
        slot(start=END, end=START),
        slot(start=-1),
        slot(end=2**64),
        slot(generation=-1),
        slot(generation=2**64),
    ],
)
def test_slots_that_cannot_be(bad: MemSlot) -> None:
    with pytest.raises(GuestError, match="memory slot 2"):
        slots().add(bad)


def test_add_replaces_and_remove_and_reset_unmap(mapped: MemSlots) -> None:
    mapped.add(slot(generation=4, delta=DELTA + 8))
    assert mapped.translate(address(0x100, generation=4), 1, 1) == START + 8
    with pytest.raises(GuestError, match="generation"):
        mapped.translate(address(0x100), 1, 1)
    mapped.remove(1, 2)
    with pytest.raises(GuestError, match="not mapped"):
        mapped.translate(address(0x100, generation=4), 1, 1)
    mapped.add(slot())
    mapped.add(slot(group=0, id=0))
    mapped.reset()
    for group, id in ((1, 2), (0, 0)):
        with pytest.raises(GuestError, match="not mapped"):
            mapped.translate(address(0x100, id=id), 1, group)


def test_copy_and_store() -> None:
    memory = ctypes.create_string_buffer(b"0123456789abcdef", 16)
    start = ctypes.addressof(memory)
    memslots = slots()
    memslots.add(slot(start=start, end=start + 16, delta=start))
    assert memslots.copy(address(4), 6, 1) == b"456789"
    assert memslots.copy(address(16), 0, 1) == b""
    memslots.store(address(14), b"XY", 1)
    memslots.store(address(0), b"", 1)
    assert memory.raw == b"0123456789abcdXY"
    with pytest.raises(GuestError):
        memslots.store(address(15), b"XY", 1)
    with pytest.raises(GuestError):
        memslots.copy(address(1), 16, 1)
    assert memory.raw == b"0123456789abcdXY"


def test_large_copies_are_whole() -> None:
    data = bytes(range(256)) * 1024
    memory = ctypes.create_string_buffer(len(data))
    start = ctypes.addressof(memory)
    memslots = slots()
    memslots.add(slot(start=start, end=start + len(data), delta=start))
    memslots.store(address(0), data, 1)
    assert memslots.copy(address(0), len(data), 1) == data


def test_copies_are_limited_before_memory_is_taken() -> None:
    memslots = slots()
    memslots.add(slot(start=0, end=2**64 - 1, delta=0x1000))
    with pytest.raises(GuestError, match="at most"):
        memslots.copy(address(0), 2**31, 1)


@pytest.mark.parametrize(
    "numbers",
    [
        {"groups": 0},
        {"per_group": 0},
        {"groups": 1 << 10, "per_group": 1 << 10},
        {"generation_bits": -1},
        {"id_bits": 64},
        {"generation_bits": 32, "id_bits": 32},
    ],
)
def test_layouts_that_a_host_may_not_ask_for(numbers: dict[str, int]) -> None:
    with pytest.raises(InterfaceError):
        slots(**numbers)


def test_slots_without_id_or_generation_bits() -> None:
    memslots = slots(per_group=1, generation_bits=0, id_bits=0)
    memslots.add(slot(id=0, generation=0))
    assert memslots.translate(0x100, 1, 1) == START
    assert memslots.internal_group == 0


@given(
    offset=st.integers(0, 2**48 - 1),
    length=st.integers(0, 2**64 - 1),
    start=st.integers(1, 2**64 - 1),
    size=st.integers(0, 2**64 - 1),
    delta=st.integers(0, 2**64 - 1),
)
def test_translation_is_the_definition(offset: int, length: int, start: int, size: int, delta: int) -> None:
    end = min(start + size, 2**64 - 1)
    memslots = slots()
    memslots.add(slot(start=start, end=end, delta=delta))
    host = (offset + delta) % 2**64
    if start <= host <= end and host + length <= end:
        assert memslots.translate(address(offset), length, 1) == host
    else:
        with pytest.raises(GuestError):
            memslots.translate(address(offset), length, 1)
