"""What an op copies from: the image of a command made readable for a painter, in the target's format.

How pixels change format is what spice's own canvas and pixman do, since clients draw with those:

- Between 32-bit formats, and between surfaces of equal depth, the bytes stay as they are. So the high byte of
  XRGB32 is whatever the guest put there; it is carried along by every op and means nothing.
- Palette entries are pixels of the target as they stand, as brush colours are: on 16-bit surfaces not
  0x00RRGGBB but the low 16 bits. An index beyond the palette gives 0.
- Other formats are widened to A8R8G8B8 (5 and 6 bits by repeating their high bits) and narrowed by dropping
  low bits.
"""

from collections.abc import Mapping

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import AnyPainter, SourceHandle, SurfaceHandle
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, EncodedImage, Image, Mask, SurfaceImage

CACHE_ME = 1
"""Image flag: the guest means to send it again, under the same id."""
HIGH_BITS_SET = 2
"""Image flag: the high byte of pixels without alpha is to be 0xff."""

_BITMAP_FETCH = {
    BitmapFormat.BIT1_LE: Fetch.LUT1_LE,
    BitmapFormat.BIT1_BE: Fetch.LUT1_BE,
    BitmapFormat.BIT4_LE: Fetch.LUT4_LE,
    BitmapFormat.BIT4_BE: Fetch.LUT4_BE,
    BitmapFormat.BIT8: Fetch.LUT8,
    BitmapFormat.RGB555: Fetch.RGB555,
    BitmapFormat.RGB24: Fetch.RGB24,
    BitmapFormat.XRGB32: Fetch.XRGB32,
    BitmapFormat.ARGB32: Fetch.ARGB32,
    BitmapFormat.A8: Fetch.ALPHA8,
}
_SURFACE_FETCH = {
    SurfaceFormat.A1: Fetch.ALPHA1,
    SurfaceFormat.A8: Fetch.ALPHA8,
    SurfaceFormat.RGB555: Fetch.RGB555,
    SurfaceFormat.RGB565: Fetch.RGB565,
    SurfaceFormat.XRGB32: Fetch.XRGB32,
    SurfaceFormat.ARGB32: Fetch.ARGB32,
}
_NARROW = {
    SurfaceFormat.A1: Pack.TO_ALPHA1,
    SurfaceFormat.A8: Pack.TO_ALPHA8,
    SurfaceFormat.RGB555: Pack.TO_RGB555,
    SurfaceFormat.RGB565: Pack.TO_RGB565,
    SurfaceFormat.XRGB32: Pack.WORD32,
    SurfaceFormat.ARGB32: Pack.WORD32,
}
_LOW_BITS = {1: Pack.TO_ALPHA1, 8: Pack.LOW8, 16: Pack.LOW16, 32: Pack.WORD32}
SAME = {
    (BitmapFormat.A8, SurfaceFormat.A8),
    (BitmapFormat.RGB555, SurfaceFormat.RGB555),
    (BitmapFormat.XRGB32, SurfaceFormat.XRGB32),
    (BitmapFormat.XRGB32, SurfaceFormat.ARGB32),
    (BitmapFormat.ARGB32, SurfaceFormat.XRGB32),
    (BitmapFormat.ARGB32, SurfaceFormat.ARGB32),
}
"""Bitmaps whose bytes are already the surface's."""
_OPAQUE_BY_NATURE = {BitmapFormat.RGB24, BitmapFormat.XRGB32}

Surfaces = Mapping[int, tuple[SurfaceHandle, SurfaceSpec]]


def source_of(painter: AnyPainter, image: Image, target: SurfaceFormat, surfaces: Surfaces) -> SourceHandle:
    """The image as a source for a surface of format ``target``; GuestError where it cannot be read."""
    if isinstance(image, BitmapImage):
        return _bitmap(painter, image, target)
    if isinstance(image, SurfaceImage):
        surface, spec = surface_of(image, surfaces)
        return surface_source(painter, surface, spec.format, target)
    raise GuestError(f"{type(image).__name__} cannot be read by the {painter.name} canvas")


def decoded(image: EncodedImage) -> BitmapImage:
    """Refuses: what the guest compressed is decoded before a command is planned, by ``reads.decoded``."""
    raise GuestError(f"image of type {image.type} has not been decoded")


def surface_source(
    painter: AnyPainter, surface: SurfaceHandle, form: SurfaceFormat, target: SurfaceFormat
) -> SourceHandle:
    """A surface of format ``form`` as a source for one of format ``target``."""
    fetch, pack = _widths(form, target)
    source: SourceHandle = painter.surface_source(
        surface, fetch=fetch, pack=pack, opaque=form is SurfaceFormat.XRGB32
    )
    return source


