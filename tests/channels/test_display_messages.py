"""Ops as wire messages: every op that a view may forward has one, and it parses back."""

import pytest

from gspice.channels.display_messages import forwarded, image_copy
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl.ops import Blackness, Brush, CopyBits, Drawable, Fill, Invers, Mask, Op, Whiteness
from gspice.stream.captures import CapturedImage
from gspice.wire.messages.draw import DisplayCopy, DisplayFill

BOX = Rect(1, 2, 11, 22)


@pytest.mark.parametrize(
    ("op", "number"),
    [
        (Fill(Brush(1, 0xABCDEF), 64, Mask()), 302),
        (CopyBits(Point(5, 6)), 104),
        (Blackness(Mask()), 306),
        (Whiteness(Mask()), 307),
        (Invers(Mask()), 308),
    ],
)
def test_forwarded(op: Op, number: int) -> None:
    message = forwarded(Drawable(surface_id=0, bbox=BOX, op=op), [BOX])
    assert number == message.TYPE
    again = type(message).parse(message.serialize())
    assert again == message
    assert again.base.box == BOX  # type: ignore[attr-defined]
    if isinstance(again, DisplayFill):
        assert (again.brush.color, again.ropd) == (0xABCDEF, 64)  # type: ignore[union-attr]


@pytest.mark.parametrize("lz4", [False, True])
def test_image_copy(lz4: bool) -> None:
    data = bytes(range(40)) * 20
    image = CapturedImage(width=10, height=20, format=BitmapFormat.XRGB32, stride=40, data=data, lz4=lz4)
    message = image_copy(0, BOX, image, 77)
    assert isinstance(message, DisplayCopy)
    again = DisplayCopy.parse(b"".join(message.buffers()))
    assert again.src is not None and again.src.id == 77
    assert bytes(again.src.data) == data  # type: ignore[union-attr]
    assert again.src_area == Rect(0, 0, 10, 20)
