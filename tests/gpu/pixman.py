"""The real pixman as a judge of conversions: it is what spice's canvas and its clients convert with."""

import ctypes

from gspice.pixels import SurfaceFormat

_LIBRARY = ctypes.CDLL("libpixman-1.so.0")  # the region module links it: it is here wherever tests can run
_LIBRARY.pixman_image_create_bits.restype = ctypes.c_void_p
_LIBRARY.pixman_image_create_bits.argtypes = [
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int,
]
_LIBRARY.pixman_image_composite32.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 3, *[ctypes.c_int] * 8]
_LIBRARY.pixman_image_unref.argtypes = [ctypes.c_void_p]
_OP_SRC = 1


def _code(bits: int, kind: int, alpha: int, red: int, green: int, blue: int) -> int:
    return bits << 24 | kind << 16 | alpha << 12 | red << 8 | green << 4 | blue


_CODES = {
    SurfaceFormat.A1: _code(1, 1, 1, 0, 0, 0),
    SurfaceFormat.A8: _code(8, 1, 8, 0, 0, 0),
    SurfaceFormat.RGB555: _code(16, 2, 0, 5, 5, 5),
    SurfaceFormat.RGB565: _code(16, 2, 0, 5, 6, 5),
    SurfaceFormat.XRGB32: _code(32, 2, 0, 8, 8, 8),
    SurfaceFormat.ARGB32: _code(32, 2, 8, 8, 8, 8),
}


def convert(data: bytes, source: SurfaceFormat, target: SurfaceFormat, width: int) -> bytes:
    """One row of pixels in the target's format, padded to four bytes, by PIXMAN_OP_SRC."""
    sizes = [(width * form.bits_per_pixel + 31) // 32 * 4 for form in (source, target)]
    buffers = [ctypes.create_string_buffer(size) for size in sizes]
    ctypes.memmove(buffers[0], data, min(len(data), sizes[0]))
    images = [
        _LIBRARY.pixman_image_create_bits(_CODES[form], width, 1, buffer, size)
        for form, buffer, size in zip((source, target), buffers, sizes, strict=True)
    ]
    _LIBRARY.pixman_image_composite32(_OP_SRC, images[0], None, images[1], 0, 0, 0, 0, 0, 0, width, 1)
    for image in images:
        _LIBRARY.pixman_image_unref(image)
    return buffers[1].raw
