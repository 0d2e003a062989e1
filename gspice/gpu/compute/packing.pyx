"""Between one word a pixel, as the device has them, and the rows of a format."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from gspice.geometry import Rect

cdef enum:
    SIDE = 16
    MAX_SIDE = 32767

TILE = SIDE
TILE_WORDS = SIDE * SIDE


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


cdef void put_row(uint8_t *out, const uint32_t *source, int count, int size) noexcept nogil:
    cdef int i
    if size == 4:
        memcpy(out, source, <size_t>count * 4)
    elif size == 2:
        for i in range(count):
            (<uint16_t *>out)[i] = <uint16_t>source[i]
    else:
        for i in range(count):
            out[i] = <uint8_t>source[i]


def place_tiles(uint8_t[::1] rows not None, int width, int height, int bits, const uint32_t[::1] tiles not None,
                bytes words not None, rects):
    cdef Py_ssize_t count = tiles.shape[0], i
    cdef int size = bits // 8, across, down, left, top, right, bottom, x0, y0, x1, y1, y
    cdef const uint32_t *source = <const uint32_t *>PyBytes_AS_STRING(words)
    if bits not in (8, 16, 32) or not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or (
            rows.shape[0] != <Py_ssize_t>width * height * size):
        raise ValueError(f"{rows.shape[0]} bytes are not {width}x{height} pixels of {bits} bits")
    if PyBytes_GET_SIZE(words) != count * SIDE * SIDE * 4:
        raise ValueError(f"{len(words)} bytes are not {count} tiles")
    across, down = (width + SIDE - 1) // SIDE, (height + SIDE - 1) // SIDE
    for i in range(count):
        if tiles[i] >= <uint32_t>(across * down):
            raise ValueError(f"tile {tiles[i]} of {across * down}")
    for rect in rects:
        left, top, right, bottom = rect
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise ValueError(f"{tuple(rect)} is not inside {width}x{height}")
        with nogil:
            for i in range(count):
                x0, y0 = <int>(tiles[i] % across) * SIDE, <int>(tiles[i] // across) * SIDE
                x1, y1 = min(x0 + SIDE, right), min(y0 + SIDE, bottom)
                if x1 <= left or y1 <= top or x0 >= right or y0 >= bottom:
                    continue
                for y in range(max(y0, top), y1):
                    put_row(&rows[(<Py_ssize_t>y * width + max(x0, left)) * size],
                            source + i * SIDE * SIDE + (y - y0) * SIDE + max(x0, left) - x0,
                            x1 - max(x0, left), size)


def around_tiles(int width, const uint32_t[::1] tiles not None, rect):
    cdef int left, top, right, bottom, x, y
    cdef int across = (width + SIDE - 1) // SIDE
    cdef int min_x = MAX_SIDE, min_y = MAX_SIDE, max_x = 0, max_y = 0
    cdef Py_ssize_t i
    if width <= 0:
        raise ValueError(f"a surface of width {width}")
    left, top, right, bottom = rect
    with nogil:
        for i in range(tiles.shape[0]):
            x, y = <int>(tiles[i] % across) * SIDE, <int>(tiles[i] // across) * SIDE
            if x < right and y < bottom and x + SIDE > left and y + SIDE > top:
                min_x, max_x = min(min_x, x), max(max_x, x + SIDE)
                min_y, max_y = min(min_y, y), max(max_y, y + SIDE)
    if min_x >= max_x:
        return None
    return Rect(max(left, min_x), max(top, min_y), min(right, max_x), min(bottom, max_y))
