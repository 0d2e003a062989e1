"""Images that a command reads: where their pixels lie, and how they are got at when the command is drawn.

Planning a command finds out whether an image can be read at all. Its pixels are taken only when the command is
drawn: until then earlier commands of the batch may change them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans.painter import AnyPainter, Picture, SourceHandle, SurfaceHandle
from gspice.gpu.plans.sources import (
    Surfaces,
    mask_copy,
    mask_of,
    snapshot_source,
    source_of,
    surface_of,
    surface_source,
)
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, Drawable, Image, Mask, SurfaceImage

MAX_PICTURE_SIDE = 32766
"""Pixman draws nothing from images that are wider or higher."""
MAX_COPY_BYTES = 1 << 28
"""Memory for the pixels of one image that must be converted before pixman can read them."""

_NATIVE = {
    BitmapFormat.RGB555: SurfaceFormat.RGB555,
    BitmapFormat.RGB24: SurfaceFormat.XRGB32,
    BitmapFormat.XRGB32: SurfaceFormat.XRGB32,
    BitmapFormat.ARGB32: SurfaceFormat.ARGB32,
    BitmapFormat.A8: SurfaceFormat.A8,
}


class Target(NamedTuple):
    """The surface that a command draws on, and where it may."""

    surface: SurfaceHandle
    spec: SurfaceSpec
    drawable: Drawable
    area: list[Rect]
    """Disjoint banded rectangles of bounding box and clip."""
    surfaces: Surfaces
    painter: AnyPainter


class MaskedArea(NamedTuple):
    """Where a masked command draws: in ``rects``, with the mask's own origin at (dx, dy)."""

    rects: list[Rect]
    read: Callable[[], SourceHandle] | None = None
    """What gives the mask; None: every pixel of ``rects`` is drawn."""
    dx: int = 0
    dy: int = 0

    @property
    def unmasked(self) -> bool:
        """Whether every pixel of ``rects`` is drawn."""
        return self.read is None

    @property
    def mask(self) -> SourceHandle | None:
        """The mask; take it before anything is drawn, as it may be the surface that is drawn on."""
        return None if self.read is None else self.read()


class Origin(ABC):
    """An image that a command reads. ``bounds`` is where it has pixels, in the coordinates of ``src_area``."""

    bounds: Rect
    format: SurfaceFormat
    """What its pixels are taken for when they are composited."""
    self_bitmap = False
    """Whether it stands for what the command finds on its own surface."""

    @abstractmethod
    def pixels(self, part: Rect) -> tuple[SourceHandle, Point]:
        """The pixels of ``part`` as they are copied, and where the source's (0, 0) lies."""

    @abstractmethod
    def picture(self, form: SurfaceFormat, part: Rect) -> tuple[Picture, Point]:
        """The same to be composited, taken for ``form``. Of what is not in ``part`` some may be missing."""


class _BitmapOrigin(Origin):
    def __init__(self, source: SourceHandle, form: SurfaceFormat) -> None:
        self._source = source
        self.format = form
        self.bounds = Rect(0, 0, source.width, source.height)

    def pixels(self, part: Rect) -> tuple[SourceHandle, Point]:
        return self._source, Point(0, 0)

    def picture(self, form: SurfaceFormat, part: Rect) -> tuple[Picture, Point]:
        return Picture(self._source, form, part), Point(0, 0)


class _SurfaceOrigin(Origin):
    def __init__(
        self, painter: AnyPainter, surface: SurfaceHandle, spec: SurfaceSpec, target: SurfaceFormat
    ) -> None:
        self._painter, self._surface, self._target = painter, surface, target
        self.format = spec.format
        self.bounds = Rect(0, 0, spec.width, spec.height)

    def pixels(self, part: Rect) -> tuple[SourceHandle, Point]:
        return surface_source(self._painter, self._surface, self.format, self._target), Point(0, 0)

    def picture(self, form: SurfaceFormat, part: Rect) -> tuple[Picture, Point]:
        return Picture(self._surface, form, self.bounds), Point(0, 0)


