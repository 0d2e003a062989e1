"""The canvases that the conformance suite runs on: all of them, on a GPU where there is one, else in software."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from gspice.errors import ConfigError
from gspice.gpu.backends import GPU_BACKENDS, load, why_missing
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.select import CPU
from tests.gpu.devices import missing

CanvasMaker = Callable[[], Canvas]


@pytest.fixture(scope="session", params=[CPU, *GPU_BACKENDS])
def make_canvas(request: pytest.FixtureRequest) -> Iterator[CanvasMaker]:
    """Makes a canvas without surfaces; the test closes it. Those of one GPU backend share a device."""
    name: str = request.param
    if name == CPU:
        yield CpuCanvas
        return
    if reason := why_missing(GPU_BACKENDS[name]):
        missing(name, reason)
    # Only where a GPU backend is tested is it imported.
    from gspice.gpu.compute.engine import EngineLimits

    small = EngineLimits(first_surfaces=1 << 18, first_data=1 << 18)
    backend = load(GPU_BACKENDS[name].canvas)
    try:
        opened = backend.open()
    except ConfigError as error:
        missing(name, error)
    with closing(opened) as first:
        yield lambda: backend(first.device, small, owns_device=False)
