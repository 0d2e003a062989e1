"""Words, numbers and raw blocks of a recording."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t


cdef class Scanner:
    cdef object _readinto
    cdef bytearray _buffer
    cdef object _window
    cdef char *_base
    cdef Py_ssize_t _start
    cdef Py_ssize_t _end
    cdef uint64_t _dropped
    cdef bint _ended
    cdef bint _held
    cdef Py_ssize_t _mark
    cdef object _failure

    cdef int reads(self) except -1
    cdef Py_ssize_t fill(self) except -1
    cdef int next_char(self) except -2
    cdef int skip_spaces(self) except -2
    cdef int word(self, const char *expected) except -1
    cdef bint take_word(self, const char *expected) except -1
    cdef uint64_t number(self, const char *what, bint *negative) except? 0xFFFFFFFFFFFFFFFF
    cdef uint32_t u32(self, const char *what) except? 0xFFFFFFFF
    cdef int32_t i32(self, const char *what) except? -1
    cdef uint64_t u64(self, const char *what) except? 0xFFFFFFFFFFFFFFFF
    cdef uint32_t small(self, const char *what, uint32_t most) except? 0xFFFFFFFF
    cdef bytes binary(self, const char *name)
    cdef bytes chunks(self, const char *name, uint64_t most)
    cdef uint64_t block_head(self, const char *name, int *kind) except? 0xFFFFFFFFFFFFFFFF
    cdef int block_body(self, const char *name, int kind, char *target, uint64_t size) except -1
    cdef int raw(self, char *target, Py_ssize_t size) except -1
    cdef object damaged(self, str reason)
    cdef str seen(self)
