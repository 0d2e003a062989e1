"""The adaptive model of QUIC, the same in encoder and decoder: inline code and tables, no module of its own.

QUIC is SFALIC, the predictive coder of Roman Starosolski, with run lengths added. Each channel of a pixel is
predicted from its left and upper neighbours. The error is coded in that Golomb-Rice code which was cheapest
of late for errors that followed an error of like size. Both ends keep count of what every code would have
cost: for each pixel at first, then at random distances that grow, drawn from a table which both have.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset


cdef extern from *:
    """
    /* The random distances; they are masked, never with more than 6 bits. */
    static const unsigned char quic_distances[256] = {
        2, 23, 19, 21, 7, 18, 40, 14, 12, 32, 47, 44, 36, 6, 18, 11, 4, 19, 42, 29, 16, 63, 57, 51, 16, 3,
        5, 14, 15, 30, 20, 9, 36, 45, 3, 57, 61, 0, 8, 5, 41, 14, 43, 27, 43, 59, 31, 35, 39, 60, 42, 38,
        13, 54, 62, 1, 26, 3, 11, 61, 52, 34, 7, 48, 4, 59, 22, 12, 22, 8, 50, 4, 10, 6, 44, 8, 11, 46, 31,
        51, 53, 17, 1, 43, 46, 60, 36, 54, 10, 27, 39, 44, 22, 41, 23, 2, 44, 0, 40, 53, 40, 48, 16, 43, 32,
        28, 33, 12, 20, 2, 56, 62, 55, 58, 18, 20, 13, 55, 38, 29, 57, 19, 49, 33, 47, 63, 59, 0, 35, 61,
        19, 25, 46, 38, 60, 4, 35, 1, 26, 40, 28, 10, 5, 14, 25, 18, 48, 49, 20, 59, 62, 34, 46, 7, 33, 52,
        34, 58, 9, 29, 8, 55, 62, 60, 37, 36, 37, 50, 6, 3, 10, 28, 48, 24, 26, 61, 57, 30, 11, 54, 2, 6,
        50, 47, 7, 17, 35, 53, 32, 12, 23, 17, 5, 21, 49, 55, 51, 45, 52, 27, 39, 25, 39, 63, 22, 24, 42,
        52, 56, 38, 41, 41, 56, 32, 13, 24, 26, 51, 27, 56, 58, 37, 24, 42, 15, 28, 17, 30, 31, 15, 16, 23,
        25, 54, 33, 34, 1, 29, 31, 50, 53, 21, 49, 15, 47, 9, 0, 58, 37, 45, 30, 13, 9, 45, 63, 21,
    };
    /* By the bits of the mask: the cost at which the counts of a bucket are halved. */
    static const unsigned short quic_triggers[7] = {110, 550, 900, 800, 550, 400, 350};
    /* By the state of the run-length code: the bits of a run that is not longer than expected. */
    static const unsigned char quic_run_bits[32] = {
        0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    """
    const uint8_t[256] quic_distances
    const uint16_t[7] quic_triggers
    const uint8_t[32] quic_run_bits


cdef enum:
    QUIC_CODES = 8  # Golomb-Rice codes of a family at most: one for each bit of a channel
    QUIC_BUCKETS = 8
    QUIC_CODE_LIMIT = 26  # no code word is longer
    QUIC_MASK_BITS = 6  # the mask of the distances stops growing here
    QUIC_MASK_PIXELS = 2048  # and grows by a bit after so many pixels
    QUIC_RUN_STATES = 32
    QUIC_MOST_PIXELS = 0x1fffffff  # offsets within an image are of type int, pixels have 4 bytes
    QUIC_HEADER_BYTES = 20  # little-endian words: "QUIC", version, type, width, height
    QUIC_VERSION = 0
    QUIC_MAGIC = 0x43495551

cdef enum QuicPixels:
    QUIC_GRAY = 1
    QUIC_RGB16
    QUIC_RGB24
    QUIC_RGB32
    QUIC_RGBA

cdef enum:
    QUIC_ALPHA = 3  # the channel, and the byte of a pixel

cdef struct QuicFamily:
    # What depends on the bits of a channel, 8 or 5, alone.
    uint32_t bits
    uint32_t mask
    # By code: the values below rice_values have a Rice code word; to others, escape_mask is the greatest
    # of all 32-bit windows that begin with their prefix, and the word ends in escape_bits bits.
    uint32_t[8] rice_values
    uint32_t[8] escape_length
    uint32_t[8] escape_bits
    uint32_t[8] escape_mask
    uint8_t[256][8] length  # of the code word, by value and code; 255 where the family has no such code
    uint8_t[256] folded  # prediction errors, modulo 1 << bits, as values: small ones of either sign first
    uint8_t[256] unfolded
    uint8_t[256] bucket  # by the value before

cdef struct QuicBucket:
    int32_t[8] cost  # by code, of the values seen
    uint32_t best  # the code of least cost

cdef struct QuicPace:
    # When the model learns: for one colour, which is three channels, or for one channel.
    uint32_t wait  # pixels to go before the one that updates the model
    uint32_t seed
    uint32_t mask_bits
    uint32_t mask_left  # pixels to go before the mask grows
    uint32_t run_state


cdef inline int quic_channels(int kind) noexcept nogil:
    return 1 if kind == QUIC_GRAY else 4 if kind == QUIC_RGBA else 3


cdef inline void quic_fill_family(QuicFamily *family, uint32_t bits) noexcept nogil:
    cdef uint32_t code, prefix, value, left
    cdef int bucket = 0
    memset(family, 0, sizeof(QuicFamily))
    family.bits = bits
    family.mask = (1u << bits) - 1
    memset(family.length, 0xff, sizeof(family.length))
    for code in range(bits):
        prefix = min(QUIC_CODE_LIMIT - bits, (1u << (bits - code)) - 1)
        left = (1u << bits) - (prefix << code)
        family.rice_values[code] = prefix << code
        while (1u << family.escape_bits[code]) < left:
            family.escape_bits[code] += 1
        family.escape_length[code] = prefix + family.escape_bits[code]
        family.escape_mask[code] = (1u << (32 - prefix)) - 1
        for value in range(256):
            if value < family.rice_values[code]:
                family.length[value][code] = <uint8_t>((value >> code) + code + 1)
            else:
                family.length[value][code] = <uint8_t>family.escape_length[code]
    for value in range(1u << bits):
        # Errors of -x and x - 1 are neighbours.
        family.unfolded[value] = <uint8_t>(family.mask - (value >> 1) if value & 1 else value >> 1)
        family.folded[family.unfolded[value]] = <uint8_t>value
        # Buckets hold 1, 2, 4, ... values, the last what is left.
        if value + 1 >= 2u << bucket and bucket + 1 < <int>bits:
            bucket += 1
        family.bucket[value] = <uint8_t>bucket
    for value in range(1u << bits, 256):
        # No encoder writes these, but there are code words for them. All decoders must take them alike.
        family.bucket[value] = family.bucket[value & family.mask]


cdef inline void quic_reset_buckets(QuicBucket *buckets, const QuicFamily *family) noexcept nogil:
    # Those of a channel.
    cdef int i
    memset(buckets, 0, QUIC_BUCKETS * sizeof(QuicBucket))
    for i in range(QUIC_BUCKETS):
        buckets[i].best = family.bits - 1


cdef inline void quic_reset_pace(QuicPace *pace) noexcept nogil:
    memset(pace, 0, sizeof(QuicPace))
    pace.seed = 0xff
    pace.mask_left = QUIC_MASK_PIXELS


cdef inline uint32_t quic_next_wait(QuicPace *pace) noexcept nogil:
    pace.seed = (pace.seed + 1) & 0xff
    return quic_distances[pace.seed] & ((1u << pace.mask_bits) - 1)


cdef inline void quic_learn(
    QuicBucket *bucket, const QuicFamily *family, const QuicPace *pace, uint8_t value
) noexcept nogil:
    # Count a value that this bucket has just coded. Always all 8 codes, so that they are counted at once.
    cdef const uint8_t *length = family.length[value]
    cdef int32_t code, key, least = 0x7fffffff
    for code in range(8):
        bucket.cost[code] += length[code]
        key = bucket.cost[code] << 3 | (7 - code)  # of codes that cost the same, the last
        least = min(least, key)
    bucket.best = 7 - (least & 7)
    if least >> 3 > quic_triggers[pace.mask_bits]:
        for code in range(8):
            bucket.cost[code] >>= 1
