"""Values that messages are made of: brushes, clips, paths, glyphs, cursors, heads.

Images and the enumerations have modules of their own and are names of this one too.
"""

from dataclasses import field
from typing import Annotated, TypeAlias

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import limits
from gspice.wire.buffer import Scope
from gspice.wire.enums import (
    AlphaFlags,
    AudioFormat,
    AudioMode,
    BitmapFlags,
    BrushType,
    ClipType,
    CompositeFlags,
    CursorFlags,
    CursorType,
    DataCompression,
    GlScanoutFlags,
    ImageCompression,
    ImageFlags,
    ImageType,
    JpegAlphaFlags,
    KeyModifiers,
    LineFlags,
    MaskFlags,
    MigrateFlags,
    MouseButton,
    MouseButtons,
    MouseMode,
    NotifySeverity,
    NotifyVisibility,
    PathFlags,
    PortEventType,
    ResourceType,
    Ropd,
    ScaleMode,
    SmartcardMessageType,
    StreamFlags,
    StringFlags,
    SurfaceFlags,
    VideoCodec,
)  # fmt: skip
from gspice.wire.fields import (
    INT8,
    INT16,
    INT32,
    POINT,
    RECT,
    SINT32,
    U8,
    U16,
    U32,
    U64,
    Array,
    Blob,
    Fixed,
    Pointer,
    When,
    WirePoint,
    WireRect,
)  # fmt: skip
from gspice.wire.images import (
    IMAGE,
    Bitmap,
    FromCache,
    FromCacheLossless,
    Glz,
    Image,
    ImageDescriptor,
    ImagePointer,
    Jpeg,
    JpegAlpha,
    Lz4,
    LzPlt,
    LzRgb,
    Palette,
    Quic,
    Surface,
    ZlibGlz,
)  # fmt: skip
from gspice.wire.message import Nested, OneOf, Struct, wire

__all__ = [  # noqa: RUF022
    "AlphaFlags", "AudioFormat", "AudioMode", "Bitmap", "BitmapFlags", "Brush", "BrushNone",
    "BrushPattern", "BrushSolid", "BrushType", "ChannelId", "ChannelWait", "Clip", "ClipNone",
    "ClipRects", "ClipType", "CompositeFlags", "Cursor", "CursorFlags", "CursorHeader", "CursorType",
    "DataCompression", "DisplayBase", "FromCache", "FromCacheLossless", "GlScanoutFlags", "Glyph",
    "Glz", "Head", "IMAGE", "Image", "ImageCompression", "ImageDescriptor", "ImageFlags",
    "ImagePointer", "ImageType", "Jpeg", "JpegAlpha", "JpegAlphaFlags", "KeyModifiers", "LineAttr",
    "LineFlags", "Lz4", "LzPlt", "LzRgb", "MaskFlags", "MigrateFlags", "MouseButton", "MouseButtons",
    "MouseMode", "NotifySeverity", "NotifyVisibility", "Palette", "Path", "PathFlags", "PathSegment",
    "PortEventType", "QMask", "Quic", "ResourceId", "ResourceType", "Ropd", "ScaleMode",
    "SmartcardMessageType", "StreamFlags", "String", "StringFlags", "Surface", "SurfaceFlags",
    "TRANSFORM", "VideoCodec", "ZlibGlz",
]  # fmt: skip


@wire
class QMask(Struct):
    """The pixels that are touched: those set in ``bitmap`` (INVERS: not set), or all where it is None."""

    flags: U8 = 0
    pos: WirePoint = Point(0, 0)
    bitmap: ImagePointer = None


@wire
class BrushNone(Struct):
    """The operation needs no brush."""

    type: U8 = field(init=False, default=BrushType.NONE)


@wire
class BrushSolid(Struct):
    """One colour, 0x00RRGGBB."""

    type: U8 = field(init=False, default=BrushType.SOLID)
    color: U32


@wire
class BrushPattern(Struct):
    """An image, repeated from ``pos`` in all directions."""

    type: U8 = field(init=False, default=BrushType.PATTERN)
    pattern: Annotated[Image, Pointer(IMAGE)]
    pos: WirePoint = Point(0, 0)


Brush: TypeAlias = Annotated[
    BrushNone | BrushSolid | BrushPattern, OneOf(BrushNone, BrushSolid, BrushPattern)
]


