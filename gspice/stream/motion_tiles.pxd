"""Which tiles of a rectangle a move would bring, and the rectangle of them that is worth most."""

from libc.stdint cimport int8_t, int32_t, uint8_t

from gspice.stream.frame_rows cimport TILE, Box, Plane, common

cdef enum:
    STILL, FLAT, CHANGED, TAKEN  # states: unchanged; changed, and of one color now; changed; proposed already

cdef struct Tiles:
    # What became of the tiles of a rectangle; one byte each, by rows.
    uint8_t *state
    int left, top, width, height  # in tiles

cdef struct Search:
    Plane new, old
    Box rect, frame
    Tiles tiles
    int8_t *scores  # of tiles
    int32_t *sums  # of groups of tiles
    int32_t *columns

cdef bint begin(Search *search) noexcept nogil
cdef void end(Search *search) noexcept nogil
cdef int find_changed(Search *search, Box *around) noexcept nogil
cdef int left_over(const Search *search) noexcept nogil
cdef int score(Search *search, int dx, int dy, Box *good) noexcept nogil
cdef int best_rect(Search *search, const Box *good, Box *best) noexcept nogil


cdef inline Box tile_box(const Search *search, int x, int y) noexcept nogil:
    cdef Box box
    box.left, box.top = (search.tiles.left + x) * TILE, (search.tiles.top + y) * TILE
    box.right, box.bottom = box.left + TILE, box.top + TILE
    return common(&box, &search.rect)
