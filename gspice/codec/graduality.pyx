"""Measures of how photo-like pixels are; see graduality.pyi for what each name promises.

The rules and numbers are libspice's, so that the same images become QUIC. A sample is a pixel and its neighbours to the
right, below, and below to the right of it. Of the three pairs with the pixel each has a score, high for a contrast and
below 0 for a slight difference; a sample of one colour counts nothing. What decides is the mean over all pairs.
"""

from enum import IntEnum

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from gspice.codec.lz_format cimport LZ_RGB16, LZ_RGB24, LZ_RGBA

cdef enum:
    JUMP = 15  # pixels from sample to sample; one less where rows would put all samples in the same columns
    # Differences of a channel that are a contrast.
    CONTRAST_8_BITS = 60
    CONTRAST_5_BITS = 8
    # Scores of pairs, in quarters.
    SCORE_SAME = 2
    SCORE_CONTRAST = 4
    SCORE_SLIGHT = -1
    SLOTS = 1024  # of the set of colours: a power of 2, well above the most that there may be
    SLOT_BITS = 10
    LIMIT = 256
    NO_COLOUR = 0xffffffff
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_PIXELS = 1 << 15

# Mean scores below which an image is of a graduality.
cdef double HIGH_8_BITS = -0.03
cdef double HIGH_5_BITS = 0.0
cdef double MEDIUM = 0.002

cdef int[12] PIXEL_BYTES = [0, 0, 0, 0, 0, 0, 2, 3, 4, 4, 0, 0]

MOST_DISTINCT = LIMIT


class Graduality(IntEnum):
    LOW = 0
    MEDIUM = 1
    HIGH = 2


def measure(object data, int kind, object width, object height, object stride):
    cdef const uint8_t[::1] pixels = memoryview(data).cast("B")
    cdef size_t columns, rows, row_stride
    cdef double mean
    if not LZ_RGB16 <= kind <= LZ_RGBA:
        raise ValueError(f"pixels of type {kind} have no graduality: it is of colours")
    check(pixels.shape[0], width, height, stride, PIXEL_BYTES[kind])
    columns, rows, row_stride = width, height, stride
    if columns * rows < KEEP_GIL_PIXELS:
        mean = mean_score(&pixels[0], kind, columns, rows, row_stride)
    else:
        with nogil:
            mean = mean_score(&pixels[0], kind, columns, rows, row_stride)
    if mean < (HIGH_5_BITS if kind == LZ_RGB16 else HIGH_8_BITS):
        return Graduality.HIGH
    return Graduality.MEDIUM if mean < MEDIUM else Graduality.LOW


def distinct(object data, object width, object height, object stride, object limit):
    cdef const uint8_t[::1] pixels = memoryview(data).cast("B")
    cdef size_t columns, rows, row_stride
    cdef int most, found
    if not 0 < limit <= LIMIT:
        raise ValueError(f"counting to {limit} colours: it goes from 1 to {LIMIT}")
    check(pixels.shape[0], width, height, stride, 4)
    columns, rows, row_stride, most = width, height, stride, limit
    if columns * rows < KEEP_GIL_PIXELS:
        found = count_colours(&pixels[0], columns, rows, row_stride, most)
    else:
        with nogil:
            found = count_colours(&pixels[0], columns, rows, row_stride, most)
    return found


cdef object check(object size, object width, object height, object stride, int pixel_bytes):
    if width <= 0 or height <= 0:
        raise ValueError(f"{width}x{height} pixels to measure: there are none")
    if stride < width * pixel_bytes:
        raise ValueError(f"{stride} bytes from row to row, and {width * pixel_bytes} in each")
    if stride * (height - 1) + width * pixel_bytes > size:
        raise ValueError(f"{height} rows of {stride} bytes to measure: there are {size} bytes")


