from collections.abc import Callable

import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.plans.painting import Plan
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    BitmapImage,
    Blackness,
    Blend,
    Brush,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Invers,
    Mask,
    Op,
    SurfaceImage,
    Whiteness,
)

PUT, XOR = 8, 64
ALL, PART = Rect(0, 0, 16, 8), Rect(4, 2, 8, 6)
NO_MASK = Mask()
XRGB, ARGB, A8, A1 = SurfaceFormat.XRGB32, SurfaceFormat.ARGB32, SurfaceFormat.A8, SurfaceFormat.A1
RGB555, RGB565 = SurfaceFormat.RGB555, SurfaceFormat.RGB565


def bitmap(form: BitmapFormat = BitmapFormat.XRGB32, flags: int = 0, **more: object) -> BitmapImage:
    size = form.bits_per_pixel // 8
    fields: dict[str, object] = {
        "id": 1,
        "flags": flags,
        "width": 16,
        "height": 8,
        "format": form,
        "top_down": True,
        "stride": 16 * size,
        "data": bytes(range(128)) * size,
        **more,
    }
    return BitmapImage(**fields)  # type: ignore[arg-type]


def surface(surface_id: int) -> SurfaceImage:
    return SurfaceImage(id=1, flags=0, width=16, height=8, surface_id=surface_id)


def canvas(form: SurfaceFormat = XRGB) -> CpuCanvas:
    """Surface 0 and 1 of the format, 2 of another depth."""
    made = CpuCanvas()
    other = A8 if form.bits_per_pixel != 8 else XRGB
    for surface_id, kind in enumerate((form, form, other)):
        made.create_surface(surface_id, SurfaceSpec(16, 8, kind), bytes(range(256)) * 2)
    return made


def red(clip: tuple[Rect, ...] | None = None, box: Rect = ALL) -> Drawable:
    return Drawable(surface_id=0, bbox=box, op=Fill(Brush(1, 0xFF0000), PUT, NO_MASK), clip=clip)


def put(image: BitmapImage | SurfaceImage, part: Rect = ALL, ropd: int = PUT) -> Copy:
    return Copy(image, part, ropd, 0, NO_MASK)


COMPILED: list[tuple[Op, SurfaceFormat]] = [
    (Fill(Brush(1, 5), XOR, NO_MASK), XRGB),
    (Fill(Brush(0), PUT, NO_MASK), A1),
    (Blackness(NO_MASK), A8),
    (Whiteness(NO_MASK), A1),
    (Invers(NO_MASK), RGB565),
    (put(bitmap()), XRGB),
    (put(bitmap(), ropd=XOR), ARGB),
    (put(bitmap(top_down=False)), XRGB),
    (put(bitmap(BitmapFormat.ARGB32, 2)), XRGB),
    (put(bitmap(BitmapFormat.RGB555)), RGB555),
    (put(bitmap(BitmapFormat.A8)), A8),
    (Blend(bitmap(), ALL, PUT, 0, NO_MASK), XRGB),
    (put(surface(1)), RGB565),
    (CopyBits(Point(0, 0)), XRGB),
]
PLANNED: list[tuple[Op, SurfaceFormat]] = [
    (Fill(Brush(2, 0, bitmap()), PUT, NO_MASK), XRGB),
    (put(bitmap(), PART), XRGB),
    (put(bitmap(), ALL.translate(1, 0)), XRGB),
    (put(bitmap(flags=2)), XRGB),
    (put(bitmap(BitmapFormat.RGB24)), XRGB),
    (put(bitmap(BitmapFormat.RGB555)), RGB565),
    (put(bitmap(stride=0)), XRGB),
    (put(bitmap(data=bytes(511))), XRGB),
    (put(surface(0)), XRGB),
    (put(surface(2)), XRGB),
    (put(surface(9)), XRGB),
    (put(surface(1)), A1),
    (CopyBits(Point(-1, 0)), XRGB),
    (CopyBits(Point(9, 0)), XRGB),
]


def counted(made: CpuCanvas, monkeypatch: pytest.MonkeyPatch) -> list[Drawable]:
    """What the canvas makes a Python plan for from now on."""
    planned: list[Drawable] = []
    plan: Callable[[Drawable], Plan] = made._plan

    def counting(drawable: Drawable) -> Plan:
        planned.append(drawable)
        return plan(drawable)

    monkeypatch.setattr(made, "_plan", counting)
    return planned


@pytest.mark.parametrize(("op", "form"), COMPILED)
def test_common_commands_need_no_plan(op: Op, form: SurfaceFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Rect(1, 1, 16, 8) if isinstance(op, CopyBits) else ALL
    made, reference = canvas(form), canvas(form)
    planned = counted(made, monkeypatch)
    (outcome,) = made.submit([Drawable(surface_id=0, bbox=box, op=op)])
    assert (outcome.drawn, outcome.rects, planned) == (True, (box,), [])
    # A plan draws the same.
    plan = reference._plan(Drawable(surface_id=0, bbox=box, op=op))
    plan.draw()
    assert made.read(0, ALL) == reference.read(0, ALL)


@pytest.mark.parametrize(("op", "form"), PLANNED)
def test_odd_commands_do(op: Op, form: SurfaceFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    made = canvas(form)
    planned = counted(made, monkeypatch)
    drawable = Drawable(surface_id=0, bbox=ALL, op=op)
    made.submit([drawable])
    assert planned == [drawable]


@pytest.mark.parametrize(
    "clip",
    [
        (Rect(0, 0, 2**40, 5), Rect(3, 3, 9, 9)),
        (Rect(-(2**31), -(2**31), 2**31 - 1, 2**31 - 1),),
        tuple(Rect(x, 0, x + 2, 8) for x in range(12)),
        (Rect(5, 5, 3, 3), Rect(0, 0, 4, 4)),
    ],
)
def test_clips_of_all_kinds(clip: tuple[Rect, ...]) -> None:
    made = canvas()
    (outcome,) = made.submit([red(clip)])
    seen = {(x, y) for y in range(8) for x in range(16) if any(rect.contains_point(x, y) for rect in clip)}
    told = [(x, y) for r in outcome.rects for y in range(r.top, r.bottom) for x in range(r.left, r.right)]
    assert outcome.drawn
    assert sorted(told) == sorted(seen)
    data = made.read(0, ALL).data
    assert {
        (x, y) for y in range(8) for x in range(16) if data[64 * y + 4 * x :][:4] == b"\0\0\xff\0"
    } == seen


@pytest.mark.parametrize("box", [Rect(0, 0, 2**40, 1), Rect(-(2**70), 0, 1, 1)])
def test_boxes_beyond_all_numbers_are_refused(box: Rect) -> None:
    outcomes = canvas().submit([red(None, box), red()])
    assert [outcome.drawn for outcome in outcomes] == [False, True]
    assert "bounding box" in outcomes[0].reason
