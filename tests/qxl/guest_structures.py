"""QXL structures laid out with ``struct`` alone: a mistake in the parser's layouts cannot be here too."""

import struct

from gspice.geometry import Point, Rect

DRAW, UPDATE, CURSOR, MESSAGE, SURFACE = range(1, 6)
COMPAT, COMPAT_16BPP = 1, 2
(
    NOP,
    FILL,
    OPAQUE,
    COPY,
    COPY_BITS,
    BLEND,
    BLACKNESS,
    WHITENESS,
    INVERS,
    ROP3,
    STROKE,
    TEXT,
    TRANSPARENT,
    ALPHA_BLEND,
    COMPOSITE,
) = range(15)

FORMATS = {
    "QXLPoint": "<ii",
    "QXLRect": "<iiii",
    "QXLDataChunk": "<IQQ",
    "QXLImageDescriptor": "<QBBII",
    "QXLBitmap": "<BBIIIQQ",
    "QXLPalette": "<QH",
    "QXLQUICData": "<I",
    "QXLSurfaceId": "<I",
    "QXLBrush": "<IQii",
    "QXLQMask": "<BiiQ",
    "QXLFill": "<20sH17s",
    "QXLOpaque": "<Q16s20sHB17s",
    "QXLCopy": "<Q16sHB17s",
    "QXLTransparent": "<Q16sII",
    "QXLAlphaBlend": "<HBQ16s",
    "QXLCompatAlphaBlend": "<BQ16s",
    "QXLRop3": "<Q16s20sBB17s",
    "QXLLineAttr": "<BBBBiiQ",
    "QXLStroke": "<Q20s20sHH",
    "QXLPathSeg": "<II",
    "QXLText": "<Q16s20s20sHH",
    "QXLRasterGlyph": "<iiiiHH",
    "QXLComposite": "<IQQQQhhhh",
    "QXLTransform": "<6i",
    "QXLUpdateCmd": "<Q16sII",
    "QXLCompatUpdateCmd": "<Q16sI",
    "QXLSurface": "<IIIiQ",
    "QXLSurfaceCmd": "<QIBI24s",
    "QXLCursorHeader": "<QHHHHH",
    "QXLHead": "<7I",
    "QXLMonitorsConfig": "<HH",
}
"""Layouts by the names of the headers of spice-protocol."""
DRAWABLE_HEAD = "<QIBBB16s16sIQI3i16s16s16s"
COMPAT_DRAWABLE_HEAD = "<QBBH16s16sIQI"
STRING_HEAD = "<IHH"

NO_RECT = Rect(0, 0, 0, 0)
ORIGIN = Point(0, 0)
PATTERN_POS = Point(3, -4)
WHOLE = Rect(0, 0, 2, 3)
"""All of a bitmap of the size that is the default."""


def qxl(name: str, *values: object) -> bytes:
    """The bytes of a structure."""
    return struct.pack(FORMATS[name], *values)


def rect(value: Rect) -> bytes:
    return qxl("QXLRect", value.top, value.left, value.bottom, value.right)


def no_brush() -> bytes:
    return qxl("QXLBrush", 0, 0, 0, 0)


def solid(color: int) -> bytes:
    # The bytes after a colour belong to nobody.
    return qxl("QXLBrush", 1, 0xABCDEF00 << 32 | color, -5, -6)


def pattern(address: int, pos: Point = PATTERN_POS) -> bytes:
    return qxl("QXLBrush", 2, address, *pos)


def mask(address: int = 0, pos: Point = ORIGIN, flags: int = 0) -> bytes:
    return qxl("QXLQMask", flags, *pos, address)


def fill(brush: bytes | None = None, ropd: int = 8, mask_: bytes | None = None) -> bytes:
    return qxl("QXLFill", brush or solid(0x123456), ropd, mask_ or mask())


def copy(
    src: int, area: Rect = WHOLE, *, ropd: int = 8, scale_mode: int = 1, mask_: bytes | None = None
) -> bytes:
    return qxl("QXLCopy", src, rect(area), ropd, scale_mode, mask_ or mask())
