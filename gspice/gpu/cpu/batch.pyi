"""Drawing a batch of commands: the common ones in C, the others by plans, what is covered later not at all."""

from collections.abc import Callable, Iterable, Sequence

from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.painting import Plan
from gspice.pixels import SurfaceSpec
from gspice.qxl.ops import Drawable

def draw_batch(
    surfaces: dict[int, tuple[Surface, SurfaceSpec]],
    batch: Sequence[Drawable],
    plan: Callable[[Drawable], Plan],
    area: Callable[[Drawable], list[Rect]],
    reads: Callable[[Drawable], Iterable[int]],
) -> tuple[list[DrawOutcome], int]:
    """Draw in order; the outcomes, and how many commands were not drawn because later ones cover them whole.

    Those count as drawn: their rectangles are told. All plans are made before anything is drawn. ``area``: where
    a drawable may draw. ``reads``: ids of surfaces that a planned command reads, its own only where it reads more
    than it draws on. Plans raise GuestError, MemoryError or OverflowError (numbers that no wire
    carries) for what is then not drawn.
    """
