"""The drawing operations of the display channel."""

from typing import Annotated

from gspice.geometry import Point
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import CompositeFlags, Ropd, ScaleMode
from gspice.wire.fields import U8, U16, U32, Pointer, When, WirePoint, WirePoint16, WireRect
from gspice.wire.images import IMAGE, Image, ImagePointer
from gspice.wire.message import Direction, Message, Nested, wire
from gspice.wire.types import (
    TRANSFORM,
    Brush,
    BrushNone,
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
    mask: QMask = QMask()


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
    mask: QMask = QMask()


@wire
class DisplayCopy(_FromImage):
    """Put an image, scaled where ``src_area`` is not as large as the box."""

    TYPE = 304


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
