"""From R, G, B to Y, Cb, Cr in whole numbers: the weights that the CPU's kernel and a shader share.

What decoders assume was looked up in their sources. The libjpeg of spice-gtk's own MJPEG decoder, and of browsers,
takes BT.601 in full range, as JFIF has it. Video goes through GStreamer: a stream that says what it is is believed, and
one that does not (VP8 cannot) is taken for limited range, BT.601 up to 576 lines and BT.709 above (``video-info.c``,
set_default_colorimetry; from 2160 lines on it is BT.2020, which no encoder here makes: BT.709 is the nearest). So each
stream follows that rule, and says so where its codec can.
"""

from enum import IntEnum
from fractions import Fraction
from typing import Final, NamedTuple

SHIFT: Final = 16
"""Weights and offsets are whole numbers of 1 / 2**SHIFT."""
SD_LINES: Final = 576
"""Height above which GStreamer takes a stream that does not say for BT.709."""


class Matrix(IntEnum):
    """How light is weighed, numbered as in H.264's matrix_coefficients."""

    BT709 = 1
    BT601 = 6


class Weights(NamedTuple):
    """``(red * R + green * G + blue * B + offset) >> SHIFT`` for each of Y, Cb and Cr, of 8-bit values.

    For the mean of 2**n pixels, take the sums, shift the offset left and the result right by n more.
    """

    y: tuple[int, int, int, int]
    """red, green, blue, offset."""
    cb: tuple[int, int, int, int]
    cr: tuple[int, int, int, int]


_LIGHT = {
    Matrix.BT601: (Fraction(299, 1000), Fraction(114, 1000)),
    Matrix.BT709: (Fraction(2126, 10000), Fraction(722, 10000)),
}
"""Parts of red and of blue in luma."""


def matrix_for(height: int) -> Matrix:
    """What a decoder takes a stream of so many lines for when it does not say."""
    return Matrix.BT709 if height > SD_LINES else Matrix.BT601


def weights(matrix: Matrix, *, full_range: bool) -> Weights:
    """Rounded so that grey has no colour, and white is exactly 255 or 235."""
    red, blue = _LIGHT[matrix]
    one = 1 << SHIFT
    luma, chroma = (one, one) if full_range else (Fraction(219 * one, 255), Fraction(224 * one, 255))
    y_red, y_blue, y_all = round(red * luma), round(blue * luma), round(luma)
    # Half less the least: with full range, the most of blue or of red would else round up to 256.
    middle = (128 << SHIFT) + (one >> 1) - 1
    cb_red, cb_blue = round(-red / (1 - blue) / 2 * chroma), round(Fraction(1, 2) * chroma)
    cr_red, cr_blue = round(Fraction(1, 2) * chroma), round(-blue / (1 - red) / 2 * chroma)
    return Weights(
        (y_red, y_all - y_red - y_blue, y_blue, ((0 if full_range else 16) << SHIFT) + (one >> 1)),
        (cb_red, -cb_red - cb_blue, cb_blue, middle),
        (cr_red, -cr_red - cr_blue, cr_blue, middle),
    )
