"""Numbers of what was sent."""

from gspice.pixels import BitmapFormat
from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.statistics import DisplayStatistics


def test_images_are_counted_by_coder() -> None:
    statistics = DisplayStatistics()
    statistics.image(EncodedImage(10, 20, BitmapFormat.XRGB32, Coder.LZ, bytes(30)))
    statistics.image(EncodedImage(10, 20, BitmapFormat.RGB555, Coder.LZ, bytes(5)))
    statistics.image(EncodedImage(1, 1, BitmapFormat.XRGB32, Coder.SOLID, bytes(4)))
    lz = statistics.coders[Coder.LZ]
    assert (lz.images, lz.pixels, lz.raw_bytes, lz.sent_bytes) == (2, 400, 1200, 35)
    assert set(statistics.coders) == {Coder.LZ, Coder.SOLID}
