"""Drawing operations and captured pixels as messages of the display channel."""

from collections.abc import Callable, Sequence
from typing import Any

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat
from gspice.qxl.ops import Blackness, CopyBits, Drawable, Fill, Invers, Whiteness
from gspice.stream.captures import CapturedImage
from gspice.wire.enums import BitmapFlags, Ropd, ScaleMode
from gspice.wire.images import Bitmap, Lz4
from gspice.wire.message import Message
from gspice.wire.messages.draw import (
    DisplayBlackness,
    DisplayCopy,
    DisplayCopyBits,
    DisplayFill,
    DisplayInvers,
    DisplayWhiteness,
)
from gspice.wire.types import BrushSolid, Clip, ClipNone, ClipRects, DisplayBase


def _fill(base: DisplayBase, op: Fill) -> Message:
    return DisplayFill(base=base, brush=BrushSolid(color=op.brush.color), ropd=op.ropd)


_FORWARD: dict[type, Callable[[DisplayBase, Any], Message]] = {
    Fill: _fill,
    CopyBits: lambda base, op: DisplayCopyBits(base=base, src=op.src),
    Blackness: lambda base, op: DisplayBlackness(base=base),
    Whiteness: lambda base, op: DisplayWhiteness(base=base),
    Invers: lambda base, op: DisplayInvers(base=base),
}


def forwarded(drawable: Drawable, rects: Sequence[Rect]) -> Message:
    """A drawable as the drawing command that does the same on the client.

    ``rects`` are the pixels it touches. Only for what ``SurfaceView.note`` says may be forwarded: no masks, no
    images, solid brushes.
    """
    clip: Clip = ClipNone() if drawable.clip is None else ClipRects(rects=tuple(rects))
    base = DisplayBase(surface_id=drawable.surface_id, box=drawable.bbox, clip=clip)
    return _FORWARD[type(drawable.op)](base, drawable.op)


def image_copy(surface_id: int, rect: Rect, image: CapturedImage, image_id: int) -> Message:
    """Captured pixels as an opaque copy to where they were captured."""
    source: Bitmap | Lz4
    if image.lz4:
        source = Lz4(id=image_id, width=image.width, height=image.height, data=image.data)
    else:
        source = Bitmap(
            id=image_id,
            width=image.width,
            height=image.height,
            format=BitmapFormat(image.format),
            bitmap_flags=BitmapFlags.TOP_DOWN,
            x=image.width,
            y=image.height,
            stride=image.stride,
            data=image.data,
        )
    return DisplayCopy(
        base=DisplayBase(surface_id=surface_id, box=rect),
        src=source,
        src_area=Rect(0, 0, image.width, image.height),
        ropd=Ropd.OP_PUT,
        scale_mode=ScaleMode.NEAREST,
    )
