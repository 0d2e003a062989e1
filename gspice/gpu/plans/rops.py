"""Raster operations: from the rop descriptor of a QXL command to the number that the kernels take."""

from enum import IntFlag
from functools import lru_cache


class Ropd(IntFlag):
    """SPICE_ROPD_*: which inputs are inverted, and how they are combined."""

    INVERS_SRC = 1
    INVERS_BRUSH = 2
    INVERS_DEST = 4
    OP_PUT = 8
    OP_OR = 16
    OP_AND = 32
    OP_XOR = 64
    OP_BLACKNESS = 128
    OP_WHITENESS = 256
    OP_INVERS = 512
    INVERS_RES = 1024


# Rop numbers: 1 ones, 2 source, 4 destination, 8 source and destination; the chosen terms are xored.
ROP_CLEAR = 0
ROP_SET = 1
ROP_COPY = 2
ROP_INVERT = 1 | 4
ROP_AND = 8
ROP_DEST_TERMS = 4 | 8

# Where a descriptor names several operations, the first of these counts, as in spice's own canvas.
_COMBINED = (
    (Ropd.OP_PUT, (0, 1, 0, 1)),
    (Ropd.OP_OR, (0, 1, 1, 1)),
    (Ropd.OP_AND, (0, 0, 0, 1)),
    (Ropd.OP_XOR, (0, 1, 1, 0)),
)
"""Results for (source, destination) = (0, 0), (1, 0), (0, 1), (1, 1)."""
_FIXED = (
    (Ropd.OP_BLACKNESS, ROP_CLEAR),
    (Ropd.OP_WHITENESS, ROP_SET),
    (Ropd.OP_INVERS, ROP_INVERT),
)


@lru_cache(maxsize=4096)
def rop_of(descriptor: int, source_inverted: Ropd, dest_inverted: Ropd = Ropd.INVERS_DEST) -> int:
    """The kernels' rop for a descriptor; the flags are those that invert this op's source and destination.

    For the source that is INVERS_BRUSH in fills and INVERS_SRC in copies; where a brush is combined into an
    image that was put before, INVERS_SRC inverts that image, the destination. The flag of an input that an op
    has not got means nothing. A descriptor without any operation is a plain copy; blackness, whiteness and
    invers look at no flag.
    """
    for flag, table in _COMBINED:
        if descriptor & flag:
            flip_src = bool(descriptor & source_inverted)
            flip_dst = bool(descriptor & dest_inverted)
            flip_res = bool(descriptor & Ropd.INVERS_RES)
            return _terms([table[i ^ flip_src ^ flip_dst << 1] ^ flip_res for i in range(4)])
    return next((rop for flag, rop in _FIXED if descriptor & flag), ROP_COPY)


def _terms(results: list[int]) -> int:
    """The xor of terms that has these results for (source, destination) = (0, 0), (1, 0), (0, 1), (1, 1)."""
    neither, src, dst, both = results
    return neither | (neither ^ src) << 1 | (neither ^ dst) << 2 | (neither ^ src ^ dst ^ both) << 3
