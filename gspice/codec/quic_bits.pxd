"""The bits of a QUIC stream, as the decoder takes them. Reading beyond the end is safe, and shows later."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef extern from *:
    """
    #define gspice_leading_zeros(word) __builtin_clz(word)
    """
    uint32_t leading_zeros "gspice_leading_zeros"(uint32_t word) noexcept nogil


cdef struct QuicBits:
    const uint8_t *words  # little-endian, 32 bits each, read from the most significant bit
    size_t count, next
    uint64_t window  # its top ``have`` bits are the next of the stream, zeros where that has ended
    uint32_t have
    uint64_t lent  # bits from beyond the end; when they are more than ``have``, some of them were read


cdef inline uint32_t peek(QuicBits *bits) noexcept nogil:
    # The next 32 bits. skip() may then go over as many.
    if bits.have < 32:
        if bits.next < bits.count:
            bits.window |= <uint64_t>little(bits.words + 4 * bits.next) << (32 - bits.have)
            bits.next += 1
        else:
            bits.lent += 32
        bits.have += 32
    return <uint32_t>(bits.window >> 32)


cdef inline void skip(QuicBits *bits, uint32_t length) noexcept nogil:
    bits.window <<= length
    bits.have -= length


cdef inline uint32_t little(const uint8_t *word) noexcept nogil:
    return word[0] | <uint32_t>word[1] << 8 | <uint32_t>word[2] << 16 | <uint32_t>word[3] << 24
