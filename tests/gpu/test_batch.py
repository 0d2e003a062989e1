import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Blackness,
    Brush,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Invers,
    Mask,
    Op,
    Palette,
    Stroke,
    SurfaceImage,
    Transparent,
    Whiteness,
)

PUT, XOR = 8, 64
NO_MASK = Mask()
ALL = Rect(0, 0, 16, 8)
PART = Rect(4, 2, 8, 6)
OTHER = SurfaceImage(id=1, flags=0, width=16, height=8, surface_id=1)
OWN = SurfaceImage(id=1, flags=0, width=16, height=8, surface_id=0)


def red(
    box: Rect = ALL, ropd: int = PUT, clip: tuple[Rect, ...] | None = None, surface_id: int = 0
) -> Drawable:
    op = Fill(Brush(1, 0xFF0000), ropd, NO_MASK)
    return Drawable(surface_id=surface_id, bbox=box, op=op, clip=clip)


def on(op: Op, box: Rect = ALL, surface_id: int = 0, clip: tuple[Rect, ...] | None = None) -> Drawable:
    return Drawable(surface_id=surface_id, bbox=box, op=op, clip=clip)


def bitmap(form: BitmapFormat = BitmapFormat.XRGB32, **more: object) -> BitmapImage:
    size = form.bits_per_pixel // 8
    fields: dict[str, object] = {
        "id": 1,
        "flags": 0,
        "width": 16,
        "height": 8,
        "format": form,
        "top_down": True,
        "stride": 16 * size,
        "data": bytes(range(128)) * size,
        "palette": Palette(1, tuple(range(256))) if form.indexed else None,
        **more,
    }
    return BitmapImage(**fields)  # type: ignore[arg-type]


def put(image: BitmapImage | SurfaceImage, part: Rect = ALL, ropd: int = PUT) -> Copy:
    return Copy(image, part, ropd, 0, NO_MASK)


def canvas() -> CpuCanvas:
    made = CpuCanvas()
    for surface_id in (0, 1):
        made.create_surface(surface_id, SurfaceSpec(16, 8, SurfaceFormat.XRGB32), bytes(range(256)) * 2)
    return made


HALF_MASK = Mask(
    BitmapImage(
        id=1,
        flags=0,
        width=16,
        height=8,
        format=BitmapFormat.BIT1_LE,
        top_down=True,
        stride=2,
        data=b"\x55" * 16,
    ),
    Point(0, 0),
)

HIDES = {
    "fill": [red(PART), red()],
    "of the same place": [red(PART), red(PART)],
    "black": [red(PART), on(Blackness(NO_MASK))],
    "white": [red(PART), on(Whiteness(NO_MASK))],
    "bitmap": [red(PART), on(put(bitmap()))],
    "bitmap that is converted": [red(PART), on(put(bitmap(BitmapFormat.RGB24)))],
    "bitmap with a palette": [red(PART), on(put(bitmap(BitmapFormat.BIT8)))],
    "scaled bitmap": [red(PART), on(put(bitmap(), PART))],
    "surface": [red(PART), on(put(OTHER))],
    "one clip rectangle": [red(PART), red(clip=(PART,))],
    "one of several clip rectangles": [red(PART), red(clip=(Rect(9, 0, 16, 8), PART))],
    "what is hidden was clipped": [
        red(ALL, clip=(Rect(0, 0, 1, 1), Rect(7, 5, 8, 6))),
        red(Rect(0, 0, 8, 6)),
    ],
    "what is hidden reads its own place": [red(PART, XOR), red()],
    "what is hidden is slow": [on(AlphaBlend(0, 99, bitmap(), PART), PART), red()],
    "moved pixels": [red(Rect(8, 4, 12, 8)), on(CopyBits(Point(0, 0)), Rect(8, 4, 16, 8))],
    "a reader of other pixels between": [
        red(Rect(0, 0, 4, 4)),
        red(Rect(8, 0, 9, 1), XOR),
        red(Rect(0, 0, 4, 4)),
    ],
    "hidden itself, a reader hides nothing": [red(PART), red(PART, XOR), red()],
}
DOES_NOT = {
    "only in part": [red(PART), red(Rect(5, 2, 8, 6))],
    "by two together": [red(PART), red(Rect(0, 0, 6, 8)), red(Rect(6, 0, 16, 8))],
    "on another surface": [red(PART), red(surface_id=1)],
    "by xor": [red(PART), red(ropd=XOR)],
    "by xor, converted": [red(PART), on(put(bitmap(BitmapFormat.RGB24), ropd=XOR))],
    "by invers": [red(PART), on(Invers(NO_MASK))],
    "through a mask": [red(PART), on(Fill(Brush(1, 1), PUT, HALF_MASK))],
    "through a mask, copied": [red(PART), on(Copy(bitmap(), ALL, PUT, 0, HALF_MASK))],
    "through a mask, scaled": [red(PART), on(Copy(bitmap(), PART, PUT, 0, HALF_MASK))],
    "by a colour key": [red(PART), on(Transparent(bitmap(), ALL, 0, 0))],
    "by what is refused": [red(PART), on(put(bitmap(data=bytes(5))))],
    "by what is clipped away": [red(PART), red(clip=(Rect(0, 0, 1, 1),))],
    "by a source that is too small": [red(ALL), on(put(bitmap(), ALL.translate(1, 0)))],
    "read between by xor": [red(PART), red(Rect(7, 5, 9, 9 - 1), XOR), red(PART)],
    "read between by moved pixels": [red(PART), on(CopyBits(Point(7, 5)), Rect(12, 0, 13, 1)), red(PART)],
    "read between by clipped moved pixels": [
        red(PART),
        on(CopyBits(Point(7, 5)), Rect(12, 0, 13, 1), clip=(ALL,)),
        red(PART),
    ],
    "read between by moved pixels of the edge": [
        red(PART),
        on(CopyBits(Point(-1, 2)), Rect(9, 0, 16, 4)),
        red(PART),
    ],
    "moved over itself": [red(PART), on(CopyBits(Point(4, 2)), Rect(5, 2, 12, 6)), red(Rect(0, 0, 1, 1))],
    "read between by another surface": [red(PART), on(put(OWN), surface_id=1), red(PART)],
    "read between, scaled": [red(PART), on(put(OWN, PART), surface_id=1), red(PART)],
    "read between by itself": [red(PART), on(put(OWN, PART), Rect(8, 2, 12, 6)), red(PART)],
    "read between by a pattern": [
        red(PART),
        on(Fill(Brush(2, 0, OWN), PUT, NO_MASK), surface_id=1),
        red(PART),
    ],
}


