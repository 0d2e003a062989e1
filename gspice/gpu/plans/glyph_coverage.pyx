# cython: cdivision=True
"""Glyphs to coverage; see glyph_coverage.pyi for what is promised."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memset

from gspice.qxl.ops cimport Glyph

from gspice.errors import GuestError
from gspice.geometry import Rect

cdef enum:
    KEEP_GIL_PIXELS = 1 << 14

cdef struct Window:
    long long left, top, right, bottom


def bounds(tuple glyphs not None):
    cdef Glyph glyph
    cdef long long left, top, x1 = 0, y1 = 0, x2 = 0, y2 = 0
    cdef bint first = True
    if not glyphs:
        raise ValueError("no glyphs have no bounds")
    for glyph in glyphs:
        left, top = place(glyph.render_pos[0], glyph.origin[0]), place(glyph.render_pos[1], glyph.origin[1])
        if first:
            x1, y1, x2, y2 = left, top, left + glyph.width, top + glyph.height
            first = False
        x1, y1 = min(x1, left), min(y1, top)
        x2, y2 = max(x2, left + glyph.width), max(y2, top + glyph.height)
    return Rect(x1, y1, x2, y2)


cdef inline long long place(long long position, long long origin) noexcept:
    return position + origin


def coverage(tuple glyphs not None, int bits, window):
    cdef Window seen
    cdef Glyph glyph
    cdef long long left, top
    cdef Py_ssize_t stride, number = 0
    cdef bytes out
    cdef uint8_t *cover
    cdef const uint8_t *data
    cdef int width, height
    seen.left, seen.top, seen.right, seen.bottom = window
    if bits not in (1, 4, 8) or seen.left >= seen.right or seen.top >= seen.bottom:
        raise ValueError(f"no coverage of {bits} bits in {tuple(window)}")
    out = PyBytes_FromStringAndSize(NULL, (seen.right - seen.left) * (seen.bottom - seen.top))
    cover = <uint8_t *>PyBytes_AS_STRING(out)
    memset(cover, 0, <size_t>PyBytes_GET_SIZE(out))
    for glyph in glyphs:
        width, height = <int>glyph.width, <int>glyph.height
        stride = (<Py_ssize_t>glyph.width * bits + 7) // 8
        if width < 0 or height < 0 or PyBytes_GET_SIZE(glyph.data) < stride * height:
            raise GuestError(f"glyph {number} of {glyph.width}x{glyph.height} has {len(glyph.data)} bytes")
        number += 1
        left, top = place(glyph.render_pos[0], glyph.origin[0]), place(glyph.render_pos[1], glyph.origin[1])
        data = <const uint8_t *>PyBytes_AS_STRING(glyph.data)
        if <long long>width * height < KEEP_GIL_PIXELS:
            put_glyph(data, stride, bits, left, top, width, height, &seen, cover)
        else:
            with nogil:
                put_glyph(data, stride, bits, left, top, width, height, &seen, cover)
    return out


cdef void put_glyph(const uint8_t *data, Py_ssize_t stride, int bits, long long left, long long top,
                    int width, int height, const Window *seen, uint8_t *cover) noexcept nogil:
    """The glyph's part inside of the window; its last row of data is its uppermost."""
    cdef long long x1 = max(seen.left - left, 0), x2 = min(seen.right - left, width)
    cdef long long y1 = max(seen.top - top, 0), y2 = min(seen.bottom - top, height), x, y
    cdef const uint8_t *row
    cdef uint8_t *out
    cdef unsigned int value
    if x1 >= x2 or y1 >= y2:
        return
    for y in range(y1, y2):
        row = data + (height - 1 - y) * stride
        out = cover + (top + y - seen.top) * (seen.right - seen.left) + (left - seen.left)
        if bits == 1:
            for x in range(x1, x2):
                if row[x >> 3] >> (7 - (x & 7)) & 1:
                    out[x] = 0xff
        elif bits == 8:
            for x in range(x1, x2):
                out[x] = max(out[x], row[x])
        else:
            for x in range(x1, x2):
                # Clients compare the right one of two pixels by its whole byte. So what an earlier glyph left
                # there counts only where the left one is 0.
                value = row[x >> 1] << 4 if x & 1 else row[x >> 1] & 0xf0
                out[x] = <uint8_t>max(<unsigned int>out[x], value)
