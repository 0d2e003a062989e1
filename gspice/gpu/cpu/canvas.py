"""The canvas that draws in main memory: the oracle of all others, and what is used where there is no GPU."""

import platform
from collections.abc import Callable, Sequence

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas, CanvasCaps, DrawOutcome
from gspice.gpu.cpu import kernels
from gspice.gpu.cpu.rops import ROP_CLEAR, ROP_INVERT, ROP_SET, Ropd, rop_of
from gspice.gpu.cpu.sources import mask_of, source_of, surface_source
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
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
    Mask,
    Nop,
    Op,
    Opaque,
    Rop3,
    Stroke,
    SurfaceImage,
    Text,
    Transparent,
    Whiteness,
)
from gspice.region import Region

MAX_SIDE = 32767
"""Width and height of a surface: coordinates in pixman and in clients are 16 bits wide."""
MAX_SURFACE_BYTES = 1 << 30
"""Memory of one surface: more than any guest display needs, less than what would starve the host."""

_BRUSH_NONE, _BRUSH_SOLID = 0, 1
_NOT_DRAWN = {
    Opaque: "OPAQUE",
    Blend: "BLEND",
    Rop3: "ROP3",
    Stroke: "STROKE",
    Text: "TEXT",
    Transparent: "TRANSPARENT",
    AlphaBlend: "ALPHA_BLEND",
    Composite: "COMPOSITE",
}


