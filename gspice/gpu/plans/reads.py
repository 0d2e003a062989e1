"""Which images a command reads: so that they can be decoded, and what is drawn on them before is not left out."""

from collections.abc import Callable, Iterator
from typing import Protocol

from gspice.errors import GSpiceError, GuestError
from gspice.pixels import BitmapFormat
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Blackness,
    Blend,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    EncodedImage,
    Fill,
    Image,
    Invers,
    Mask,
    Op,
    Opaque,
    Rop3,
    Stroke,
    SurfaceImage,
    Text,
    Transparent,
    Whiteness,
)

_FIELDS: dict[type[Op], tuple[str, ...]] = {
    Fill: ("brush", "ropd", "mask"),
    Opaque: ("src", "src_area", "brush", "ropd", "scale_mode", "mask"),
    Copy: ("src", "src_area", "ropd", "scale_mode", "mask"),
    Blend: ("src", "src_area", "ropd", "scale_mode", "mask"),
    Blackness: ("mask",),
    Whiteness: ("mask",),
    Invers: ("mask",),
    Rop3: ("src", "src_area", "brush", "rop3", "scale_mode", "mask"),
    Stroke: ("path", "attr_flags", "style", "brush", "fore_mode", "back_mode"),
    Text: ("flags", "glyphs", "back_area", "fore_brush", "back_brush", "fore_mode", "back_mode"),
    Transparent: ("src", "src_area", "src_color", "true_color"),
    AlphaBlend: ("alpha_flags", "alpha", "src", "src_area"),
    Composite: ("flags", "src", "mask", "src_transform", "mask_transform", "src_origin", "mask_origin"),
}
"""The arguments that each op that may read an image is made from, in their order."""


class Pixels(Protocol):
    """What a decoder returns: rows ``stride`` bytes apart."""

    @property
    def format(self) -> BitmapFormat: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def top_down(self) -> bool: ...
    @property
    def stride(self) -> int: ...
    @property
    def data(self) -> bytes: ...


Decoder = Callable[[int, bytes, int, int], Pixels]
"""From SPICE_IMAGE_TYPE_*, data, width and height to pixels; any GSpiceError where it cannot."""


def images_read(op: Op) -> Iterator[Image]:
    """The images that an operation reads, masks and patterns included."""
    for name in _FIELDS.get(type(op), ()):
        value = getattr(op, name)
        image = (
            value.pattern if isinstance(value, Brush) else value.image if isinstance(value, Mask) else value
        )
        if isinstance(image, Image):
            yield image


def surfaces_read(drawable: Drawable) -> set[int]:
    """Ids of the surfaces that a command reads; its own only where it reads more than it draws on."""
    if isinstance(drawable.op, CopyBits):
        return {drawable.surface_id}
    return {image.surface_id for image in images_read(drawable.op) if isinstance(image, SurfaceImage)}


def needs_decoding(op: Op) -> bool:
    """Whether an operation reads an image that the guest compressed itself."""
    return any(isinstance(image, EncodedImage) for image in images_read(op))


def decoded(drawable: Drawable, decode: Decoder) -> Drawable:
    """The same command with bitmaps for compressed images; GuestError where one cannot be decoded."""
    op = drawable.op
    values = [_swapped(getattr(op, name), decode) for name in _FIELDS[type(op)]]
    make: Callable[..., Op] = type(op)
    return Drawable(
        surface_id=drawable.surface_id,
        bbox=drawable.bbox,
        op=make(*values),
        clip=drawable.clip,
        effect=drawable.effect,
        mm_time=drawable.mm_time,
        self_bitmap_area=drawable.self_bitmap_area,
        surface_deps=drawable.surface_deps,
    )


def _swapped(value: object, decode: Decoder) -> object:
    match value:
        case EncodedImage():
            return _bitmap(value, decode)
        case Brush(pattern=EncodedImage() as image):
            return Brush(value.type, value.color, _bitmap(image, decode), value.pos)
        case Mask(image=EncodedImage() as image):
            return Mask(_bitmap(image, decode), value.pos, value.inverse)
        case _:
            return value


def _bitmap(image: EncodedImage, decode: Decoder) -> BitmapImage:
    try:
        pixels = decode(image.type, image.data, image.width, image.height)
    except GSpiceError as error:
        raise GuestError(f"image {image.id:#x}: {error}") from error
    return BitmapImage(
        id=image.id,
        flags=image.flags,
        width=pixels.width,
        height=pixels.height,
        format=pixels.format,
        top_down=pixels.top_down,
        stride=pixels.stride,
        data=pixels.data,
    )
