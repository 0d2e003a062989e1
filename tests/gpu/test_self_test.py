"""Every fault that a canvas can have is found and told; a canvas without one passes and is left empty."""

from collections.abc import Callable, Sequence

import pytest

from gspice.errors import GpuLostError, GuestError
from gspice.geometry import Rect
from gspice.gpu import self_test_pattern as pattern
from gspice.gpu.canvas import CanvasCaps, Changes, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.self_test import first_difference
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import CopyBits, Drawable, Nop, Text
from tests.gpu.failing_canvas import fill

Change = Callable[[Drawable], Drawable | None]


class Faulty(CpuCanvas):
    """Draws other commands than it is given; outcomes are those of the right ones."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        drawn = [self._change(drawable) for drawable in batch]
        outcomes = super().submit([one or _nothing(of) for one, of in zip(drawn, batch, strict=True)])
        return [
            DrawOutcome((of.bbox,), True) if one is not of else outcome
            for one, of, outcome in zip(drawn, batch, outcomes, strict=True)
        ]


def _nothing(drawable: Drawable) -> Drawable:
    return Drawable(surface_id=drawable.surface_id, bbox=drawable.bbox, op=Nop())


def test_a_right_canvas_passes_and_is_empty_again() -> None:
    canvas, reference = CpuCanvas(), CpuCanvas()
    assert first_difference(canvas, reference) is None
    assert canvas.surfaces() == reference.surfaces() == {}


STEPS = [
    (surface_format, step)
    for surface_format in (SurfaceFormat.XRGB32, SurfaceFormat.RGB565)
    for step in pattern.steps(surface_format)
    if step.name != "alpha 0"
]


@pytest.mark.parametrize(("surface_format", "step"), STEPS, ids=lambda value: getattr(value, "name", None))
def test_each_step_that_is_left_out_is_named(surface_format: SurfaceFormat, step: pattern.Step) -> None:
    surface_id = pattern.SPECS[surface_format]

    def leave_out(drawable: Drawable) -> Drawable | None:
        mine = drawable.surface_id == surface_id and step.cell.contains(drawable.bbox)
        return None if mine else drawable

    found = first_difference(Faulty(leave_out), CpuCanvas())
    assert found is not None
    assert found.startswith(f"{step.name} on a surface of {surface_format.name}: pixel (")


def test_an_order_that_is_turned_round_is_found() -> None:
    class Backwards(CpuCanvas):
        def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
            return super().submit(batch[::-1])[::-1]

    assert first_difference(Backwards(), CpuCanvas()) is not None


def test_copies_that_read_what_they_have_just_written_are_found() -> None:
    def twice(drawable: Drawable) -> Drawable:
        if not isinstance(drawable.op, CopyBits):
            return drawable
        return Drawable(
            surface_id=drawable.surface_id,
            bbox=Rect(*drawable.bbox[:3], drawable.bbox.bottom - 1),
            op=drawable.op,
            clip=drawable.clip,
        )

    found = first_difference(Faulty(twice), CpuCanvas())
    assert found is not None and found.startswith("copy-bits")


class Off(CpuCanvas):
    """Reads pixels that differ a little from those drawn."""

    def __init__(self, cells: Callable[[pattern.Step], bool], by: int) -> None:
        super().__init__()
        self._steps = [step for step in pattern.steps(SurfaceFormat.XRGB32) if cells(step)]
        self._by = by

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        pixels = super().read(surface_id, rect)
        if surface_id != pattern.SPECS[SurfaceFormat.XRGB32] or rect.left:
            return pixels
        data = bytearray(pixels.data)
        for step in self._steps:
            at = (step.cell.top + 9) * pixels.stride + 4 * (step.cell.left + 9)
            data[at + 1] = (
                data[at + 1] + self._by if data[at + 1] + self._by < 256 else data[at + 1] - self._by
            )
        return pixels._replace(data=bytes(data))


def test_samples_between_pixels_may_differ_by_one_and_no_more() -> None:
    assert first_difference(Off(lambda step: step.near, 1), CpuCanvas()) is None
    found = first_difference(Off(lambda step: step.near, 2), CpuCanvas())
    assert found is not None and "scaled" in found and "pixel (9, 9) of its cell is 0x" in found
    found = first_difference(Off(lambda step: not step.near, 1), CpuCanvas())
    assert found is not None and found.startswith("fill, put on a surface of XRGB32")


def test_what_is_not_drawn_is_told_with_the_reason() -> None:
    class NoText(CpuCanvas):
        def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
            return [
                DrawOutcome((), False, "no fonts") if isinstance(drawable.op, Text) else outcome
                for drawable, outcome in zip(batch, super().submit(batch), strict=True)
            ]

    found = first_difference(NoText(), CpuCanvas())
    assert found is not None
    assert found.startswith("text of 1 bits on a surface of RGB555: not drawn (no fonts), not drawn in (")


def test_areas_that_are_not_told_are_a_fault() -> None:
    class Secretive(CpuCanvas):
        def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
            return [DrawOutcome((), one.drawn, one.reason) for one in super().submit(batch)]

    found = first_difference(Secretive(), CpuCanvas())
    assert found is not None and "drawn in no pixel, not drawn in (" in found


class Keeps(CpuCanvas):
    """New surfaces are as the memory was."""

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        super().create_surface(surface_id, spec, data, stride)
        if data is None:
            super().submit([fill(surface_id, Rect(3, 3, 4, 4), 1)])


class Remembers(CpuCanvas):
    """Reads what is gone."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        try:
            return super().read(surface_id, rect)
        except GuestError:
            return Pixels(1, 1, 4, SurfaceFormat.XRGB32, bytes(4))


