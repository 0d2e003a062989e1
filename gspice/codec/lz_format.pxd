"""The bytes of SPICE's LZ images, the same in encoder and decoder.

A header of big-endian words: "  ZL", version, type, width, height, bytes of a row, top-down. Then units:
pixels, or bytes of packed indices or of the alpha channel; of RGBA first all colours, then all alpha.

A control byte below 32 is followed by that many units and one more. Any other holds, in its high 3 bits, the
length of a match, 7 standing for more: add the bytes that follow, as far as the first that is not 255. The
low 5 bits and the next byte are its distance; where all 13 bits are set, 16 more are added to them. Lengths
are short of the true one by what never pays, distances by 1; a match may reach into itself.
"""

cdef enum:
    LZ_MAGIC = 0x20205a4c
    LZ_VERSION = 0x10001
    LZ_HEADER_BYTES = 28
    LZ_LITERALS = 32  # units after a control byte at most
    LZ_MORE_LENGTH = 6  # the length, less 1, that says: bytes of length follow
    LZ_MORE_DISTANCE = 8191  # the distance, less 1, that says: 16 bits follow
    LZ_DISTANCE_HIGH = 31

cdef enum LzPixels:
    LZ_PLT1_LE = 1
    LZ_PLT1_BE
    LZ_PLT4_LE
    LZ_PLT4_BE
    LZ_PLT8
    LZ_RGB16
    LZ_RGB24
    LZ_RGB32
    LZ_RGBA
    LZ_XXXA
    LZ_A8
