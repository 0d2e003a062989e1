"""Which planner plans which operation, and what is checked of every command before."""

from collections.abc import Callable

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.plans import blending, painting
from gspice.gpu.plans.images import Target
from gspice.gpu.plans.painter import AnyPainter
from gspice.gpu.plans.painting import Plan
from gspice.gpu.plans.reads import Decoder, decoded, needs_decoding
from gspice.gpu.plans.sources import Surfaces
from gspice.qxl.ops import (
    AlphaBlend,
    Blackness,
    Blend,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Invers,
    Nop,
    Op,
    Opaque,
    Rop3,
    Stroke,
    Text,
    Transparent,
    Whiteness,
)
from gspice.region import Region

PLANNERS: dict[type[Op], Callable[[Target], Plan]] = {
    Nop: painting.nothing,
    Fill: painting.fill,
    Opaque: painting.opaque,
    Copy: painting.copy,
    CopyBits: painting.copy_bits,
    Blend: painting.copy,
    Blackness: painting.blackness,
    Whiteness: painting.whiteness,
    Invers: painting.invers,
    Rop3: painting.rop3,
    Transparent: painting.transparent,
    AlphaBlend: blending.alpha_blend,
    Composite: blending.render,
    Stroke: painting.stroke,
    Text: painting.text,
}


def plan(drawable: Drawable, surfaces: Surfaces, painter: AnyPainter, decode: Decoder) -> Plan:
    """How one command is drawn; nothing is drawn yet. Its ``draw`` is to be called only where there are rectangles.

    GuestError: it cannot be drawn, and this is why. MemoryError, OverflowError: nor can it, for want of memory
    or for numbers that no wire carries; ``draw`` raises the same.
    """
    op = type(drawable.op)
    planner = PLANNERS.get(op)
    if planner is None:
        raise GuestError(f"operation {op.__name__.upper()} is not drawn by the {painter.name} canvas")
    found = surfaces.get(drawable.surface_id)
    if found is None:
        raise GuestError(f"surface {drawable.surface_id} does not exist")
    surface, spec = found
    bbox = drawable.bbox
    if bbox.empty:
        raise GuestError(f"bounding box {tuple(bbox)} is empty")
    if not Rect(0, 0, spec.width, spec.height).contains(bbox):
        raise GuestError(f"bounding box {tuple(bbox)} is not inside {spec.width}x{spec.height}")
    area = visible(drawable)
    if not needs_decoding(drawable.op):
        return planner(Target(surface, spec, drawable, area, surfaces, painter))

    # Decoded one at a time: the pixels of a whole batch may take more memory than there is.
    def draw() -> None:
        bitmaps = decoded(drawable, decode)
        ready = planner(Target(surface, spec, bitmaps, area, surfaces, painter))
        if ready.rects:
            ready.draw()

    return Plan(area, draw, certain=False)


def visible(drawable: Drawable) -> list[Rect]:
    """Where a drawable may draw, as disjoint banded rectangles."""
    if drawable.clip is None:
        return [drawable.bbox]
    seen = [part for part in map(drawable.bbox.intersect, drawable.clip) if not part.empty]
    return seen if len(seen) < 2 else Region(seen).rects()
