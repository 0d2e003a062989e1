"""Colours of drivers that believe in 16 bits a pixel: from guest memory through the parser to the canvas."""

from collections.abc import Callable
from contextlib import closing

import pytest

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import SurfaceFormat, SurfaceSpec
from tests.qxl.guest_memory import GuestMemory
from tests.qxl.guest_structures import COMPAT, COMPAT_16BPP, copy, fill, solid

FILL, COPY = 1, 3
BOX = Rect(0, 0, 2, 3)
BIT8 = 5
COLOR = 0x7D5F  # red 31, green 10, blue 31
WIDE = 0xFF52FF
FORMATS = [
    (SurfaceFormat.XRGB32, WIDE),
    (SurfaceFormat.ARGB32, WIDE),
    (SurfaceFormat.RGB555, COLOR),
    (SurfaceFormat.RGB565, COLOR),
]


@pytest.mark.parametrize(("format", "value"), FORMATS)
@pytest.mark.parametrize("kind", ["brush", "palette"])
def test_a_colour_of_16_bits_is_that_colour(
    make_canvas: Callable[[], Canvas], format: SurfaceFormat, value: int, kind: str
) -> None:
    guest = GuestMemory()
    guest.parser.primary_bits = format.bits_per_pixel
    if kind == "brush":
        command = guest.compat_drawable(FILL, fill(solid(COLOR)), bbox=BOX, flags=COMPAT | COMPAT_16BPP)
    else:
        bitmap = guest.bitmap(format=BIT8, palette=guest.palette(*[COLOR] * 256))
        command = guest.compat_drawable(COPY, copy(bitmap), bbox=BOX, flags=COMPAT | COMPAT_16BPP)
    with closing(make_canvas()) as canvas:
        canvas.create_surface(0, SurfaceSpec(2, 3, format))
        (outcome,) = canvas.submit([guest.draw(command)])
        assert outcome.drawn, outcome.reason
        data = canvas.read(0, BOX)
    size = format.bits_per_pixel // 8
    rows = [data.data[y * data.stride : y * data.stride + 2 * size] for y in range(3)]
    seen = {int.from_bytes(row[x * size : x * size + size], "little") for row in rows for x in range(2)}
    mask = 0xFFFFFF if size == 4 else 0xFFFF
    assert {pixel & mask for pixel in seen} == {value}
