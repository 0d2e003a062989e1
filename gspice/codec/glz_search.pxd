"""Where the GLZ encoder looks for the next pixels: how many are the same, and what a match with them saves."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.codec.glz_format cimport GLZ_FAR_OFFSETS, GLZ_MORE_LENGTH, GLZ_NEAR_OFFSETS
from gspice.codec.glz_ring cimport Image, Window, image_of


cdef extern from *:
    """
    #define gspice_trailing_zeros(word) __builtin_ctzll(word)
    """
    uint32_t trailing_zeros "gspice_trailing_zeros"(uint64_t word) noexcept nogil

cdef enum:
    LOOK_AHEAD = 3  # pixels of a hash
    # A slot: where in the ring, the low bits of the image's id, and bits of the hash. It is a hint: images leave the
    # window and are given up, so that all of it must be checked.
    PLACE_BITS = 25
    ID_BITS = 20
    TAG_SHIFT = PLACE_BITS + ID_BITS
    REFRESH_STEP = 8  # pixels of a match from one that is kept to the next

# What a hash multiplies its key with: the bits that count are the high ones of the product.
cdef extern from *:
    """
    #define GSPICE_GLZ_SPREAD UINT64_C(0x9e3779b97f4a7c15)
    #define GSPICE_GLZ_SPREAD_NEXT UINT64_C(0xd6e8feb86659fd93)
    """
    const uint64_t SPREAD "GSPICE_GLZ_SPREAD"
    const uint64_t SPREAD_NEXT "GSPICE_GLZ_SPREAD_NEXT"

cdef struct Search:
    const Window *window
    Image *image  # that is encoded
    const uint32_t *start
    const uint32_t *end
    uint64_t *slots  # two for each hash, the newer one first
    int bits

cdef struct Match:
    size_t length  # pixels; 0: there is none
    size_t back  # images
    size_t offset  # as it is written
    const uint32_t *there
    long saved  # bytes fewer than the same pixels take as literals

cdef struct Trail:
    # Where in an image before the pixels are that would go on with a match there as a rectangle.
    const Image *image  # NULL: there is none yet
    size_t back
    long offset
    const uint32_t *row_end  # in this image


cdef inline size_t same_pixels(
    const uint32_t *there, const uint32_t *here, const uint32_t *end, const uint32_t mask
) noexcept nogil:
    cdef const uint32_t *first = here
    cdef uint64_t differs
    # Eight at a time, as long as all are the same.
    while end - here >= 8 and not (
        (word64(there) ^ word64(here) | word64(there + 2) ^ word64(here + 2))
        | (word64(there + 4) ^ word64(here + 4) | word64(there + 6) ^ word64(here + 6))
    ) & twice(mask):
        there += 8
        here += 8
    while end - here >= 2:
        differs = (word64(there) ^ word64(here)) & twice(mask)
        if differs:
            return here - first + (trailing_zeros(differs) >> 5)
        there += 2
        here += 2
    if here < end and (there[0] ^ here[0]) & mask == 0:
        here += 1
    return here - first


cdef inline bint may_be_longer(
    const Match *best, const uint32_t *there, const uint32_t *here, const uint32_t *end, const uint32_t mask
) noexcept nogil:
    # Than the best, which most are not: where it ends, the pixels must be the same as well.
    return here + best.length < end and (there[best.length] ^ here[best.length]) & mask == 0


cdef inline size_t match_bytes(size_t back, size_t offset, size_t length) noexcept nogil:
    # Of the stream; ``length`` without what the format leaves out.
    cdef size_t count = 3
    if length >= GLZ_MORE_LENGTH:
        count += 1 + (length - GLZ_MORE_LENGTH) // 255
    if offset < GLZ_NEAR_OFFSETS:
        return count + (back >= 1 << 6) + (back >= 1 << 14)
    return count + (back > 0) + (back >= 1 << 8) + (offset >= GLZ_FAR_OFFSETS)


cdef inline void consider(
    Match *best, size_t length, size_t back, size_t offset, const uint32_t *there, const int size, const int bias
) noexcept nogil:
    cdef long saved
    if length <= <size_t>bias:
        return
    saved = <long>(length * size) - <long>match_bytes(back, offset, length - bias)
    if saved > best.saved:
        best.saved = saved
        best.length = length
        best.back = back
        best.offset = offset
        best.there = there


cdef inline void try_near(
    Match *best,
    const Search *search,
    const uint32_t *here,
    size_t distance,
    const uint32_t mask,
    const int size,
    const int bias,
) noexcept nogil:
    cdef const uint32_t *there = here - distance
    # Most fail here.
    if (word64(here) ^ word64(there)) & twice(mask) or not may_be_longer(best, there, here, search.end, mask):
        return
    consider(best, same_pixels(there, here, search.end, mask), 0, distance - 1, there, size, bias)


cdef inline void try_trail(
    Match *best,
    const Search *search,
    const uint32_t *here,
    const Trail *trail,
    const uint32_t mask,
    const int size,
    const int bias,
) noexcept nogil:
    cdef const uint32_t *there
    cdef const uint32_t *end
    cdef size_t length
    if trail.image == NULL or trail.offset < 0 or trail.offset + 1 >= <long>trail.image.count:
        return
    there = search.window.ring + trail.image.start + trail.offset
    end = min(search.end, here + (trail.image.count - trail.offset))
    if (word64(here) ^ word64(there)) & twice(mask) or not may_be_longer(best, there, here, end, mask):
        return
    length = same_pixels(there, here, end, mask)
    consider(best, length, trail.back, trail.offset, there, size, bias)


cdef inline void follow(Trail *trail, const uint32_t *here, size_t count, size_t width) noexcept nogil:
    # ``count`` pixels on, as far as ``here``.
    cdef size_t rows
    if trail.image == NULL:
        return
    trail.offset += count
    if here >= trail.row_end:
        rows = (here - trail.row_end) // width + 1
        trail.row_end += rows * width
        trail.offset += <long>rows * (<long>trail.image.width - <long>width)


cdef inline void try_slots(
    Match *best, const Search *search, const uint32_t *here, const uint32_t mask, const int size, const int bias
) noexcept nogil:
    # Both places at which the next pixels had the same hash; this one takes the place of the older.
    cdef uint64_t key = hash_of(here, mask, size)
    cdef uint64_t *slots = search.slots + 2 * (key >> (64 - search.bits))
    cdef uint64_t tag = key & ((<uint64_t>1 << (64 - TAG_SHIFT)) - 1), newer = slots[0], older = slots[1]
    slots[0] = slot_of(search, here, tag)
    slots[1] = newer
    if newer >> TAG_SHIFT == tag:
        try_slot(best, search, here, newer, mask, size, bias)
    if older >> TAG_SHIFT == tag:
        try_slot(best, search, here, older, mask, size, bias)


cdef inline void try_slot(
    Match *best,
    const Search *search,
    const uint32_t *here,
    uint64_t slot,
    const uint32_t mask,
    const int size,
    const int bias,
) noexcept nogil:
    cdef const Window *window = search.window
    cdef const uint32_t *there
    cdef const uint32_t *end
    cdef const Image *image
    cdef size_t place = slot & ((1 << PLACE_BITS) - 1), offset
    cdef size_t back = (window.next - (slot >> PLACE_BITS)) & ((1 << ID_BITS) - 1)
    if back > window.next - window.head:
        return
    there = window.ring + place
    if back == 0:
        # What is not before this one is left over from an image that was given up.
        if there >= search.start and there < here and may_be_longer(best, there, here, search.end, mask):
            consider(best, same_pixels(there, here, search.end, mask), 0, here - there - 1, there, size, bias)
        return
    image = image_of(window, window.next - back)
    offset = place - image.start
    if place < image.start or offset >= image.count or image.kind != search.image.kind:
        return
    end = min(search.end, here + (image.count - offset))
    if may_be_longer(best, there, here, end, mask):
        consider(best, same_pixels(there, here, end, mask), back, offset, there, size, bias)


cdef inline void keep(const Search *search, const uint32_t *here, const uint32_t mask, const int size) noexcept nogil:
    cdef uint64_t key = hash_of(here, mask, size)
    cdef uint64_t *slots = search.slots + 2 * (key >> (64 - search.bits))
    slots[1] = slots[0]
    slots[0] = slot_of(search, here, key & ((<uint64_t>1 << (64 - TAG_SHIFT)) - 1))


cdef inline void keep_match(
    const Search *search, const uint32_t *here, const Match *match, const uint32_t mask, const int size
) noexcept nogil:
    # ``here`` is where it ends.
    cdef const Window *window = search.window
    cdef const uint32_t *last = search.end - LOOK_AHEAD
    cdef const uint32_t *place
    cdef uint64_t known_since
    if match.back and match.length > REFRESH_STEP:
        known_since = image_of(window, window.next - match.back).known_since
        if window.clock - known_since <= window.size // 2:
            search.image.known_since = min(search.image.known_since, known_since)
        else:
            # What can be found is an older copy, and that leaves the window soon.
            place = here - match.length + REFRESH_STEP
            while place < here - 2 and place <= last:
                keep(search, place, mask, size)
                place += REFRESH_STEP
    if here <= last:
        # Where a match ends is where the next ones that are the same begin to differ.
        if match.length > 1:
            keep(search, here - 2, mask, size)
        keep(search, here - 1, mask, size)


cdef inline uint64_t slot_of(const Search *search, const uint32_t *here, uint64_t tag) noexcept nogil:
    cdef uint64_t place = here - search.window.ring
    return place | (search.window.next & ((1 << ID_BITS) - 1)) << PLACE_BITS | tag << TAG_SHIFT


cdef inline uint64_t hash_of(const uint32_t *here, const uint32_t mask, const int size) noexcept nogil:
    # Of three pixels; ``size`` keeps alpha and colours, and most kinds, apart. High bits for the slot, low ones
    # for the tag.
    cdef uint64_t pair = word64(here) & twice(mask)
    cdef uint64_t key = (pair + size) * SPREAD ^ (<uint64_t>(here[2] & mask) + 1) * SPREAD_NEXT
    return key ^ key >> 29


cdef inline uint64_t twice(const uint32_t mask) noexcept nogil:
    return <uint64_t>mask << 32 | mask


cdef inline uint64_t word64(const uint32_t *pixels) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, pixels, 8)
    return word
