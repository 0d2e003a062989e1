# cython: auto_pickle=False
"""Copying a host's pixels to the server's; scanout_rows.pyi says what each name promises."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

cdef enum:
    PIXEL = 4


def copy_pixels(const uint8_t[::1] source not None, Py_ssize_t first, Py_ssize_t step, int size, places,
                uint8_t[:, :, ::1] target not None, int left, int top, int width, int height):
    cdef int blue, green, red, y, _
    cdef const uint8_t *row
    cdef uint8_t *out
    blue, green, red = places
    cdef Py_ssize_t last = first + step * (<Py_ssize_t>height - 1)
    if width <= 0 or height <= 0 or target.shape[2] != PIXEL or not (
            0 <= left and 0 <= top and left + width <= target.shape[1] and top + height <= target.shape[0]):
        raise ValueError(f"no {width}x{height} pixels at ({left}, {top}) of the target")
    if not (0 <= min(blue, green, red) and max(blue, green, red) < size <= PIXEL) or min(first, last) < 0 or (
            max(first, last) + <Py_ssize_t>width * size > source.shape[0]):
        raise ValueError(f"{source.shape[0]} bytes do not hold {height} rows of {width} pixels from {first} on")
    cdef bint plain = size == PIXEL and (blue, green, red) == (0, 1, 2)
    with nogil:
        for y in range(height):
            row = &source[first + step * y]
            out = &target[top + y, left, 0]
            if plain:
                memcpy(out, row, <size_t>width * PIXEL)
                continue
            for _ in range(width):
                out[0], out[1], out[2] = row[blue], row[green], row[red]
                out += PIXEL
                row += size


def read_pixels(const uint8_t[:, :, ::1] source not None, int left, int top, int width, int height):
    if width <= 0 or height <= 0 or source.shape[2] != PIXEL or not (
            0 <= left and 0 <= top and left + width <= source.shape[1] and top + height <= source.shape[0]):
        raise ValueError(f"no {width}x{height} pixels at ({left}, {top})")
    cdef Py_ssize_t row = <Py_ssize_t>width * PIXEL
    cdef bytes copy = PyBytes_FromStringAndSize(NULL, row * height)
    cdef char *out = PyBytes_AS_STRING(copy)
    cdef int y
    with nogil:
        for y in range(height):
            memcpy(out + row * y, &source[top + y, left, 0], <size_t>row)
    return copy
