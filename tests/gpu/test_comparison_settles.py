"""Clients of a GPU canvas that finds what has changed, until it is lost and after: at rest they show the canvas."""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.pixels import SurfaceFormat
from tests.channels.settling import play
from tests.gpu.devices import APIS, open_device
from tests.gpu.failing_device import FailingDevice

LIMITS = EngineLimits(first_surfaces=1 << 18, first_data=1 << 18)
STEPS = 120


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        yield made


def played(
    device: ComputeDevice, seed: int, form: SurfaceFormat, lost_at: int | None
) -> tuple[int, int, str | None]:
    """How often the device was called to make the canvas, and in all; and why it was lost."""
    faulty = FailingDevice(device, lost_at)
    with closing(FailoverCanvas(ComputeCanvas(faulty, LIMITS, owns_device=False), CpuCanvas())) as canvas:
        made = len(faulty.calls)
        play(seed, STEPS, surface_format=form, canvas=canvas)
        return made, len(faulty.calls), canvas.lost


@pytest.mark.parametrize("form", [SurfaceFormat.XRGB32, SurfaceFormat.ARGB32, SurfaceFormat.RGB555])
@pytest.mark.parametrize("seed", range(4))
def test_at_rest_every_client_shows_the_canvas(device: ComputeDevice, seed: int, form: SurfaceFormat) -> None:
    made, calls, lost = played(device, seed, form, None)
    assert lost is None
    for part in (2, 4):
        at = Random(calls).randrange(made, made + (calls - made) // part)
        assert played(device, seed, form, at)[2]
