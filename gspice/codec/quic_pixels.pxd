"""Rows of pixels as the QUIC encoder looks at them: what they differ by from what is predicted, and where runs are.

Pixels have 4 bytes here, or are grey ones of 1 byte.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from gspice.codec.quic_model cimport QUIC_GRAY, QUIC_RGB16
from gspice.codec.quic_words cimport load16, load32, load64, store32


cdef extern from *:
    """
    #define gspice_trailing_zeros(word) __builtin_ctzll(word)
    """
    uint32_t trailing_zeros "gspice_trailing_zeros"(uint64_t word) noexcept nogil

cdef enum:
    COLOURS = 0xffffff  # of a pixel

# What a pass over a row codes.
cdef enum QuicPart:
    PART_GRAY  # pixels of one byte
    PART_COLOUR  # three channels of pixels of 4 bytes
    PART_ALPHA  # the fourth


cdef inline const uint8_t *unpack555(const uint8_t *line, uint8_t *out, size_t width) noexcept nogil:
    cdef size_t i
    cdef uint32_t word
    for i in range(width):
        word = load16(line + 2 * i)
        store32(out + 4 * i, (word & 31) | (word & 31 << 5) << 3 | (word & 31 << 10) << 6)
    return out


cdef inline const uint8_t *unpack888(const uint8_t *line, uint8_t *out, size_t width) noexcept nogil:
    cdef size_t i, last = width - 1
    for i in range(last):
        store32(out + 4 * i, load32(line + 3 * i))
    store32(out + 4 * last, load16(line + 3 * last) | <uint32_t>line[3 * last + 2] << 16)
    return out


cdef inline void find_errors(
    uint8_t *errors, int kind, const uint8_t *line, const uint8_t *above, size_t bytes
) noexcept nogil:
    # The errors of a row by what the format predicts, as values, laid out as the pixels are.
    # One call for each layout, so that the compiler makes a loop of its own for it.
    if kind == QUIC_GRAY:
        fold_errors(errors, line, above, bytes, 1, 8)
    elif kind == QUIC_RGB16:
        fold_errors(errors, line, above, bytes, 4, 5)
    else:
        fold_errors(errors, line, above, bytes, 4, 8)


cdef inline void fold_errors(
    uint8_t *errors, const uint8_t *line, const uint8_t *above, size_t bytes, const size_t step, const uint32_t bits
) noexcept nogil:
    cdef size_t i
    for i in range(step):
        errors[i] = fold(line[i] - (<uint32_t>above[i] if above else 0), bits)
    if above:
        for i in range(step, bytes):
            errors[i] = fold(line[i] - average(line[i - step], above[i]), bits)
    else:
        for i in range(step, bytes):
            errors[i] = fold(<uint32_t>line[i] - line[i - step], bits)


cdef inline uint8_t average(uint8_t a, uint8_t b) noexcept nogil:
    # Rounded down. Processors round up, many at once: compilers know this expression, not that of the other.
    return <uint8_t>((<uint32_t>a + b + 1) >> 1) - ((a ^ b) & 1)


cdef inline uint8_t fold(uint32_t error, const uint32_t bits) noexcept nogil:
    # What QuicFamily.folded holds, in a way that works on many at once.
    cdef uint8_t mask = (1u << bits) - 1
    cdef uint8_t low = <uint8_t>error & mask
    return <uint8_t>(low + low ^ (mask if low > mask >> 1 else 0)) & mask


cdef inline bint run_begins(
    const uint8_t *above, const uint8_t *line, int64_t i, const QuicPart part
) noexcept nogil:
    cdef uint32_t changed
    if part == PART_GRAY:
        return above[i] == above[i - 1] and line[i - 1] == line[i - 2]
    above += 4 * i
    line += 4 * i
    changed = load32(above) ^ load32(above - 4) | load32(line - 4) ^ load32(line - 8)
    return changed & (COLOURS if part == PART_COLOUR else ~<uint32_t>COLOURS) == 0


cdef inline int64_t run_length(const uint8_t *line, int64_t i, int64_t end, const QuicPart part) noexcept nogil:
    # The pixels from i on that are as the one before.
    cdef int64_t start = i
    cdef uint32_t mask = COLOURS if part == PART_COLOUR else ~<uint32_t>COLOURS
    cdef uint64_t changed, masks = <uint64_t>mask << 32 | mask
    if part == PART_GRAY:
        while end - i >= 8:
            changed = load64(line + i) ^ load64(line + i - 1)
            if changed:
                return i - start + (trailing_zeros(changed) >> 3)
            i += 8
        while i < end and line[i] == line[i - 1]:
            i += 1
        return i - start
    while end - i >= 2:
        changed = (load64(line + 4 * i) ^ load64(line + 4 * i - 4)) & masks
        if changed:
            return i - start + (<uint32_t>changed == 0)
        i += 2
    if i < end and (load32(line + 4 * i) ^ load32(line + 4 * i - 4)) & mask == 0:
        i += 1
    return i - start
