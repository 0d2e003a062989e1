"""A pen's inside, for the modules that draw lines with it; stroke_pen.pyi says what it is."""

from libc.stdint cimport int32_t

cdef struct Box:
    int32_t x1, y1, x2, y2

# A run of rectangles that share their rows.
cdef struct Band:
    int top, bottom
    Py_ssize_t first, last

cdef class Pen:
    cdef Box *clips
    cdef Band *bands
    cdef Py_ssize_t count, current
    cdef Box extents
    cdef bint inverts  # drawing a pixel twice may differ from drawing it once

    cdef int begin(self, int width, int height, area, int rop) except -1
    cdef void span(self, int y, long long x1, long long x2) noexcept nogil
    cdef Py_ssize_t seek(self, int y) noexcept nogil
    cdef void put(self, int y, int x1, int x2) noexcept nogil


cdef class RecordingPen(Pen):
    cdef Box *_drawn
    cdef Py_ssize_t _used, _room
    cdef bint _full

    cdef void append(self, Box box) noexcept nogil
