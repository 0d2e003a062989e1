"""Budgets arrive where they count."""

import pytest

from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.allowed import device_limits, engine_limits
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import DeviceLimits
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.gpu.select import select_canvas
from tests.gpu.devices import SOFTWARE, open_device

MIB = 1 << 20


def test_without_a_word_they_are_those_of_the_parts() -> None:
    assert device_limits(GpuBudgets()) == DeviceLimits() and engine_limits(GpuBudgets()) == EngineLimits()
    assert GpuBudgets().journal * MIB == JournalLimits().held_bytes


@pytest.mark.parametrize("api", ["opengl", "vulkan"])
def test_a_canvas_has_what_was_allowed(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_device(api).close()
    made: list[tuple[Canvas, JournalLimits | None]] = []

    class Seen(FailoverCanvas):
        def __init__(self, canvas: Canvas, fallback: Canvas, limits: JournalLimits | None = None) -> None:
            made.append((canvas, limits))
            super().__init__(canvas, fallback, limits)

    monkeypatch.setattr("gspice.gpu.failover.FailoverCanvas", Seen)
    budgets = GpuBudgets(image_cache=3, comparison=4, staging=5, journal=7)
    select_canvas(api, device=SOFTWARE, budgets=budgets).close()
    ((canvas, journal),) = made
    assert isinstance(canvas, ComputeCanvas) and journal is not None
    assert canvas.limits.image_cache == 3 * MIB and canvas.limits.comparison == 4 * MIB
    assert canvas.device.limits.staging_bytes == 5 * MIB and journal.held_bytes == 7 * MIB
