"""The real pixman as a judge: it is what spice's canvas and its clients convert, scale and blend with."""

import ctypes
from collections.abc import Sequence

from gspice.pixels import SurfaceFormat, row_bytes

OP_SRC, OP_OVER = 1, 3
REPEAT_NONE = 0
FILTER_GOOD, FILTER_NEAREST = 1, 3

_LIBRARY = ctypes.CDLL("libpixman-1.so.0")  # the region module links it: it is here wherever tests can run
_LIBRARY.pixman_image_create_bits.restype = ctypes.c_void_p
_LIBRARY.pixman_image_create_bits.argtypes = [
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int,
]
_LIBRARY.pixman_image_create_solid_fill.restype = ctypes.c_void_p
_LIBRARY.pixman_image_create_solid_fill.argtypes = [ctypes.c_void_p]
_LIBRARY.pixman_image_set_transform.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_LIBRARY.pixman_image_set_repeat.argtypes = [ctypes.c_void_p, ctypes.c_int]
_LIBRARY.pixman_image_set_filter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
_LIBRARY.pixman_image_set_component_alpha.argtypes = [ctypes.c_void_p, ctypes.c_int]
_LIBRARY.pixman_image_composite32.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 3, *[ctypes.c_int] * 8]
_LIBRARY.pixman_image_unref.argtypes = [ctypes.c_void_p]
_TRANSFORM = ctypes.c_int32 * 9
_COLOR = ctypes.c_uint16 * 4


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


class Image:
    """A pixman image with pixels of its own: zeros, or ``data`` with rows without padding."""

    def __init__(self, form: SurfaceFormat, width: int, height: int, data: bytes = b"") -> None:
        self.form, self.width, self.height = form, width, height
        self._tight = row_bytes(width, form.bits_per_pixel)
        self._stride = (self._tight + 3) // 4 * 4
        self._bits = ctypes.create_string_buffer(self._stride * height)
        for y in range(height if data else 0):
            row = data[y * self._tight : (y + 1) * self._tight]
            ctypes.memmove(ctypes.addressof(self._bits) + y * self._stride, row, self._tight)
        self.handle = _LIBRARY.pixman_image_create_bits(_CODES[form], width, height, self._bits, self._stride)

    def __del__(self) -> None:
        _LIBRARY.pixman_image_unref(self.handle)

    @property
    def data(self) -> bytes:
        """The pixels, rows without padding."""
        raw = self._bits.raw
        return b"".join(raw[y * self._stride :][: self._tight] for y in range(self.height))

    def transform(self, numbers: Sequence[int]) -> None:
        """Set the upper two rows of the matrix, 16.16 fixed point."""
        matrix = _TRANSFORM(*(((n + 2**31) % 2**32 - 2**31) for n in numbers), 0, 0, 65536)
        assert _LIBRARY.pixman_image_set_transform(self.handle, matrix)

    def sample(self, repeat: int, filtering: int) -> None:
        """Set PIXMAN_REPEAT_* and PIXMAN_FILTER_*."""
        _LIBRARY.pixman_image_set_repeat(self.handle, repeat)
        assert _LIBRARY.pixman_image_set_filter(self.handle, filtering, None, 0)

    def component_alpha(self, wanted: bool) -> None:
        """Set whether a mask has one alpha for each channel."""
        _LIBRARY.pixman_image_set_component_alpha(self.handle, int(wanted))


def composite(
    op: int,
    src: Image,
    mask: "Image | int | None",
    dest: Image,
    src_at: tuple[int, int],
    mask_at: tuple[int, int],
    dest_at: tuple[int, int],
    size: tuple[int, int],
) -> None:
    """pixman_image_composite32; a number as the mask is an alpha from 0 to 255 everywhere."""
    solid = None
    if isinstance(mask, int):
        solid = _LIBRARY.pixman_image_create_solid_fill(_COLOR(0, 0, 0, mask * 0x101))
    cover = mask.handle if isinstance(mask, Image) else solid
    _LIBRARY.pixman_image_composite32(op, src.handle, cover, dest.handle, *src_at, *mask_at, *dest_at, *size)
    if solid is not None:
        _LIBRARY.pixman_image_unref(solid)


def convert(data: bytes, source: SurfaceFormat, target: SurfaceFormat, width: int) -> bytes:
    """One row of pixels in the target's format by PIXMAN_OP_SRC."""
    dest = Image(target, width, 1)
    src = Image(source, width, 1, data[: row_bytes(width, source.bits_per_pixel)])
    composite(OP_SRC, src, None, dest, (0, 0), (0, 0), (0, 0), (width, 1))
    return dest.data
