"""Rows of pixels in memory, compared where their bits count."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy

cdef enum:
    TILE = 16  # sides of the squares, aligned to the surface's origin, in which changes are looked for

cdef struct Box:
    int left, top, right, bottom

cdef struct Plane:
    const uint8_t *first  # the pixel at (left, top)
    Py_ssize_t stride
    int left, top
    int pixel  # bytes
    uint32_t mask  # the bits of a pixel that count


cdef inline const uint8_t *at(const Plane *plane, int x, int y) noexcept nogil:
    return plane.first + plane.stride * (y - plane.top) + <Py_ssize_t>plane.pixel * (x - plane.left)


cdef inline uint32_t load(const uint8_t *place, int pixel, uint32_t mask) noexcept nogil:
    """One pixel; copied, because nothing says that hosts align their rows."""
    cdef uint32_t wide
    cdef uint16_t half
    if pixel == 4:
        memcpy(&wide, place, 4)
        return wide & mask
    if pixel == 2:
        memcpy(&half, place, 2)
        return half
    return place[0]


cdef inline bint same(const uint8_t *one, const uint8_t *other, int count, int pixel, uint32_t mask) noexcept nogil:
    """Whether ``count`` pixels are alike in what counts."""
    cdef int x, end
    cdef uint32_t found = 0, a, b
    if memcmp(one, other, <size_t>count * pixel) == 0:
        return True
    if mask == 0xFFFFFFFFu:
        return False
    x = 0
    while x < count:
        end = min(count, x + TILE)
        while x < end:
            memcpy(&a, one + 4 * x, 4)
            memcpy(&b, other + 4 * x, 4)
            found |= a ^ b
            x += 1
        if found & mask:
            return False
    return True


cdef inline bint overlap(const Box *one, const Box *other) noexcept nogil:
    return (one.left < other.right and other.left < one.right
            and one.top < other.bottom and other.top < one.bottom)


cdef inline Box shifted(const Box *box, int dx, int dy) noexcept nogil:
    cdef Box there
    there.left, there.right = box.left + dx, box.right + dx
    there.top, there.bottom = box.top + dy, box.bottom + dy
    return there


cdef inline Box common(const Box *one, const Box *other) noexcept nogil:
    cdef Box both
    both.left, both.right = max(one.left, other.left), min(one.right, other.right)
    both.top, both.bottom = max(one.top, other.top), min(one.bottom, other.bottom)
    return both
