"""What other compiled parts of a look see of a frame."""

from libc.stdint cimport uint8_t

from gspice.stream.frame_rows cimport Box, Plane

cdef struct Runs

cdef struct Extent:
    # Around what differs in a tile, in pixels from its corner; nothing differs where right is 0.
    uint8_t left, top, right, bottom

cdef class ReferenceFrame:
    cdef uint8_t *_pixels
    cdef Plane _plane
    cdef Box _bounds
    cdef Extent *_extents  # of tiles, by rows; NULL: nobody asks

    cdef Extent *watch(self) except NULL
    cdef Box inside(self, rect) except *
    cdef Plane plane_of(self, const uint8_t[::1] rows, stride, const Box *box) except *
    cdef void find_runs(self, const Plane *new, const Box *box, Box *tiles, int count, Runs *runs) noexcept nogil