class CpuCanvas(Canvas):
    """Draws at once, in the caller's thread, and lets other threads run while large areas are drawn."""

    caps = CanvasCaps(
        name="cpu",
        device=platform.machine(),
        surface_formats=frozenset(SurfaceFormat),
        max_width=MAX_SIDE,
        max_height=MAX_SIDE,
    )

    def __init__(self) -> None:
        self._surfaces: dict[int, tuple[kernels.Surface, SurfaceSpec]] = {}
        self._draw: dict[type[Op], Callable[[Drawable, list[Rect]], list[Rect]]] = {
            Nop: self._nop,
            Fill: self._fill,
            Copy: self._copy,
            CopyBits: self._copy_bits,
            Blackness: self._blackness,
            Whiteness: self._whiteness,
            Invers: self._invers,
        }

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """See Canvas; a ``stride`` of 0: rows without padding. GuestError also where memory is used up."""
        width, height, surface_format = spec
        if surface_id in self._surfaces:
            raise GuestError(f"surface {surface_id} exists already")
        if surface_format not in self.caps.surface_formats:
            raise GuestError(f"surface {surface_id} of unknown format {surface_format}")
        if not (0 < width <= self.caps.max_width and 0 < height <= self.caps.max_height):
            raise GuestError(f"surface {surface_id} of {width}x{height}: sides go from 1 to {MAX_SIDE}")
        bits = surface_format.bits_per_pixel
        tight = row_bytes(width, bits)
        if tight * height > MAX_SURFACE_BYTES:
            raise GuestError(f"surface {surface_id} of {width}x{height} takes over {MAX_SURFACE_BYTES} bytes")
        try:
            surface = kernels.Surface(width, height, bits)
            if data is not None:
                surface.load(data, stride or tight)
        except MemoryError as error:
            raise GuestError(f"surface {surface_id}: {error}") from error
        except (ValueError, OverflowError) as error:
            raise GuestError(f"data of surface {surface_id}: {error}") from error
        self._surfaces[surface_id] = surface, SurfaceSpec(width, height, surface_format)

    def destroy_surface(self, surface_id: int) -> None:
        """See Canvas."""
        if self._surfaces.pop(surface_id, None) is None:
            raise GuestError(f"surface {surface_id} does not exist")

    def surfaces(self) -> dict[int, SurfaceSpec]:
        """See Canvas."""
        return {surface_id: spec for surface_id, (_, spec) in self._surfaces.items()}

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """See Canvas. What is not drawn says why: an op not known here, or a command that makes no sense."""
        return [self._outcome(drawable) for drawable in batch]

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """See Canvas; the rows have no padding."""
        surface, spec = self._find(surface_id)
        try:
            data = surface.read(rect)
        except (ValueError, OverflowError) as error:
            raise GuestError(f"surface {surface_id}: {error}") from error
        return Pixels(rect.width, rect.height, row_bytes(rect.width, surface.bits), spec.format, data)

    def close(self) -> None:
        """Free all surfaces."""
        self._surfaces.clear()

    def _find(self, surface_id: int) -> tuple[kernels.Surface, SurfaceSpec]:
        found = self._surfaces.get(surface_id)
        if found is None:
            raise GuestError(f"surface {surface_id} does not exist")
        return found

    def _outcome(self, drawable: Drawable) -> DrawOutcome:
        op = type(drawable.op)
        try:
            draw = self._draw.get(op)
            if draw is None:
                name = _NOT_DRAWN.get(op, op.__name__)
                raise GuestError(f"operation {name} is not drawn by the cpu canvas")
            return DrawOutcome(tuple(draw(drawable, self._area(drawable))), True)
        except (GuestError, MemoryError) as error:
            return DrawOutcome((), False, str(error))

    def _area(self, drawable: Drawable) -> list[Rect]:
        """Where a drawable may draw, as disjoint banded rectangles."""
        bbox = drawable.bbox
        _, spec = self._find(drawable.surface_id)
        if bbox.empty:
            raise GuestError(f"bounding box {tuple(bbox)} is empty")
        if not Rect(0, 0, spec.width, spec.height).contains(bbox):
            raise GuestError(f"bounding box {tuple(bbox)} is not inside {spec.width}x{spec.height}")
        if drawable.clip is None:
            return [bbox]
        seen = [part for part in map(bbox.intersect, drawable.clip) if not part.empty]
        return seen if len(seen) < 2 else Region(seen).rects()

    def _nop(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        return []

    def _fill(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op = drawable.op
        assert isinstance(op, Fill)
        if op.brush.type not in (_BRUSH_NONE, _BRUSH_SOLID):
            raise GuestError(f"FILL with a brush of type {op.brush.type} is not drawn by the cpu canvas")
        # The colour is a pixel of the surface as it stands: 16-bit surfaces take its low 16 bits, not RRGGBB.
        # So do spice's canvas and its clients.
        color = op.brush.color if op.brush.type == _BRUSH_SOLID else 0
        return self._solid(drawable, area, color, rop_of(op.ropd, Ropd.INVERS_BRUSH), op.mask)

    def _blackness(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op = drawable.op
        assert isinstance(op, Blackness)
        return self._solid(drawable, area, 0, ROP_CLEAR, op.mask)

    def _whiteness(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op = drawable.op
        assert isinstance(op, Whiteness)
        return self._solid(drawable, area, 0, ROP_SET, op.mask)

    def _invers(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op = drawable.op
        assert isinstance(op, Invers)
        return self._solid(drawable, area, 0, ROP_INVERT, op.mask)

    def _solid(self, drawable: Drawable, area: list[Rect], color: int, rop: int, mask: Mask) -> list[Rect]:
        surface, _ = self._find(drawable.surface_id)
        bits, area, dx, dy = self._masked(drawable, area, mask)
        if area:
            kernels.fill(surface, area, color, rop, bits, dx, dy)
        return area

    def _copy(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op, bbox = drawable.op, drawable.bbox
        assert isinstance(op, Copy)
        part = op.src_area
        if (part.width, part.height) != (bbox.width, bbox.height):
            raise GuestError(f"scaled COPY ({tuple(part)} to {tuple(bbox)}) is not drawn by the cpu canvas")
        surface, spec = self._find(drawable.surface_id)
        source = source_of(op.src, spec.format, self._surfaces)
        if not Rect(0, 0, source.width, source.height).contains(part):
            raise GuestError(f"source area {tuple(part)} is not inside {source.width}x{source.height}")
        dx, dy = bbox.left - part.left, bbox.top - part.top
        if isinstance(op.src, SurfaceImage) and op.src.surface_id == drawable.surface_id:
            # From and to may overlap, and every pixel is to be read before any is written.
            before = SurfaceSpec(part.width, part.height, spec.format)
            source = surface_source(surface.read(part), before, spec.format)
            dx, dy = bbox.left, bbox.top
        bits, area, mask_dx, mask_dy = self._masked(drawable, area, op.mask)
        if area:
            rop = rop_of(op.ropd, Ropd.INVERS_SRC)
            kernels.blit(surface, area, source, dx, dy, rop, bits, mask_dx, mask_dy)
        return area

    def _copy_bits(self, drawable: Drawable, area: list[Rect]) -> list[Rect]:
        op, bbox = drawable.op, drawable.bbox
        assert isinstance(op, CopyBits)
        surface, spec = self._find(drawable.surface_id)
        dx, dy = bbox.left - op.src.x, bbox.top - op.src.y
        if dx == dy == 0:
            return []
        # Pixels that would come from outside the surface stay as they are.
        readable = Rect.sized(dx, dy, spec.width, spec.height)
        area = _within(area, readable)
        if area:
            kernels.move(surface, area, dx, dy)
        return area

    def _masked(
        self, drawable: Drawable, area: list[Rect], mask: Mask
    ) -> tuple[kernels.Source | None, list[Rect], int, int]:
        """The mask, the area it lies on and where its origin comes to lie; outside of it nothing is drawn."""
        source = mask_of(mask, self._surfaces)
        if source is None:
            return None, area, 0, 0
        origin = Point(drawable.bbox.left - mask.pos.x, drawable.bbox.top - mask.pos.y)
        return source, _within(area, Rect.sized(*origin, source.width, source.height)), *origin


def _within(area: list[Rect], limit: Rect) -> list[Rect]:
    return [part for part in (rect.intersect(limit) for rect in area) if not part.empty]