class Shifts(CpuCanvas):
    """A part is read from another place."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return super().read(surface_id, rect.translate(-1, 0) if rect.left else rect)


@pytest.mark.parametrize(
    ("canvas", "words"),
    [
        (Keeps(), "a new surface is not black"),
        (Remembers(), "can still be read"),
        (Shifts(), "reading a part of a surface of A1"),
    ],
)
def test_faults_of_surfaces(canvas: CpuCanvas, words: str) -> None:
    found = first_difference(canvas, CpuCanvas())
    assert found is not None and words in found
    assert canvas.surfaces() == {}


def test_formats_that_a_canvas_does_not_have_are_not_asked_for() -> None:
    class Few(CpuCanvas):
        caps = CanvasCaps(
            name="few",
            device="",
            surface_formats=frozenset({SurfaceFormat.XRGB32, SurfaceFormat.ARGB32}),
            max_width=400,
            max_height=400,
        )

    assert first_difference(Few(), CpuCanvas()) is None


def test_errors_come_through_and_slow_ones_are_left() -> None:
    class Lost(CpuCanvas):
        def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
            raise GpuLostError("gone")

    reference = CpuCanvas()
    with pytest.raises(GpuLostError):
        first_difference(Lost(), reference)
    assert reference.surfaces() == {}
    answers = iter([True, True, False])
    assert first_difference(CpuCanvas(), reference, go_on=lambda: next(answers)) == "it takes too long"
    assert reference.surfaces() == {}


class Forgetful(CpuCanvas):
    """Tells what has changed, but for the last rows."""

    missed = 0

    def changes(self, surface_id: int, rects: Sequence[Rect], since: object | None) -> Changes | None:
        spec = self.surfaces()[surface_id]
        if spec.format is SurfaceFormat.A1:
            return None
        pixels = self.read(surface_id, Rect(0, 0, spec.width, spec.height))
        told = [rect._replace(bottom=rect.bottom - (self.missed if since else 0)) for rect in rects]
        return Changes("a stamp", memoryview(pixels.data), pixels.stride, told)


@pytest.mark.parametrize("missed", [0, 20])
def test_changes_that_are_not_told_are_found(missed: int) -> None:
    canvas = Forgetful()
    canvas.missed = missed
    found = first_difference(canvas, CpuCanvas())
    assert (found is None) == (not missed)
    if found:
        assert found == "what has changed on a surface of A8 is not all that has"
