import hashlib

import pytest

from gspice.codec import image as codec
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.cpu.rops import Ropd
from gspice.gpu.guest_images import decode_guest
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Copy, Drawable, EncodedImage, Mask
from tests.codec.coded import Coded, named


def guests(one: Coded, **changes: int) -> EncodedImage:
    fields = {"id": 9, "flags": 2, "type": one.entry["type"], "width": one.size[0], "height": one.size[1]}
    return EncodedImage(data=one.data, **fields | changes)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("quic-rgb32-ui", BitmapFormat.XRGB32),
        ("quic-rgb24-photo", BitmapFormat.XRGB32),
        ("quic-rgba-photo", BitmapFormat.ARGB32),
        ("quic-rgb16-ui", BitmapFormat.RGB555),
    ],
)
def test_quic_becomes_a_bitmap(name: str, form: BitmapFormat) -> None:
    one = named(name)
    image = decode_guest(guests(one))
    assert (image.id, image.flags, image.format, image.top_down) == (9, 2, form, True)
    assert (image.width, image.height) == one.size
    assert image.stride * image.height == len(image.data)
    assert hashlib.sha256(image.data).hexdigest() == one.entry["sha256"]


def test_what_a_guest_may_get_wrong() -> None:
    one = named("quic-rgb32-small")
    with pytest.raises(GuestError, match="announced as 6x4"):
        decode_guest(guests(one, width=6))
    with pytest.raises(GuestError, match="ends within row"):
        decode_guest(guests(one._replace(data=one.data[:-20])))
    with pytest.raises(GuestError, match="more than 79"):
        decode_guest(guests(one), max_bytes=79)
    with pytest.raises(GuestError, match="type 104"):
        decode_guest(guests(one, type=104))
    with pytest.raises(GuestError, match="no palette"):
        decode_guest(guests(named("lz-plt8-ui")))


def test_the_cpu_canvas_takes_the_decoder_as_it_is() -> None:
    one = named("quic-rgb32-small")
    canvas = CpuCanvas(decode=codec.decode)
    whole = Rect(0, 0, *one.size)
    canvas.create_surface(0, SurfaceSpec(*one.size, SurfaceFormat.XRGB32))
    copy = Copy(guests(one, flags=0), whole, Ropd.OP_PUT, 0, Mask())
    canvas.submit([Drawable(surface_id=0, bbox=whole, op=copy)])
    assert hashlib.sha256(canvas.read(0, whole).data).hexdigest() == one.entry["sha256"]
