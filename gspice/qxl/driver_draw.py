"""The drawing half of the guest driver: each method writes one QXLDrawable."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.driver_image import CHUNK_HEADER, GuestBitmap, GuestSurface, ImageWriter, bgrx
from gspice.qxl.driver_memory import Resource
from gspice.qxl.driver_ops import OpWriter, qxl_rect
from gspice.qxl.driver_queue import CommandSink, Ring
from gspice.qxl.structures import CommandType
from gspice.qxl.structures_draw import (
    SURFACE_DEPS,
    BrushType,
    ClipType,
    DrawBody,
    DrawType,
    Effect,
    QXLClipRects,
    QXLDrawable,
    Ropd,
)

SCALE_NEAREST = 1

Clip = Sequence[Rect]


class Drawing:
    """Drawing commands. Every method raises DeviceBusy when it must be tried again later, and has then done
    nothing.

    ``clip``: rectangles of the surface outside which nothing is drawn; None: no clip.
    """

    def __init__(self, queue: CommandSink) -> None:
        self._queue = queue
        self._images = ImageWriter(queue.memory)
        self._ops = OpWriter(queue.memory, self._images)

    def surface_spec(self, surface: int) -> SurfaceSpec:
        """Size and format of a surface that exists; ValueError where none does."""
        raise ValueError(f"no surface {surface}")

    def fill(
        self,
        rect: Rect,
        color: int,
        *,
        surface: int = 0,
        clip: Clip | None = None,
        ropd: int = Ropd.OP_PUT,
    ) -> None:
        """Fill with 0x00RRGGBB (or the raw value, on 16-bit surfaces)."""

        def body(_resource: Resource, u: DrawBody) -> None:
            u.fill.brush.type = BrushType.SOLID
            u.fill.brush.u.color = color & 0xFFFFFFFF
            u.fill.rop_descriptor = ropd

        effect = Effect.OPAQUE if ropd == Ropd.OP_PUT else Effect.BLEND
        self._draw(DrawType.FILL, effect, rect, surface=surface, clip=clip, body=body)

    def copy(
        self,
        rect: Rect,
        pixels: NDArray[np.uint8],
        *,
        surface: int = 0,
        src_area: Rect | None = None,
        clip: Clip | None = None,
        cache_id: int | None = None,
        direct: bool = False,
        top_down: bool = True,
    ) -> None:
        """Draw an array (height, width, 4) of bytes B, G, R, X, which may be a strided view.

        ``src_area`` is the part of it that is drawn, scaled where its size is not that of ``rect``; all of
        it is copied into guest memory, so hand over a slice where the rest is not wanted.
        """
        image = bgrx(pixels, cache_id=cache_id, direct=direct, top_down=top_down)
        self.copy_image(rect, image, surface=surface, src_area=src_area, clip=clip)

    def copy_image(
        self,
        rect: Rect,
        image: GuestBitmap | GuestSurface,
        *,
        surface: int = 0,
        src_area: Rect | None = None,
        clip: Clip | None = None,
        ropd: int = Ropd.OP_PUT,
        scale_mode: int = SCALE_NEAREST,
    ) -> None:
        """Draw any image, palettes and 1-bit formats included."""
        area = src_area or Rect(0, 0, image.width, image.height)

        def body(resource: Resource, u: DrawBody) -> None:
            u.copy.src_bitmap = self._images.write(resource, image).address
            u.copy.src_area = qxl_rect(area)
            u.copy.rop_descriptor = ropd
            u.copy.scale_mode = scale_mode

        effect = Effect.OPAQUE if ropd == Ropd.OP_PUT else Effect.BLEND
        depends = (image.surface_id, area) if isinstance(image, GuestSurface) else None
        self._draw(DrawType.COPY, effect, rect, surface=surface, clip=clip, body=body, depends=depends)

    def copy_surface(
        self,
        rect: Rect,
        src_surface: int,
        src_point: Point,
        *,
        surface: int = 0,
        clip: Clip | None = None,
    ) -> None:
        """Draw a piece of another surface."""
        spec = self.surface_spec(src_surface)
        image = GuestSurface(src_surface, spec.width, spec.height)
        area = Rect.sized(src_point[0], src_point[1], rect.width, rect.height)
        self.copy_image(rect, image, surface=surface, src_area=area, clip=clip)

    def copy_bits(self, rect: Rect, src_point: Point, *, surface: int = 0, clip: Clip | None = None) -> None:
        """Copy within a surface; source and destination may overlap."""

        def body(_resource: Resource, u: DrawBody) -> None:
            u.copy_bits.src_pos.x, u.copy_bits.src_pos.y = src_point

        self._draw(DrawType.COPY_BITS, Effect.OPAQUE, rect, surface=surface, clip=clip, body=body)

    def alpha_blend(
        self,
        rect: Rect,
        image: GuestBitmap | GuestSurface,
        *,
        alpha: int = 255,
        alpha_flags: int = 0,
        surface: int = 0,
        src_area: Rect | None = None,
        clip: Clip | None = None,
    ) -> None:
        """Blend an image over the surface; ``alpha`` (0 to 255) applies on top of the image's own."""
        area = src_area or Rect(0, 0, image.width, image.height)

        def body(resource: Resource, u: DrawBody) -> None:
            u.alpha_blend.src_bitmap = self._images.write(resource, image).address
            u.alpha_blend.src_area = qxl_rect(area)
            u.alpha_blend.alpha = alpha
            u.alpha_blend.alpha_flags = alpha_flags

        depends = (image.surface_id, area) if isinstance(image, GuestSurface) else None
        self._draw(
            DrawType.ALPHA_BLEND, Effect.BLEND, rect, surface=surface, clip=clip, body=body, depends=depends
        )

    def blackness(self, rect: Rect, *, surface: int = 0, clip: Clip | None = None) -> None:
        """Set all bits of the pixels to 0."""
        self._draw(DrawType.BLACKNESS, Effect.OPAQUE, rect, surface=surface, clip=clip)

    def whiteness(self, rect: Rect, *, surface: int = 0, clip: Clip | None = None) -> None:
        """Set all bits of the pixels to 1."""
        self._draw(DrawType.WHITENESS, Effect.OPAQUE, rect, surface=surface, clip=clip)

    def invers(self, rect: Rect, *, surface: int = 0, clip: Clip | None = None) -> None:
        """Invert the pixels."""
        self._draw(DrawType.INVERS, Effect.REVERT_ON_DUP, rect, surface=surface, clip=clip)

    def draw(self, drawable: ops.Drawable) -> None:
        """Draw an operation that is a value, whatever it is and wherever; the server checks it, nobody
        before."""

        def build(resource: Resource) -> None:
            out, _ = resource.struct(QXLDrawable)
            out.surface_id, out.type, out.effect = drawable.surface_id, drawable.op.TYPE, drawable.effect
            out.mm_time = drawable.mm_time
            out.bbox = qxl_rect(drawable.bbox)
            if drawable.self_bitmap_area is not None:
                out.self_bitmap = 1
                out.self_bitmap_area = qxl_rect(drawable.self_bitmap_area)
            out.surfaces_dest[:] = [-1] * SURFACE_DEPS
            for index, (surface, rect) in enumerate(drawable.surface_deps[:SURFACE_DEPS]):
                out.surfaces_dest[index] = surface
                out.surfaces_rects[index] = qxl_rect(rect)
            if drawable.clip is not None:
                out.clip.type = ClipType.RECTS
                out.clip.data = self._clip(resource, drawable.clip)
            self._ops.write(resource, out.u, drawable.op)

        self._queue.submit(Ring.DISPLAY, CommandType.DRAW, build)

    def _draw(
        self,
        kind: DrawType,
        effect: Effect,
        rect: Rect,
        *,
        surface: int,
        clip: Clip | None,
        body: Callable[[Resource, DrawBody], None] | None = None,
        depends: tuple[int, Rect] | None = None,
    ) -> None:
        spec = self.surface_spec(surface)
        if rect.empty or not Rect(0, 0, spec.width, spec.height).contains(rect):
            raise ValueError(f"{tuple(rect)} is not inside surface {surface} of {spec.width}x{spec.height}")

        def build(resource: Resource) -> None:
            drawable, _ = resource.struct(QXLDrawable)
            drawable.surface_id = surface
            drawable.type, drawable.effect = kind, effect
            drawable.bbox = qxl_rect(rect)
            drawable.surfaces_dest[:] = [-1] * SURFACE_DEPS
            if depends is not None:
                drawable.surfaces_dest[0] = depends[0]
                drawable.surfaces_rects[0] = qxl_rect(depends[1])
            if clip is not None:
                drawable.clip.type = ClipType.RECTS
                drawable.clip.data = self._clip(resource, clip)
            if body is not None:
                body(resource, drawable.u)

        self._queue.submit(Ring.DISPLAY, CommandType.DRAW, build)

    def _clip(self, resource: Resource, clip: Clip) -> int:
        rects = np.array([(r.top, r.left, r.bottom, r.right) for r in clip], "<i4").view(np.uint8).reshape(-1)
        head, place = resource.struct(QXLClipRects, tail=rects.nbytes)
        head.num_rects = len(clip)
        head.chunk.data_size = rects.nbytes
        self._queue.memory.span(place.at(4 + CHUNK_HEADER), rects.nbytes)[:] = rects
        return place.address
