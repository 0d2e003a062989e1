"""The canvases that the conformance suite runs on: every backend that can be made here."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from gspice.gpu.backends import GPU_BACKENDS, load, why_missing
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.select import CPU

CanvasMaker = Callable[[], Canvas]
BUILT = [name for name, backend in GPU_BACKENDS.items() if why_missing(backend) is None]


@pytest.fixture(scope="session", params=[CPU, *BUILT])
def make_canvas(request: pytest.FixtureRequest) -> Iterator[CanvasMaker]:
    """Makes a canvas without surfaces; the test closes it. Those of one GPU backend share a device."""
    name: str = request.param
    if name == CPU:
        yield CpuCanvas
        return
    # Only where a GPU backend is tested is it imported.
    from gspice.gpu.compute.engine import EngineLimits

    small = EngineLimits(first_surfaces=1 << 18, first_data=1 << 18)
    backend = load(GPU_BACKENDS[name].canvas)
    with closing(backend.open()) as first:
        yield lambda: backend(first.device, small, owns_device=False)
