"""Distances over which pixels seem to have moved."""

from gspice.stream.frame_rows cimport Box, Plane
from gspice.stream.motion_tiles cimport Tiles

cdef struct Offset:
    int dx, dy, votes

cdef int vote(const Plane *new, const Plane *old, const Box *box, const Box *search, const Tiles *tiles,
              Offset *found, int room) noexcept nogil
