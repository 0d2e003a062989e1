"""Drawables and their operations as a guest writes them.

Layouts as in ``qxl_dev.h``; ``structures`` has the rules. Addresses are QXL addresses, 0 is none.
"""

import ctypes
from enum import IntEnum, IntFlag
from typing import Annotated

from gspice.qxl.structures import (
    I32,
    U8,
    U16,
    U32,
    Address,
    Packed,
    PackedUnion,
    QXLDataChunk,
    QXLPoint16,
    QXLRect,
    QXLReleaseInfo,
    packed,
)

SURFACE_DEPS = 3
"""Other surfaces that a drawable can say it reads."""


class DrawType(IntEnum):
    """QXL_DRAW_* and QXL_COPY_BITS: which operation a drawable holds."""

    NOP = 0
    FILL = 1
    OPAQUE = 2
    COPY = 3
    COPY_BITS = 4
    BLEND = 5
    BLACKNESS = 6
    WHITENESS = 7
    INVERS = 8
    ROP3 = 9
    STROKE = 10
    TEXT = 11
    TRANSPARENT = 12
    ALPHA_BLEND = 13
    COMPOSITE = 14


class Effect(IntEnum):
    """QXL_EFFECT_*: what the operation does to what lies below it."""

    BLEND = 0
    OPAQUE = 1
    REVERT_ON_DUP = 2
    BLACKNESS_ON_DUP = 3
    WHITENESS_ON_DUP = 4
    NOP_ON_DUP = 5
    NOP = 6
    OPAQUE_BRUSH = 7


class Ropd(IntFlag):
    """SPICE_ROPD_*: how source and destination mix."""

    INVERS_SRC = 1
    INVERS_BRUSH = 2
    INVERS_DEST = 4
    OP_PUT = 8
    OP_OR = 16
    OP_AND = 32
    OP_XOR = 64
    OP_BLACKNESS = 128
    OP_WHITENESS = 256
    OP_INVERS = 512
    INVERS_RES = 1024


class BrushType(IntEnum):
    """SPICE_BRUSH_TYPE_*."""

    NONE = 0
    SOLID = 1
    PATTERN = 2


class ClipType(IntEnum):
    """SPICE_CLIP_TYPE_*."""

    NONE = 0
    RECTS = 1


@packed
class QXLPoint(Packed):
    x: I32
    y: I32


@packed
class QXLPattern(Packed):
    pat: Address
    pos: QXLPoint


@packed
class BrushBody(PackedUnion):
    color: U32
    pattern: QXLPattern


@packed
class QXLBrush(Packed):
    type: U32
    u: BrushBody


@packed
class QXLQMask(Packed):
    flags: U8
    pos: QXLPoint
    bitmap: Address


@packed
class QXLFill(Packed):
    brush: QXLBrush
    rop_descriptor: U16
    mask: QXLQMask


@packed
class QXLOpaque(Packed):
    src_bitmap: Address
    src_area: QXLRect
    brush: QXLBrush
    rop_descriptor: U16
    scale_mode: U8
    mask: QXLQMask


@packed
class QXLCopy(Packed):
    """Also the body of BLEND."""

    src_bitmap: Address
    src_area: QXLRect
    rop_descriptor: U16
    scale_mode: U8
    mask: QXLQMask


@packed
class QXLTransparent(Packed):
    src_bitmap: Address
    src_area: QXLRect
    src_color: U32
    true_color: U32


@packed
class QXLAlphaBlend(Packed):
    alpha_flags: U16
    alpha: U8
    src_bitmap: Address
    src_area: QXLRect


@packed
class QXLCopyBits(Packed):
    src_pos: QXLPoint


@packed
class QXLRop3(Packed):
    src_bitmap: Address
    src_area: QXLRect
    brush: QXLBrush
    rop3: U8
    scale_mode: U8
    mask: QXLQMask


@packed
class QXLLineAttr(Packed):
    flags: U8
    join_style: U8
    end_style: U8
    style_nseg: U8
    width: I32
    miter_limit: I32
    style: Address


@packed
class QXLStroke(Packed):
    path: Address
    attr: QXLLineAttr
    brush: QXLBrush
    fore_mode: U16
    back_mode: U16


@packed
class QXLText(Packed):
    str: Address
    back_area: QXLRect
    fore_brush: QXLBrush
    back_brush: QXLBrush
    fore_mode: U16
    back_mode: U16


@packed
class QXLBlackness(Packed):
    """Also the body of WHITENESS and INVERS."""

    mask: QXLQMask


@packed
class QXLComposite(Packed):
    flags: U32
    src: Address
    src_transform: Address
    mask: Address
    mask_transform: Address
    src_origin: QXLPoint16
    mask_origin: QXLPoint16


@packed
class DrawBody(PackedUnion):
    fill: QXLFill
    opaque: QXLOpaque
    copy: QXLCopy
    transparent: QXLTransparent
    alpha_blend: QXLAlphaBlend
    copy_bits: QXLCopyBits
    blend: QXLCopy
    rop3: QXLRop3
    stroke: QXLStroke
    text: QXLText
    blackness: QXLBlackness
    invers: QXLBlackness
    whiteness: QXLBlackness
    composite: QXLComposite


@packed
class QXLClip(Packed):
    type: U32
    data: Address


@packed
class QXLDrawable(Packed):
    release_info: QXLReleaseInfo
    surface_id: U32
    effect: U8
    type: U8
    self_bitmap: U8
    self_bitmap_area: QXLRect
    bbox: QXLRect
    clip: QXLClip
    mm_time: U32
    surfaces_dest: Annotated[ctypes.Array[ctypes.c_int32], ctypes.c_int32 * SURFACE_DEPS]
    surfaces_rects: Annotated[ctypes.Array[QXLRect], QXLRect * SURFACE_DEPS]
    u: DrawBody


@packed
class QXLClipRects(Packed):
    """Heads one chunk (or a chain) of ``num_rects`` QXLRect."""

    num_rects: U32
    chunk: QXLDataChunk


@packed
class QXLPath(Packed):
    data_size: U32
    chunk: QXLDataChunk


@packed
class QXLPathSeg(Packed):
    """Heads ``count`` points, each a pair of 28.4 fixed-point numbers."""

    flags: U32
    count: U32


@packed
class QXLString(Packed):
    data_size: U32
    length: U16
    flags: U16
    chunk: QXLDataChunk


@packed
class QXLRasterGlyph(Packed):
    """Heads the glyph's rows."""

    render_pos: QXLPoint
    glyph_origin: QXLPoint
    width: U16
    height: U16