class _OwnOrigin(_SurfaceOrigin):
    """The surface that is drawn on: every pixel is to be read before any is written."""

    def __init__(self, target: Target, area: Rect | None) -> None:
        super().__init__(target.painter, target.surface, target.spec, target.spec.format)
        if area is not None:
            self.bounds, self.self_bitmap = area, True

    def pixels(self, part: Rect) -> tuple[SourceHandle, Point]:
        before = snapshot_source(self._painter, self._surface, part, self.format, self.format)
        return before, Point(part.left, part.top)

    def picture(self, form: SurfaceFormat, part: Rect) -> tuple[Picture, Point]:
        source, at = self.pixels(part)
        return Picture(source, form, Rect(0, 0, source.width, source.height)), at


def image_of(target: Target, image: Image, *, original: bool = False) -> Origin:
    """What a command reads; GuestError where it cannot be read.

    Bitmaps come in the target's format, or with ``original`` in their own, which may have an alpha that the
    target has not. Surfaces always come in their own.
    """
    if isinstance(image, SurfaceImage):
        surface, spec = surface_of(image, target.surfaces)
        if surface is target.surface:
            return _OwnOrigin(target, _self_bitmap(target, image))
        return _SurfaceOrigin(target.painter, surface, spec, target.spec.format)
    form = target.spec.format
    if isinstance(image, BitmapImage):
        if original and not image.format.indexed:
            form = _NATIVE[image.format]
        elif form.bits_per_pixel == 32 and not (original and image.format.indexed):
            # The target's own alpha is not made up: raw bits are copied.
            has_alpha = image.format is BitmapFormat.ARGB32
            form = SurfaceFormat.ARGB32 if has_alpha else SurfaceFormat.XRGB32
        return _BitmapOrigin(source_of(target.painter, image, form, target.surfaces), form)
    raise GuestError(f"{type(image).__name__} cannot be read by the {target.painter.name} canvas")


def check_picture(origin: Origin) -> None:
    """GuestError where pixman could not read the image, or only at the cost of too much memory."""
    width, height = origin.bounds.width, origin.bounds.height
    if max(width, height) > MAX_PICTURE_SIDE:
        raise GuestError(f"image of {width}x{height}: pixman reads up to {MAX_PICTURE_SIDE} pixels a side")
    if row_bytes(width, origin.format.bits_per_pixel) * height > MAX_COPY_BYTES:
        raise GuestError(f"image of {width}x{height} would take over {MAX_COPY_BYTES} bytes")


def masked(target: Target, mask: Mask, area: list[Rect] | None = None) -> MaskedArea:
    """A mask where it lies over ``area`` (the target's by default); outside of it nothing is drawn."""
    rects = target.area if area is None else area
    source = mask_of(target.painter, mask, target.surfaces)
    if source is None:
        return MaskedArea(rects)
    bbox = target.drawable.bbox
    origin = Point(bbox.left - mask.pos.x, bbox.top - mask.pos.y)
    seen = within(rects, Rect.sized(*origin, source.width, source.height))
    image = mask.image
    if isinstance(image, SurfaceImage) and surface_of(image, target.surfaces)[0] is target.surface:
        return MaskedArea(seen, lambda: mask_copy(target.painter, mask, target.surface), *origin)
    return MaskedArea(seen, lambda: source, *origin)


def within(area: list[Rect], limit: Rect) -> list[Rect]:
    """The parts of the rectangles that lie inside ``limit``."""
    return [part for part in (rect.intersect(limit) for rect in area) if not part.empty]


def _self_bitmap(target: Target, image: SurfaceImage) -> Rect | None:
    area = target.drawable.self_bitmap_area
    if area is None:
        return None
    spec = target.spec
    if area.empty or not Rect(0, 0, spec.width, spec.height).contains(area):
        raise GuestError(f"self-bitmap {tuple(area)} is not inside {spec.width}x{spec.height}")
    return area
