"""A surface's pixels in the form in which pictures are compared: 32 bits, no padding, no undefined byte."""

import hashlib

import numpy as np

from gspice.pixels import Pixels, SurfaceFormat

_CHANNELS_16 = {SurfaceFormat.RGB555: (0, 5, 10), SurfaceFormat.RGB565: (0, 5, 11)}
"""Where blue, green and red begin."""


def bgrx(pixels: Pixels) -> Pixels:
    """The same picture as rows of B, G, R, X bytes, top row first, with every X 0.

    16-bit colours are widened by repeating their high bits; of surfaces that are alpha alone it becomes a grey.
    """
    width, height = pixels.width, pixels.height
    rows = np.frombuffer(pixels.data, np.uint8)[: pixels.stride * height].reshape(height, pixels.stride)
    out = np.zeros((height, width, 4), np.uint8)
    if pixels.format in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
        out[:, :, :3] = rows[:, : 4 * width].reshape(height, width, 4)[:, :, :3]
    elif pixels.format in _CHANNELS_16:
        words = np.ascontiguousarray(rows[:, : 2 * width]).view("<u2")
        for channel, shift in enumerate(_CHANNELS_16[pixels.format]):
            bits = 6 if pixels.format == SurfaceFormat.RGB565 and channel == 1 else 5
            value = words >> shift & (1 << bits) - 1
            out[:, :, channel] = value << 8 - bits | value >> 2 * bits - 8
    elif pixels.format is SurfaceFormat.A8:
        out[:, :, :3] = rows[:, :width, None]
    else:
        alpha = np.unpackbits(rows, axis=1, bitorder="little")[:, :width] * np.uint8(0xFF)
        out[:, :, :3] = alpha[:, :, None]
    return Pixels(width, height, 4 * width, SurfaceFormat.XRGB32, out.tobytes())


STRIP_BYTES = 4 << 20
"""Of a picture that is hashed, so much is converted at once."""


def picture_hash(pixels: Pixels) -> str:
    """sha256 over what ``bgrx`` gives: the same for any canvas that draws the same picture."""
    digest = hashlib.sha256()
    data = memoryview(pixels.data)
    step = max(1, STRIP_BYTES // (4 * pixels.width))
    for top in range(0, pixels.height, step):
        rows = min(step, pixels.height - top)
        strip = bytes(data[top * pixels.stride : (top + rows) * pixels.stride])
        digest.update(bgrx(Pixels(pixels.width, rows, pixels.stride, pixels.format, strip)).data)
    return digest.hexdigest()
