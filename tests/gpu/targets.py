"""Targets for planners, on surfaces of main memory."""

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.painter import CpuPainter
from gspice.gpu.plans.images import Target
from gspice.gpu.plans.sources import Surfaces
from gspice.pixels import SurfaceSpec
from gspice.qxl.ops import Drawable, Nop

PAINTER = CpuPainter()


def target_of(
    surface: Surface, spec: SurfaceSpec, area: list[Rect], surfaces: Surfaces | None = None
) -> Target:
    """Of a command whose bounding box is the whole surface."""
    drawable = Drawable(surface_id=0, bbox=Rect(0, 0, spec.width, spec.height), op=Nop())
    return Target(surface, spec, drawable, area, surfaces or {}, PAINTER)
