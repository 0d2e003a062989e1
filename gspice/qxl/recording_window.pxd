from libc.stdint cimport uint64_t

cdef class FileWindow:
    cdef object _file
    cdef str _directory
    cdef int _descriptor
    cdef char *base
    """The text's first byte; what lies more than the window behind the end reads as zeros."""
    cdef size_t _mapped
    cdef readonly uint64_t written
    cdef uint64_t _ready
    cdef uint64_t _punched
    cdef uint64_t _keep

    cdef int make_room(self, uint64_t end) except -1
    cdef int forget(self) except -1
    cdef int _write(self) except -1
    cdef int _place(self, uint64_t start, uint64_t size, int protection, int flags) except -1
