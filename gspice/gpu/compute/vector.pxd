"""Memory that grows as things are added at its end."""

from libc.stdlib cimport realloc


cdef struct Vector:
    char *data
    Py_ssize_t count, room  # in bytes


cdef inline void *extend(Vector *vector, Py_ssize_t size) except NULL nogil:
    """Room for so many bytes more, not cleared; what was given out before may have moved."""
    cdef Py_ssize_t room
    cdef char *data
    # Never NULL, which is an error.
    if vector.data == NULL or vector.count + size > vector.room:
        room = max(vector.room * 2, vector.count + size, 4096)
        data = <char *>realloc(vector.data, room)
        if data == NULL:
            with gil:
                raise MemoryError("no memory for a batch")
        vector.data, vector.room = data, room
    vector.count += size
    return vector.data + vector.count - size
