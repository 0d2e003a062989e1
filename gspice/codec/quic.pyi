"""QUIC images: SPICE's lossless predictive coder."""

from enum import IntEnum
from typing import NamedTuple

class QuicType(IntEnum):
    """QUIC_IMAGE_TYPE_*: the channels of a pixel."""

    GRAY = 1
    RGB16 = 2
    RGB24 = 3
    RGB32 = 4
    RGBA = 5

class QuicHeader(NamedTuple):
    """What a stream says of its image."""

    type: QuicType
    width: int
    height: int

def parse_header(data: bytes | bytearray | memoryview) -> QuicHeader:
    """The header of a stream; CodecError where it is none, or of an image without pixels."""

def pixel_bytes(kind: QuicType) -> int:
    """Bytes of a decoded pixel: GRAY 1, RGB16 2 (X1R5G5B5), others 4 (B, G, R, and A or 0)."""

def decode(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    """The rows of an image, top-down and without padding, of the size that its header says.

    CodecError: malformed, too short, or of more than ``max_bytes``.
    """

def decode_into(data: bytes | bytearray | memoryview, out: bytearray | memoryview) -> None:
    """As decode(), into a buffer of just that size; what is in it after a CodecError means nothing."""
