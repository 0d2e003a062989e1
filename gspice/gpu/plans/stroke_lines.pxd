"""One straight part of a line, clipped before it is walked; stroke_lines.pyx says how."""

from gspice.gpu.plans.stroke_pen cimport Box

cdef struct Steps:
    long long first, last  # which pixels of the part, from 0 along its major axis; none if last < first
    long long major, minor  # lengths
    int bias
    bint x_major
    int x, y, step_x, step_y

cdef Steps clip_part(int x1, int y1, int x2, int y2, const Box *extents) noexcept nogil
