import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    BitmapImage,
    Blend,
    Brush,
    Copy,
    Drawable,
    Fill,
    Image,
    Mask,
    Op,
    Opaque,
    Rop3,
    SurfaceImage,
    Transparent,
)

PUT, OR, AND, XOR, INVERS = 8, 16, 32, 64, 512
INVERS_SRC, INVERS_BRUSH, INVERS_DEST = 1, 2, 4
BOX = Rect(0, 0, 3, 1)
NO_MASK = Mask()
OWN = SurfaceImage(id=0, flags=0, width=3, height=1, surface_id=0)


def row(*values: int, size: int = 4) -> bytes:
    return b"".join(value.to_bytes(size, "little") for value in values)


def image(*values: int) -> BitmapImage:
    return BitmapImage(
        id=1,
        flags=0,
        width=len(values),
        height=1,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=4 * len(values),
        data=row(*values),
    )


def draw(
    op: Op, *before: int, form: SurfaceFormat = SurfaceFormat.XRGB32, self_bitmap: Rect | None = None
) -> list[int]:
    """The three pixels of a surface after an op."""
    canvas, size = CpuCanvas(), form.bits_per_pixel // 8
    canvas.create_surface(0, SurfaceSpec(3, 1, form), row(*before, size=size))
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=BOX, op=op, self_bitmap_area=self_bitmap)])
    assert outcome.drawn, outcome.reason
    data = canvas.read(0, BOX).data
    return [int.from_bytes(data[i * size :][:size], "little") for i in range(3)]


def opaque(src: Image, brush: Brush, ropd: int, part: Rect = BOX) -> Opaque:
    return Opaque(src, part, brush, ropd, 0, NO_MASK)


@pytest.mark.parametrize(
    ("ropd", "expected"),
    [
        (PUT, 0x0F0F0F0F),
        (OR, 0x3F3F3F3F),
        (AND, 0x03030303),
        (XOR | INVERS_SRC, 0xC3C3C3C3),
        (XOR | INVERS_BRUSH, 0xC3C3C3C3),
        (AND | INVERS_SRC, 0x0C0C0C0C),
        (AND | INVERS_BRUSH, 0x30303030),
        (AND | INVERS_DEST, 0x03030303),
        (INVERS, 0xCCCCCCCC),
    ],
)
def test_opaque_combines_the_brush_with_the_image(ropd: int, expected: int) -> None:
    op = opaque(image(0x33333333, 0x33333333, 0x33333333), Brush(1, 0x0F0F0F0F), ropd)
    assert draw(op, 0, 1, 2) == [expected] * 3


def test_opaque_paints_where_the_image_does_not_reach() -> None:
    op = opaque(image(16, 32), Brush(1, 1), OR, Rect(1, 0, 4, 1))
    assert draw(op, 4, 4, 4) == [33, 5, 5]


def test_opaque_reads_image_and_pattern_before_it_draws() -> None:
    op = opaque(image(7, 7, 7), Brush(2, 0, OWN, Point(1, 0)), PUT)
    assert draw(op, 1, 2, 3) == [3, 1, 2]
    assert draw(opaque(OWN, Brush(2, 0, OWN, Point(1, 0)), OR), 1, 2, 4) == [5, 3, 6]


def test_no_brush_is_one_of_zeros() -> None:
    assert draw(Fill(Brush(0, 0xFF), PUT, NO_MASK), 1, 2, 3) == [0, 0, 0]
    assert draw(Fill(Brush(0, 0xFF), OR | INVERS_DEST, NO_MASK), 0, 1, 2) == [
        0xFFFFFFFF,
        0xFFFFFFFE,
        0xFFFFFFFD,
    ]
    assert draw(Rop3(image(1, 2, 3), BOX, Brush(0, 0xFF), 0xFE, 0, NO_MASK), 8, 8, 8) == [9, 10, 11]


def test_patterns_begin_at_their_place() -> None:
    assert draw(Fill(Brush(2, 0, image(1, 2), Point(1, 5)), PUT, NO_MASK), 0, 0, 0) == [2, 1, 2]
    assert draw(Fill(Brush(2, 0, image(1, 2), Point(-4, 0)), XOR, NO_MASK), 4, 4, 4) == [5, 6, 5]


def test_ternary_operations() -> None:
    op = Rop3(image(0xCC, 0xCC, 0xCC), BOX, Brush(2, 0, image(0xF0, 0x0F)), 0xCA, 0, NO_MASK)
    # 0xCA: the pattern chooses source (1) or destination (0).
    assert draw(op, 0xAA, 0xAA, 0xAA) == [0xCA, 0xAC, 0xCA]


def test_blend_is_copy() -> None:
    for ropd in (PUT, XOR | INVERS_SRC):
        made = [draw(kind(image(1, 2, 3), BOX, ropd, 0, NO_MASK), 9, 9, 9) for kind in (Blend, Copy)]
        assert made[0] == made[1]


def test_the_colour_key() -> None:
    op = Transparent(image(1, 0xFF123456, 3), BOX, 0x111111, 0x00123456)
    assert draw(op, 7, 8, 9) == [1, 8, 3]


@pytest.mark.parametrize(
    ("form", "green", "others"), [(SurfaceFormat.RGB555, 5, (2, 2)), (SurfaceFormat.RGB565, 6, (4, 4))]
)
def test_on_16_bits_the_colour_key_loses_low_bits_as_pixels_do(
    form: SurfaceFormat, green: int, others: tuple[int, int]
) -> None:
    op = Transparent(image(0x101010, 0x4A596C, 0x181818), BOX, 0, 0x495A6B)
    expected = [2 << 5 + green | others[0] << 5 | 2, 8, 3 << 5 + green | others[1] * 3 // 2 << 5 | 3]
    assert draw(op, 7, 8, 9, form=form) == expected


def test_on_alpha_surfaces_the_colour_key_is_0() -> None:
    alphas = BitmapImage(
        id=1,
        flags=0,
        width=3,
        height=1,
        format=BitmapFormat.A8,
        top_down=True,
        stride=3,
        data=b"\x00\x05\xff",
    )
    assert draw(Transparent(alphas, BOX, 5, 5), 7, 8, 9, form=SurfaceFormat.A8) == [7, 5, 0xFF]


def test_a_self_bitmap_ends_where_its_area_does() -> None:
    op = opaque(OWN, Brush(1, 0), OR, Rect(1, 0, 4, 1))
    assert draw(op, 1, 2, 3) == [2, 3, 3]
    assert draw(op, 1, 2, 3, self_bitmap=Rect(1, 0, 2, 1)) == [2, 2, 3]
