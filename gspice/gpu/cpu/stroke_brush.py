"""Brushes of STROKE and TEXT: the colour or the pattern that lines, backgrounds and glyphs are drawn with."""

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu import kernels
from gspice.gpu.cpu.rops import ROP_COPY
from gspice.gpu.cpu.sources import Surfaces, decoded, source_of, surface_source
from gspice.gpu.cpu.stroke_pen import Pen
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Brush, EncodedImage, Image, SurfaceImage

NONE = 0
SOLID = 1
PATTERN = 2
_OPAQUE = 0xFF000000
_ROP_OR = 2 | 4 | 8


def pen_of(
    brush: Brush,
    surface: kernels.Surface,
    spec: SurfaceSpec,
    area: list[Rect],
    rop: int,
    surfaces: Surfaces,
) -> Pen:
    """A pen that draws with the brush in ``area``; brush NONE draws pixels of value 0.

    GuestError: there is no such brush, or its pattern cannot be read.
    """
    if brush.type == PATTERN:
        tile = _tile(_pattern(brush), spec.format, surfaces)
        return Pen(surface, area, rop, 0, tile, *brush.pos)
    if brush.type not in (NONE, SOLID):
        raise GuestError(f"no brush has type {brush.type}")
    # As for FILL, the colour is a pixel of the surface as it stands.
    return Pen(surface, area, rop, brush.color if brush.type == SOLID else 0)


def alpha_color(brush: Brush, form: SurfaceFormat) -> int:
    """The colour of a solid brush as A8R8G8B8, as text is blended in it.

    Of 16-bit pixels each channel has five bits for this, green in 5-6-5 too: so do spice's canvas and its clients.
    """
    if form.bits_per_pixel != 16:
        return _OPAQUE | brush.color & 0xFFFFFF
    red, green, blue = ((brush.color >> shift & 31) * 0xFFFF // 31 >> 8 for shift in (10, 5, 0))
    return _OPAQUE | red << 16 | green << 8 | blue


def alpha_tile(brush: Brush, form: SurfaceFormat, surfaces: Surfaces) -> kernels.Surface:
    """The pattern of a brush as a surface of A8R8G8B8, opaque where its pixels have no alpha.

    Bitmaps take on the format of the target first and lose what that has no bits for; surfaces do not.
    """
    image = _pattern(brush)
    target = SurfaceFormat.ARGB32 if isinstance(image, SurfaceImage) else form
    tile = _tile(image, target, surfaces)
    if target.bits_per_pixel != 32:
        raw = SurfaceSpec(tile.width, tile.height, target)
        return _drawn(surface_source(tile, raw, SurfaceFormat.ARGB32), 32)
    if not _has_alpha(image, surfaces):
        kernels.fill(tile, [Rect(0, 0, tile.width, tile.height)], _OPAQUE, _ROP_OR)
    return tile


def _pattern(brush: Brush) -> Image:
    if brush.pattern is None:
        raise GuestError("pattern brush without an image")
    return decoded(brush.pattern) if isinstance(brush.pattern, EncodedImage) else brush.pattern


def _has_alpha(image: Image, surfaces: Surfaces) -> bool:
    if isinstance(image, SurfaceImage):
        return surfaces[image.surface_id][1].format in (
            SurfaceFormat.ARGB32,
            SurfaceFormat.A8,
            SurfaceFormat.A1,
        )
    return isinstance(image, BitmapImage) and image.format is BitmapFormat.ARGB32


def _tile(image: Image, form: SurfaceFormat, surfaces: Surfaces) -> kernels.Surface:
    """The image as a surface of its own: what is drawn on meanwhile may be where it comes from."""
    return _drawn(source_of(image, form, surfaces), form.bits_per_pixel)


def _drawn(source: kernels.Source, bits: int) -> kernels.Surface:
    tile = kernels.Surface(source.width, source.height, bits)
    kernels.blit(tile, [Rect(0, 0, source.width, source.height)], source, 0, 0, ROP_COPY)
    return tile
