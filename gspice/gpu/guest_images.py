"""Images that the guest compressed itself, made into bitmaps that every canvas draws."""

from gspice.codec import image as codec
from gspice.errors import GuestError
from gspice.qxl.ops import BitmapImage, EncodedImage

MAX_IMAGE_BYTES = codec.MAX_IMAGE_BYTES
"""Pixels of one decoded image: more than any surface a guest can have."""


def decode_guest(image: EncodedImage, max_bytes: int = MAX_IMAGE_BYTES) -> BitmapImage:
    """The bitmap that an encoded image stands for, with its id and flags.

    It is decoded at each call: whoever draws it again and again keeps it. GuestError where it is malformed.
    """
    try:
        decoded = codec.decode(image.type, image.data, image.width, image.height, max_bytes)
    except codec.CodecError as error:
        raise GuestError(str(error)) from error
    if decoded.format.indexed:
        raise GuestError(f"{decoded.format.name} image of type {image.type}, which has no palette")
    return BitmapImage(
        id=image.id,
        flags=image.flags,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        top_down=decoded.top_down,
        stride=decoded.stride,
        data=decoded.data,
    )