def snapshot_source(
    painter: AnyPainter, surface: SurfaceHandle, part: Rect, form: SurfaceFormat, target: SurfaceFormat
) -> SourceHandle:
    """A part of a surface as it is now, with its own upper left corner; otherwise as ``surface_source``."""
    fetch, pack = _widths(form, target)
    source: SourceHandle = painter.snapshot(
        surface, part, fetch=fetch, pack=pack, opaque=form is SurfaceFormat.XRGB32
    )
    return source


def _widths(form: SurfaceFormat, target: SurfaceFormat) -> tuple[Fetch, Pack]:
    bits = target.bits_per_pixel
    if form.bits_per_pixel == bits and bits >= 8:
        return Fetch.RAW, _LOW_BITS[bits]
    return _SURFACE_FETCH[form], _NARROW[target]


def mask_of(painter: AnyPainter, mask: Mask, surfaces: Surfaces) -> SourceHandle | None:
    """The mask as painters take it, None where the op has none; GuestError where it is not 1-bit."""
    image = mask.image
    if image is None:
        return None
    lut = _mask_lut(mask)
    if isinstance(image, BitmapImage):
        if image.format not in (BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE):
            raise GuestError(f"mask of format {image.format.name}, not of one bit a pixel")
        return _checked(painter, image, _BITMAP_FETCH[image.format], Pack.WORD32, lut)
    if isinstance(image, SurfaceImage):
        surface, spec = surface_of(image, surfaces)
        if spec.format is not SurfaceFormat.A1:
            raise GuestError(f"mask surface {image.surface_id} of format {spec.format.name}, not A1")
        source: SourceHandle = painter.surface_source(surface, fetch=Fetch.LUT1_LE, pack=Pack.WORD32, lut=lut)
        return source
    raise GuestError(f"{type(image).__name__} as a mask cannot be read by the {painter.name} canvas")


def mask_copy(painter: AnyPainter, mask: Mask, surface: SurfaceHandle) -> SourceHandle:
    """The mask as it is now, where its image is an A1 surface that is to be drawn on."""
    whole = Rect(0, 0, surface.width, surface.height)
    source: SourceHandle = painter.snapshot(
        surface, whole, fetch=Fetch.LUT1_LE, pack=Pack.WORD32, lut=_mask_lut(mask)
    )
    return source


def _mask_lut(mask: Mask) -> tuple[int, int]:
    return (0xFFFFFFFF, 0) if mask.inverse else (0, 0xFFFFFFFF)


def surface_of(image: SurfaceImage, surfaces: Surfaces) -> tuple[SurfaceHandle, SurfaceSpec]:
    """The surface that an image stands for; GuestError where there is none."""
    found = surfaces.get(image.surface_id)
    if found is None:
        raise GuestError(f"source surface {image.surface_id} does not exist")
    return found


def _bitmap(painter: AnyPainter, image: BitmapImage, target: SurfaceFormat) -> SourceHandle:
    bits = target.bits_per_pixel
    high = bool(image.flags & HIGH_BITS_SET) and bits == 32
    if image.format.indexed:
        if image.palette is None:
            raise GuestError(f"{image.format.name} bitmap without a palette")
        ents = image.palette.ents[:256]
        if bits == 1:
            # As alpha, which is what becomes the bit of an A1 pixel.
            ents = tuple((entry & 1) << 31 for entry in ents)
        elif high:
            ents = tuple(entry | 0xFF000000 for entry in ents)
        return _checked(painter, image, _BITMAP_FETCH[image.format], _LOW_BITS[bits], ents)
    if (image.format, target) in SAME and not (high and image.format is BitmapFormat.XRGB32):
        return _checked(painter, image, Fetch.RAW, _LOW_BITS[bits])
    # spice widens 24-bit pixels by itself and leaves the high byte 0; only pixman makes it 0xff.
    opaque = image.format in _OPAQUE_BY_NATURE and (bits != 32 or high)
    return _checked(painter, image, _BITMAP_FETCH[image.format], _NARROW[target], opaque=opaque)


def _checked(
    painter: AnyPainter,
    image: BitmapImage,
    fetch: Fetch,
    pack: Pack,
    lut: tuple[int, ...] = (),
    opaque: bool = False,
) -> SourceHandle:
    try:
        source: SourceHandle = painter.source(
            image.data,
            image.width,
            image.height,
            image.stride,
            fetch=fetch,
            pack=pack,
            top_down=image.top_down,
            lut=lut,
            opaque=opaque,
            key=_key(image),
        )
    except (ValueError, OverflowError) as error:
        raise GuestError(f"{image.format.name} bitmap of {image.width}x{image.height}: {error}") from error
    return source


def _key(image: BitmapImage) -> tuple[int, ...] | None:
    """What names the bytes of an image that comes again; None where none such is announced."""
    if not image.flags & CACHE_ME:
        return None
    return image.id, image.width, image.height, image.format, image.stride, len(image.data)
