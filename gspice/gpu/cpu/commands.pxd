"""What is known of one command of a batch, and the compiler that finds it out for the common ones."""

from cpython.ref cimport PyObject
from libc.stdint cimport uint32_t

from gspice.gpu.cpu.kernels cimport Box, Plane, Rop, Surface, View
from gspice.qxl.ops cimport CopyBits, Drawable, Image, Mask


cdef enum Kind:
    NOTHING  # refused, or there is nothing to draw
    FILL
    BLIT
    MOVE
    PLANNED

cdef struct Command:
    Kind kind
    PyObject *surface  # only compared; the canvas keeps its surfaces for as long as a batch takes
    Plane plane
    PyObject *source_surface
    Box *boxes
    int count
    Box first  # where `boxes` points if there is one
    Box extents
    Box read  # what a MOVE or a BLIT reads of a surface
    View source
    int dx, dy
    Rop rop
    uint32_t flip, keep
    bint opaque, reads_own, certain, culled


cdef class Compiler:
    cdef dict _surfaces
    cdef object _area
    # The surface that was looked up last.
    cdef object _surface_id
    cdef Surface surface
    cdef object _spec
    cdef int _format

    cdef int find(self, uint32_t surface_id) except -1
    cdef tuple compiled(self, Drawable drawable, Command *command)
    cdef tuple _clipped(self, Drawable drawable, Command *command)
    cdef bint _copy(self, Command *command, Image src, object area, uint32_t ropd, Mask mask) except -1
    cdef bint _shift(self, Command *command, CopyBits op) except -1


cdef int place(Command *command, rects) except -1


cdef inline bint inside(const Box *box, int width, int height) noexcept:
    return 0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height


cdef inline bint overlap(const Box *a, const Box *b) noexcept:
    return a.x1 < b.x2 and b.x1 < a.x2 and a.y1 < b.y2 and b.y1 < a.y2
