"""The canvases that the conformance suite runs on: every backend that can be made here."""

from collections.abc import Callable

import pytest

from gspice.gpu.canvas import Canvas
from gspice.gpu.select import AUTO, backend_names, select_canvas

CanvasMaker = Callable[[], Canvas]


@pytest.fixture(scope="session", params=[name for name in backend_names() if name != AUTO])
def make_canvas(request: pytest.FixtureRequest) -> CanvasMaker:
    """Makes a canvas without surfaces; the test closes it."""
    name: str = request.param
    return lambda: select_canvas(name)
