"""Surface, cursor, update and message commands as a guest writes them.

Layouts as in ``qxl_dev.h``; ``structures`` has the rules.
"""

import ctypes
from enum import IntEnum
from typing import Annotated

from gspice.qxl.structures import (
    I32,
    U8,
    U16,
    U32,
    U64,
    Address,
    Packed,
    PackedUnion,
    QXLDataChunk,
    QXLPoint16,
    QXLRect,
    QXLReleaseInfo,
    packed,
)

SURF_FLAG_KEEP_DATA = 1
CURSOR_DEVICE_DATA_SIZE = 128


class SurfaceCommandType(IntEnum):
    """QXL_SURFACE_CMD_*."""

    CREATE = 0
    DESTROY = 1


class CursorCommandType(IntEnum):
    """QXL_CURSOR_*."""

    SET = 0
    MOVE = 1
    HIDE = 2
    TRAIL = 3


@packed
class QXLUpdateCmd(Packed):
    release_info: QXLReleaseInfo
    area: QXLRect
    update_id: U32
    surface_id: U32


@packed
class QXLSurface(Packed):
    format: U32
    width: U32
    height: U32
    stride: I32
    data: Address


@packed
class SurfaceCmdBody(PackedUnion):
    surface_create: QXLSurface


@packed
class QXLSurfaceCmd(Packed):
    release_info: QXLReleaseInfo
    surface_id: U32
    type: U8
    flags: U32
    u: SurfaceCmdBody


@packed
class QXLCursorHeader(Packed):
    unique: U64
    type: U16
    width: U16
    height: U16
    hot_spot_x: U16
    hot_spot_y: U16


@packed
class QXLCursor(Packed):
    header: QXLCursorHeader
    data_size: U32
    chunk: QXLDataChunk


@packed
class CursorSetBody(Packed):
    position: QXLPoint16
    visible: U8
    shape: Address


@packed
class CursorTrailBody(Packed):
    length: U16
    frequency: U16


@packed
class CursorBody(PackedUnion):
    set: CursorSetBody
    trail: CursorTrailBody
    position: QXLPoint16


@packed
class QXLCursorCmd(Packed):
    release_info: QXLReleaseInfo
    type: U8
    u: CursorBody
    device_data: Annotated[ctypes.Array[ctypes.c_uint8], ctypes.c_uint8 * CURSOR_DEVICE_DATA_SIZE]


@packed
class QXLMessage(Packed):
    """Heads text that ends in a zero byte."""

    release_info: QXLReleaseInfo
