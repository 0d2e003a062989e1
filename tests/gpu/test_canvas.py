import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu import kernels
from gspice.gpu.cpu.canvas import MAX_SIDE, CpuCanvas
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Blackness,
    Blend,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    EncodedImage,
    Fill,
    Image,
    Invers,
    Mask,
    Nop,
    Op,
    Palette,
    Rop3,
    Stroke,
    SurfaceImage,
    Text,
    Transparent,
)

XRGB = SurfaceFormat.XRGB32
PUT = 8
WHOLE = Rect(0, 0, 8, 4)
NO_MASK = Mask()
RED = Fill(Brush(1, 0xFF0000), PUT, NO_MASK)
INVERS = Invers(NO_MASK)
ALPHA = SurfaceImage(id=1, flags=0, width=8, height=4, surface_id=1)


@pytest.fixture
def canvas() -> CpuCanvas:
    made = CpuCanvas()
    made.create_surface(0, SurfaceSpec(8, 4, XRGB))
    return made


def draw(
    canvas: CpuCanvas, op: Op, bbox: Rect = WHOLE, clip: tuple[Rect, ...] | None = None
) -> tuple[bool, str]:
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=bbox, op=op, clip=clip)])
    return outcome.drawn, outcome.reason


def encoded() -> Image:
    return EncodedImage(id=1, flags=0, width=8, height=4, type=1, data=b"")


def flat(width: int, height: int) -> BitmapImage:
    """A large bitmap of one bit a pixel."""
    stride = (width + 7) // 8
    return BitmapImage(
        id=1,
        flags=0,
        width=width,
        height=height,
        format=BitmapFormat.BIT1_BE,
        top_down=True,
        stride=stride,
        data=bytes(stride * height),
        palette=Palette(1, (1, 2)),
    )


def image(width: int = 8, height: int = 4) -> BitmapImage:
    return BitmapImage(
        id=1,
        flags=0,
        width=width,
        height=height,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=4 * width,
        data=bytes(range(4 * width)) * height,
    )


def test_caps_name_all_formats() -> None:
    assert CpuCanvas.caps.name == "cpu"
    assert CpuCanvas.caps.surface_formats == set(SurfaceFormat)


def test_surfaces_come_and_go(canvas: CpuCanvas) -> None:
    canvas.create_surface(7, SurfaceSpec(3, 2, SurfaceFormat.RGB565))
    assert canvas.surfaces() == {0: SurfaceSpec(8, 4, XRGB), 7: SurfaceSpec(3, 2, SurfaceFormat.RGB565)}
    assert canvas.read(7, Rect(0, 0, 3, 2)) == Pixels(3, 2, 6, SurfaceFormat.RGB565, bytes(12))
    canvas.destroy_surface(7)
    assert list(canvas.surfaces()) == [0]
    canvas.close()
    assert not canvas.surfaces()


@pytest.mark.parametrize(
    ("surface_id", "spec", "text"),
    [
        (0, SurfaceSpec(1, 1, XRGB), "exists already"),
        (1, SurfaceSpec(1, 1, 33), "unknown format 33"),  # type: ignore[arg-type]
        (1, SurfaceSpec(0, 1, XRGB), "0x1"),
        (1, SurfaceSpec(1, -1, XRGB), "1x-1"),
        (1, SurfaceSpec(MAX_SIDE + 1, 1, XRGB), "32768x1"),
        (1, SurfaceSpec(MAX_SIDE, MAX_SIDE, XRGB), "bytes"),
    ],
)
def test_surfaces_that_are_refused(canvas: CpuCanvas, surface_id: int, spec: SurfaceSpec, text: str) -> None:
    with pytest.raises(GuestError, match=text):
        canvas.create_surface(surface_id, spec)
    assert list(canvas.surfaces()) == [0]


def test_memory_that_is_used_up_is_the_guests_error(
    canvas: CpuCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*args: object) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(kernels, "Surface", none_left)
    with pytest.raises(GuestError, match="none left"):
        canvas.create_surface(1, SurfaceSpec(1, 1, XRGB))


def test_create_with_pixels(canvas: CpuCanvas) -> None:
    spec = SurfaceSpec(2, 2, SurfaceFormat.RGB555)
    canvas.create_surface(1, spec, b"abcd--efgh", 6)
    assert canvas.read(1, Rect(0, 0, 2, 2)).data == b"abcdefgh"
    canvas.create_surface(2, spec, b"abcdefgh")
    assert canvas.read(2, Rect(1, 0, 2, 2)).data == b"cdgh"


@pytest.mark.parametrize(("size", "stride"), [(9, 6), (7, 0), (10, 3), (10, -6), (10, 1 << 70)])
def test_pixels_that_do_not_fill_the_surface(canvas: CpuCanvas, size: int, stride: int) -> None:
    with pytest.raises(GuestError, match="data of surface 1"):
        canvas.create_surface(1, SurfaceSpec(2, 2, SurfaceFormat.RGB555), bytes(size), stride)
    assert 1 not in canvas.surfaces()


