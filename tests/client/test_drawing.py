"""Drawing messages as operations."""

from typing import Any

import pytest

from gspice.client.drawing import DRAWING_MESSAGES, drawable_of, drawing_name
from gspice.client.images import ImageCache
from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.qxl import ops
from gspice.wire import types as wire
from gspice.wire.message import Message
from gspice.wire.messages import draw
from gspice.wire.registry import server_messages
from tests.client.messages import WHOLE, base, bitmap, copy, gray

IMAGE = bitmap(8, 4, gray(*range(32)))
MASK = wire.QMask(
    flags=wire.MaskFlags.INVERS, pos=Point(1, 2), bitmap=bitmap(8, 4, bytes(4), format=2, palette=None)
)
PLAIN = wire.QMask()
SOLID = wire.BrushSolid(color=0x123456)
ANY: dict[str, Any] = {"base": base(), "src": IMAGE, "src_area": WHOLE}


def op_of(message: Message) -> ops.Op:
    # through its bytes, so that only what a server can send is tested
    return drawable_of(type(message).parse(message.serialize()), ImageCache()).op


def test_where_a_drawable_draws() -> None:
    clip = (Rect(0, 0, 1, 1), Rect(5, 3, 6, 4))
    message = draw.DisplayBlackness(base=base(Rect(0, 0, 7, 4), 3, clip))
    drawable = drawable_of(message, ImageCache())
    assert (drawable.surface_id, drawable.bbox, drawable.clip) == (3, Rect(0, 0, 7, 4), clip)
    assert drawable_of(draw.DisplayBlackness(base=base()), ImageCache()).clip is None


def test_fill() -> None:
    op = op_of(draw.DisplayFill(base=base(), brush=SOLID, ropd=64))
    assert isinstance(op, ops.Fill)
    assert (op.brush.type, op.brush.color, op.ropd, op.mask.image) == (1, 0x123456, 64, None)
    pattern = wire.BrushPattern(pattern=IMAGE, pos=Point(3, 4))
    op = op_of(draw.DisplayFill(base=base(), brush=pattern))
    assert isinstance(op, ops.Fill)
    assert isinstance(op.brush.pattern, ops.BitmapImage)
    assert (op.brush.type, op.brush.pos) == (2, Point(3, 4))


def test_copy() -> None:
    part = Rect(1, 1, 3, 2)
    op = op_of(copy(IMAGE, src_area=part, ropd=9, scale_mode=1))
    assert isinstance(op, ops.Copy)
    assert isinstance(op.src, ops.BitmapImage)
    assert (op.src.data, op.src_area, op.ropd, op.scale_mode) == (IMAGE.data, part, 9, 1)


@pytest.mark.parametrize("cls", [draw.DisplayBlackness, draw.DisplayWhiteness, draw.DisplayInvers])
def test_masks_without_a_palette(cls: type[draw.DisplayBlackness]) -> None:
    # A mask's bits are not indices: there is no palette, and none is missed.
    op = op_of(cls(base=base(), mask=MASK))
    assert isinstance(op, ops.Blackness | ops.Whiteness | ops.Invers)
    assert isinstance(op.mask.image, ops.BitmapImage)
    assert (op.mask.pos, op.mask.inverse) == (Point(1, 2), True)


OTHERS = [
    (draw.DisplayCopyBits(base=base(), src=Point(4, 5)), ops.CopyBits(Point(4, 5))),
    (draw.DisplayOpaque(**ANY, brush=SOLID), ops.Opaque),
    (draw.DisplayBlend(**ANY), ops.Blend),
    (draw.DisplayRop3(**ANY, brush=SOLID, rop3=0xCA), ops.Rop3),
    (draw.DisplayTransparent(**ANY, src_color=1, true_color=2), ops.Transparent),
    (draw.DisplayAlphaBlend(**ANY, alpha=128), ops.AlphaBlend),
    (
        draw.DisplayComposite(base=base(), src=IMAGE, flags=wire.CompositeFlags.HAS_MASK, mask=IMAGE),
        ops.Composite,
    ),
    (
        draw.DisplayStroke(
            base=base(),
            path=wire.Path(segments=(wire.PathSegment(flags=3, points=(Point(1, 2), Point(3, 4))),)),
            attr=wire.LineAttr(flags=wire.LineFlags.STYLED, style=(16, 32)),
            brush=SOLID,
        ),
        ops.Stroke((ops.PathSegment(3, ((1, 2), (3, 4))),), 8, (16, 32), ops.Brush(1, 0x123456), 8, 8),
    ),
    (
        draw.DisplayText(
            base=base(),
            string=wire.String(
                flags=1,
                glyphs=(
                    wire.Glyph(render_pos=Point(1, 2), origin=Point(0, 0), width=8, height=2, data=b"ab"),
                ),
            ),
            back_area=Rect(0, 0, 0, 0),
            fore_brush=SOLID,
        ),
        ops.Text,
    ),
]


@pytest.mark.parametrize(("message", "expected"), OTHERS, ids=lambda value: type(value).__name__)
def test_other_operations(message: Message, expected: ops.Op | type[ops.Op]) -> None:
    op = op_of(message)
    if isinstance(expected, ops.Op):
        assert op == expected
    else:
        assert isinstance(op, expected)


def test_all_drawing_messages_of_the_protocol_are_known() -> None:
    drawn = {cls for cls in server_messages(2).values() if hasattr(cls, "base")}
    assert set(DRAWING_MESSAGES) == drawn


def test_images_of_operations_that_are_not_drawn_are_cached_all_the_same() -> None:
    cache = ImageCache()
    image = bitmap(8, 4, gray(*range(32)), id=5, flags=wire.ImageFlags.CACHE_ME)
    drawable_of(draw.DisplayAlphaBlend(base=base(), src=image, src_area=WHOLE, alpha=1), cache)
    assert 5 in cache.kept


def test_an_operation_without_its_image() -> None:
    with pytest.raises(ProtocolError, match="without its image"):
        drawable_of(copy(None), ImageCache())


def test_an_image_that_cannot_be_decoded() -> None:
    with pytest.raises(ProtocolError, match="GLZ image of 0 bytes"):
        drawable_of(copy(wire.Glz(width=8, height=4, data=b"")), ImageCache())


def test_numbers_out_of_range_are_protocol_errors() -> None:
    image = wire.Surface(width=2**32 - 1, height=2**32 - 1, surface_id=2**32 - 1, id=2**64 - 1)
    try:
        drawable_of(copy(image), ImageCache())
    except ProtocolError:
        return


def test_names() -> None:
    assert drawing_name(draw.DisplayBlackness(base=base())) == "BLACKNESS"
