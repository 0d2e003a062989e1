"""The bytes of SPICE's GLZ images, the same in encoder and decoder.

A header of big-endian words: "  ZL", version; a byte: the type of the pixels, 16 more where rows are top-down; width,
height, bytes of a row; 8 bytes: the image's id; how many ids before its own the oldest image of the window has. Then
pixels as in LZ images: of RGBA first all colours, then all alpha.

A control byte below 32 is followed by that many pixels and one more. Any other begins a match:

    LLLFOOOO  [more of the length]  OOOOOOOO  the image, and more of the offset

L is the length, 7 standing for more: add the bytes that follow, as far as the first that is not 255. Lengths are short
of the true one by what never pays. O is the offset, its low 4 bits first. What follows, with images counted back:

    F=0   NNIIIIII   N bytes: more of the image, from bit 6 on
    F=1   NNXOOOOO   the offset from bit 12 on; N bytes: the image; X: a byte: the offset from bit 17 on

Image 0 is this one: the offset is then the distance back, less 1. Else it counts from that image's first pixel.
"""

cdef enum:
    GLZ_MAGIC = 0x20205a4c
    GLZ_VERSION = 0x10001
    GLZ_HEADER_BYTES = 33
    GLZ_TOP_DOWN = 16
    GLZ_LITERALS = 32  # pixels after a control byte at most
    GLZ_MORE_LENGTH = 7
    GLZ_FAR = 16
    GLZ_NEAR_OFFSETS = 1 << 12  # offsets below this do without the far form
    GLZ_FAR_OFFSETS = 1 << 17  # from here on they take a byte more
    GLZ_FARTHER = 32
    GLZ_MOST_PIXELS = 1 << 25  # of an image, and of the window
    # What lengths are short of.
    GLZ_COLOUR_BIAS = 0
    GLZ_RGB16_BIAS = 1
    GLZ_ALPHA_BIAS = 2