@pytest.mark.parametrize(
    "rect", [Rect(0, 0, 9, 4), Rect(-1, 0, 4, 4), Rect(2, 2, 2, 3), Rect(0, 0, 1 << 40, 1)]
)
def test_reads_outside_are_refused(canvas: CpuCanvas, rect: Rect) -> None:
    with pytest.raises(GuestError, match="surface 0"):
        canvas.read(0, rect)


def test_no_such_surface(canvas: CpuCanvas) -> None:
    with pytest.raises(GuestError, match="surface 3 does not exist"):
        canvas.read(3, WHOLE)
    with pytest.raises(GuestError, match="surface 3 does not exist"):
        canvas.destroy_surface(3)
    (outcome,) = canvas.submit([Drawable(surface_id=3, bbox=WHOLE, op=RED)])
    assert not outcome.drawn
    assert "surface 3" in outcome.reason


def broken(**changes: object) -> BitmapImage:
    """A bitmap whose fields do not fit each other."""
    fields: dict[str, object] = {
        "id": 1, "flags": 0, "width": 8, "height": 4, "format": BitmapFormat.XRGB32, "top_down": True,
        "stride": 32, "data": bytes(128), **changes,
    }  # fmt: skip
    return BitmapImage(**fields)  # type: ignore[arg-type]


SOLID = Brush(1, 0x123456)
MISSING = SurfaceImage(id=1, flags=0, width=8, height=4, surface_id=6)


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Stroke((), 8, (), SOLID, PUT, PUT), "no length"),
        (Text(0, (), WHOLE, SOLID, SOLID, PUT, PUT), "no glyph format"),
        (Copy(image(), Rect(0, 0, 7, 4), PUT, 2, NO_MASK), "scale mode 2"),
        (Copy(image(), Rect(7, 0, 0, 4), PUT, 0, NO_MASK), "cannot be scaled"),
        (Copy(image(), Rect(0, 0, 40000, 4), PUT, 0, NO_MASK), "cannot be scaled"),
        (Copy(broken(data=bytes(127)), WHOLE, PUT, 0, NO_MASK), "127 bytes"),
        (Copy(broken(stride=31), WHOLE, PUT, 0, NO_MASK), "stride 31"),
        (Copy(broken(stride=0), WHOLE, PUT, 0, NO_MASK), "stride 0"),
        (Copy(broken(height=0), WHOLE, PUT, 0, NO_MASK), "0 rows"),
        (Copy(broken(width=1 << 31), WHOLE, PUT, 0, NO_MASK), "bitmap of 2147483648x4"),
        (Copy(MISSING, WHOLE, PUT, 0, NO_MASK), "surface 6 does not exist"),
        (Blend(encoded(), WHOLE, PUT, 0, NO_MASK), "has no header"),
        (Fill(Brush(2), PUT, NO_MASK), "brush of type 2"),
        (Fill(Brush(3), PUT, NO_MASK), "brush of type 3"),
        (Fill(Brush(2, 0, encoded()), PUT, NO_MASK), "has no header"),
        (Rop3(image(), WHOLE.translate(1, 0), SOLID, 0x96, 0, NO_MASK), "source area (1, 0, 9, 4)"),
        (Rop3(image(), Rect(1, 1, 1, 3), SOLID, 0x96, 0, NO_MASK), "is empty"),
        (AlphaBlend(0, 9, flat(40000, 1), Rect(0, 0, 8, 4)), "pixman reads up to 32766"),
        (AlphaBlend(0, 9, flat(32766, 5000), Rect(0, 0, 8, 4)), "would take over"),
        (Composite(14, image(), None, None, None, Point(0, 0), Point(0, 0)), "operator 14"),
        (Composite(3, image(), None, None, None, Point(2**40, 0), Point(0, 0)), "too large"),
        (Composite(3, image(), None, (2**31, 0, 0, 0, 0, 0), None, Point(0, 0), Point(0, 0)), "too large"),
        (Composite(3 | 5 << 8, image(), None, None, None, Point(0, 0), Point(0, 0)), "filter 5"),
        (
            Composite(3 | 1 << 19 | 6 << 11, image(), image(), None, None, Point(0, 0), Point(0, 0)),
            "filter 6",
        ),
        (Blackness(Mask(encoded(), Point(0, 0))), "has no header"),
    ],
)
def test_what_is_not_drawn_says_why(canvas: CpuCanvas, op: Op, text: str) -> None:
    drawn, reason = draw(canvas, op)
    assert not drawn
    assert text in reason
    assert canvas.read(0, WHOLE).data == bytes(128)


