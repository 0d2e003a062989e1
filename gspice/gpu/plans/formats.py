"""How the bytes of an image are read and what is made of them: numbers that every backend's kernels share."""

from enum import IntEnum


class Fetch(IntEnum):
    """How the bytes of a source are read.

    RAW: as they are, already in the target's format. LUT*: indices into a table of target pixels (LE: the
    leftmost pixel is in the low bits). The others become A8R8G8B8, 16-bit ones opaque, as pixman widens them.
    """

    RAW = 0
    LUT1_LE = 1
    LUT1_BE = 2
    LUT4_LE = 3
    LUT4_BE = 4
    LUT8 = 5
    RGB555 = 6
    RGB565 = 7
    RGB24 = 8
    XRGB32 = 9
    ARGB32 = 10
    ALPHA8 = 11
    ALPHA1 = 12


class Pack(IntEnum):
    """What is made of a fetched word: its low bits, or A8R8G8B8 narrowed as pixman does."""

    WORD32 = 0
    LOW16 = 1
    LOW8 = 2
    TO_RGB555 = 3
    TO_RGB565 = 4
    TO_ALPHA8 = 5
    TO_ALPHA1 = 6
