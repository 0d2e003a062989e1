"""Every canvas backend against the plain reference, with random and with chosen commands."""

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, Brush, Copy, CopyBits, Drawable, Fill, Mask, Palette, SurfaceImage
from tests.conformance.reference import ReferenceCanvas
from tests.conformance.reference_pixels import rows_of
from tests.conformance.strategies import NO_MASK, Specs, drawables, noise, seeds, specs

CanvasMaker = Callable[[], Canvas]
PUT = 8
DEPTHS = [SurfaceFormat.A1, SurfaceFormat.A8, SurfaceFormat.RGB565, SurfaceFormat.XRGB32]
"""One format of each depth."""


def compare(
    make_canvas: CanvasMaker, surfaces: Specs, seed: int, batch: Sequence[Drawable], *, at_once: bool = False
) -> None:
    """Draw on canvas and reference, both filled with the same noise, and compare all pixels.

    One command at a time, since later ones can hide what earlier ones did wrong; ``at_once``: as one batch.
    """
    reference = ReferenceCanvas()
    with closing(make_canvas()) as canvas:
        for surface_id, spec in surfaces.items():
            stride = row_bytes(spec.width, spec.format.bits_per_pixel) + 3
            data = noise(seed + surface_id, stride * spec.height)
            canvas.create_surface(surface_id, spec, data, stride)
            reference.create(surface_id, spec, data, stride)
        for part in [batch] if at_once else [[drawable] for drawable in batch]:
            outcomes = canvas.submit(part)
            for drawable, outcome in zip(part, outcomes, strict=True):
                check_outcome(reference, drawable, outcome)
            for surface_id in surfaces if at_once else {part[0].surface_id}:
                spec = surfaces[surface_id]
                read = canvas.read(surface_id, Rect(0, 0, spec.width, spec.height))
                assert rows_of(read) == reference.rows[surface_id]
        assert canvas.surfaces() == surfaces


def check_outcome(reference: ReferenceCanvas, drawable: Drawable, outcome: DrawOutcome) -> None:
    """Draw on the reference, and hold against it what the canvas says that it did."""
    before = [list(row) for row in reference.rows[drawable.surface_id]]
    assert outcome.drawn == reference.draw(drawable), outcome.reason
    assert bool(outcome.reason) != outcome.drawn
    told: set[tuple[int, int]] = set()
    for rect in outcome.rects:
        points = {(x, y) for y in range(rect.top, rect.bottom) for x in range(rect.left, rect.right)}
        assert points, "an empty rectangle"
        assert not points & told, "rectangles overlap"
        told |= points
    rows = enumerate(zip(before, reference.rows[drawable.surface_id], strict=True))
    changed = {(x, y) for y, (old, new) in rows for x in range(len(old)) if old[x] != new[x]}
    assert changed <= told
    assert told <= (reference.area(drawable) if outcome.drawn else set())


