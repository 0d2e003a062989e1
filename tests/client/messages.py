"""Display messages and images that the client's tests send, with the long parts filled in."""

from typing import Any

from gspice.client.display import DisplayChannel
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, row_bytes
from gspice.wire import types as wire
from gspice.wire.message import Message
from gspice.wire.messages import display, draw

WHOLE = Rect(0, 0, 8, 4)
CORNER = Rect(0, 0, 2, 1)
STREAM = display.DisplayStreamCreate(
    surface_id=0,
    id=3,
    codec=wire.VideoCodec.MJPEG,
    stream_width=2,
    stream_height=1,
    src_width=2,
    src_height=1,
    dest=CORNER,
)
FRAME = display.DisplayStreamData(id=3, mm_time=1, data=b"jpeg")


def base(box: Rect = WHOLE, surface_id: int = 0, clip: tuple[Rect, ...] | None = None) -> wire.DisplayBase:
    shape = wire.ClipNone() if clip is None else wire.ClipRects(rects=clip)
    return wire.DisplayBase(surface_id=surface_id, box=box, clip=shape)


def bitmap(width: int, height: int, data: bytes, **fields: Any) -> wire.Bitmap:
    """A top-down 32-bit bitmap, unless ``fields`` say otherwise."""
    form = fields.pop("format", BitmapFormat.XRGB32)
    stride = fields.pop("stride", row_bytes(width, BitmapFormat(form).bits_per_pixel))
    bitmap_flags = fields.pop("bitmap_flags", 0) | wire.BitmapFlags.TOP_DOWN
    return wire.Bitmap(
        width=width,
        height=height,
        x=width,
        y=height,
        format=form,
        stride=stride,
        bitmap_flags=bitmap_flags,
        data=data,
        **fields,
    )


def copy(image: wire.Image | None, box: Rect = WHOLE, **fields: Any) -> Message:
    """An unscaled COPY of an image from its top left corner."""
    source = fields.pop("src_area", Rect(0, 0, box.width, box.height))
    return draw.DisplayCopy(base=fields.pop("base", base(box)), src=image, src_area=source, **fields)


def copy_bits(x: int, y: int, box: Rect) -> Message:
    return draw.DisplayCopyBits(base=base(box), src=Point(x, y))


def gray(*levels: int) -> bytes:
    """32-bit pixels of these levels."""
    return b"".join(bytes((level, level, level, 0)) for level in levels)


def feed(channel: DisplayChannel, *messages: Message) -> DisplayChannel:
    for serial, message in enumerate(messages, 1):
        channel.receive(message, serial)
    return channel
