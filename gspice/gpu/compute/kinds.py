"""The kinds of primitives: numbers that shaders/canvas.glsl knows by the same names."""

from enum import IntEnum


class Kind(IntEnum):
    """What a primitive does with each pixel of its rectangle."""

    FILL = 0
    BLIT = 1
    TILE = 2
    COLORKEY = 3
    ROP3 = 4
    GLYPHS_COLOR = 5
    GLYPHS_TILE = 6
    COMPOSITE = 7
