"""Images drawn at another size than they have: sampled as pixman does, with the arithmetic of spice's canvas."""

import math
from typing import NamedTuple

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans.images import MaskedArea, Origin, Target
from gspice.gpu.plans.painter import Picture, SourceHandle
from gspice.gpu.plans.rops import ROP_COPY
from gspice.gpu.plans.sources import surface_source
from gspice.pixels import SurfaceFormat

INTERPOLATE, NEAREST = 0, 1
OP_SRC = 1
REPEAT_NONE = 0
_FILTERS = {INTERPOLATE: 1, NEAREST: 3}
"""pixman's GOOD and NEAREST, by SPICE_IMAGE_SCALE_MODE_*."""
_FIXED_ONE = 1 << 16
_MARGIN = 2
"""Pixels around a scaled area that a filter may look at, with one to spare.

Rounding a corner moves what is read by half a drawn pixel at most, and drawn pixels are read at their centres.
"""


class Stretch(NamedTuple):
    """How an image is scaled: 16.16 source pixels for one drawn, what is read at 0, and how it is sampled."""

    step_x: int
    step_y: int
    from_x: int
    from_y: int
    origin: Point
    """Where drawing begins, in drawn pixels: pixman multiplies it by the steps."""
    filtering: int
    part: Rect
    """What can be read at most."""


def stretch(part: Rect, box: Rect, scale_mode: int) -> Stretch:
    """The way spice's canvas scales for copies, blends and colour keys."""
    filtering = _checked(part, scale_mode)
    return Stretch(
        part.width * _FIXED_ONE // box.width,
        part.height * _FIXED_ONE // box.height,
        part.left,
        part.top,
        Point(0, 0),
        filtering,
        _grown(part),
    )


def stretch_rounded(part: Rect, box: Rect, scale_mode: int, corner: Point) -> Stretch:
    """The way it scales for ternary operations: where ``part`` lies in an image is rounded to drawn pixels.

    ``corner``: where the image begins.
    """
    filtering = _checked(part, scale_mode)
    if part.empty:
        raise GuestError(f"source area {tuple(part)} is empty")
    across, down = part.width / box.width, part.height / box.height
    return Stretch(
        int(across * _FIXED_ONE),
        int(down * _FIXED_ONE),
        corner.x,
        corner.y,
        Point(
            math.floor((part.left - corner.x) / across + 0.5), math.floor((part.top - corner.y) / down + 0.5)
        ),
        filtering,
        _grown(part),
    )


def stretched(origin: Origin, form: SurfaceFormat, way: Stretch) -> Picture:
    """The image ready to be composited with ``way.origin``; call check_picture when planning."""
    part = way.part.intersect(origin.bounds)
    picture, at = origin.picture(form, origin.bounds if part.empty else part)
    left, top = way.from_x - at.x, way.from_y - at.y
    transform = (way.step_x, 0, left * _FIXED_ONE, 0, way.step_y, top * _FIXED_ONE)
    return Picture(picture.pixels, form, picture.part, transform, REPEAT_NONE, way.filtering)


def scaled_source(
    target: Target, origin: Origin, way: Stretch, area: list[Rect]
) -> tuple[SourceHandle, Point]:
    """A scaled copy of the image for the bounding box, with pixels in ``area`` at least, and where it lies."""
    box = target.drawable.bbox
    form = raw_format(origin.format)
    surface = target.painter.scratch(box.width, box.height, form.bits_per_pixel)
    whole = Rect(0, 0, box.width, box.height)
    rects = [rect.translate(-box.left, -box.top) for rect in area]
    target.painter.composite(
        OP_SRC,
        stretched(origin, form, way),
        surface,
        form,
        rects,
        whole,
        src_x=way.origin.x,
        src_y=way.origin.y,
    )
    # The high byte that was carried along is no alpha, should the target have only that.
    source = surface_source(target.painter, surface, origin.format, target.spec.format)
    return source, Point(box.left, box.top)


def put_scaled(target: Target, origin: Origin, way: Stretch, where: MaskedArea) -> None:
    """Put the scaled image; where the source area leaves the image, transparent black is put."""
    painter = target.painter
    form = raw_format(target.spec.format, target.spec.format)
    source_form = raw_format(origin.format, target.spec.format)
    box = target.drawable.bbox
    picture = stretched(origin, source_form, way)
    if where.unmasked:
        painter.composite(OP_SRC, picture, target.surface, form, where.rects, box)
        return
    surface = painter.scratch(box.width, box.height, form.bits_per_pixel)
    rects = [rect.translate(-box.left, -box.top) for rect in where.rects]
    painter.composite(OP_SRC, picture, surface, form, rects, Rect(0, 0, box.width, box.height))
    source = surface_source(painter, surface, form, target.spec.format)
    painter.blit(
        target.surface, where.rects, source, box.left, box.top, ROP_COPY, where.mask, where.dx, where.dy
    )


def raw_format(form: SurfaceFormat, target: SurfaceFormat = SurfaceFormat.XRGB32) -> SurfaceFormat:
    """The format to sample with so that the high byte is carried along, as copies do where it means nothing."""
    bare = form is SurfaceFormat.XRGB32 and target is SurfaceFormat.XRGB32
    return SurfaceFormat.ARGB32 if bare else form


def _checked(part: Rect, scale_mode: int) -> int:
    filtering = _FILTERS.get(scale_mode)
    if filtering is None:
        raise GuestError(f"scale mode {scale_mode} is not known")
    if part.right < part.left or part.bottom < part.top or not all(-0x7FFF <= x <= 0x7FFF for x in part):
        raise GuestError(f"source area {tuple(part)} cannot be scaled")
    return filtering


def _grown(part: Rect) -> Rect:
    return Rect(part.left - _MARGIN, part.top - _MARGIN, part.right + _MARGIN, part.bottom + _MARGIN)
