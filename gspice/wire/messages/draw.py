"""The drawing operations of the display channel."""

import struct
from typing import Annotated

from gspice.geometry import Point
from gspice.wire import limits
from gspice.wire.buffer import BLOB_BY_REFERENCE
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import CompositeFlags, Ropd, ScaleMode
from gspice.wire.fields import U8, U16, U32, Pointer, When, WirePoint, WirePoint16, WireRect
from gspice.wire.images import IMAGE, Image, ImagePointer, Lz4
from gspice.wire.message import Direction, Message, Nested, wire
from gspice.wire.types import (
    TRANSFORM,
    Brush,
    BrushNone,
    BrushSolid,
    ClipNone,
    DisplayBase,
    LineAttr,
    Path,
    QMask,
    String,
)

__all__ = [
    "DisplayAlphaBlend",
    "DisplayBlackness",
    "DisplayBlend",
    "DisplayComposite",
    "DisplayCopy",
    "DisplayCopyBits",
    "DisplayFill",
    "DisplayInvers",
    "DisplayOpaque",
    "DisplayRop3",
    "DisplayStroke",
    "DisplayText",
    "DisplayTransparent",
    "DisplayWhiteness",
]

_NO_MASK = QMask()
# What servers mostly send, for one step in place of a walk over the fields: surface, box, no clip, then a solid
# brush, ropd and no mask, or an image's place, source rectangle, ropd, scale mode, no mask, and the image.
_PLAIN_FILL = struct.Struct("<I4iBBIHB3I")
_PLAIN_COPY = struct.Struct("<I4iBI4iHBB3IQBBIII")
_PLAIN_COPY_IMAGE = struct.calcsize("<I4iBI4iHBB3I")


@wire
class _Draw(Message):
    CHANNEL = ChannelType.DISPLAY
    DIRECTION = Direction.TO_CLIENT
    base: DisplayBase


@wire
class DisplayCopyBits(_Draw):
    """Copy pixels within the surface; ``src`` is where the top left one comes from."""

    TYPE = 104
    src: WirePoint


@wire
class DisplayFill(_Draw):
    """Fill with a brush."""

    TYPE = 302
    brush: Brush
    ropd: U16 = Ropd.OP_PUT
    mask: QMask = _NO_MASK

    def buffers(self) -> list[bytes | memoryview]:
        """As Struct has it; a plain one in one step, as guests draw thousands of them a second."""
        base, brush = self.base, self.brush
        if type(base.clip) is ClipNone and type(brush) is BrushSolid and self.mask is _NO_MASK:
            left, top, right, bottom = base.box
            try:
                return [
                    _PLAIN_FILL.pack(
                        base.surface_id, top, left, bottom, right, base.clip.type,
                        brush.type, brush.color, self.ropd, 0, 0, 0, 0,
                    )
                ]  # fmt: skip
            except struct.error:
                pass  # the declared way says which field it is
        return _Draw.buffers(self)


@wire
class DisplayOpaque(_Draw):
    """Combine an image with a brush and put the result."""

    TYPE = 303
    src: ImagePointer
    src_area: WireRect
    brush: Brush
    ropd: U16 = Ropd.OP_PUT
    scale_mode: U8 = ScaleMode.INTERPOLATE
    mask: QMask = QMask()


@wire
class _FromImage(_Draw):
    src: ImagePointer
    src_area: WireRect
    ropd: U16 = Ropd.OP_PUT
    scale_mode: U8 = ScaleMode.INTERPOLATE
    mask: QMask = _NO_MASK


@wire
class DisplayCopy(_FromImage):
    """Put an image, scaled where ``src_area`` is not as large as the box."""

    TYPE = 304

    def buffers(self) -> list[bytes | memoryview]:
        """As Struct has it; captured pixels in one step."""
        base, src = self.base, self.src
        if type(base.clip) is ClipNone and type(src) is Lz4 and self.mask is _NO_MASK:
            left, top, right, bottom = base.box
            x1, y1, x2, y2 = self.src_area
            size = len(src.data)
            try:
                head = _PLAIN_COPY.pack(
                    base.surface_id, top, left, bottom, right, base.clip.type,
                    _PLAIN_COPY_IMAGE, y1, x1, y2, x2, self.ropd, self.scale_mode, 0, 0, 0, 0,
                    src.id, src.type, src.flags, src.width, src.height, size,
                )  # fmt: skip
            except struct.error:
                pass
            else:
                if size < BLOB_BY_REFERENCE:
                    return [head + src.data]
                if size <= limits.IMAGE_BYTES:
                    return [head, src.data]
        return _Draw.buffers(self)


@wire
class DisplayBlend(_FromImage):
    """Combine an image with what is there."""

    TYPE = 305


@wire
class _Masked(_Draw):
    mask: QMask = QMask()


@wire
class DisplayBlackness(_Masked):
    """Make all pixels black."""

    TYPE = 306


@wire
class DisplayWhiteness(_Masked):
    """Make all pixels white."""

    TYPE = 307


@wire
class DisplayInvers(_Masked):
    """Invert all pixels."""

    TYPE = 308


@wire
class DisplayRop3(_Draw):
    """Combine image, brush and what is there by one of 256 functions."""

    TYPE = 309
    src: ImagePointer
    src_area: WireRect
    brush: Brush
    rop3: U8
    scale_mode: U8 = ScaleMode.INTERPOLATE
    mask: QMask = QMask()


@wire
class DisplayStroke(_Draw):
    """Draw lines and curves."""

    TYPE = 310
    path: Annotated[Path, Pointer(Nested(Path))]
    attr: LineAttr = LineAttr()
    brush: Brush
    fore_mode: U16 = Ropd.OP_PUT
    back_mode: U16 = Ropd.OP_PUT


@wire
class DisplayText(_Draw):
    """Draw glyphs, over ``back_area`` filled with the back brush."""

    TYPE = 311
    string: Annotated[String, Pointer(Nested(String))]
    back_area: WireRect
    fore_brush: Brush
    back_brush: Brush = BrushNone()
    fore_mode: U16 = Ropd.OP_PUT
    back_mode: U16 = Ropd.OP_PUT


@wire
class DisplayTransparent(_Draw):
    """Put those pixels of an image that are not ``true_color``."""

    TYPE = 312
    src: ImagePointer
    src_area: WireRect
    src_color: U32
    """The colour as the image's own format has it."""
    true_color: U32
    """The colour as 0x00RRGGBB."""


@wire
class DisplayAlphaBlend(_Draw):
    """Put an image over what is there, by its alpha and a constant one."""

    TYPE = 313
    alpha_flags: U8 = 0
    """AlphaFlags"""
    alpha: U8
    src: ImagePointer
    src_area: WireRect


@wire
class DisplayComposite(_Draw):
    """Compose as the Render extension does; for clients with COMPOSITE."""

    TYPE = 318
    flags: U32
    """CompositeFlags"""
    src: ImagePointer
    mask: Annotated[Image | None, Pointer(IMAGE, nullable=True), When("flags", CompositeFlags.HAS_MASK)] = (
        None
    )
    src_transform: Annotated[
        tuple[int, ...] | None, TRANSFORM, When("flags", CompositeFlags.HAS_SRC_TRANSFORM)
    ] = None
    mask_transform: Annotated[
        tuple[int, ...] | None, TRANSFORM, When("flags", CompositeFlags.HAS_MASK_TRANSFORM)
    ] = None
    src_origin: WirePoint16 = Point(0, 0)
    mask_origin: WirePoint16 = Point(0, 0)