def both_ways(batch: list[Drawable]) -> int:
    """How many of the batch are left out; what is drawn is as if they came one by one."""
    at_once, one_by_one = canvas(), canvas()
    outcomes = at_once.submit(batch)
    assert outcomes == [one_by_one.submit([drawable])[0] for drawable in batch]
    assert one_by_one.culled == 0
    for surface_id in (0, 1):
        assert at_once.read(surface_id, ALL) == one_by_one.read(surface_id, ALL)
    return at_once.culled


@pytest.mark.parametrize("batch", HIDES.values(), ids=HIDES)
def test_what_later_commands_cover_is_not_drawn(batch: list[Drawable]) -> None:
    assert both_ways(batch) == (2 if len(batch) == 3 and batch[1].bbox == PART else 1)


@pytest.mark.parametrize("batch", DOES_NOT.values(), ids=DOES_NOT)
def test_what_is_seen_or_read_is_drawn(batch: list[Drawable]) -> None:
    assert both_ways(batch) == 0


def test_what_may_still_be_refused_is_never_left_out() -> None:
    stroke = Stroke((), 8, (), Brush(1, 0), PUT, PUT)
    outcomes = canvas().submit([on(stroke, PART), red()])
    assert [outcome.drawn for outcome in outcomes] == [False, True]


def test_left_out_commands_tell_their_rectangles() -> None:
    outcomes = canvas().submit([red(clip=(Rect(0, 0, 2, 2), Rect(1, 1, 3, 3))), red()])
    assert outcomes[0].drawn
    assert sum(rect.area for rect in outcomes[0].rects) == 7


def test_many_covers_keep_the_largest() -> None:
    made = CpuCanvas()
    made.create_surface(0, SurfaceSpec(64, 64, SurfaceFormat.XRGB32))
    small = [red(Rect(x, 8, x + 1, 9)) for x in range(40)]
    made.submit([red(Rect(0, 0, 50, 5)), red(Rect(0, 0, 64, 6)), *small])
    assert made.culled == 1
    made.submit([red(Rect(0, 0, 50, 5)), *small, red(Rect(0, 0, 64, 6)), *small])
    assert made.culled == 2 + 15


def test_a_large_cover_is_not_given_up_for_a_small_one() -> None:
    made = CpuCanvas()
    made.create_surface(0, SurfaceSpec(64, 64, SurfaceFormat.XRGB32))
    small = [red(Rect(x, 60, x + 1, 61)) for x in range(20)]
    hidden = [red(Rect(0, 0, 9, 9)), red(Rect(0, 20, 9, 29))]
    made.submit([*hidden, red(Rect(0, 20, 30, 50)), *small, red(Rect(0, 0, 20, 20))])
    assert made.culled == 2


def test_an_empty_batch() -> None:
    assert canvas().submit([]) == []


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("large", [False, True])
def test_compiled_and_planned_commands_keep_their_order(large: bool, size: int) -> None:
    side = 200 * size if large else 16
    made = CpuCanvas()
    made.create_surface(0, SurfaceSpec(side, side, SurfaceFormat.XRGB32))
    box = Rect(0, 0, side, side)
    blend = AlphaBlend(0, 255, bitmap(BitmapFormat.XRGB32), Rect(0, 0, 1, 1))
    batch = [red(box, XOR), on(blend, Rect(0, 0, 1, 1)), red(box, XOR)]
    made.submit(batch)
    assert made.read(0, Rect(0, 0, 2, 1)).data[:8] == bytes([0, 1, 2 ^ 0xFF, 0, 0, 0, 0, 0])
