"""Memory for image bytes that is used again; image_memory.pyx says how."""

from libc.stdint cimport uint64_t


cdef bytes image_bytes(uint64_t size)