cdef double mean_score(
    const uint8_t *pixels, int kind, size_t width, size_t height, size_t stride
) noexcept nogil:
    if width < 2 or height < 2:
        return 1
    # One call for each layout, so that the compiler makes loops of its own for it.
    if kind == LZ_RGB16:
        return mean_of(pixels, width, height, stride, 2)
    if kind == LZ_RGB24:
        return mean_of(pixels, width, height, stride, 3)
    return mean_of(pixels, width, height, stride, 4)


cdef inline double mean_of(
    const uint8_t *pixels, size_t width, size_t height, size_t stride, const int step
) noexcept nogil:
    cdef size_t jump = JUMP if JUMP % width else JUMP - 1
    cdef size_t x = width // 2, y = 0
    cdef const uint8_t *pixel
    cdef int64_t score = 0, samples = 0
    while y < height - 1:
        if x == width - 1:
            x -= 1
        pixel = pixels + y * stride + x * step
        score += sample_score(
            colour(pixel, step),
            colour(pixel + step, step),
            colour(pixel + stride, step),
            colour(pixel + stride + step, step),
            step,
        )
        samples += 1
        x += jump
        while x >= width:
            x -= width
            y += 1
    return score / 4.0 / (3 * samples)


cdef inline int sample_score(
    uint32_t pixel, uint32_t right, uint32_t below, uint32_t across, const int step
) noexcept nogil:
    if pixel == right and pixel == below and pixel == across:
        return 0
    return pair_score(pixel, right, step) + pair_score(pixel, below, step) + pair_score(pixel, across, step)


cdef inline int pair_score(uint32_t one, uint32_t other, const int step) noexcept nogil:
    if one == other:
        return SCORE_SAME
    if step == 2:
        if contrasts(one, other, 0, 31, CONTRAST_5_BITS) or contrasts(one, other, 5, 31, CONTRAST_5_BITS) \
                or contrasts(one, other, 10, 31, CONTRAST_5_BITS):
            return SCORE_CONTRAST
    elif contrasts(one, other, 0, 255, CONTRAST_8_BITS) or contrasts(one, other, 8, 255, CONTRAST_8_BITS) \
            or contrasts(one, other, 16, 255, CONTRAST_8_BITS):
        return SCORE_CONTRAST
    return SCORE_SLIGHT


cdef inline bint contrasts(
    uint32_t one, uint32_t other, const int shift, const int mask, const int least
) noexcept nogil:
    cdef int difference = <int>(one >> shift & mask) - <int>(other >> shift & mask)
    return difference >= least or difference <= -least


cdef inline uint32_t colour(const uint8_t *pixel, const int step) noexcept nogil:
    cdef uint16_t half
    cdef uint32_t word
    if step == 2:
        memcpy(&half, pixel, 2)
        return half & 0x7fff
    if step == 3:
        return <uint32_t>pixel[2] << 16 | <uint32_t>pixel[1] << 8 | pixel[0]
    memcpy(&word, pixel, 4)
    return word & 0xffffff


cdef int count_colours(
    const uint8_t *pixels, size_t width, size_t height, size_t stride, int limit
) noexcept nogil:
    cdef uint32_t[SLOTS] slots
    cdef uint32_t found, slot, last = NO_COLOUR
    cdef uint64_t two, run = 0
    cdef const uint8_t *row
    cdef size_t x, y
    cdef int count = 0
    memset(slots, 0xff, sizeof(slots))
    for y in range(height):
        row = pixels + y * stride
        x = 0
        while x < width:
            # Where a colour goes on, two pixels at a time do.
            if x + 2 <= width:
                memcpy(&two, row + 4 * x, 8)
                if two & 0x00ffffff00ffffffULL == run and count:
                    x += 2
                    continue
            found = colour(row + 4 * x, 4)
            x += 1
            if found == last:
                continue
            last = found
            run = <uint64_t>found << 32 | found
            slot = found * 0x9e3779b1u >> (32 - SLOT_BITS)
            while slots[slot] != found:
                if slots[slot] == NO_COLOUR:
                    slots[slot] = found
                    count += 1
                    if count == limit:
                        return count
                    break
                slot = (slot + 1) % SLOTS
    return count
