"""A pen's inside, for the modules that draw lines with it; stroke_pen.pyi says what it is."""

from libc.stdint cimport uint8_t, uint32_t

from gspice.gpu.cpu.kernels cimport Box, Rop, Surface

# A run of rectangles that share their rows.
cdef struct Band:
    int top, bottom
    Py_ssize_t first, last

cdef class Pen:
    cdef Surface surface
    cdef Surface tile  # None: one colour
    cdef int tile_x, tile_y
    cdef Rop rop
    cdef uint32_t flip, keep
    cdef Box *boxes
    cdef Band *bands
    cdef Py_ssize_t count, current
    cdef Box extents
    cdef bint inverts  # drawing a pixel twice may differ from drawing it once

    cdef void span(self, int y, long long x1, long long x2) noexcept nogil
    cdef Py_ssize_t seek(self, int y) noexcept nogil
    cdef void put(self, int y, int x1, int x2) noexcept nogil
    cdef void put_tile(self, int y, int x1, int x2) noexcept nogil
