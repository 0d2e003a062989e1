# cython: auto_pickle=False
"""See cell_pixels.pyi."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy


cdef void copy_cell(uint8_t *to, const uint8_t *first, Py_ssize_t stride, Py_ssize_t row, Py_ssize_t height,
                    bint ignore_high) noexcept nogil:
    """Rows of so many bytes, ``stride`` apart."""
    cdef Py_ssize_t _y, at
    cdef uint32_t pixel
    for _y in range(height):
        if ignore_high:
            for at in range(0, row, 4):
                memcpy(&pixel, first + at, 4)
                pixel &= 0x00FFFFFF
                memcpy(to + at, &pixel, 4)
        else:
            memcpy(to, first, <size_t>row)
        first += stride
        to += row


def cell_pixels(const uint8_t[::1] rows not None, Py_ssize_t width, Py_ssize_t pixel_bytes, Py_ssize_t cell_width, *,
                bint ignore_high):
    if width < 1 or cell_width < 1 or not 1 <= pixel_bytes <= 4 or (ignore_high and pixel_bytes != 4):
        raise ValueError(f"no cells of {cell_width} pixels in rows of {width} of {pixel_bytes} bytes")
    cdef Py_ssize_t stride = width * pixel_bytes, left, row
    if not rows.shape[0] or rows.shape[0] % stride:
        raise ValueError(f"{rows.shape[0]} bytes are no rows of {stride}")
    cdef Py_ssize_t height = rows.shape[0] // stride
    cdef bytes cell
    cdef uint8_t *to
    cells = []
    for left in range(0, width, cell_width):
        row = min(cell_width, width - left) * pixel_bytes
        cell = PyBytes_FromStringAndSize(NULL, row * height)
        to = <uint8_t *>PyBytes_AS_STRING(cell)
        with nogil:
            copy_cell(to, &rows[left * pixel_bytes], stride, row, height, ignore_high)
        cells.append(cell)
    return cells
