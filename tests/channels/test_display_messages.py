"""What moved and what was packed as wire messages, which parse back."""

from typing import Any

import pytest

from gspice.channels.display_messages import copy_bits, image_message
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.reference_frame import Move
from gspice.wire import images
from gspice.wire.messages.draw import DisplayCopy, DisplayCopyBits, DisplayFill

BOX = Rect(1, 2, 11, 22)


def test_a_move_names_where_it_comes_from() -> None:
    message = DisplayCopyBits.parse(copy_bits(0, Move(BOX, 5, -3)).serialize())
    assert (message.base.box, message.src) == (BOX, Point(-4, 5))


@pytest.mark.parametrize(
    ("coder", "kind"),
    [
        (Coder.RAW, images.Bitmap),
        (Coder.QUIC, images.Quic),
        (Coder.LZ, images.LzRgb),
        (Coder.GLZ, images.Glz),
        (Coder.ZLIB_GLZ, images.ZlibGlz),
        (Coder.LZ4, images.Lz4),
        (Coder.JPEG, images.Jpeg),
        (Coder.JPEG_ALPHA, images.JpegAlpha),
    ],
)
def test_images(coder: Coder, kind: type) -> None:
    data = bytes(range(40)) * 20
    image = EncodedImage(10, 20, BitmapFormat.XRGB32, coder, data, 321)
    message = image_message(0, BOX, image)
    assert isinstance(message, DisplayCopy)
    again = DisplayCopy.parse(b"".join(message.buffers()))
    assert isinstance(again.src, kind)
    source: Any = again.src
    assert bytes(source.data) == data
    assert again.src_area == Rect(0, 0, 10, 20)
    if coder is Coder.ZLIB_GLZ:
        assert source.glz_size == 321
    if coder is Coder.JPEG_ALPHA:
        assert (source.jpeg_size, source.jpeg_flags) == (321, 1)


def test_one_colour_is_a_fill() -> None:
    message = image_message(
        0, BOX, EncodedImage(10, 20, BitmapFormat.XRGB32, Coder.SOLID, b"\x33\x22\x11\xff")
    )
    assert isinstance(message, DisplayFill)
    assert message.base.box == BOX and message.brush.color == 0x112233  # type: ignore[union-attr]
    assert set(Coder) - {Coder.SOLID, Coder.CACHED} == {
        Coder.RAW, Coder.QUIC, Coder.LZ, Coder.GLZ, Coder.ZLIB_GLZ, Coder.LZ4, Coder.JPEG, Coder.JPEG_ALPHA
    }  # fmt: skip
