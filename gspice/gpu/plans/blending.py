"""Plans for the operations that mix colours, as pixman does: ALPHA_BLEND and COMPOSITE."""

from enum import IntFlag
from typing import Any

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans import scaling
from gspice.gpu.plans.images import Origin, Target, check_picture, image_of, within
from gspice.gpu.plans.painter import Picture
from gspice.gpu.plans.painting import Plan, nothing
from gspice.gpu.plans.rops import ROP_AND
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import AlphaBlend, Composite, Image, SurfaceImage

_OP_OVER = 3
_DEST_HAS_ALPHA, _SRC_SURFACE_HAS_ALPHA = 1, 2
_OPERATORS = frozenset((*range(0x0E), *range(0x10, 0x1C), *range(0x20, 0x2C), *range(0x30, 0x3F)))
"""PIXMAN_OP_*: Porter-Duff and saturate, the disjoint ones, the conjoint ones, the blend modes."""
_PARAMETERLESS_FILTERS = range(5)
_PRIMARY = 0
_COLOUR_BITS = {SurfaceFormat.XRGB32: 0xFFFFFF, SurfaceFormat.RGB555: 0x7FFF}


class CompositeFlag(IntFlag):
    """SPICE_COMPOSITE_*: the single bits of a COMPOSITE's flags."""

    COMPONENT_ALPHA = 1 << 18
    HAS_MASK = 1 << 19
    HAS_SRC_TRANSFORM = 1 << 20
    HAS_MASK_TRANSFORM = 1 << 21
    SOURCE_OPAQUE = 1 << 22
    MASK_OPAQUE = 1 << 23
    DEST_OPAQUE = 1 << 24


def alpha_blend(target: Target) -> Plan:
    """ALPHA_BLEND: the image, already multiplied by its alpha, over what is there."""
    op, bbox = target.drawable.op, target.drawable.bbox
    assert isinstance(op, AlphaBlend)
    alpha = op.alpha & 0xFF
    if alpha == 0:
        return nothing(target)
    origin, part = image_of(target, op.src, original=True), op.src_area
    check_picture(origin)
    surface_alpha = isinstance(op.src, SurfaceImage) and bool(op.alpha_flags & _SRC_SURFACE_HAS_ALPHA)
    dest_alpha = bool(op.alpha_flags & _DEST_HAS_ALPHA)
    scaled = (part.width, part.height) != (bbox.width, bbox.height)
    way = scaling.stretch(part, bbox, scaling.NEAREST)
    area = target.area
    if not scaled:
        area = within(area, origin.bounds.translate(bbox.left - part.left, bbox.top - part.top))

    def draw() -> None:
        form = _with_alpha(origin.format, surface_alpha)
        alpha_if = _self_bitmap_alpha(target, origin)
        at = Point(0, 0)
        if scaled:
            picture = scaling.stretched(origin, form, way)
        else:
            picture, corner = origin.picture(form, part.intersect(origin.bounds))
            at = Point(part.left - corner.x, part.top - corner.y)
        dest_format = _with_alpha(target.spec.format, dest_alpha)
        if alpha_if is not False:
            picture = picture._replace(alpha_if=alpha_if)
        target.painter.composite(
            _OP_OVER,
            picture,
            target.surface,
            dest_format,
            area,
            bbox,
            src_x=at.x,
            src_y=at.y,
            alpha=alpha,
        )
        _clear_high(target, dest_format, area)

    return Plan(area, draw)


def render(target: Target) -> Plan:
    """COMPOSITE: what X's RENDER does, with an operator, a mask, transforms and filters."""
    op = target.drawable.op
    assert isinstance(op, Composite)
    operator = op.flags & 0xFF
    if operator not in _OPERATORS:
        raise GuestError(f"COMPOSITE with operator {operator}, which does not exist")
    dest_format = target.spec.format
    if dest_format in (SurfaceFormat.A1, SurfaceFormat.A8) and op.flags & CompositeFlag.DEST_OPAQUE:
        raise GuestError(f"COMPOSITE with flags {op.flags:#x} on a surface of format {dest_format.name}")
    opaque = bool(op.flags & CompositeFlag.SOURCE_OPAQUE)
    src = _Operand(target, op.src, op.src_transform, op.flags >> 14 & 3, op.flags >> 8 & 7, opaque)
    mask = None
    if op.flags & CompositeFlag.HAS_MASK and op.mask is not None:
        mask = _Operand(target, op.mask, op.mask_transform, op.flags >> 16 & 3, op.flags >> 11 & 7, False)

    def draw() -> None:
        cover = None
        if mask is not None:
            by_channel = bool(op.flags & CompositeFlag.COMPONENT_ALPHA)
            cover = mask.picture()._replace(component_alpha=by_channel)
        target.painter.composite(
            operator,
            src.picture(),
            target.surface,
            dest_format,
            target.area,
            target.drawable.bbox,
            src_x=op.src_origin.x,
            src_y=op.src_origin.y,
            mask=cover,
            mask_x=op.mask_origin.x,
            mask_y=op.mask_origin.y,
        )
        _clear_high(target, dest_format, target.area)

    return Plan(target.area, draw)


class _Operand:
    """Source or mask of a COMPOSITE."""

    def __init__(
        self,
        target: Target,
        image: Image,
        transform: tuple[int, ...] | None,
        repeat: int,
        filtering: int,
        opaque: bool,
    ) -> None:
        if filtering not in _PARAMETERLESS_FILTERS:
            raise GuestError(f"COMPOSITE with filter {filtering}, whose parameters no command carries")
        self._origin = image_of(target, image)
        check_picture(self._origin)
        self._form = self._origin.format
        self._transform, self._repeat, self._filtering = transform, repeat, filtering
        if opaque and isinstance(image, SurfaceImage):
            if self._form in (SurfaceFormat.A1, SurfaceFormat.A8):
                raise GuestError(f"COMPOSITE with an opaque source of format {self._form.name}")
            if self._form is SurfaceFormat.ARGB32:
                self._form = SurfaceFormat.XRGB32

    def picture(self) -> Picture:
        """The image, all of it, as it is to be sampled."""
        picture, _ = self._origin.picture(self._form, self._origin.bounds)
        return Picture(
            picture.pixels, self._form, picture.part, self._transform, self._repeat, self._filtering
        )


def _clear_high(target: Target, form: SurfaceFormat, area: list[Rect]) -> None:
    colour = _COLOUR_BITS.get(form)
    if colour is not None:
        # What pixman leaves in the bits that are no colour differs from one of its loops to the next.
        target.painter.fill(target.surface, area, colour, ROP_AND)


def _with_alpha(form: SurfaceFormat, wanted: bool) -> SurfaceFormat:
    return SurfaceFormat.ARGB32 if wanted and form is SurfaceFormat.XRGB32 else form


def _self_bitmap_alpha(target: Target, origin: Origin) -> Any:
    """Whether the high bytes of a self-bitmap count, as a picture takes it: off the screen they do, if any is set."""
    if not origin.self_bitmap or target.drawable.surface_id == _PRIMARY:
        return False
    if origin.format is not SurfaceFormat.XRGB32:
        return False
    return target.painter.any_high_byte(target.surface, origin.bounds)
