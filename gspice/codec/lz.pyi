"""LZ images: SPICE's dictionary coder, without the dictionary that outlives an image (GLZ)."""

from enum import IntEnum
from typing import NamedTuple

class LzType(IntEnum):
    """LZ_IMAGE_TYPE_*: what a pixel is; XXXA holds the alpha of pixels whose colours are elsewhere."""

    PLT1_LE = 1
    PLT1_BE = 2
    PLT4_LE = 3
    PLT4_BE = 4
    PLT8 = 5
    RGB16 = 6
    RGB24 = 7
    RGB32 = 8
    RGBA = 9
    XXXA = 10
    A8 = 11

class LzHeader(NamedTuple):
    """What a stream says of its image. ``stride`` is that of the rows that decode() gives."""

    type: LzType
    width: int
    height: int
    top_down: bool
    stride: int

def parse_header(data: bytes | bytearray | memoryview) -> LzHeader:
    """The header of a stream; CodecError where it is none, or of an image without pixels."""

def decode(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    """The rows of an image of the size that its header says, without padding, in the order it says.

    PLT* and A8: as they are; RGB16: X1R5G5B5; RGB24, RGB32, RGBA: B, G, R, and A or 0; XXXA: a byte of alpha.
    CodecError: malformed, too short, too long, or of more than ``max_bytes``.
    """

def decode_into(data: bytes | bytearray | memoryview, out: bytearray | memoryview) -> None:
    """As decode(), into a buffer of just that size; what is in it after a CodecError means nothing."""
