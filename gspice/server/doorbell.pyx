"""A bell between threads: pending bits, and an eventfd that is written only when none were pending."""

import os

cimport cython

from libc.stdint cimport uint32_t, uint64_t
from posix.unistd cimport close as close_fd, read, write


cdef extern from *:
    """
    #include <stdint.h>
    #define gspice_or(p, bits) __atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST)
    #define gspice_add(p, n) __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST)
    #define gspice_sub(p, n) __atomic_sub_fetch(p, n, __ATOMIC_SEQ_CST)
    #define gspice_load(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
    #define gspice_swap(p, value) __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST)
    """
    uint32_t gspice_or(uint32_t *place, uint32_t bits) nogil
    uint32_t gspice_add(uint32_t *place, uint32_t amount) nogil
    uint32_t gspice_sub(uint32_t *place, uint32_t amount) nogil
    uint32_t gspice_load(uint32_t *place) nogil
    uint32_t gspice_swap(uint32_t *place, uint32_t value) nogil
    int gspice_swap_fd "gspice_swap"(int *place, int value) nogil


WAKEUP = BELL_WAKEUP
OOM = BELL_OOM
MESSAGES = BELL_MESSAGES


@cython.final
cdef class Doorbell:
    def __cinit__(self):
        self._fd = -1
        self._bits = self._ringing = self._closed = 0

    def __init__(self):
        if self._fd < 0:
            self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def __dealloc__(self):
        self._free()

    def fileno(self):
        return self._fd

    def ring(self, uint32_t bits):
        # Without the GIL: the thread that is woken often runs at once, in this one's place, and wants it.
        with nogil:
            self.ring_nogil(bits)

    cdef void ring_nogil(self, uint32_t bits) noexcept nogil:
        cdef uint64_t one = 1
        # Counted, so that the descriptor is not given back, and to somebody else, between the look and the write.
        gspice_add(&self._ringing, 1)
        if not gspice_load(&self._closed) and bits and gspice_or(&self._bits, bits) == 0:
            write(self._fd, &one, sizeof(one))
        if gspice_sub(&self._ringing, 1) == 0 and gspice_load(&self._closed):
            self._free()

    def take(self):
        cdef uint64_t count
        if self._fd < 0:
            return 0
        # The descriptor first: bits rung after it was read wake again, unless they are taken right here.
        read(self._fd, &count, sizeof(count))
        return gspice_swap(&self._bits, 0)

    def close(self):
        gspice_swap(&self._closed, 1)
        if gspice_load(&self._ringing) == 0:
            self._free()

    cdef void _free(self) noexcept nogil:
        cdef int fd = gspice_swap_fd(&self._fd, -1)
        if fd >= 0:
            close_fd(fd)
