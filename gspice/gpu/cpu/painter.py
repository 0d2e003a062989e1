"""The painter of main memory: every primitive is drawn at once by the kernels."""

from collections.abc import Callable, Collection, Hashable

from gspice.geometry import Rect
from gspice.gpu.cpu import glyphs, kernels, raster, render
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import Painter, Picture
from gspice.gpu.plans.stroke_pen import Pen
from gspice.pixels import SurfaceFormat, row_bytes

_FIXED_BITS = 16
_FRESH_REPEAT, _FRESH_FILTERING = 0, 3
"""How pixman samples a fresh picture."""


class CpuPainter(Painter[Surface, Source]):
    """Keeps nothing: one painter may serve any number of canvases."""

    name = "cpu"

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
    ) -> Source:
        """See Painter."""
        return Source(
            data, width, height, stride, fetch=fetch, pack=pack, top_down=top_down, lut=lut, opaque=opaque
        )

    def surface_source(
        self, surface: Surface, *, fetch: Fetch, pack: Pack, lut: Collection[int] = (), opaque: bool = False
    ) -> Source:
        """See Painter."""
        return Source(
            surface,
            surface.width,
            surface.height,
            surface.stride,
            fetch=fetch,
            pack=pack,
            lut=lut,
            opaque=opaque,
        )

    def snapshot(
        self,
        surface: Surface,
        rect: Rect,
        *,
        fetch: Fetch,
        pack: Pack,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> Source:
        """See Painter."""
        stride = row_bytes(rect.width, surface.bits)
        data = surface.read(rect)
        return Source(data, rect.width, rect.height, stride, fetch=fetch, pack=pack, lut=lut, opaque=opaque)

    def scratch(self, width: int, height: int, bits: int) -> Surface:
        """See Painter."""
        return Surface(width, height, bits)

    def any_high_byte(self, surface: Surface, rect: Rect) -> bool:
        """See Painter."""
        return any(surface.read(rect)[3::4])

    def fill(
        self,
        target: Surface,
        rects: Collection[Rect],
        color: int,
        rop: int,
        mask: Source | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """See Painter."""
        kernels.fill(target, rects, color, rop, mask, mask_dx, mask_dy)

    def blit(
        self,
        target: Surface,
        rects: Collection[Rect],
        source: Source,
        dx: int,
        dy: int,
        rop: int,
        mask: Source | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """See Painter."""
        kernels.blit(target, rects, source, dx, dy, rop, mask, mask_dx, mask_dy)

    def move(self, target: Surface, rects: Collection[Rect], dx: int, dy: int) -> None:
        """See Painter."""
        kernels.move(target, rects, dx, dy)

    def tile(
        self,
        target: Surface,
        rects: Collection[Rect],
        pattern: Source,
        tile_x: int,
        tile_y: int,
        rop: int,
        mask: Source | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """See Painter."""
        raster.tile(target, rects, pattern, tile_x, tile_y, rop, mask, mask_dx, mask_dy)

    def colorkey(
        self, target: Surface, rects: Collection[Rect], source: Source, dx: int, dy: int, key: int
    ) -> None:
        """See Painter."""
        raster.colorkey(target, rects, source, dx, dy, key)

    def rop3(
        self,
        target: Surface,
        rects: Collection[Rect],
        source: Source,
        dx: int,
        dy: int,
        code: int,
        color: int = 0,
        pattern: Source | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
        mask: Source | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        """See Painter."""
        raster.rop3(
            target, rects, source, dx, dy, code, color, pattern, tile_x, tile_y, mask, mask_dx, mask_dy
        )

    def composite(
        self,
        op: int,
        picture: Picture,
        target: Surface,
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
        """See Painter."""
        read, src_x, src_y = _readable(picture, src_x, src_y)
        cover = None
        if mask is not None:
            cover, mask_x, mask_y = _readable(mask, mask_x, mask_y)
        render.composite(
            op,
            read,
            target,
            form,
            rects,
            dest,
            src_x=src_x,
            src_y=src_y,
            mask=cover,
            mask_x=mask_x,
            mask_y=mask_y,
            alpha=alpha,
        )

    def glyphs_color(
        self,
        target: Surface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        color: int,
    ) -> None:
        """See Painter."""
        glyphs.over_color(target, form, rects, window, cover, color)

    def glyphs_tile(
        self,
        target: Surface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        tile: Surface,
        tile_x: int,
        tile_y: int,
    ) -> None:
        """See Painter."""
        glyphs.over_tile(target, form, rects, window, cover, tile, tile_x, tile_y)

    def strokes(
        self,
        target: Surface,
        rects: Collection[Rect],
        rop: int,
        draw: Callable[[Pen], None],
        color: int = 0,
        tile: Surface | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
    ) -> None:
        """See Painter."""
        draw(SurfacePen(target, rects, rop, color, tile, tile_x, tile_y))


def _readable(picture: Picture, x: int, y: int) -> tuple[render.Picture, int, int]:
    """The picture as pixman reads it, and where it is sampled now that it may be a copy of a part."""
    pixels, form, part, transform, repeat, filtering, by_channel, alpha_if = picture
    if alpha_if and form is SurfaceFormat.XRGB32:
        form = SurfaceFormat.ARGB32
    read = render.Picture(pixels, form, part)
    if transform is None:
        x, y = x - read.left, y - read.top
    else:
        t00, t01, t02, t10, t11, t12 = transform
        read.transform(t00, t01, t02 - (read.left << _FIXED_BITS), t10, t11, t12 - (read.top << _FIXED_BITS))
    if repeat != _FRESH_REPEAT or filtering != _FRESH_FILTERING:
        read.sample(repeat, filtering)
    if by_channel:
        read.component_alpha(True)
    return read, x, y
