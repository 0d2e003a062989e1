"""The law of the client view: whatever is drawn, forwarded and captured, the client ends with the canvas's pixels."""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Blackness, Brush, CopyBits, Drawable, Fill, Invers, Mask, Op, Whiteness
from gspice.region import Region
from gspice.stream.surface_view import MAX_RECTS, SurfaceView, merge

WIDTH, HEIGHT = 24, 16
BOUNDS = Rect(0, 0, WIDTH, HEIGHT)
XOR, PUT = 64, 8


class Step(NamedTuple):
    """One drawable, whether the client's queue has room then, and how many pixels are captured after it."""

    drawable: Drawable
    may_forward: bool
    capture: int


@st.composite
def inner_rects(draw: st.DrawFn) -> Rect:
    left, top = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return Rect(left, top, draw(st.integers(left + 1, WIDTH)), draw(st.integers(top + 1, HEIGHT)))


@st.composite
def ops(draw: st.DrawFn) -> Op:
    kind = draw(st.sampled_from(["put", "xor", "invers", "black", "white", "move", "move"]))
    color = draw(st.integers(0, 255))
    match kind:
        case "put":
            return Fill(Brush(1, color), PUT, Mask())
        case "xor":
            return Fill(Brush(1, color), XOR, Mask())
        case "invers":
            return Invers(Mask())
        case "black":
            return Blackness(Mask())
        case "white":
            return Whiteness(Mask())
    return CopyBits(Point(draw(st.integers(-2, WIDTH)), draw(st.integers(-2, HEIGHT))))


@st.composite
def steps(draw: st.DrawFn) -> Step:
    clip = draw(st.none() | st.lists(inner_rects(), min_size=1, max_size=3).map(tuple))
    drawable = Drawable(surface_id=0, bbox=draw(inner_rects()), clip=clip, op=draw(ops()))
    return Step(drawable, draw(st.booleans()), draw(st.sampled_from([0, 0, 20, 10_000])))


def apply(pixels: np.ndarray, drawable: Drawable) -> tuple[Rect, ...]:
    """Draw as any canvas does; the rectangles that may have changed."""
    region = Region([drawable.bbox] if drawable.clip is None else drawable.clip)
    region.intersect(drawable.bbox)
    op, before = drawable.op, pixels.copy()
    if isinstance(op, CopyBits):
        # Reads beyond the surface are left undefined by the protocol: this model keeps what was there.
        dx, dy = op.src.x - drawable.bbox.left, op.src.y - drawable.bbox.top
        region.intersect(BOUNDS.translate(-dx, -dy))
    for rect in region.rects():
        area = (slice(rect.top, rect.bottom), slice(rect.left, rect.right))
        match op:
            case Fill():
                pixels[area] = op.brush.color if op.ropd == PUT else pixels[area] ^ op.brush.color
            case Invers():
                pixels[area] = ~pixels[area]
            case Blackness():
                pixels[area] = 0
            case Whiteness():
                pixels[area] = 255
            case CopyBits():
                pixels[area] = before[rect.top + dy : rect.bottom + dy, rect.left + dx : rect.right + dx]
    return tuple(region.rects())


def capture(view: SurfaceView, canvas: np.ndarray, client: np.ndarray, pixels: int) -> None:
    for rect in view.take(pixels):
        area = (slice(rect.top, rect.bottom), slice(rect.left, rect.right))
        client[area] = canvas[area]


@settings(max_examples=400, deadline=None)
@given(st.lists(steps(), max_size=25), st.integers(0, 255))
def test_the_client_settles_on_the_canvas(sequence: list[Step], seed: int) -> None:
    canvas = np.full((HEIGHT, WIDTH), seed, np.uint8)
    client = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    view = SurfaceView(SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32))
    for drawable, may_forward, pixels in sequence:
        rects = apply(canvas, drawable)
        if view.note(drawable, rects, may_forward=may_forward):
            apply(client, drawable)
        stale = np.zeros((HEIGHT, WIDTH), bool)
        for rect in view.stale.rects():
            stale[rect.top : rect.bottom, rect.left : rect.right] = True
        assert np.array_equal(client[~stale], canvas[~stale]), "wrong outside the stale area"
        if pixels:
            capture(view, canvas, client, pixels)
    while view.stale:
        capture(view, canvas, client, 30)
    assert np.array_equal(client, canvas)


def test_cheap_ops_are_forwarded_and_masked_ones_are_not() -> None:
    view = SurfaceView(SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32))
    view.stale.clear()
    fill = Drawable(surface_id=0, bbox=BOUNDS, op=Fill(Brush(1, 5), PUT, Mask()))
    assert view.note(fill, [BOUNDS], may_forward=True)
    assert not view.stale
    assert not view.note(fill, [BOUNDS], may_forward=False)
    assert view.stale.covers(BOUNDS)
    assert view.note(fill, [BOUNDS], may_forward=True)
    assert not view.stale, "a forwarded opaque op makes its area fresh"


def test_a_move_of_mostly_stale_pixels_is_captured_instead() -> None:
    view = SurfaceView(SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32))
    move = Drawable(surface_id=0, bbox=Rect(0, 0, 8, 8), op=CopyBits(Point(8, 0)))
    assert not view.note(move, [move.bbox], may_forward=True)


@given(st.lists(inner_rects(), max_size=200), st.integers(1, 40))
def test_merge_covers_the_region_in_few_rectangles(rects: list[Rect], limit: int) -> None:
    region = Region(rects)
    merged = merge(region, limit)
    assert len(merged) <= max(limit, 1)
    rest = region.copy()
    for rect in merged:
        rest.subtract(rect)
        assert region.extents.contains(rect)
    assert not rest


@given(st.lists(inner_rects(), min_size=1, max_size=100), st.integers(1, 200))
def test_take_is_bounded_and_gets_everything_in_the_end(rects: list[Rect], pixels: int) -> None:
    view = SurfaceView(SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32))
    view.stale = Region(rects)
    before = view.stale.copy()
    rounds = 0
    while view.stale:
        taken = view.take(pixels)
        assert taken
        assert sum(rect.area for rect in taken) <= pixels + WIDTH * MAX_RECTS
        for rect in taken:
            assert rect.height == 1 or rect.area <= pixels
            before.subtract(rect)
        rounds += 1
        assert rounds <= WIDTH * HEIGHT
    assert not before