@pytest.mark.parametrize(
    ("op", "form"),
    [
        (Composite(3 | 1 << 24, image(), None, None, None, Point(0, 0), Point(0, 0)), SurfaceFormat.A1),
        (Composite(3 | 1 << 24, image(), None, None, None, Point(0, 0), Point(0, 0)), SurfaceFormat.A8),
        (Composite(3 | 1 << 22, ALPHA, None, None, None, Point(0, 0), Point(0, 0)), SurfaceFormat.A8),
    ],
)
def test_alpha_alone_cannot_be_without_alpha(op: Op, form: SurfaceFormat) -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SurfaceSpec(8, 4, form))
    canvas.create_surface(1, SurfaceSpec(8, 4, SurfaceFormat.A8))
    drawn, reason = draw(canvas, op)
    assert not drawn
    assert form.name in reason


@pytest.mark.parametrize("area", [Rect(0, 0, 9, 4), Rect(-1, 0, 4, 4), Rect(2, 0, 2, 4)])
def test_self_bitmaps_must_lie_on_the_surface(canvas: CpuCanvas, area: Rect) -> None:
    own = SurfaceImage(id=0, flags=0, width=8, height=4, surface_id=0)
    op = Transparent(own, WHOLE, 0, 0)
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=op, self_bitmap_area=area)])
    assert not outcome.drawn
    assert "self-bitmap" in outcome.reason


@pytest.mark.parametrize("part", [WHOLE.translate(3, 1), WHOLE.translate(-3, -1)])
def test_only_what_the_source_covers_is_drawn(canvas: CpuCanvas, part: Rect) -> None:
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=Copy(image(), part, PUT, 0, NO_MASK))])
    assert outcome.drawn
    assert outcome.rects == (WHOLE.translate(-part.left, -part.top).intersect(WHOLE),)


@pytest.mark.parametrize("bbox", [Rect(0, 0, 9, 4), Rect(-1, 0, 4, 4), Rect(3, 3, 3, 4), Rect(4, 0, 2, 4)])
def test_bounding_boxes_that_are_refused(canvas: CpuCanvas, bbox: Rect) -> None:
    drawn, reason = draw(canvas, RED, bbox)
    assert not drawn
    assert "bounding box" in reason


def test_outcome_tells_disjoint_rectangles(canvas: CpuCanvas) -> None:
    clip = (Rect(-5, -5, 3, 3), Rect(1, 1, 5, 9), Rect(6, 6, 9, 9))
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=RED, clip=clip)])
    assert outcome.drawn
    assert sum(rect.area for rect in outcome.rects) == 9 + 12 - 4
    red = canvas.read(0, WHOLE).data.count(b"\x00\x00\xff\x00")
    assert red == 17


def test_clipped_to_nothing_is_drawn_nowhere(canvas: CpuCanvas) -> None:
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=RED, clip=())])
    assert (outcome.rects, outcome.drawn, outcome.reason) == ((), True, "")


def test_nop_and_a_copy_onto_itself_change_nothing(canvas: CpuCanvas) -> None:
    ops = (Nop(), CopyBits(Point(0, 0)))
    outcomes = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=op) for op in ops])
    assert [(outcome.rects, outcome.drawn) for outcome in outcomes] == [((), True), ((), True)]


@pytest.mark.parametrize("src", [Point(-(2**31), 0), Point(0, 2**31 - 1), Point(8, 0), Point(0, -4)])
def test_copy_bits_from_outside_draws_nothing(canvas: CpuCanvas, src: Point) -> None:
    (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=WHOLE, op=CopyBits(src))])
    assert (outcome.rects, outcome.drawn) == ((), True)


@pytest.mark.parametrize("pos", [Point(-(2**31), 0), Point(2**31 - 1, 2**31 - 1)])
def test_masks_far_away_cover_nothing(canvas: CpuCanvas, pos: Point) -> None:
    bits = BitmapImage(
        id=1, flags=0, width=8, height=4, format=BitmapFormat.BIT1_BE, top_down=True, stride=1, data=bytes(4)
    )
    for inverse in (False, True):
        assert draw(canvas, Fill(Brush(1, 1), PUT, Mask(bits, pos, inverse))) == (True, "")
    assert canvas.read(0, WHOLE).data == bytes(128)


def test_a_drawable_without_memory_does_not_stop_the_rest(
    canvas: CpuCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*args: object) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(kernels, "blit", none_left)
    ops = (Copy(image(), WHOLE.translate(1, 0), PUT, 0, NO_MASK), INVERS)
    batch = [Drawable(surface_id=0, bbox=WHOLE, op=op) for op in ops]
    assert [(outcome.drawn, outcome.reason) for outcome in canvas.submit(batch)] == [
        (False, "none left"),
        (True, ""),
    ]
    assert canvas.read(0, WHOLE).data == b"\xff" * 128


def test_colours_on_16_bit_surfaces_are_raw_pixels(canvas: CpuCanvas) -> None:
    canvas.create_surface(1, SurfaceSpec(1, 1, SurfaceFormat.RGB555))
    canvas.submit(
        [Drawable(surface_id=1, bbox=Rect(0, 0, 1, 1), op=Fill(Brush(1, 0x12347FE1), PUT, NO_MASK))]
    )
    assert canvas.read(1, Rect(0, 0, 1, 1)).data == b"\xe1\x7f"
