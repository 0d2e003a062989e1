"""Brushes of STROKE and TEXT: the colour or the pattern that lines, backgrounds and glyphs are drawn with."""

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.plans.images import Target
from gspice.gpu.plans.painter import AnyPainter, SourceHandle, SurfaceHandle
from gspice.gpu.plans.rops import ROP_COPY
from gspice.gpu.plans.sources import Surfaces, decoded, source_of, surface_source
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl.ops import BitmapImage, Brush, EncodedImage, Image, SurfaceImage

NONE = 0
SOLID = 1
PATTERN = 2
_OPAQUE = 0xFF000000
_ROP_OR = 2 | 4 | 8


Ink = tuple[int, SurfaceHandle | None, int, int]
"""What a pen draws with, as ``Painter.strokes`` takes it: a colour, or a scratch surface that repeats from x, y."""


def ink_of(target: Target, brush: Brush) -> Ink:
    """What the brush draws on the target; brush NONE draws pixels of value 0.

    GuestError: there is no such brush, or its pattern cannot be read.
    """
    if brush.type == PATTERN:
        tile = _tile(target.painter, _pattern(brush), target.spec.format, target.surfaces)
        return 0, tile, *brush.pos
    if brush.type not in (NONE, SOLID):
        raise GuestError(f"no brush has type {brush.type}")
    # As for FILL, the colour is a pixel of the surface as it stands.
    return brush.color if brush.type == SOLID else 0, None, 0, 0


def alpha_color(brush: Brush, form: SurfaceFormat) -> int:
    """The colour of a solid brush as A8R8G8B8, as text is blended in it.

    Of 16-bit pixels each channel has five bits for this, green in 5-6-5 too: so do spice's canvas and its clients.
    """
    if form.bits_per_pixel != 16:
        return _OPAQUE | brush.color & 0xFFFFFF
    red, green, blue = ((brush.color >> shift & 31) * 0xFFFF // 31 >> 8 for shift in (10, 5, 0))
    return _OPAQUE | red << 16 | green << 8 | blue


def alpha_tile(target: Target, brush: Brush) -> SurfaceHandle:
    """The pattern of a brush as a surface of A8R8G8B8, opaque where its pixels have no alpha.

    Bitmaps take on the format of the target first and lose what that has no bits for; surfaces do not.
    """
    painter, image = target.painter, _pattern(brush)
    form = SurfaceFormat.ARGB32 if isinstance(image, SurfaceImage) else target.spec.format
    tile = _tile(painter, image, form, target.surfaces)
    if form.bits_per_pixel != 32:
        return _drawn(painter, surface_source(painter, tile, form, SurfaceFormat.ARGB32), 32)
    if not _has_alpha(image, target.surfaces):
        painter.fill(tile, [Rect(0, 0, tile.width, tile.height)], _OPAQUE, _ROP_OR)
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


def _tile(painter: AnyPainter, image: Image, form: SurfaceFormat, surfaces: Surfaces) -> SurfaceHandle:
    """The image as a surface of its own: what is drawn on meanwhile may be where it comes from."""
    return _drawn(painter, source_of(painter, image, form, surfaces), form.bits_per_pixel)


def _drawn(painter: AnyPainter, source: SourceHandle, bits: int) -> SurfaceHandle:
    tile: SurfaceHandle = painter.scratch(source.width, source.height, bits)
    painter.blit(tile, [Rect(0, 0, source.width, source.height)], source, 0, 0, ROP_COPY)
    return tile
