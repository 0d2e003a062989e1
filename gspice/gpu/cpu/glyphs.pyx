# cython: cdivision=True
"""Colours blended through the coverage of glyphs; see glyphs.pyi for what is promised."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from gspice.gpu.cpu.kernels cimport Surface

from gspice.pixels import SurfaceFormat

cdef enum:
    A1 = 1
    A8 = 8
    RGB555 = 16
    XRGB32 = 32
    RGB565 = 80
    ARGB32 = 96
    KEEP_GIL_PIXELS = 1 << 14

cdef struct Window:
    long long left, top, right, bottom


def over_color(Surface target not None, form, area, window, bytes cover not None, color):
    cdef uint32_t source = color & 0xffffffff
    blend(target, form, area, window, cover, None, 0, 0, source)


def over_tile(Surface target not None, form, area, window, bytes cover not None, Surface tile not None,
              long long tile_x, long long tile_y):
    if tile.bits != 32 or tile is target:
        raise ValueError("a tile must be another surface, of 32 bits")
    blend(target, form, area, window, cover, tile, tile_x, tile_y, 0)


cdef int blend(Surface target, form, area, window, bytes cover, Surface tile, long long tile_x,
               long long tile_y, uint32_t color) except -1:
    cdef Window seen, box
    cdef int code = form
    cdef const uint8_t *mask = <const uint8_t *>PyBytes_AS_STRING(cover)
    seen.left, seen.top, seen.right, seen.bottom = window
    if SurfaceFormat(code).bits_per_pixel != target.bits:
        raise ValueError(f"the surface has {target.bits} bits, not those of {form!r}")
    if PyBytes_GET_SIZE(cover) != (seen.right - seen.left) * (seen.bottom - seen.top):
        raise ValueError(f"{len(cover)} bytes are not the coverage of {tuple(window)}")
    for rect in area:
        box.left, box.top, box.right, box.bottom = rect
        if not (0 <= box.left < box.right <= target.width and 0 <= box.top < box.bottom <= target.height):
            raise ValueError(f"rectangle {tuple(rect)} is not inside {target.width}x{target.height}")
        if not (seen.left <= box.left and box.right <= seen.right
                and seen.top <= box.top and box.bottom <= seen.bottom):
            raise ValueError(f"rectangle {tuple(rect)} is not inside the coverage")
        if (box.right - box.left) * (box.bottom - box.top) < KEEP_GIL_PIXELS:
            blend_box(target, code, &box, &seen, mask, tile, tile_x, tile_y, color)
        else:
            with nogil:
                blend_box(target, code, &box, &seen, mask, tile, tile_x, tile_y, color)
    return 0


cdef void blend_box(Surface target, int code, const Window *box, const Window *seen, const uint8_t *cover,
                    Surface tile, long long tile_x, long long tile_y, uint32_t color) noexcept nogil:
    cdef uint8_t *row
    cdef const uint8_t *mask
    cdef const uint32_t *pattern = NULL
    cdef int x, y, at = 0
    for y in range(<int>box.top, <int>box.bottom):
        row = target.rows + y * target.stride
        mask = cover + (y - seen.top) * (seen.right - seen.left) - seen.left
        if tile is not None:
            pattern = <const uint32_t *>(tile.rows + wrap(y - tile_y, tile.height) * tile.stride)
            at = wrap(box.left - tile_x, tile.width)
        for x in range(<int>box.left, <int>box.right):
            if pattern != NULL:
                color = pattern[at]
                at = at + 1 if at + 1 < tile.width else 0
            if mask[x] or code == RGB555:
                over_pixel(row, x, code, scale(color, mask[x]))


cdef inline int wrap(long long place, int size) noexcept nogil:
    cdef long long rest = place % size
    return <int>(rest + size if rest < 0 else rest)


cdef inline uint32_t scale(uint32_t pixel, uint32_t factor) noexcept nogil:
    """Each channel times ``factor / 255``, rounded to the nearest."""
    cdef uint32_t low = (pixel & 0xff00ff) * factor + 0x800080
    cdef uint32_t high = (pixel >> 8 & 0xff00ff) * factor + 0x800080
    low = (low + (low >> 8 & 0xff00ff)) >> 8 & 0xff00ff
    high = (high + (high >> 8 & 0xff00ff)) & 0xff00ff00u
    return low | high


cdef inline uint32_t plus(uint32_t a, uint32_t b) noexcept nogil:
    """Each channel's sum, at most 255."""
    cdef uint32_t low = (a & 0xff00ff) + (b & 0xff00ff), high = (a >> 8 & 0xff00ff) + (b >> 8 & 0xff00ff)
    low |= 0x1000100 - (low >> 8 & 0xff00ff)
    high |= 0x1000100 - (high >> 8 & 0xff00ff)
    return (low & 0xff00ff) | (high & 0xff00ff) << 8


cdef inline void over_pixel(uint8_t *row, int x, int code, uint32_t source) noexcept nogil:
    """Source, of which alpha is already in the channels, over one pixel."""
    cdef uint32_t rest = 255 - (source >> 24), old, new
    cdef uint8_t bit
    if code == XRGB32 or code == ARGB32:
        old = (<uint32_t *>row)[x]
        new = plus(source, scale(old, rest)) if rest else source
        if code == XRGB32:
            new = (new & 0xffffff) | (old & 0xff000000u)
        (<uint32_t *>row)[x] = new
    elif code == RGB565:
        old = (<uint16_t *>row)[x]
        old = (old & 0xf800) << 8 | (old & 0x7e0) << 5 | (old & 0x1f) << 3
        old |= (old >> 5 & 0x070007) | (old >> 6 & 0x300)
        new = plus(source, scale(old, rest))
        (<uint16_t *>row)[x] = <uint16_t>((new >> 8 & 0xf800) | (new >> 5 & 0x7e0) | (new >> 3 & 0x1f))
    elif code == RGB555:
        old = (<uint16_t *>row)[x]
        old = (old & 0x7c00) << 9 | (old & 0x3e0) << 6 | (old & 0x1f) << 3
        old |= old >> 5 & 0x070707
        new = plus(source, scale(old, rest))
        (<uint16_t *>row)[x] = <uint16_t>((new >> 9 & 0x7c00) | (new >> 6 & 0x3e0) | (new >> 3 & 0x1f))
    elif code == A8:
        new = plus(source, scale(<uint32_t>row[x] << 24, rest))
        row[x] = <uint8_t>(new >> 24)
    elif code == A1:
        bit = <uint8_t>(1 << (x & 7))
        new = plus(source, scale(0xff000000u if row[x >> 3] & bit else 0, rest))
        row[x >> 3] = <uint8_t>((row[x >> 3] | bit) if new >> 31 else (row[x >> 3] & ~bit))
