"""Choosing the canvas backend by the name that the operator gave."""

import logging
from collections.abc import Callable

from gspice.errors import ConfigError
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas

log = logging.getLogger(__name__)

AUTO = "auto"
_BACKENDS: dict[str, Callable[[], Canvas]] = {"cpu": CpuCanvas}


def backend_names() -> tuple[str, ...]:
    """What the operator may ask for."""
    return (*_BACKENDS, AUTO)


def select_canvas(name: str = AUTO) -> Canvas:
    """Make a canvas of the named backend; the caller closes it. ConfigError: there is no such backend."""
    wanted, reason = ("cpu", "no GPU backend is built in") if name == AUTO else (name, "asked for")
    backend = _BACKENDS.get(wanted)
    if backend is None:
        raise ConfigError(f"no canvas backend {name!r}: choose one of {', '.join(backend_names())}")
    canvas = backend()
    log.info("canvas: %s on %s (%s)", canvas.caps.name, canvas.caps.device, reason)
    return canvas
