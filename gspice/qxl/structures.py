"""The QXL device as its guest sees it: ROM, RAM header, rings and the commands outside drawing.

Layouts, field names and numbers are those of spice-protocol's ``qxl_dev.h``: little endian, no padding. A
type made with ``packed`` may be laid over memory with ``from_buffer``; what a guest may change meanwhile
must be taken with ``from_buffer_copy``.
"""

import ctypes
from enum import IntEnum, IntFlag
from typing import Annotated, TypeVar, get_type_hints

U8 = Annotated[int, ctypes.c_uint8]
U16 = Annotated[int, ctypes.c_uint16]
U32 = Annotated[int, ctypes.c_uint32]
U64 = Annotated[int, ctypes.c_uint64]
I16 = Annotated[int, ctypes.c_int16]
I32 = Annotated[int, ctypes.c_int32]
Address = U64
"""QXLPHYSICAL: slot id, generation and offset, top bits first; 0 is none."""

ROM_MAGIC = int.from_bytes(b"QXRO", "little")
RAM_MAGIC = int.from_bytes(b"QXRA", "little")
COMMAND_RING_SIZE = 32
CURSOR_RING_SIZE = 32
RELEASE_RING_SIZE = 8
LOG_BUF_SIZE = 4096
CLIENT_CAPABILITIES_SIZE = 58
CLIENT_MONITORS_MAX = 64

T = TypeVar("T", bound="type[ctypes.Structure] | type[ctypes.Union]")


def packed(cls: T) -> T:
    """Make the annotations of a Structure or Union its fields, in order; they are then laid out without
    padding."""
    hints = get_type_hints(cls, include_extras=True)
    cls._fields_ = [
        (name, hint.__metadata__[0] if hasattr(hint, "__metadata__") else hint)
        for name, hint in hints.items()
    ]
    return cls


class Packed(ctypes.LittleEndianStructure):
    """Base of the structures: no padding between fields."""

    _pack_ = 1
    _layout_ = "ms"


class PackedUnion(ctypes.LittleEndianUnion):
    """Base of the unions: no padding at their end."""

    _pack_ = 1
    _layout_ = "ms"


class IOPort(IntEnum):
    """QXL_IO_*: what a write to the device's I/O range asks for."""

    NOTIFY_CMD = 0
    NOTIFY_CURSOR = 1
    UPDATE_AREA = 2
    UPDATE_IRQ = 3
    NOTIFY_OOM = 4
    RESET = 5
    SET_MODE = 6
    LOG = 7
    MEMSLOT_ADD = 8
    MEMSLOT_DEL = 9
    DETACH_PRIMARY = 10
    ATTACH_PRIMARY = 11
    CREATE_PRIMARY = 12
    DESTROY_PRIMARY = 13
    DESTROY_SURFACE_WAIT = 14
    DESTROY_ALL_SURFACES = 15
    UPDATE_AREA_ASYNC = 16
    MEMSLOT_ADD_ASYNC = 17
    CREATE_PRIMARY_ASYNC = 18
    DESTROY_PRIMARY_ASYNC = 19
    DESTROY_SURFACE_ASYNC = 20
    DESTROY_ALL_SURFACES_ASYNC = 21
    FLUSH_SURFACES_ASYNC = 22
    FLUSH_RELEASE = 23
    MONITORS_CONFIG_ASYNC = 24


class Interrupt(IntFlag):
    """QXL_INTERRUPT_*."""

    DISPLAY = 1
    CURSOR = 2
    IO_CMD = 4
    ERROR = 8
    CLIENT = 16
    CLIENT_MONITORS_CONFIG = 32


class CommandType(IntEnum):
    """QXL_CMD_*."""

    NOP = 0
    DRAW = 1
    UPDATE = 2
    CURSOR = 3
    MESSAGE = 4
    SURFACE = 5


@packed
class QXLRect(Packed):
    top: I32
    left: I32
    bottom: I32
    right: I32


