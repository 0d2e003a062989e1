"""The words of a QUIC stream, as the encoder puts them down, and as it takes pixels: little-endian everywhere."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from gspice.codec.quic_model cimport QUIC_RUN_STATES, QuicPace, quic_run_bits


cdef extern from *:
    """
    /* Compilers do not make one access of byte-wise ones that have been inlined, as they do of these. */
    #include <stdint.h>
    #include <string.h>
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define gspice_swap32(word) __builtin_bswap32(word)
    #define gspice_swap64(word) __builtin_bswap64(word)
    #else
    #define gspice_swap32(word) (word)
    #define gspice_swap64(word) (word)
    #endif
    static inline uint32_t gspice_load16(const uint8_t *at) {
        return at[0] | (uint32_t)at[1] << 8;
    }
    static inline uint32_t gspice_load32(const uint8_t *at) {
        uint32_t word;
        memcpy(&word, at, 4);
        return gspice_swap32(word);
    }
    static inline uint64_t gspice_load64(const uint8_t *at) {
        uint64_t word;
        memcpy(&word, at, 8);
        return gspice_swap64(word);
    }
    static inline void gspice_store32(uint8_t *at, uint32_t word) {
        word = gspice_swap32(word);
        memcpy(at, &word, 4);
    }
    """
    uint32_t load16 "gspice_load16"(const uint8_t *at) noexcept nogil
    uint32_t load32 "gspice_load32"(const uint8_t *at) noexcept nogil
    uint64_t load64 "gspice_load64"(const uint8_t *at) noexcept nogil
    void store32 "gspice_store32"(uint8_t *at, uint32_t word) noexcept nogil


cdef struct QuicWords:
    uint8_t *next  # 32 bits each, filled from the most significant bit
    uint64_t window  # its top ``have`` bits are not there yet, zeros follow
    uint32_t have  # less than 32


cdef inline void put(QuicWords *words, uint64_t bits, uint32_t length) noexcept nogil:
    # 1 to 32 bits. No branches, which could not be foretold: a word is written each time, to stay once it is full.
    cdef uint32_t have = words.have + length
    cdef uint64_t window = words.window | bits << (64 - have)
    store32(words.next, <uint32_t>(window >> 32))
    words.next += have >> 5 << 2
    words.window = window << (have & 32)
    words.have = have & 31


cdef inline void put_run(QuicWords *words, QuicPace *pace, int64_t run) noexcept nogil:
    # Each 1 says that the run is longer than expected.
    while run >= 1u << quic_run_bits[pace.run_state]:
        run -= 1u << quic_run_bits[pace.run_state]
        put(words, 1, 1)
        if pace.run_state < QUIC_RUN_STATES - 1:
            pace.run_state += 1
    put(words, <uint64_t>run, quic_run_bits[pace.run_state] + 1)
    if pace.run_state:
        pace.run_state -= 1
