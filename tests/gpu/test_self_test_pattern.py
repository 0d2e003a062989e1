"""The picture of the self-test has every operation in it, and every step changes pixels of its own cell alone."""

import pytest

from gspice.geometry import Rect
from gspice.gpu import self_test_pattern as pattern
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops


def test_every_operation_and_every_bitmap_is_there() -> None:
    drawn = [op for step in pattern.steps(SurfaceFormat.XRGB32) for _, op in step.ops]
    known = {kind for kind in vars(ops).values() if isinstance(kind, type) and issubclass(kind, ops.Op)}
    assert {type(op) for op in drawn} == known - {ops.Op, ops.Nop}
    sources = [op.src for op in drawn if isinstance(op, ops.Copy)]
    formats = {image.format for image in sources if isinstance(image, ops.BitmapImage)}
    assert formats == set(BitmapFormat) - {BitmapFormat.A8}
    assert any(isinstance(image, ops.SurfaceImage) for image in sources)


@pytest.mark.parametrize("surface_format", SurfaceFormat)
def test_every_step_is_drawn_inside_its_cell(surface_format: SurfaceFormat) -> None:
    spec = pattern.spec(surface_format)
    canvas = CpuCanvas()
    canvas.create_surface(pattern.SOURCE_ID, pattern.SOURCE_SPEC)
    canvas.create_surface(0, spec)
    names, cells = set(), set()
    for step in pattern.steps(surface_format):
        assert Rect(0, 0, spec.width, spec.height).contains(step.cell)
        names.add(step.name)
        cells.add(step.cell)
        for drawable, outcome in zip(step.drawables(0), canvas.submit(step.drawables(0)), strict=True):
            assert step.cell.contains(drawable.bbox)
            assert outcome.drawn, f"{step.name}: {outcome.reason}"
            assert outcome.rects or step.name == "alpha 0"
    assert len(names) == len(cells) == len(pattern.steps(surface_format))


def test_it_is_the_same_each_time() -> None:
    assert pattern.noise(3, 8) == pattern.noise(3, 8) != pattern.noise(4, 8)
    first, again = (pattern.bitmap(BitmapFormat.BIT4_BE, 7) for _ in range(2))
    assert first.data == again.data and not first.top_down
