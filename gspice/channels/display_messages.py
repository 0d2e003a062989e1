"""What moved and what was packed, as messages of the display channel."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import reduce

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceSpec, row_bytes
from gspice.stream.image_cache import Wait
from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.recall import Recalled
from gspice.stream.reference_frame import Move
from gspice.wire import images
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import BitmapFlags, ImageFlags, JpegAlphaFlags, Ropd, ScaleMode, SurfaceFlags
from gspice.wire.message import Message
from gspice.wire.messages.display import DisplaySurfaceCreate
from gspice.wire.messages.draw import DisplayCopy, DisplayCopyBits, DisplayFill
from gspice.wire.types import BrushSolid, ChannelWait, Clip, ClipNone, ClipRects, DisplayBase


def copy_bits(surface_id: int, move: Move) -> Message:
    """What the client copies from what it has."""
    rect = move.rect
    return DisplayCopyBits(
        base=DisplayBase(surface_id=surface_id, box=rect), src=Point(rect.left - move.dx, rect.top - move.dy)
    )


def surface_create(surface_id: int, spec: SurfaceSpec, *, primary: bool = False) -> Message:
    """A surface of black pixels; the primary one is what is seen."""
    return DisplaySurfaceCreate(
        surface_id=surface_id,
        width=spec.width,
        height=spec.height,
        format=spec.format,
        flags=SurfaceFlags.PRIMARY if primary else 0,
    )


def surface_copies(source: int, target: int, rects: Sequence[Rect], *, clipped: bool) -> list[Message]:
    """Rectangles of one surface copied to the same places of another; ``clipped``: all by one command."""
    if clipped and len(rects) > 1:
        box = reduce(Rect.union, rects)
        return [_surface_copy(source, target, box, ClipRects(rects=tuple(rects)))]
    return [_surface_copy(source, target, rect, ClipNone()) for rect in rects]


def _surface_copy(source: int, target: int, box: Rect, clip: Clip) -> Message:
    return DisplayCopy(
        base=DisplayBase(surface_id=target, box=box, clip=clip),
        src=images.Surface(width=box.right, height=box.bottom, surface_id=source),
        src_area=box,
        ropd=Ropd.OP_PUT,
        scale_mode=ScaleMode.NEAREST,
    )


def _raw(image: EncodedImage) -> images.Image:
    return images.Bitmap(
        width=image.width,
        height=image.height,
        format=image.format,
        bitmap_flags=BitmapFlags.TOP_DOWN,
        x=image.width,
        y=image.height,
        stride=row_bytes(image.width, image.format.bits_per_pixel),
        data=image.data,
    )


_IMAGES: dict[Coder, Callable[[EncodedImage], images.Image]] = {
    Coder.RAW: _raw,
    Coder.QUIC: lambda image: images.Quic(width=image.width, height=image.height, data=image.data),
    Coder.LZ: lambda image: images.LzRgb(width=image.width, height=image.height, data=image.data),
    Coder.GLZ: lambda image: images.Glz(width=image.width, height=image.height, data=image.data),
    Coder.ZLIB_GLZ: lambda image: images.ZlibGlz(
        width=image.width, height=image.height, glz_size=image.inner_size, data=image.data
    ),
    Coder.LZ4: lambda image: images.Lz4(width=image.width, height=image.height, data=image.data),
    Coder.JPEG: lambda image: images.Jpeg(width=image.width, height=image.height, data=image.data),
    Coder.JPEG_ALPHA: lambda image: images.JpegAlpha(
        width=image.width,
        height=image.height,
        jpeg_flags=JpegAlphaFlags.TOP_DOWN,
        jpeg_size=image.inner_size,
        data=image.data,
    ),
}


def image_message(surface_id: int, rect: Rect, image: EncodedImage, cache_id: int | None = None) -> Message:
    """Packed pixels as an opaque copy to where they were captured; of one colour, as a fill.

    ``cache_id``: the client shall keep the image under this number; not for one of one colour.
    """
    base = DisplayBase(surface_id=surface_id, box=rect)
    if image.coder is Coder.SOLID:
        return DisplayFill(
            base=base,
            brush=BrushSolid(color=int.from_bytes(image.data, "little") & 0xFFFFFF),
            ropd=Ropd.OP_PUT,
        )
    source = _IMAGES[image.coder](image)
    if cache_id is not None:
        source = replace(source, id=cache_id, flags=ImageFlags.CACHE_ME)
    return _put(base, source, Rect(0, 0, image.width, image.height))


def recalled_message(surface_id: int, recalled: Recalled, *, insist: bool) -> Message:
    """A part of an image that the client keeps; ``insist``: it must have the exact one, where it had a lossy one."""
    image = recalled.image
    kind = images.FromCacheLossless if insist else images.FromCache
    return _put(
        DisplayBase(surface_id=surface_id, box=recalled.rect),
        kind(id=image.id, width=image.width, height=image.height),
        recalled.source,
    )


def channel_waits(waits: Iterable[Wait]) -> tuple[ChannelWait, ...]:
    """What the client must have handled of its other display channels."""
    return tuple(
        ChannelWait(channel_type=ChannelType.DISPLAY, channel_id=wait.channel_id, message_serial=wait.serial)
        for wait in waits
    )


def _put(base: DisplayBase, source: images.Image, area: Rect) -> Message:
    return DisplayCopy(base=base, src=source, src_area=area, ropd=Ropd.OP_PUT, scale_mode=ScaleMode.NEAREST)
