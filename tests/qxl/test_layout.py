import ctypes

import pytest

from gspice.errors import ConfigError, GuestError
from gspice.qxl.layout import MIB, MODES, PAGE, ROM_SIZE, DeviceMemory, DeviceSizes
from gspice.qxl.structures import RAM_MAGIC, ROM_MAGIC, QXLMode

SMALL = DeviceSizes(ram=4 * MIB, vram=MIB, primary=2 * MIB)


def test_rom_says_where_everything_lies() -> None:
    memory = DeviceMemory(SMALL, device_id=3)
    rom = memory.rom
    assert (rom.magic, rom.id) == (ROM_MAGIC, 3)
    # Surface area, command pages and RAM header fill the bar without overlap.
    assert rom.pages_offset == rom.surface0_area_size == 2 * MIB
    assert rom.pages_offset + rom.num_pages * PAGE == rom.ram_header_offset
    header = memory.ram_bar.offset + rom.ram_header_offset
    assert int.from_bytes(memory.mapping[header : header + 4], "little") == RAM_MAGIC
    assert rom.ram_header_offset + ctypes.sizeof(memory.ram) <= memory.ram_bar.size
    assert memory.vram_bar.offset == memory.ram_bar.offset + memory.ram_bar.size
    assert memory.vram_bar.offset + memory.vram_bar.size == memory.size


def test_mode_table_is_in_the_rom() -> None:
    memory = DeviceMemory(SMALL)
    offset = memory.rom.modes_offset
    assert int.from_bytes(memory.mapping[offset : offset + 4], "little") == len(MODES)
    last = memory.view(QXLMode, offset + 4 + (len(MODES) - 1) * 32)
    assert (last.x_res, last.y_res, last.bits) == (*MODES[-1], 32)
    assert offset + 4 + len(MODES) * 32 <= ROM_SIZE


def test_host_address_is_that_of_the_mapping() -> None:
    memory = DeviceMemory(SMALL)
    memory.mapping[memory.ram_bar.offset + 5] = 0xA5
    assert ctypes.string_at(memory.address + memory.ram_bar.offset + 5, 1) == b"\xa5"
    assert memory.offset_of(memory.address + memory.ram_bar.offset + 5, 8) == memory.ram_bar.offset + 5


@pytest.mark.parametrize("where", ["rom", "end", "below"])
def test_offset_of_refuses_what_is_not_in_a_bar(where: str) -> None:
    memory = DeviceMemory(SMALL)
    address = {"rom": memory.address, "end": memory.address + memory.size - 7, "below": memory.address - 8}[
        where
    ]
    with pytest.raises(GuestError, match="not this device's memory"):
        memory.offset_of(address, 8)


def test_reset_ram_empties_the_rings() -> None:
    memory = DeviceMemory(SMALL)
    ring = memory.ram.cmd_ring
    ring.prod, ring.cons, ring.notify_on_prod = 9, 4, 77
    memory.ram.int_mask = 5
    memory.reset_ram()
    assert (ring.prod, ring.cons, ring.notify_on_prod, ring.num_items) == (0, 0, 1, 32)
    assert memory.ram.release_ring.num_items == 8
    assert memory.ram.int_mask == 0


def test_init_info_is_that_of_qemu() -> None:
    memory = DeviceMemory(SMALL)
    info = memory.init_info()
    assert (info.generation_bits, info.id_bits, info.memslots_groups, info.memslots) == (8, 8, 2, 8)
    assert (info.internal_group, info.surfaces) == (0, 1024)
    assert info.ram_size == memory.rom.num_pages * PAGE


def test_default_primary_holds_4k() -> None:
    sizes = DeviceSizes()
    assert sizes.ram == sizes.vram == 64 * MIB
    assert sizes.primary >= 4 * 4096 * 2160


@pytest.mark.parametrize("wrong", [{"ram": 5000}, {"vram": 0}, {"ram": 2 * MIB, "primary": 2 * MIB}])
def test_sizes_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        DeviceSizes(**wrong)
