"""What the GLZ encoder writes; each function gives the place behind it."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.codec.glz_format cimport (
    GLZ_FAR,
    GLZ_FAR_OFFSETS,
    GLZ_FARTHER,
    GLZ_HEADER_BYTES,
    GLZ_LITERALS,
    GLZ_MAGIC,
    GLZ_MORE_LENGTH,
    GLZ_NEAR_OFFSETS,
    GLZ_TOP_DOWN,
    GLZ_VERSION,
)

cdef enum:
    OVERRUN = 4  # bytes that may be written behind the literals


cdef inline uint8_t *put_header(
    uint8_t *out, int kind, uint32_t width, uint32_t height, uint32_t stride, uint64_t image_id, uint64_t win_head_dist
) noexcept nogil:
    put_big(out, GLZ_MAGIC)
    put_big(out + 4, GLZ_VERSION)
    out[8] = <uint8_t>(kind | GLZ_TOP_DOWN)
    put_big(out + 9, width)
    put_big(out + 13, height)
    put_big(out + 17, stride)
    put_big(out + 21, <uint32_t>(image_id >> 32))
    put_big(out + 25, <uint32_t>image_id)
    put_big(out + 29, <uint32_t>win_head_dist)
    return out + GLZ_HEADER_BYTES


cdef inline void put_big(uint8_t *out, uint32_t word) noexcept nogil:
    out[0] = <uint8_t>(word >> 24)
    out[1] = <uint8_t>(word >> 16)
    out[2] = <uint8_t>(word >> 8)
    out[3] = <uint8_t>word


cdef inline uint8_t *put_literals(uint8_t *out, const uint32_t *pixels, size_t count, const int size) noexcept nogil:
    cdef size_t part, i
    while count:
        part = min(count, <size_t>GLZ_LITERALS)
        count -= part
        out[0] = <uint8_t>(part - 1)
        out += 1
        for i in range(part):
            if size == 1:
                out[0] = <uint8_t>(pixels[i] >> 24)
            elif size == 2:
                # The stream has the high byte first.
                out[0] = <uint8_t>(pixels[i] >> 8)
                out[1] = <uint8_t>pixels[i]
            else:
                # The fourth byte is where the next one goes.
                memcpy(out, pixels + i, 4)
            out += size
        pixels += part
    return out


cdef inline uint8_t *put_match(uint8_t *out, size_t back, size_t offset, size_t length) noexcept nogil:
    # The length less what the format leaves out.
    cdef bint far = offset >= GLZ_NEAR_OFFSETS
    cdef uint32_t more
    out[0] = <uint8_t>(min(length, <size_t>GLZ_MORE_LENGTH) << 5 | (GLZ_FAR if far else 0) | (offset & 15))
    out += 1
    if length >= GLZ_MORE_LENGTH:
        length -= GLZ_MORE_LENGTH
        while length >= 255:
            out[0] = 255
            out += 1
            length -= 255
        out[0] = <uint8_t>length
        out += 1
    out[0] = <uint8_t>(offset >> 4)
    if far:
        more = (back > 0) + (back >= 1 << 8)
        out[1] = <uint8_t>(more << 6 | (GLZ_FARTHER if offset >= GLZ_FAR_OFFSETS else 0) | (offset >> 12 & 31))
    else:
        more = (back >= 1 << 6) + (back >= 1 << 14)
        out[1] = <uint8_t>(more << 6 | (back & 63))
        back >>= 6
    out += 2
    while more:
        out[0] = <uint8_t>back
        back >>= 8
        out += 1
        more -= 1
    if offset >= GLZ_FAR_OFFSETS:
        out[0] = <uint8_t>(offset >> 17)
        out += 1
    return out
