"""A pen's inside; surface_pen.pyi says what it is."""

from libc.stdint cimport uint32_t

from gspice.gpu.cpu.kernels cimport Rop, Surface
from gspice.gpu.plans.stroke_pen cimport Pen

cdef class SurfacePen(Pen):
    cdef Surface surface
    cdef Surface tile  # None: one colour
    cdef int tile_x, tile_y
    cdef Rop rop
    cdef uint32_t flip, keep

    cdef void put_tile(self, int y, int x1, int x2) noexcept nogil