@packed
class QXLURect(Packed):
    top: U32
    left: U32
    bottom: U32
    right: U32


@packed
class QXLPoint16(Packed):
    x: I16
    y: I16


@packed
class ClientMonitorsConfig(Packed):
    """The part of the ROM that its checksum covers."""

    count: U16
    padding: U16
    heads: Annotated[ctypes.Array[QXLURect], QXLURect * CLIENT_MONITORS_MAX]


@packed
class QXLRom(Packed):
    magic: U32
    id: U32
    update_id: U32
    compression_level: U32
    log_level: U32
    mode: U32
    modes_offset: U32
    num_pages: U32
    pages_offset: U32
    draw_area_offset: U32
    surface0_area_size: U32
    ram_header_offset: U32
    mm_clock: U32
    n_surfaces: U32
    flags: U64
    slots_start: U8
    slots_end: U8
    slot_gen_bits: U8
    slot_id_bits: U8
    slot_generation: U8
    client_present: U8
    client_capabilities: Annotated[ctypes.Array[ctypes.c_uint8], ctypes.c_uint8 * CLIENT_CAPABILITIES_SIZE]
    client_monitors_config_crc: U32
    client_monitors_config: ClientMonitorsConfig


@packed
class QXLMode(Packed):
    id: U32
    x_res: U32
    y_res: U32
    bits: U32
    stride: U32
    x_mili: U32
    y_mili: U32
    orientation: U32


@packed
class QXLCommand(Packed):
    data: Address
    type: U32
    padding: U32


@packed
class QXLMemSlot(Packed):
    """Guest-physical range; the end is exclusive."""

    mem_start: U64
    mem_end: U64


@packed
class QXLSurfaceCreate(Packed):
    width: U32
    height: U32
    stride: I32
    format: U32
    position: U32
    mouse_mode: U32
    flags: U32
    type: U32
    mem: Address


@packed
class QXLCommandRing(Packed):
    num_items: U32
    prod: U32
    notify_on_prod: U32
    cons: U32
    notify_on_cons: U32
    items: Annotated[ctypes.Array[QXLCommand], QXLCommand * COMMAND_RING_SIZE]


@packed
class QXLCursorRing(Packed):
    num_items: U32
    prod: U32
    notify_on_prod: U32
    cons: U32
    notify_on_cons: U32
    items: Annotated[ctypes.Array[QXLCommand], QXLCommand * CURSOR_RING_SIZE]


@packed
class QXLReleaseRing(Packed):
    num_items: U32
    prod: U32
    notify_on_prod: U32
    cons: U32
    notify_on_cons: U32
    items: Annotated[ctypes.Array[ctypes.c_uint64], ctypes.c_uint64 * RELEASE_RING_SIZE]


@packed
class QXLRam(Packed):
    magic: U32
    int_pending: U32
    int_mask: U32
    log_buf: Annotated[ctypes.Array[ctypes.c_uint8], ctypes.c_uint8 * LOG_BUF_SIZE]
    cmd_ring: QXLCommandRing
    cursor_ring: QXLCursorRing
    release_ring: QXLReleaseRing
    update_area: QXLRect
    update_surface: U32
    mem_slot: QXLMemSlot
    create_surface: QXLSurfaceCreate
    flags: U64
    monitors_config: Address


@packed
class QXLReleaseInfo(PackedUnion):
    """``id`` on the way in; ``next``, the id of the next resource or 0, on the way back."""

    id: U64
    next: U64


@packed
class QXLDataChunk(Packed):
    """Heads ``data_size`` bytes, which follow it at once."""

    data_size: U32
    prev_chunk: Address
    next_chunk: Address


@packed
class QXLHead(Packed):
    id: U32
    surface_id: U32
    width: U32
    height: U32
    x: U32
    y: U32
    flags: U32


@packed
class QXLMonitorsConfig(Packed):
    """Heads ``count`` QXLHead, which follow it at once."""

    count: U16
    max_allowed: U16
