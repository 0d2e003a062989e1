cimport cython
from libc.stdint cimport uint32_t

cdef enum:
    BELL_WAKEUP = 1
    BELL_OOM = 2
    BELL_MESSAGES = 4


@cython.final
cdef class Doorbell:
    cdef int _fd
    cdef uint32_t _bits
    cdef uint32_t _ringing
    cdef uint32_t _closed

    cdef void ring_nogil(self, uint32_t bits) noexcept nogil
    cdef void _free(self) noexcept nogil
