"""Pictures as video encoders take them, made where the pixels are."""

from typing import NamedTuple

ALIGNMENT = 8
"""Bytes of which rows of the luma plane are a multiple."""


class PlanesSpec(NamedTuple):
    """What an encoder wants of a rectangle of pixels."""

    width: int
    """Of the luma plane: no less than what is shown; the last column and row go on to the end."""
    height: int
    full_chroma: bool
    """Cb and Cr of each pixel; else the means of 2x2."""
    halve: bool
    """The mean of 2x2 pixels is shown for one."""
    weights: tuple[int, ...]
    """red, green, blue and offset of Y, of Cb and of Cr: ``(red * R + green * G + blue * B + offset) >> 16``."""

    @property
    def stride(self) -> int:
        """Bytes from row to row of the luma plane."""
        return -(-self.width // ALIGNMENT) * ALIGNMENT

    @property
    def chroma_stride(self) -> int:
        """The same of the others."""
        return self.stride if self.full_chroma else self.stride // 2

    @property
    def chroma_height(self) -> int:
        """Rows of Cb, and of Cr."""
        return self.height if self.full_chroma else (self.height + 1) // 2

    @property
    def size(self) -> int:
        """Bytes of all three."""
        return self.stride * self.height + 2 * self.chroma_stride * self.chroma_height

    def shown(self, width: int, height: int) -> tuple[int, int]:
        """Of so many pixels of the screen."""
        return ((width + 1) // 2, (height + 1) // 2) if self.halve else (width, height)


class Planes(NamedTuple):
    """Y, Cb and Cr, one after the other."""

    spec: PlanesSpec
    data: bytes
