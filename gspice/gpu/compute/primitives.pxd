"""Primitives of a batch, as the shader and the binning read them."""

from libc.stdint cimport int32_t, uint32_t

from gspice.gpu.compute.vector cimport Vector

cdef enum:
    COMMAND_WORDS = 16
    SOURCE_WORDS = 16


cdef struct Box:
    int32_t x1, y1, x2, y2

# One rectangle of a command; x in the low 16 bits of a corner.
cdef struct Part:
    uint32_t command, upper, lower

# A surface of the batch: where it begins, in words, and the bits of a pixel that count.
cdef struct Slot:
    uint32_t offset, width, height, mask

# What a command reads of a surface: for the pixel (x, y) the one at (x - dx, y - dy), or any in the box.
cdef struct Read:
    int32_t slot, dx, dy
    bint anywhere
    Box box

# What the binning needs to know of a command, beside the words for the shader.
cdef struct Command:
    int32_t slot
    int32_t first, count  # of its parts
    int32_t first_read, reads
    int32_t variant  # of the shader: the least that draws it
    bint opaque
    bint used


cdef class GpuSurface:
    cdef readonly int width, height, bits
    cdef public Py_ssize_t offset
    cdef int32_t slot
    cdef readonly uint32_t batch


cdef class GpuSource:
    cdef readonly int width, height
    cdef readonly object data
    cdef readonly Py_ssize_t size
    cdef readonly GpuSurface surface
    cdef readonly tuple lut
    cdef readonly dict arguments
    cdef readonly object key
    cdef Py_ssize_t first, step
    cdef int bits
    cdef uint32_t[16] words
    cdef int32_t index
    cdef uint32_t batch


cdef class PrimitiveList:
    cdef Vector words  # of commands, COMMAND_WORDS each
    cdef Vector boxes  # Part
    cdef Vector slots  # Slot
    cdef Vector sources  # SOURCE_WORDS each
    cdef Vector commands  # Command
    cdef Vector reads  # Read
    cdef readonly Py_ssize_t commands_held
    cdef readonly Py_ssize_t weight
    cdef readonly Py_ssize_t data_bytes
    cdef list surfaces, source_list
    cdef uint32_t batch
    cdef list ended
    cdef int32_t slot_of(self, GpuSurface surface) except -1
    cdef int32_t index_of(self, GpuSource source) except -1
    cdef int note_read(self, int32_t slot, const Box *around, GpuSource source, int dx, int dy,
                       bint anywhere, bint inside) except -1


cdef inline Box box_of(const Part *part) noexcept nogil:
    return Box(part.upper & 0xffff, part.upper >> 16, part.lower & 0xffff, part.lower >> 16)


cdef inline bint meet(const Box *a, const Box *b) noexcept nogil:
    return a.x1 < b.x2 and b.x1 < a.x2 and a.y1 < b.y2 and b.y1 < a.y2
