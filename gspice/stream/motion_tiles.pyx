# cython: auto_pickle=False
"""See motion_tiles.pxd. Rows of tiles are sampled: what is missed here costs a chance, never pixels."""

from libc.stdint cimport int8_t, int32_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memset

from gspice.stream.frame_rows cimport TILE, Box, at, common, load, same, shifted

cdef enum:
    MAX_SIDE = 80  # tiles or groups of tiles, beyond which rectangles take too long to find
    SAMPLES = 4  # rows of a tile that are looked at
    # What a tile adds to a rectangle around it.
    FITS = 8
    FITS_FLAT = 1
    MISFITS = -20
    SPOILS = -24

cdef int[SAMPLES] SAMPLED = [0, 4, 9, 15]  # of 16


cdef bint begin(Search *search) noexcept nogil:
    """Lay tiles, all still, over the rectangle; False where there is no memory. ``end`` must be called either way."""
    cdef Box *rect = &search.rect
    cdef size_t tiles
    search.tiles.left, search.tiles.top = rect.left // TILE, rect.top // TILE
    search.tiles.width = (rect.right - 1) // TILE + 1 - search.tiles.left
    search.tiles.height = (rect.bottom - 1) // TILE + 1 - search.tiles.top
    tiles = <size_t>search.tiles.width * search.tiles.height
    search.tiles.state = <uint8_t *>calloc(tiles, 1)
    search.scores = <int8_t *>calloc(tiles, 1)
    search.sums = <int32_t *>calloc(tiles, sizeof(int32_t))
    search.columns = <int32_t *>calloc(search.tiles.width, sizeof(int32_t))
    return (search.tiles.state is not NULL and search.scores is not NULL
            and search.sums is not NULL and search.columns is not NULL)


cdef void end(Search *search) noexcept nogil:
    free(search.tiles.state)
    free(search.scores)
    free(search.sums)
    free(search.columns)


cdef inline int sample(const Box *tile, int number) noexcept nogil:
    """A row of a tile: both outermost, so that edges are met, and two not at even distances, as lines of text are."""
    return tile.top + (tile.bottom - tile.top - 1) * SAMPLED[number] // (TILE - 1)


cdef bint is_flat(const Search *search, const Box *tile) noexcept nogil:
    cdef int number, pixel = search.new.pixel
    cdef uint32_t color = load(at(&search.new, tile.left, tile.top), pixel, search.new.mask)
    cdef const uint8_t *row
    for number in range(SAMPLES):
        row = at(&search.new, tile.left, sample(tile, number))
        if load(row, pixel, search.new.mask) != color or not same(
                row, row + pixel, tile.right - tile.left - 1, pixel, search.new.mask):
            return False
    return True


cdef int find_changed(Search *search, Box *around) noexcept nogil:
    """Mark the tiles that have changed; how many are not flat, and the box around all."""
    cdef int x, y, number, row, count = 0
    cdef Box line, tile
    cdef uint8_t *state
    around.left, around.top, around.right, around.bottom = (
        search.rect.right, search.rect.bottom, search.rect.left, search.rect.top)
    for y in range(search.tiles.height):
        line = tile_box(search, 0, y)
        line.right = search.rect.right
        state = search.tiles.state + <Py_ssize_t>y * search.tiles.width
        for number in range(SAMPLES):
            row = sample(&line, number)
            if memcmp(at(&search.new, line.left, row), at(&search.old, line.left, row),
                      <size_t>(line.right - line.left) * search.new.pixel) == 0:
                continue
            for x in range(search.tiles.width):
                if state[x] != STILL:
                    continue
                tile = tile_box(search, x, y)
                if same(at(&search.new, tile.left, row), at(&search.old, tile.left, row),
                        tile.right - tile.left, search.new.pixel, search.new.mask):
                    continue
                if is_flat(search, &tile):
                    state[x] = FLAT
                else:
                    state[x] = CHANGED
                    count += 1
                around.left, around.right = min(around.left, tile.left), max(around.right, tile.right)
                around.top, around.bottom = min(around.top, tile.top), max(around.bottom, tile.bottom)
    return count


cdef int score(Search *search, int dx, int dy, Box *good) noexcept nogil:
    """What each tile is worth to a move over that distance; how many textured ones fit, and the tiles around these."""
    cdef int x, y, number, count = 0, state
    cdef Box tile, source
    cdef bint fits
    cdef int8_t *scores
    good.left, good.top, good.right, good.bottom = search.tiles.width, search.tiles.height, 0, 0
    for y in range(search.tiles.height):
        scores = search.scores + <Py_ssize_t>y * search.tiles.width
        for x in range(search.tiles.width):
            state = search.tiles.state[<Py_ssize_t>y * search.tiles.width + x]
            tile = tile_box(search, x, y)
            source = shifted(&tile, -dx, -dy)
            fits = state != TAKEN and (
                source.left >= 0 and source.top >= 0
                and source.right <= search.frame.right and source.bottom <= search.frame.bottom)
            for number in range(SAMPLES):
                if not fits:
                    break
                fits = same(at(&search.new, tile.left, sample(&tile, number)),
                            at(&search.old, source.left, sample(&tile, number) - dy),
                            tile.right - tile.left, search.new.pixel, search.new.mask)
            if not fits:
                scores[x] = MISFITS if state == FLAT or state == CHANGED else SPOILS
            elif state == CHANGED:
                scores[x] = FITS
                count += 1
            else:
                scores[x] = FITS_FLAT if state == FLAT else 0
            if scores[x] > 0:
                good.left, good.right = min(good.left, x), max(good.right, x + 1)
                good.top, good.bottom = min(good.top, y), max(good.bottom, y + 1)
    return count


cdef int best_rect(Search *search, const Box *good, Box *best) noexcept nogil:
    """The rectangle of tiles, inside ``good``, of the highest sum; tiles in a group's side."""
    cdef int group = 1, x, y, top, bottom, left, width, height
    cdef int32_t run, most = 0
    cdef const int8_t *scores
    while (good.bottom - good.top) // group >= MAX_SIDE:
        group += 1
    width = (good.right - good.left + group - 1) // group
    height = (good.bottom - good.top + group - 1) // group
    memset(search.sums, 0, sizeof(int32_t) * width * height)
    for y in range(good.top, good.bottom):
        scores = search.scores + <Py_ssize_t>y * search.tiles.width
        for x in range(good.left, good.right):
            search.sums[(y - good.top) // group * width + (x - good.left) // group] += scores[x]
    best[0] = good[0]
    for top in range(height):
        memset(search.columns, 0, sizeof(int32_t) * width)
        for bottom in range(top, height):
            for x in range(width):
                search.columns[x] += search.sums[bottom * width + x]
            run = left = 0
            for x in range(width):
                if run <= 0:
                    run, left = 0, x
                run += search.columns[x]
                if run > most:
                    most = run
                    best.left, best.right = good.left + left * group, good.left + (x + 1) * group
                    best.top, best.bottom = good.top + top * group, good.top + (bottom + 1) * group
    best[0] = common(best, good)
    return group if most > 0 else 0


cdef int left_over(const Search *search) noexcept nogil:
    cdef Py_ssize_t i
    cdef int count = 0
    for i in range(<Py_ssize_t>search.tiles.width * search.tiles.height):
        count += search.tiles.state[i] == CHANGED
    return count
