"""What of a rectangle has only moved."""

from gspice.stream.frame_rows cimport Box, Plane

cdef enum:
    MAX_MOVES = 4

cdef struct Moved:
    Box box  # where it is now
    int dx, dy

cdef int find_moves(const Plane *new, const Plane *old, const Box *rect, const Box *frame,
                    const int *hints, int hint_count, Moved *moves) noexcept nogil
