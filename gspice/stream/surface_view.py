"""Where one client's picture of a surface lags behind the canvas, and what brings it up to date.

Every drawable is noted once, in order, after the canvas has drawn it. The invariant: outside ``stale``, the client's
pixels, once it has taken all that is queued, equal the canvas. Captures happen between batches only, so a capture never
holds a drawable that is still to be noted.
"""

from collections.abc import Iterable, Sequence

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceSpec
from gspice.qxl.ops import Blackness, CopyBits, Drawable, Fill, Invers, Whiteness
from gspice.region import Region

BRUSH_SOLID = 1
ROPD_OP_PUT = 8

MAX_RECTS = 32
"""Beyond this many stale rectangles, a few wide ones cost less than many messages."""


class SurfaceView:
    """One surface as one client has it."""

    def __init__(self, spec: SurfaceSpec) -> None:
        self.spec = spec
        self.bounds = Rect(0, 0, spec.width, spec.height)
        self.stale = Region([self.bounds])
        """What must be captured and sent; the whole surface at first."""

    def note(self, drawable: Drawable, rects: Sequence[Rect], *, may_forward: bool) -> bool:
        """Take a drawn drawable into account; true: it must now be sent as a drawing command.

        ``rects`` are the pixels that it may have changed (``DrawOutcome.rects``). With ``may_forward`` false,
        or where its pixels are as cheap, the area just becomes stale.
        """
        if not rects:
            return False
        if may_forward:
            op = drawable.op
            if isinstance(op, CopyBits):
                return self._note_copy_bits(drawable.bbox, op.src, rects)
            if _is_opaque(op):
                for rect in rects:
                    self.stale.subtract(rect)
                return True
            if _is_in_place(op):
                return True  # what was stale stays stale, what was not is changed alike on both sides
        self.add(rects)
        return False

    def add(self, rects: Iterable[Rect]) -> None:
        """Say that the client's pixels there are no longer the canvas's."""
        self.stale.add_region(Region(rects))

    def _note_copy_bits(self, bbox: Rect, src: Point, rects: Sequence[Rect]) -> bool:
        dx, dy = src.x - bbox.left, src.y - bbox.top
        target = Region(rects)
        if not self.bounds.contains(target.extents.translate(dx, dy)):
            self.add(rects)  # reads beyond the surface: clients differ in what they do then
            return False
        moved = self.stale.copy()
        moved.translate(-dx, -dy)
        moved.intersect_region(target)
        if 2 * moved.area > target.area:
            self.add(rects)
            return False
        # What the client copies from stale pixels is stale where it lands; the rest is now right.
        self.stale.subtract_region(target)
        self.stale.add_region(moved)
        return True

    def take(self, max_pixels: int) -> list[Rect]:
        """Remove up to about ``max_pixels`` of stale area, top first, as rectangles to capture now.

        At least one rectangle comes back while anything is stale; none is larger than ``max_pixels`` unless one
        row already is.
        """
        taken: list[Rect] = []
        left = max_pixels
        for rect in merge(self.stale, MAX_RECTS):
            if taken and left <= 0:
                break
            rows = max(1, min(rect.height, left // max(rect.width, 1)))
            part = Rect(rect.left, rect.top, rect.right, rect.top + rows)
            self.stale.subtract(part)
            taken.append(part)
            left -= part.area
        return taken


def merge(region: Region, limit: int) -> list[Rect]:
    """The region as at most about ``limit`` rectangles that cover it, at the price of some pixels more.

    They may overlap what is not in the region, and each other only in such pixels.
    """
    rects = region.rects()
    if len(rects) <= limit:
        return rects
    # Bands of equal height over the extents, each cut down to what is stale inside it.
    extents = region.extents
    band_height = max(1, -(-extents.height // limit))
    merged = []
    for top in range(extents.top, extents.bottom, band_height):
        band = region.copy()
        band.intersect(Rect(extents.left, top, extents.right, min(top + band_height, extents.bottom)))
        if band:
            merged.append(band.extents)
    return merged


def _is_opaque(op: object) -> bool:
    """Whether it sets its pixels without reading any, from a few bytes."""
    match op:
        case Fill():
            return op.brush.type == BRUSH_SOLID and op.ropd == ROPD_OP_PUT and op.mask.image is None
        case Blackness() | Whiteness():
            return op.mask.image is None
    return False


def _is_in_place(op: object) -> bool:
    """Whether each pixel's new value depends on that pixel alone, and the op takes a few bytes."""
    match op:
        case Fill():
            return op.brush.type == BRUSH_SOLID and op.mask.image is None
        case Invers():
            return op.mask.image is None
    return False
