"""Between one word a pixel, as the device has them, and the rows of a format."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memset


def packed(bytes words not None, int width, int height, int bits):
    cdef Py_ssize_t pixels = <Py_ssize_t>width * height, row = (<Py_ssize_t>width * bits + 7) // 8, i
    cdef const uint32_t *source = <const uint32_t *>PyBytes_AS_STRING(words)
    cdef bytes made
    cdef uint8_t *out
    cdef int x, y
    if width <= 0 or height <= 0 or PyBytes_GET_SIZE(words) != pixels * 4 or bits not in (1, 8, 16, 32):
        raise ValueError(f"{len(words)} bytes are not {width}x{height} words of {bits} bits")
    if bits == 32:
        return words
    made = PyBytes_FromStringAndSize(NULL, row * height)
    out = <uint8_t *>PyBytes_AS_STRING(made)
    with nogil:
        if bits == 16:
            for i in range(pixels):
                (<uint16_t *>out)[i] = <uint16_t>source[i]
        elif bits == 8:
            for i in range(pixels):
                out[i] = <uint8_t>source[i]
        else:
            memset(out, 0, row * height)
            for y in range(height):
                for x in range(width):
                    out[y * row + (x >> 3)] |= <uint8_t>((source[<Py_ssize_t>y * width + x] & 1) << (x & 7))
    return made


def widened(bytes rows not None, int width, int height, int bits):
    cdef Py_ssize_t pixels = <Py_ssize_t>width * height, row = (<Py_ssize_t>width * bits + 7) // 8, i
    cdef const uint8_t *source = <const uint8_t *>PyBytes_AS_STRING(rows)
    cdef bytes made
    cdef uint32_t *out
    cdef int x, y
    if width <= 0 or height <= 0 or bits not in (1, 8, 16, 32) or PyBytes_GET_SIZE(rows) != row * height:
        raise ValueError(f"{len(rows)} bytes are not {width}x{height} pixels of {bits} bits")
    if bits == 32:
        return rows
    made = PyBytes_FromStringAndSize(NULL, pixels * 4)
    out = <uint32_t *>PyBytes_AS_STRING(made)
    with nogil:
        if bits == 16:
            for i in range(pixels):
                out[i] = (<const uint16_t *>source)[i]
        elif bits == 8:
            for i in range(pixels):
                out[i] = source[i]
        else:
            for y in range(height):
                for x in range(width):
                    out[<Py_ssize_t>y * width + x] = source[y * row + (x >> 3)] >> (x & 7) & 1
    return made
