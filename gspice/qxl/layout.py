"""The memory of an emulated QXL device: ROM, RAM bar and VRAM bar in one anonymous mapping.

As QEMU lays the RAM bar out: the primary surface's area, then memory for commands, then the QXLRam header in
the bar's last pages. Pages that nobody touches cost nothing.
"""

import ctypes
import mmap
from dataclasses import dataclass
from typing import NamedTuple, TypeVar, cast

from gspice.errors import ConfigError, GuestError
from gspice.qxl.structures import RAM_MAGIC, ROM_MAGIC, QXLMode, QXLRam, QXLRom
from gspice.vdi.qxl import DevInitInfo

PAGE = 4096
MIB = 1 << 20
GROUP_HOST = 0
GROUP_GUEST = 1
MEMSLOTS = 8
FIRST_SLOT = 1
GENERATION_BITS = 8
ID_BITS = 8
SURFACES = 1024
OFFSET_BITS = 64 - GENERATION_BITS - ID_BITS

ROM_SIZE = 2 * PAGE
RAM_GUEST_PHYSICAL = 0x1_0000_0000
"""Where the guest sees the RAM bar. Unlike any host address, so that one is not taken for the other."""
VRAM_GUEST_PHYSICAL = 0x2_0000_0000

MODES = (
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 720),
    (1280, 1024),
    (1366, 768),
    (1600, 900),
    (1920, 1080),
    (1920, 1200),
    (2560, 1440),
    (2560, 1600),
    (3840, 2160),
    (4096, 2160),
)
"""Sizes that the ROM offers; drivers that set their own need none of them."""

Struct = TypeVar("Struct", bound=ctypes.Structure | ctypes.Union)


class Bar(NamedTuple):
    """A part of the device's memory that the guest maps."""

    name: str
    offset: int
    """Of its first byte in the mapping."""
    size: int
    guest_physical: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSizes:
    """How much memory a device has, in bytes."""

    ram: int = 64 * MIB
    vram: int = 64 * MIB
    primary: int = 34 * MIB
    """Of ``ram``, what is kept for the primary surface: 4096 x 2160 pixels by default."""

    def __post_init__(self) -> None:
        for name in ("ram", "vram", "primary"):
            if getattr(self, name) <= 0 or getattr(self, name) % PAGE:
                raise ConfigError(f"QXL {name} size {getattr(self, name)} is not a multiple of {PAGE} bytes")
        if self.primary + MIB > self.ram:
            raise ConfigError(f"QXL ram of {self.ram} bytes leaves no MiB beside a primary of {self.primary}")


class DeviceMemory:
    """All memory of one device. The mapping lives as long as this object or a view of it."""

    def __init__(self, sizes: DeviceSizes | None = None, *, device_id: int = 0) -> None:
        self.sizes = sizes or DeviceSizes()
        self._device_id = device_id
        self.ram_bar = Bar("ram", ROM_SIZE, self.sizes.ram, RAM_GUEST_PHYSICAL)
        self.vram_bar = Bar("vram", ROM_SIZE + self.sizes.ram, self.sizes.vram, VRAM_GUEST_PHYSICAL)
        size = ROM_SIZE + self.sizes.ram + self.sizes.vram
        self.mapping = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.size = size
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.mapping))
        """Host address of the mapping's first byte."""
        header_size = -(-ctypes.sizeof(QXLRam) // PAGE) * PAGE
        self.ram_header_offset = self.sizes.ram - header_size
        """Of the QXLRam header in the RAM bar; command memory ends there."""
        self.rom = self.view(QXLRom, 0)
        self.ram = self.view(QXLRam, self.ram_bar.offset + self.ram_header_offset)
        self._write_rom()
        self.reset_ram()

    @property
    def bars(self) -> tuple[Bar, Bar]:
        """What a memory slot may lie in."""
        return (self.ram_bar, self.vram_bar)

    def view(self, kind: type[Struct], offset: int) -> Struct:
        """The structure that lies at this offset of the mapping, in place."""
        return cast(Struct, kind.from_buffer(self.mapping, offset))

    def offset_of(self, host_address: int, length: int) -> int:
        """Where host memory lies in the mapping; GuestError where it is not all in the bars."""
        offset = host_address - self.address
        if not ROM_SIZE <= offset <= self.size - length:
            raise GuestError(f"{length} bytes at host address {host_address:#x} are not this device's memory")
        return offset

    def init_info(self) -> DevInitInfo:
        """How the device's memory slots are laid out."""
        return DevInitInfo(
            memslots_groups=2,
            memslots=MEMSLOTS,
            generation_bits=GENERATION_BITS,
            id_bits=ID_BITS,
            ram_size=self.rom.num_pages * PAGE,
            internal_group=GROUP_HOST,
            surfaces=SURFACES,
        )

    def reset_ram(self) -> None:
        """Write the RAM header of a device that has just been switched on: empty rings, nothing pending."""
        ctypes.memset(ctypes.addressof(self.ram), 0, ctypes.sizeof(self.ram))
        self.ram.magic = RAM_MAGIC
        for ring in (self.ram.cmd_ring, self.ram.cursor_ring, self.ram.release_ring):
            ring.num_items = len(ring.items)
            ring.notify_on_prod = 1

    def _write_rom(self) -> None:
        rom = self.rom
        rom.magic = ROM_MAGIC
        rom.id = self._device_id
        rom.modes_offset = ctypes.sizeof(QXLRom)
        rom.draw_area_offset = 0
        rom.surface0_area_size = self.sizes.primary
        rom.pages_offset = self.sizes.primary
        rom.num_pages = (self.ram_header_offset - self.sizes.primary) // PAGE
        rom.ram_header_offset = self.ram_header_offset
        rom.n_surfaces = SURFACES
        rom.slots_start = FIRST_SLOT
        rom.slots_end = MEMSLOTS - 1
        rom.slot_gen_bits = GENERATION_BITS
        rom.slot_id_bits = ID_BITS
        offset = rom.modes_offset
        ctypes.c_uint32.from_buffer(self.mapping, offset).value = len(MODES)
        for number, (width, height) in enumerate(MODES):
            mode = self.view(QXLMode, offset + 4 + number * ctypes.sizeof(QXLMode))
            mode.id, mode.x_res, mode.y_res = number, width, height
            mode.bits, mode.stride = 32, 4 * width
