"""How much like a photo pixels are: lossless prediction (QUIC) suits those, dictionaries (LZ, GLZ) suit the others."""

from enum import IntEnum

from gspice.codec.lz import LzType

MOST_DISTINCT = 256
"""The most that distinct() counts to."""

class Graduality(IntEnum):
    """How gradually neighbours differ. HIGH is photo-like; MEDIUM may be one that was scaled, as films are."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

def measure(
    data: bytes | bytearray | memoryview, kind: LzType, width: int, height: int, stride: int
) -> Graduality:
    """What libspice finds in the same pixels, by every 15th of them and its neighbours.

    ``kind``: RGB16, RGB24, RGB32 or RGBA, of which alpha does not count; of less than two rows or columns it is LOW.
    ValueError: another kind, no pixels, or ``data`` ends before they do. The GIL is released where there are many.
    """

def distinct(data: bytes | bytearray | memoryview, width: int, height: int, stride: int, limit: int) -> int:
    """How many colours there are among pixels of 4 bytes, the last byte aside; ``limit``: that many or more.

    It looks at all pixels, unless it reaches the limit. ValueError as from measure(), and where ``limit`` is not
    between 1 and MOST_DISTINCT. The GIL is released where there are many pixels.
    """
