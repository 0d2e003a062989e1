"""Convex polygons of three or four corners, filled as the X server fills the pieces of wide lines."""

from libc.stdint cimport uint64_t

from gspice.gpu.plans.stroke_pen cimport Pen

cdef struct Corner:
    double x, y

# The side that leaves a corner: its direction, and k = x * dy - y * dx for the points (x, y) on it.
cdef struct Side:
    long long dx, dy
    double k


cdef class Cover:
    """Which pixels of the extents of a pen's area are to be drawn: each of them once."""

    cdef Pen pen
    cdef uint64_t *bits
    cdef int *lows
    cdef int *highs
    cdef Py_ssize_t stride  # words of one row
    cdef int top, bottom  # rows that hold anything

    cdef void add(self, int y, long long x1, long long x2) noexcept nogil
    cdef void draw(self) noexcept nogil


cdef void fill_polygon(Pen pen, Cover cover, const Corner *corners, const Side *sides, int count, long long x,
                       long long y) noexcept nogil
