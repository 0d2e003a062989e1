"""Which pixels of the client's surfaces are not what the server drew, for something could not be decoded."""

from collections.abc import Iterable

from gspice.geometry import Rect
from gspice.qxl import ops
from gspice.region import Region
from gspice.wire.enums import Ropd

_READS_DESTINATION = Ropd.OP_OR | Ropd.OP_AND | Ropd.OP_XOR | Ropd.OP_INVERS
_WRITES = Ropd.OP_PUT | Ropd.OP_BLACKNESS | Ropd.OP_WHITENESS


class UnknownPixels:
    """The unknown part of each surface.

    It grows by what is not drawn or reads unknown pixels, follows copies, and shrinks where something opaque
    is drawn over it.
    """

    def __init__(self) -> None:
        self._regions: dict[int, Region] = {}

    def of(self, surface_id: int) -> Region:
        """The unknown part of a surface."""
        return self._regions.get(surface_id, Region()).copy()

    def lost(self, surface_id: int, rects: Iterable[Rect]) -> None:
        """These pixels of a surface are unknown now."""
        region = self._regions.setdefault(surface_id, Region())
        for rect in rects:
            region.add(rect)
        self._tidy(surface_id)

    def forget(self, surface_id: int) -> None:
        """The surface is gone."""
        self._regions.pop(surface_id, None)

    def drawn(self, drawable: ops.Drawable, rects: Iterable[Rect]) -> None:
        """A drawable was drawn and changed these rectangles."""
        rects = list(rects)
        if not self._regions or not rects:
            return
        if isinstance(drawable.op, ops.CopyBits):
            self._moved(drawable, drawable.op, rects)
        elif isinstance(drawable.op, ops.Copy) and _plain(drawable, drawable.op):
            self._copied(drawable, drawable.op, rects)
        elif self._reads_unknown(drawable.op):
            self.lost(drawable.surface_id, rects)
        elif drawable.surface_id in self._regions and _opaque(drawable.op):
            for rect in rects:
                self._regions[drawable.surface_id].subtract(rect)
            self._tidy(drawable.surface_id)

    def _moved(self, drawable: ops.Drawable, op: ops.CopyBits, rects: list[Rect]) -> None:
        region = self._regions.get(drawable.surface_id)
        if region is None:
            return
        target = Region(rects)
        moved = region.copy()
        moved.translate(drawable.bbox.left - op.src.x, drawable.bbox.top - op.src.y)
        moved.intersect_region(target)
        region.subtract_region(target)
        region.add_region(moved)
        self._tidy(drawable.surface_id)

    def _copied(self, drawable: ops.Drawable, op: ops.Copy, rects: list[Rect]) -> None:
        """Pixels of a surface, one by one, are elsewhere now: those of them are unknown that were."""
        assert isinstance(op.src, ops.SurfaceImage)
        source = self._regions.get(op.src.surface_id)
        copied = Region(rects)
        unknown = source.copy() if source is not None else Region()
        unknown.translate(drawable.bbox.left - op.src_area.left, drawable.bbox.top - op.src_area.top)
        unknown.intersect_region(copied)
        target = self._regions.setdefault(drawable.surface_id, Region())
        target.subtract_region(copied)
        target.add_region(unknown)
        self._tidy(drawable.surface_id)

    def _reads_unknown(self, op: ops.Op) -> bool:
        source = getattr(op, "src", None)
        if self._unknown_in(source, getattr(op, "src_area", None)):
            return True
        mask = getattr(op, "mask", None)
        brush = getattr(op, "brush", None)
        others = (mask.image if isinstance(mask, ops.Mask) else mask, brush.pattern if brush else None)
        return any(self._unknown_in(image, None) for image in others)

    def _unknown_in(self, image: object, area: Rect | None) -> bool:
        if not isinstance(image, ops.SurfaceImage) or image.surface_id not in self._regions:
            return False
        return area is None or self._regions[image.surface_id].overlaps(area)

    def _tidy(self, surface_id: int) -> None:
        if not self._regions[surface_id]:
            del self._regions[surface_id]


def _opaque(op: ops.Op) -> bool:
    """Whether the op's pixels do not depend on what was there; False where that is not sure."""
    if not isinstance(op, ops.Fill | ops.Copy | ops.Blackness | ops.Whiteness) or op.mask.image is not None:
        return False
    if isinstance(op, ops.Fill | ops.Copy):
        return bool(op.ropd & _WRITES) and not op.ropd & _READS_DESTINATION
    return True


def _plain(drawable: ops.Drawable, op: ops.Copy) -> bool:
    """Whether it puts a surface's pixels somewhere just as they are."""
    same_size = op.src_area.width == drawable.bbox.width and op.src_area.height == drawable.bbox.height
    return (
        isinstance(op.src, ops.SurfaceImage)
        and same_size
        and op.ropd == Ropd.OP_PUT
        and op.mask.image is None
    )