@settings(deadline=None, max_examples=250)
@given(st.data())
def test_random_batches(make_canvas: CanvasMaker, data: st.DataObject) -> None:
    surfaces = data.draw(specs())
    batch = data.draw(st.lists(drawables(surfaces), min_size=1, max_size=5))
    compare(make_canvas, surfaces, data.draw(seeds), batch, at_once=data.draw(st.booleans()))


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("source", BitmapFormat)
def test_every_bitmap_format_on_every_surface(
    make_canvas: CanvasMaker, source: BitmapFormat, target: SurfaceFormat
) -> None:
    width, height = 530, 2  # wider than any piece that a backend may work in
    stride = row_bytes(width, source.bits_per_pixel)
    palette = Palette(1, tuple(i * 0x01234567 & 0xFFFFFFFF for i in range(256)))
    batch = []
    for y, (flags, top_down) in enumerate(((0, True), (0, False), (2, True))):
        image = BitmapImage(
            id=1,
            flags=flags,
            width=width,
            height=height,
            format=source,
            top_down=top_down,
            stride=stride,
            data=noise(y, stride * height),
            palette=palette if source.indexed else None,
        )
        op = Copy(image, Rect(1, 0, width, height), PUT, 0, NO_MASK)
        batch.append(Drawable(surface_id=0, bbox=Rect.sized(3, y * height, width - 1, height), op=op))
    compare(make_canvas, {0: SurfaceSpec(540, 6, target)}, 7, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("source", SurfaceFormat)
def test_every_surface_format_on_every_other(
    make_canvas: CanvasMaker, source: SurfaceFormat, target: SurfaceFormat
) -> None:
    image = SurfaceImage(id=1, flags=0, width=530, height=3, surface_id=1)
    op = Copy(image, Rect(1, 1, 528, 3), PUT, 0, NO_MASK)
    batch = [Drawable(surface_id=0, bbox=Rect.sized(5, 1, 527, 2), op=op)]
    compare(make_canvas, {0: SurfaceSpec(540, 4, target), 1: SurfaceSpec(530, 3, source)}, 11, batch)


@pytest.mark.parametrize("target", DEPTHS)
@pytest.mark.parametrize("dy", [-2, 0, 2])
@pytest.mark.parametrize("dx", [-515, -3, 0, 3, 515])
def test_overlapping_copies_in_all_directions(
    make_canvas: CanvasMaker, target: SurfaceFormat, dx: int, dy: int
) -> None:
    box = Rect(600, 4, 1700, 9)
    clip = (Rect(601, 0, 900, 6), Rect(1000, 4, 1300, 12), Rect(800, 7, 1699, 9))
    surface = SurfaceImage(id=1, flags=0, width=2300, height=12, surface_id=0)
    area = box.translate(-dx, -dy)
    batch = [
        Drawable(surface_id=0, bbox=box, op=CopyBits(Point(area.left, area.top)), clip=clip),
        Drawable(surface_id=0, bbox=box, op=CopyBits(Point(area.left, area.top))),
        Drawable(surface_id=0, bbox=box, op=Copy(surface, area, PUT, 0, NO_MASK)),
        Drawable(surface_id=0, bbox=box, op=Copy(surface, area, 64, 0, NO_MASK), clip=clip),
    ]
    compare(make_canvas, {0: SurfaceSpec(2300, 12, target)}, 13, batch)


@pytest.mark.parametrize("target", DEPTHS)
def test_every_rop_descriptor(make_canvas: CanvasMaker, target: SurfaceFormat) -> None:
    surfaces = {0: SurfaceSpec(16, 96, target), 1: SurfaceSpec(16, 2, target)}
    image = SurfaceImage(id=1, flags=0, width=16, height=2, surface_id=1)
    ways = [
        op | invers | res for op in (8, 16, 32, 64, 128, 256, 512) for invers in range(8) for res in (0, 1024)
    ]
    batch = []
    for i, ropd in enumerate((*ways, 0, 3)):
        box = Rect.sized(0, i % 48 * 2, 16, 2)
        batch.append(Drawable(surface_id=0, bbox=box, op=Copy(image, Rect(0, 0, 16, 2), ropd, 0, NO_MASK)))
        batch.append(Drawable(surface_id=0, bbox=box, op=Fill(Brush(1, 0x5A3C96F1), ropd, NO_MASK)))
    compare(make_canvas, surfaces, 17, batch)


@pytest.mark.parametrize("target", SurfaceFormat)
@pytest.mark.parametrize("mask_format", [BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE])
def test_wide_masks(make_canvas: CanvasMaker, mask_format: BitmapFormat, target: SurfaceFormat) -> None:
    stride = row_bytes(530, 1)
    batch = []
    for y, inverse in enumerate((False, True)):
        image = BitmapImage(
            id=1,
            flags=0,
            width=530,
            height=2,
            format=mask_format,
            top_down=not inverse,
            stride=stride,
            data=noise(y, 2 * stride),
        )
        mask = Mask(image, Point(9, 1), inverse)
        box = Rect.sized(2, 3 * y, 536, 3)
        batch.append(Drawable(surface_id=0, bbox=box, op=Fill(Brush(1, 0x123456), PUT, mask)))
        part = SurfaceImage(id=1, flags=0, width=540, height=8, surface_id=0)
        batch.append(Drawable(surface_id=0, bbox=box, op=Copy(part, Rect.sized(4, 2, 536, 3), 32, 0, mask)))
    compare(make_canvas, {0: SurfaceSpec(540, 8, target)}, 19, batch)


def test_a_refused_command_does_not_stop_the_rest(make_canvas: CanvasMaker) -> None:
    fill = Fill(Brush(1, 0xABCDEF), PUT, NO_MASK)
    batch = [
        Drawable(surface_id=0, bbox=Rect(0, 0, 9, 4), op=fill),
        Drawable(surface_id=0, bbox=Rect(-1, 0, 4, 4), op=fill),
        Drawable(surface_id=0, bbox=Rect(2, 2, 2, 4), op=fill),
        Drawable(surface_id=0, bbox=Rect(0, 0, 4, 4), op=fill),
    ]
    compare(make_canvas, {0: SurfaceSpec(8, 8, SurfaceFormat.XRGB32)}, 23, batch, at_once=True)
