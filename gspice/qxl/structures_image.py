"""Images as a guest writes them. Layouts as in ``qxl_dev.h``; ``structures`` has the rules."""

from enum import IntEnum, IntFlag

from gspice.qxl.structures import (
    U8,
    U16,
    U32,
    U64,
    Address,
    Packed,
    PackedUnion,
    packed,
)


class ImageType(IntEnum):
    """SPICE_IMAGE_TYPE_* that a guest may write."""

    BITMAP = 0
    QUIC = 1
    SURFACE = 104


class ImageGroup(IntEnum):
    """QXL_IMAGE_GROUP_*: the low half of an image id, which says who numbered it."""

    DRIVER = 0
    DEVICE = 1
    RED = 2
    DRIVER_DONT_CACHE = 3


class ImageFlag(IntFlag):
    """QXL_IMAGE_*."""

    CACHE = 1
    HIGH_BITS_SET = 2


class BitmapFlag(IntFlag):
    """QXL_BITMAP_*: DIRECT data are not in chunks, UNSTABLE data may change later."""

    DIRECT = 1
    UNSTABLE = 2
    TOP_DOWN = 4


@packed
class QXLImageDescriptor(Packed):
    id: U64
    type: U8
    flags: U8
    width: U32
    height: U32


@packed
class QXLPalette(Packed):
    """Heads ``num_ents`` colours of 32 bits."""

    unique: U64
    num_ents: U16


@packed
class QXLBitmap(Packed):
    """``x`` and ``y`` are its size in pixels; ``data`` names a QXLDataChunk, or the pixels with DIRECT."""

    format: U8
    flags: U8
    x: U32
    y: U32
    stride: U32
    palette: Address
    data: Address


@packed
class QXLSurfaceId(Packed):
    surface_id: U32


@packed
class QXLQUICData(Packed):
    """Heads a QXLDataChunk."""

    data_size: U32


@packed
class ImageBody(PackedUnion):
    bitmap: QXLBitmap
    quic: QXLQUICData
    surface_image: QXLSurfaceId


@packed
class QXLImage(Packed):
    descriptor: QXLImageDescriptor
    u: ImageBody
