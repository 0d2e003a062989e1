"""The canvases that the conformance suite runs on: every backend that can be made here."""

from collections.abc import Callable

import pytest

from gspice.gpu.backends import GPU_BACKENDS, why_missing
from gspice.gpu.canvas import Canvas
from gspice.gpu.select import CPU, open_canvas

CanvasMaker = Callable[[], Canvas]
BUILT = [name for name, backend in GPU_BACKENDS.items() if why_missing(backend) is None]


@pytest.fixture(scope="session", params=[CPU, *BUILT])
def make_canvas(request: pytest.FixtureRequest) -> CanvasMaker:
    """Makes a canvas without surfaces; the test closes it."""
    name: str = request.param
    return lambda: open_canvas(name)