@wire
class ClipNone(Struct):
    """Not clipped."""

    type: U8 = field(init=False, default=ClipType.NONE)


@wire
class ClipRects(Struct):
    """Only inside of these, which do not overlap."""

    type: U8 = field(init=False, default=ClipType.RECTS)
    rects: Annotated[tuple[Rect, ...], Array(RECT, INT32, limit=limits.CLIP_RECTS)]


Clip: TypeAlias = Annotated[ClipNone | ClipRects, OneOf(ClipNone, ClipRects)]


@wire
class DisplayBase(Struct):
    """Where a drawing operation draws."""

    surface_id: U32
    box: WireRect
    clip: Clip = ClipNone()


@wire
class PathSegment(Struct):
    """Points in 28.4 fixed point; ``flags`` are PathFlags."""

    flags: U8
    points: Annotated[tuple[Point, ...], Array(POINT, INT32, limit=limits.PATH_POINTS)]


@wire
class Path(Struct):
    """Lines and curves to stroke."""

    segments: Annotated[
        tuple[PathSegment, ...], Array(Nested(PathSegment), INT32, limit=limits.PATH_SEGMENTS)
    ]


_GLYPH_BITS = {StringFlags.RASTER_A1: 1, StringFlags.RASTER_A4: 4, StringFlags.RASTER_A8: 8}
_GLYPH_DEPTHS = int(StringFlags.RASTER_A1 | StringFlags.RASTER_A4 | StringFlags.RASTER_A8)


def _glyph_bytes(scope: Scope) -> int:
    bits = _GLYPH_BITS.get(scope.get("^flags", 0) & _GLYPH_DEPTHS)
    if bits is None:
        raise ProtocolError("a glyph outside of a string with one depth")
    size: int = (scope["width"] * bits + 7) // 8 * scope["height"]
    return size


@wire
class Glyph(Struct):
    """One glyph of a String, which says how many bits a pixel has."""

    render_pos: WirePoint
    origin: WirePoint
    width: U16
    height: U16
    data: Annotated[bytes, Blob(limit=limits.GLYPH_BYTES, size=_glyph_bytes)]


@wire
class String(Struct):
    """Glyphs, already set; ``flags`` are StringFlags."""

    flags: U8
    glyphs: Annotated[
        tuple[Glyph, ...],
        Array(Nested(Glyph), INT16, limit=limits.GLYPHS, ahead_of="flags", inherit=("flags",)),
    ]


@wire
class LineAttr(Struct):
    """How a line is drawn: ``style`` are the lengths of dashes and gaps in 28.4 fixed point, if STYLED."""

    flags: U8 = 0
    style: Annotated[
        tuple[int, ...] | None,
        Pointer(Array(SINT32, INT8, limit=limits.LINE_STYLE_SEGMENTS), nullable=True),
        When("flags", LineFlags.STYLED),
    ] = None


TRANSFORM = Fixed("6i")
"""t00 t01 t02 t10 t11 t12 in 16.16 fixed point."""


@wire
class CursorHeader(Struct):
    """Size and hot spot of a cursor in pixels; ``unique`` names it in the client's cache (0: not cached)."""

    unique: U64 = 0
    type: U8
    """CursorType"""
    width: U16
    height: U16
    hot_x: U16
    hot_y: U16


@wire
class Cursor(Struct):
    """A cursor's shape; the data goes on to the end of the message (empty for FROM_CACHE and NONE)."""

    flags: U16 = 0
    header: Annotated[
        CursorHeader | None, Nested(CursorHeader), When("flags", CursorFlags.NONE, unset=True)
    ] = None
    data: Annotated[bytes | memoryview, Blob(limit=limits.BODY)] = b""


@wire
class Head(Struct):
    """One monitor: the part of a surface that it shows."""

    monitor_id: U32
    surface_id: U32
    width: U32
    height: U32
    x: U32
    y: U32
    flags: U32 = 0


@wire
class ChannelId(Struct):
    """A channel that a client may open."""

    type: U8
    id: U8


@wire
class ChannelWait(Struct):
    """The message of another channel that must have been handled first."""

    channel_type: U8
    channel_id: U8
    message_serial: U64


@wire
class ResourceId(Struct):
    """Something in the client's caches."""

    type: U8 = ResourceType.PIXMAP
    id: U64
