"""A short story of a canvas, with at least one of each thing that makes it call its device."""

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.self_test_pattern import bitmap, noise
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Glyph,
    Image,
    Mask,
    Op,
    SurfaceImage,
    Text,
)
from tests.gpu.test_failover import Step

PUT, XOR = 8, 64
OP_OVER, OP_MULTIPLY = 3, 0x30
SCREEN = SurfaceSpec(40, 30, SurfaceFormat.XRGB32)
DEEP = SurfaceSpec(33, 21, SurfaceFormat.RGB565)
BYTES = SurfaceSpec(39, 27, SurfaceFormat.A8)
BITS = SurfaceSpec(41, 23, SurfaceFormat.A1)
OFF_SCREEN = SurfaceSpec(24, 24, SurfaceFormat.ARGB32)
LARGE = SurfaceSpec(64, 48, SurfaceFormat.ARGB32)


def create(surface_id: int, spec: SurfaceSpec) -> Step:
    """A surface of noise, with a gap behind each row."""
    stride = row_bytes(spec.width, spec.format.bits_per_pixel) + 3
    return "create_surface", (surface_id, spec, noise(surface_id, stride * spec.height), stride)


def submit(surface_id: int, *ops: tuple[Rect, Op]) -> Step:
    """A batch for one surface."""
    return "submit", ([Drawable(surface_id=surface_id, bbox=box, op=op) for box, op in ops],)


def fill(color: int, ropd: int = PUT, mask: Mask | None = None) -> Fill:
    """One colour."""
    return Fill(Brush(1, color), ropd, mask or Mask())


def copy(image: Image, box: Rect, ropd: int = PUT, mask: Mask | None = None) -> tuple[Rect, Op]:
    """An image from its corner on."""
    return box, Copy(image, Rect(0, 0, box.width, box.height), ropd, 0, mask or Mask())


def composite(operator: int, image: Image) -> Composite:
    """An image over all of a box."""
    return Composite(operator, image, None, None, None, Point(0, 0), Point(0, 0))


def kept(seed: int, side: int) -> BitmapImage:
    """An image that the guest means to send again."""
    return BitmapImage(
        id=seed, flags=1, width=side, height=side, format=BitmapFormat.XRGB32, top_down=True, stride=side * 4,
        data=noise(seed, side * side * 4),
    )  # fmt: skip


def text(box: Rect) -> Text:
    """Two letters."""
    glyphs = tuple(
        Glyph(Point(box.left + 1 + 6 * i, box.top + 12), Point(i - 1, -9), 9, 8, noise(i, 9 * 8))
        for i in (0, 1)
    )
    return Text(4, glyphs, Rect(0, 0, 0, 0), Brush(1, 0xC83CA5), Brush(0), PUT, PUT)


def whole(spec: SurfaceSpec) -> Rect:
    """All of a surface."""
    return Rect(0, 0, spec.width, spec.height)


class PlainCanvas(CpuCanvas):
    """What the story is to give."""

    def checkpoint(self) -> None:
        """It is never lost."""


def story() -> list[Step]:
    """Surfaces come and go, are drawn on, draw on each other and are read: calls of a canvas, as Step has them."""
    spot, low = Rect(3, 2, 19, 18), Rect(8, 9, 24, 25)
    mask = Mask(bitmap(BitmapFormat.BIT1_BE, 8), Point(1, 2))
    again = kept(31, 20)
    picture = SurfaceImage(id=0, flags=0, width=24, height=24, surface_id=4)
    sixteen, argb = bitmap(BitmapFormat.RGB555, 32), bitmap(BitmapFormat.ARGB32, 34)
    return [
        ("create_surface", (0, SCREEN)),
        create(4, OFF_SCREEN),
        submit(0, (spot, fill(0x336699)), (low, fill(0x0F0F0F, XOR, mask)), copy(again, spot), copy(picture, low)),
        ("read", (0, Rect(5, 3, 17, 12))),
        create(1, DEEP),
        create(2, BYTES),
        create(3, BITS),
        submit(0, (low, CopyBits(Point(5, 7))), (spot, text(spot)), (low, AlphaBlend(0, 99, argb, spot))),
        submit(0, (spot, composite(OP_MULTIPLY, argb)), (low, composite(OP_OVER, argb)), copy(again, low)),
        submit(1, copy(sixteen, spot), (low.intersect(whole(DEEP)), fill(0x7BEF, XOR)), copy(picture, spot, XOR)),
        submit(2, (spot, fill(0x5A)), (spot, fill(0xFF, XOR, mask)), (low, CopyBits(Point(3, 2)))),
        submit(3, (spot, fill(1, XOR)), (low.intersect(whole(BITS)), CopyBits(Point(5, 3)))),
        ("checkpoint", ()),
        submit(4, (Rect(1, 1, 9, 9), fill(0x80FF00FF)), copy(again, spot)),
        submit(0, copy(picture, spot, XOR)),
        ("destroy_surface", (4,)),
        submit(0, copy(picture, spot), (whole(SCREEN), fill(0x010203, XOR)), copy(kept(31, 21), low)),
        submit(9, (spot, fill(1))),
        ("create_surface", (4, LARGE)),
        submit(4, *(copy(kept(40 + i, 16), Rect.sized(8 * i, 5 * i, 16, 16)) for i in range(5))),
        ("read", (3, Rect(3, 2, 20, 9))),
        submit(0, copy(picture, low), copy(kept(43, 16), spot)),
        submit(1, (spot, composite(OP_MULTIPLY, argb))),
        ("destroy_surface", (1,)),
        ("read", (1, Rect(0, 0, 1, 1))),
        submit(3, (Rect(0, 0, 41, 23), fill(0, XOR, mask)), (spot, fill(1))),
        ("checkpoint", ()),
        *(("read", (number, whole(spec))) for number, spec in ((0, SCREEN), (2, BYTES), (3, BITS), (4, LARGE))),
    ]  # fmt: skip
