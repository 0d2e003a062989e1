"""The canvas of a worker: whatever the operator asked for and the GPU's driver does, there is one."""

import logging
import threading
import time
from collections.abc import Callable

from gspice.errors import ConfigError, GpuError
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.canvas import Canvas
from gspice.gpu.select import cpu_instead_of, select_canvas

log = logging.getLogger(__name__)

TRY_LIMIT_S = 8.0
"""For trying all devices together. The host's first calls wait that long, and give up a little later."""


class TimeLimit:
    """Runs what may hang in threads of its own, all of them together for so long; then it is left to itself."""

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._end = clock() + limit_s

    def __call__(self, function: Callable[[], None]) -> None:
        """What ``function`` raises is raised here. GpuError: the time is up, and it may still be running."""
        errors: list[BaseException] = []

        def run() -> None:
            try:
                function()
            except BaseException as error:
                errors.append(error)

        left = self._end - self._clock()
        if left > 0:
            thread = threading.Thread(target=run, name="gpu-trial", daemon=True)
            thread.start()
            thread.join(left)
            if not thread.is_alive():
                if errors:
                    raise errors[0]
                return
        raise GpuError(f"the GPU's driver did not come round within {self._limit_s:g} s")


def open_worker_canvas(renderer: str, device: str | None, budgets: GpuBudgets | None = None) -> Canvas:
    """The canvas that ``select_canvas`` gives, or the CPU's where that cannot be had; the log says why.

    Called on the worker's thread, which the canvas belongs to.
    """
    try:
        return select_canvas(renderer, device=device, guard=TimeLimit(TRY_LIMIT_S), budgets=budgets)
    except ConfigError as error:
        # The machine may have started: it is better shown by the CPU than not at all.
        log.error("%s; the CPU draws instead", error)
        return cpu_instead_of(renderer, str(error))
