"""Pixels where they lie: what a canvas shows without a copy is what it would have copied."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import GpuLostError, GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from tests.gpu.failing_canvas import FailingCanvas, fill

SPEC = SurfaceSpec(32, 16, SurfaceFormat.XRGB32)
BOX = Rect(0, 0, 32, 16)


def seen(canvas: Canvas, surface_id: int = 0) -> bytes:
    """A surface's view as ``read`` returns it, without padding."""
    view = canvas.view(surface_id)
    assert view is not None
    rows, stride = view
    width, height, form = canvas.surfaces()[surface_id]
    row = row_bytes(width, form.bits_per_pixel)
    return b"".join(bytes(rows[y * stride :][:row]) for y in range(height))


class HiddenCanvas(FailingCanvas):
    """Keeps its pixels somewhere else."""

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        return Canvas.view(self, surface_id)


class BlindCanvas(FailingCanvas):
    """Fails where it is asked for its pixels."""

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        raise self.error


@given(st.sampled_from(SurfaceFormat), st.integers(1, 70), st.integers(1, 9))
def test_a_view_is_what_would_be_read(form: SurfaceFormat, width: int, height: int) -> None:
    if form is SurfaceFormat.A1:
        width *= 8  # bits beyond a row's end are not pixels
    row = row_bytes(width, form.bits_per_pixel)
    data = bytes(17 * i % 251 for i in range(row * height))
    canvas = CpuCanvas()
    canvas.create_surface(3, SurfaceSpec(width, height, form), data, row)
    assert seen(canvas, 3) == canvas.read(3, Rect(0, 0, width, height)).data


def test_a_view_shows_what_is_drawn() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SPEC)
    assert seen(canvas) == bytes(32 * 16 * 4)
    canvas.submit([fill(0, Rect(1, 2, 30, 9), 0x123456)])
    assert seen(canvas) == canvas.read(0, BOX).data != bytes(32 * 16 * 4)


def test_a_view_cannot_be_written_to() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SPEC)
    view = canvas.view(0)
    assert view is not None
    rows, stride = view
    assert (rows.readonly, rows.format, rows.ndim, len(rows)) == (True, "B", 1, stride * 16)
    with pytest.raises(TypeError):
        rows[0] = 1


def test_a_view_kept_too_long_is_old_but_not_gone() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SPEC, b"\x5a" * 2048, 128)
    view = canvas.view(0)
    assert view is not None
    canvas.destroy_surface(0)
    canvas.close()
    gc.collect()
    assert bytes(view[0]) == b"\x5a" * 2048


def test_no_such_surface() -> None:
    for canvas in (CpuCanvas(), FailoverCanvas(FailingCanvas(), CpuCanvas())):
        with pytest.raises(GuestError, match="surface 5 does not exist"):
            canvas.view(5)


def test_a_canvas_elsewhere_has_no_view_until_it_is_lost() -> None:
    canvas = FailoverCanvas(HiddenCanvas(2), CpuCanvas())
    canvas.create_surface(0, SPEC)
    canvas.submit([fill(0, BOX, 0x123456)])
    assert canvas.view(0) is None
    assert canvas.lost is None
    canvas.submit([fill(0, Rect(0, 0, 5, 5), 0x654321)])
    assert canvas.lost is not None
    assert seen(canvas) == canvas.read(0, BOX).data


def test_a_view_is_passed_through_and_a_failing_one_is_a_loss() -> None:
    near = FailoverCanvas(FailingCanvas(), CpuCanvas())
    blind = FailoverCanvas(BlindCanvas(error=GpuLostError("it is gone")), CpuCanvas())
    for canvas in (near, blind):
        canvas.create_surface(0, SPEC)
        canvas.submit([fill(0, BOX, 0x123456)])
        assert seen(canvas) == b"\x56\x34\x12\x00" * (32 * 16)
    assert near.lost is None
    assert blind.lost == "GpuLostError: it is gone"
