"""The painter of the GPU canvases: primitives are written down, and drawn when the batch is complete."""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.compute.engine import Engine
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.primitives import GpuSource, GpuSurface
from gspice.gpu.compute.sampling import Sampling, sampling
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import Painter, Picture
from gspice.gpu.plans.rops import ROP_COPY, ROP_DEST_TERMS
from gspice.gpu.plans.stroke_pen import Pen, RecordingPen
from gspice.pixels import SurfaceFormat

RAW_PACK = {1: Pack.TO_ALPHA1, 8: Pack.LOW8, 16: Pack.LOW16, 32: Pack.WORD32}
_ADD = 12
"""The last operator that the shader has; those beyond count in floating point."""

_NONE = 0
"""The repeat that reads nothing beyond a picture."""

Detour = Callable[..., None]
"""Draws a composite with the CPU's kernels, given what ``composite`` was given."""


class ComputePainter(Painter[GpuSurface, GpuSource]):
    """Writes primitives down for one engine. What the shader has no code for takes a detour through the CPU."""

    def __init__(self, name: str, engine: Engine, detour: Detour) -> None:
        self.name = name
        self._engine, self._detour = engine, detour

    # Sources

    def source(
        self,
        data: bytes,
        width: int,
        height: int,
        stride: int,
        *,
        fetch: Fetch,
        pack: Pack,
        top_down: bool = True,
        lut: Collection[int] = (),
        opaque: bool = False,
        key: Hashable = None,
    ) -> GpuSource:
        return GpuSource(
            data, width, height, stride, fetch=fetch, pack=pack, top_down=top_down, lut=lut, opaque=opaque,
            key=key,
        )  # fmt: skip

    def surface_source(
        self,
        surface: GpuSurface,
        *,
        fetch: Fetch,
        pack: Pack,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> GpuSource:
        return GpuSource(
            surface, surface.width, surface.height, 0, fetch=fetch, pack=pack, lut=lut, opaque=opaque
        )

    def snapshot(
        self,
        surface: GpuSurface,
        rect: Rect,
        *,
        fetch: Fetch,
        pack: Pack,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> GpuSource:
        copy = self._copy(surface, rect)
        return self.surface_source(copy, fetch=fetch, pack=pack, lut=lut, opaque=opaque)

    def scratch(self, width: int, height: int, bits: int) -> GpuSurface:
        surface = self._engine.scratch(width, height, bits)
        # What the memory held before is somebody else's.
        self._add(Kind.FILL, surface, [Rect(0, 0, width, height)], rop=0, opaque=True)
        return surface

    def any_high_byte(self, surface: GpuSurface, rect: Rect) -> bool:
        # Rare enough to wait for: self-bitmaps off the screen.
        return any(self._engine.read(surface, rect)[3::4])

    # Primitives

    def fill(
        self,
        target: GpuSurface,
        rects: Collection[Rect],
        color: int,
        rop: int,
        mask: GpuSource | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        opaque = mask is None and not rop & ROP_DEST_TERMS
        self._add(
            Kind.FILL, target, rects, rop=rop, color=color, mask=mask, mask_dx=mask_dx, mask_dy=mask_dy,
            opaque=opaque,
        )  # fmt: skip

    def blit(
        self,
        target: GpuSurface,
        rects: Collection[Rect],
        source: GpuSource,
        dx: int,
        dy: int,
        rop: int,
        mask: GpuSource | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        opaque = mask is None and not rop & ROP_DEST_TERMS
        self._add(
            Kind.BLIT, target, rects, rop=rop, source=source, dx=dx, dy=dy, mask=mask, mask_dx=mask_dx,
            mask_dy=mask_dy, opaque=opaque,
        )  # fmt: skip

    def move(self, target: GpuSurface, rects: Collection[Rect], dx: int, dy: int) -> None:
        around = _around(rects)
        if around.empty:
            return
        read = around.translate(-dx, -dy)
        if read.intersect(around).empty:
            source = self._raw(target)
        else:
            # Tiles are drawn at once, so what is read must lie where none of them writes.
            source = self._raw(self._copy(target, read))
            dx, dy = around.left, around.top
        self._add(Kind.BLIT, target, rects, rop=ROP_COPY, source=source, dx=dx, dy=dy, opaque=True)

    def tile(
        self,
        target: GpuSurface,
        rects: Collection[Rect],
        pattern: GpuSource,
        tile_x: int,
        tile_y: int,
        rop: int,
        mask: GpuSource | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        opaque = mask is None and not rop & ROP_DEST_TERMS
        self._add(
            Kind.TILE, target, rects, rop=rop, pattern=pattern, tile_x=tile_x, tile_y=tile_y, mask=mask,
            mask_dx=mask_dx, mask_dy=mask_dy, opaque=opaque,
        )  # fmt: skip

    def colorkey(
        self, target: GpuSurface, rects: Collection[Rect], source: GpuSource, dx: int, dy: int, key: int
    ) -> None:
        self._add(Kind.COLORKEY, target, rects, color=key, source=source, dx=dx, dy=dy)

    def rop3(
        self,
        target: GpuSurface,
        rects: Collection[Rect],
        source: GpuSource,
        dx: int,
        dy: int,
        code: int,
        color: int = 0,
        pattern: GpuSource | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
        mask: GpuSource | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        self._add(
            Kind.ROP3, target, rects, code=code, color=color, source=source, dx=dx, dy=dy, pattern=pattern,
            tile_x=tile_x, tile_y=tile_y, mask=mask, mask_dx=mask_dx, mask_dy=mask_dy,
        )  # fmt: skip

    def composite(
        self,
        op: int,
        picture: Picture,
        target: GpuSurface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        dest: Rect,
        *,
        src_x: int = 0,
        src_y: int = 0,
        mask: Picture | None = None,
        mask_x: int = 0,
        mask_y: int = 0,
        alpha: int = 255,
    ) -> None:
        if not rects:
            return
        size = dest.width, dest.height
        source = sampling(picture, src_x, src_y, *size)
        cover = None if mask is None else sampling(mask, mask_x, mask_y, *size)
        if source is None or (mask is not None and cover is None) or op > _ADD:
            self._detour(
                op, picture, target, form, rects, dest, src_x=src_x, src_y=src_y, mask=mask, mask_x=mask_x,
                mask_y=mask_y, alpha=alpha,
            )  # fmt: skip
            return
        self._add(
            Kind.COMPOSITE, target, rects, code=op, form=form, source=self._sampled(picture, source),
            dx=dest.left - src_x, dy=dest.top - src_y, whole=_anywhere(picture, source), sampled=True,
            mask=None if mask is None or cover is None else self._sampled(mask, cover),
            mask_dx=dest.left - mask_x, mask_dy=dest.top - mask_y,
            mask_whole=mask is not None and cover is not None and _anywhere(mask, cover), alpha=alpha,
        )  # fmt: skip

    def glyphs_color(
        self,
        target: GpuSurface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        color: int,
    ) -> None:
        self._add(
            Kind.GLYPHS_COLOR, target, rects, form=form, color=color, mask=_cover(window, cover),
            mask_dx=window.left, mask_dy=window.top,
        )  # fmt: skip

    def glyphs_tile(
        self,
        target: GpuSurface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        tile: GpuSurface,
        tile_x: int,
        tile_y: int,
    ) -> None:
        self._add(
            Kind.GLYPHS_TILE, target, rects, form=form, pattern=self._raw(tile), tile_x=tile_x, tile_y=tile_y,
            mask=_cover(window, cover), mask_dx=window.left, mask_dy=window.top,
        )  # fmt: skip

    def strokes(
        self,
        target: GpuSurface,
        rects: Collection[Rect],
        rop: int,
        draw: Callable[[Pen], None],
        color: int = 0,
        tile: GpuSurface | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
    ) -> None:
        pen = RecordingPen(target.width, target.height, rects, rop)
        draw(pen)
        kind = Kind.FILL if tile is None else Kind.TILE
        pattern = None if tile is None else self._raw(tile)
        self._add(
            kind, target, pen.boxes(), rop=rop, color=color, pattern=pattern, tile_x=tile_x, tile_y=tile_y,
            opaque=not rop & ROP_DEST_TERMS,
        )  # fmt: skip

    # What they are made of

    def _add(self, kind: Kind, target: GpuSurface, rects: Collection[Rect] | bytes, **words: Any) -> None:
        boxes: Sequence[Rect] | bytes = rects if isinstance(rects, bytes | list | tuple) else list(rects)
        try:
            self._engine.add(kind, target, boxes, **words)
        except OverflowError as error:
            raise GuestError(f"numbers that no device takes: {error}") from error

    def _raw(self, surface: GpuSurface) -> GpuSource:
        return self.surface_source(surface, fetch=Fetch.RAW, pack=RAW_PACK[surface.bits])

    def _copy(self, surface: GpuSurface, rect: Rect) -> GpuSurface:
        copy = self._engine.scratch(rect.width, rect.height, surface.bits, surface)
        whole = [Rect(0, 0, rect.width, rect.height)]
        source = self._raw(surface)
        self._add(
            Kind.BLIT, copy, whole, rop=ROP_COPY, source=source, dx=-rect.left, dy=-rect.top, opaque=True
        )
        return copy

    def _sampled(self, picture: Picture, how: Sampling) -> GpuSource:
        pixels = picture.pixels
        source = self._raw(pixels) if isinstance(pixels, GpuSurface) else pixels
        form = picture.form
        if picture.alpha_if and form is SurfaceFormat.XRGB32:
            form = SurfaceFormat.ARGB32
        return source.sampled(form, picture.repeat, how.bilinear, picture.component_alpha, how.transform)


def _cover(window: Rect, cover: bytes) -> GpuSource:
    return GpuSource(cover, window.width, window.height, window.width, fetch=Fetch.ALPHA8, pack=Pack.WORD32)


def _anywhere(picture: Picture, how: Sampling) -> bool:
    """Whether pixels are read elsewhere than at one offset."""
    return how.transform is not None or picture.repeat != _NONE


def _around(rects: Collection[Rect]) -> Rect:
    out = Rect(0, 0, 0, 0)
    for rect in rects:
        out = out.union(rect)
    return out
