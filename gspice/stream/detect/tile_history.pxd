"""What other compiled parts see of the history of tiles."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from gspice.stream.frame_rows cimport Box
from gspice.stream.reference_frame cimport Extent, ReferenceFrame

cdef extern from *:
    """
    #define bits_of(word) __builtin_popcount(word)
    """
    int bits_of(uint32_t word) noexcept nogil

cdef enum:
    SLOT_RATE = 30
    CHANGES = 4
    CERTAIN = 5
    STIRS = 2
    WINDOW = 16
    LASTING = 17
    SAMPLED = 16
    SAMPLE_SIDE = 4
    SLOT_BITS = 32
    REST = 4  # slots without a change after which a tile does not stir, and what was before does not count
    CONTRAST = 40  # of 255, between neighbours
    DARK = 40
    ROUNDED = 1
    WAVER = 8  # slots in which one turn is enough
    SPAN = 8  # slots, of extents
    FRESH = 2  # slots

cdef struct Tile:
    int64_t at  # the slot of its last change
    uint32_t seen, wavered  # slots in which it changed, and those in which a sample turned round; bit 0 is ``at``
    uint16_t up, down  # samples, by which way they went last
    uint16_t slight, contrast, differing  # means over the last changes, times 8
    uint8_t last_slight, last_contrast, level  # of the last change that was sampled
    bint skipped  # the last one was not
    Extent young, old  # around the pixels that changed in this span of slots, and in the one before
    uint8_t[SAMPLED] samples

cdef struct Sample:  # as SAMPLE_BYTES of a canvas
    uint8_t[SAMPLED] levels
    uint8_t differing, contrast  # neighbours that differ, and those of them that differ much
    uint8_t[2] unused

cdef struct Sum:
    int64_t tiles, lively, certain, slight, contrast, differing, wavering, lasting, fresh


cdef inline uint32_t recent(const Tile *tile, int64_t slot) noexcept nogil:
    """The slots, as bits, in which it has changed lately without coming to rest in between; bit 0 is ``slot``."""
    cdef int64_t since = slot - tile.at
    cdef uint32_t seen, still
    if since >= REST:
        return 0
    seen = (tile.seen << since) & ((1u << WINDOW) - 1)
    # A bit stays where REST slots from it on are still: what is above the lowest belongs to an earlier story.
    still = ~seen
    still &= still >> 1
    still &= still >> 2
    return seen & ((still & -still) - 1)


cdef inline int changes(const Tile *tile, int64_t slot) noexcept nogil:
    return bits_of(recent(tile, slot))


cdef inline bint stirring(const Tile *tile, int64_t slot) noexcept nogil:
    return changes(tile, slot) >= STIRS


cdef inline void add(Sum *total, const Tile *tile, int64_t slot) noexcept nogil:
    cdef int since = <int>(slot - tile.at)
    total.tiles += 1
    total.lively += changes(tile, slot) >= CHANGES
    total.certain += changes(tile, slot) >= CERTAIN
    total.slight += tile.slight
    total.contrast += tile.contrast
    total.differing += tile.differing
    total.wavering += ((tile.wavered << since) & ((1u << WAVER) - 1)) != 0
    total.lasting += (tile.seen << since) >> LASTING != 0
    total.fresh += since < FRESH


cdef inline void merge(Sum *total, const Sum *other) noexcept nogil:
    total.tiles += other.tiles
    total.lively += other.lively
    total.certain += other.certain
    total.slight += other.slight
    total.contrast += other.contrast
    total.differing += other.differing
    total.wavering += other.wavering
    total.lasting += other.lasting
    total.fresh += other.fresh


cdef inline Extent around(Extent one, Extent other) noexcept nogil:
    cdef Extent both
    if one.right == 0 or other.right == 0:
        return one if other.right == 0 else other
    both.left, both.top = min(one.left, other.left), min(one.top, other.top)
    both.right, both.bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return both


cdef object sums_of(const Sum *total)


cdef class TileHistory:
    cdef ReferenceFrame _frame
    cdef Extent *_extents  # the frame's
    cdef Tile *_tiles
    cdef int _columns, _rows
    cdef int64_t _slot

    cdef Tile *row(self, int y) noexcept nogil
    cdef Box tiles_inside(self, box) except *
    cdef Box tiles_around(self, rect) except *
    cdef int64_t slot_of(self, slot) except -1
    cdef bint sample(self, int x, int y, int64_t slot, const Sample *known) noexcept nogil
    cdef int right(self, int x) noexcept nogil
    cdef int bottom(self, int y) noexcept nogil
    cdef bint look(self, Tile *tile, int x, int y) noexcept nogil
    cdef bint count(self, int x, int y, int64_t slot, bint turned) noexcept nogil
