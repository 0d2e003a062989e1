# cython: auto_pickle=False
"""Which distances pixels seem to have moved over.

A feature is a window of two short rows of pixels that is not of one color. In the new pixels features are taken in few
columns and all rows, in the old ones in few rows and all columns: whatever the distance, each column crosses each row
once, and no more than a few pixels of a frame are ever hashed. Features that are in either frame more than once say
nothing; the others vote.
"""

from libc.math cimport sqrt
from libc.stdint cimport int16_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from gspice.stream.frame_rows cimport TILE, Box, Plane, at, load
from gspice.stream.motion_tiles cimport CHANGED, Tiles

cdef enum:
    WINDOW = 24  # pixels of a row in a feature
    SECOND = 5  # the other row is so many below
    LEAST_EDGES = 2  # changes of color in both rows: fewer are the borders of windows, which are alike everywhere
    MAX_FEATURES = 1 << 16
    CROSSINGS = 1200  # columns times rows that are aimed at
    COLUMN_STEPS = 6  # how much farther apart columns are than rows: hashing a column's windows takes longer
    MAX_SAID = 1 << 12  # distances that votes are counted for
    LEAST_VOTES = 3
    FILTER_BITS = 19
    UNHASHED = 255  # in place of the changes of color in a row

cdef extern from *:
    """
    /* Odd numbers of random bits. */
    #define COLUMNS 0x9E3779B97F4A7C15ull
    #define ROWS 0xC2B2AE3D27D4EB4Full
    #define PIXELS 0xD6E8FEB86659FD93ull
    """
    uint64_t COLUMNS, ROWS, PIXELS

cdef struct Feature:
    uint32_t key
    int16_t x, y  # in the new pixels
    int16_t old_x, old_y
    uint8_t new_count, old_count

cdef struct Book:
    Feature *features
    uint32_t *slots  # numbers of features, plus one, by their keys
    uint8_t *bits  # one for each key's beginning: most of what is looked up is not there
    uint32_t size, count
    uint64_t *hashes  # of the rows of each column, or of the columns of one row
    uint8_t *edges
    Offset *said


cdef inline uint64_t mixed(uint32_t value) noexcept nogil:
    cdef uint64_t wide = value * PIXELS
    return wide ^ (wide >> 32)


cdef inline uint32_t key_of(uint64_t hashed) noexcept nogil:
    return <uint32_t>((hashed ^ (hashed >> 29)) * PIXELS >> 32)


cdef inline uint32_t slot_of(const Book *book, uint32_t key) noexcept nogil:
    cdef uint32_t slot = key & (book.size - 1)
    while book.slots[slot] and book.features[book.slots[slot] - 1].key != key:
        slot = (slot + 1) & (book.size - 1)
    return slot


cdef inline bint textured(const Tiles *tiles, int x, int y) noexcept nogil:
    """Whether the tile has changed that the middle of a window at (x, y) is in."""
    return tiles.state[<Py_ssize_t>(y // TILE - tiles.top) * tiles.width
                       + (x + WINDOW // 2) // TILE - tiles.left] == CHANGED


cdef inline int column_at(const Box *box, int column, int step) noexcept nogil:
    # Not at even distances, as lines of text and their characters are.
    return box.left + COLUMN_STEPS * step * column + column * 5 % step


cdef void hash_columns(Book *book, const Plane *new, const Box *box, const Tiles *tiles, int columns,
                       int step) noexcept nogil:
    """Hash the rows of all columns; by rows, as they lie in memory."""
    cdef int column, x, y, i, edges
    cdef uint32_t value, before
    cdef uint64_t hashed
    cdef const uint8_t *place
    cdef Py_ssize_t said
    for y in range(box.top, box.bottom):
        for column in range(columns):
            x = column_at(box, column, step)
            said = <Py_ssize_t>column * (box.bottom - box.top) + y - box.top
            book.edges[said] = UNHASHED
            if not textured(tiles, x, y):
                continue
            place = at(new, x, y)
            before = load(place, new.pixel, new.mask)
            hashed = mixed(before)
            edges = 0
            for i in range(1, WINDOW):
                value = load(place + i * new.pixel, new.pixel, new.mask)
                edges += value != before
                before = value
                hashed = hashed * COLUMNS + mixed(value)
            book.edges[said], book.hashes[said] = edges, hashed


cdef void enter_column(Book *book, const Box *box, int column, int step) noexcept nogil:
    """Enter the features of a column that has been hashed."""
    cdef int y, height = box.bottom - box.top
    cdef uint32_t key, slot, bit
    cdef const uint64_t *hashes = book.hashes + <Py_ssize_t>column * height
    cdef const uint8_t *edges = book.edges + <Py_ssize_t>column * height
    cdef Feature *feature
    for y in range(height - SECOND):
        if (edges[y] == UNHASHED or edges[y + SECOND] == UNHASHED
                or edges[y] + edges[y + SECOND] < LEAST_EDGES):
            continue
        key = key_of(hashes[y] + ROWS * hashes[y + SECOND])
        slot = slot_of(book, key)
        if book.slots[slot]:
            book.features[book.slots[slot] - 1].new_count = 2
        elif book.count < book.size // 2:
            feature = &book.features[book.count]
            feature.key, feature.new_count, feature.old_count = key, 1, 0
            feature.x, feature.y = column_at(box, column, step), box.top + y
            book.count += 1
            book.slots[slot] = book.count
            bit = key >> (32 - FILTER_BITS)
            book.bits[bit >> 3] |= 1 << (bit & 7)


cdef void look_up_row(Book *book, const Plane *old, const Box *search, int y, uint64_t leaving) noexcept nogil:
    """Look up all windows of a row of old pixels."""
    cdef int x, width = search.right - search.left, turns = 0
    cdef uint32_t upper, lower, before_upper, before_lower, key, bit, slot
    cdef uint64_t hashed = 0
    cdef uint64_t *columns = book.hashes
    cdef uint8_t *edges = book.edges
    cdef const uint8_t *one = at(old, search.left, y)
    cdef const uint8_t *other = at(old, search.left, y + SECOND)
    cdef Feature *feature
    before_upper = load(one, old.pixel, old.mask)
    before_lower = load(other, old.pixel, old.mask)
    for x in range(width):
        upper = load(one + x * old.pixel, old.pixel, old.mask)
        lower = load(other + x * old.pixel, old.pixel, old.mask)
        columns[x] = mixed(upper) + ROWS * mixed(lower)
        edges[x] = (upper != before_upper) + (lower != before_lower)
        before_upper, before_lower = upper, lower
    for x in range(width):
        hashed = hashed * COLUMNS + columns[x]
        turns += edges[x]
        if x >= WINDOW:
            hashed -= leaving * columns[x - WINDOW]
        if x >= WINDOW - 1:
            # The first pixel of a window has none before it.
            turns -= edges[x - WINDOW + 1]
            if turns < LEAST_EDGES:
                continue
            key = key_of(hashed)
            bit = key >> (32 - FILTER_BITS)
            if book.bits[bit >> 3] >> (bit & 7) & 1:
                slot = slot_of(book, key)
                if book.slots[slot]:
                    feature = &book.features[book.slots[slot] - 1]
                    feature.old_count = min(2, feature.old_count + 1)
                    feature.old_x, feature.old_y = search.left + x - WINDOW + 1, y


cdef int count_votes(Book *book, Offset *found, int room) noexcept nogil:
    """The distances that most features say, most votes first; how many."""
    cdef uint32_t i, at_
    cdef int count = 0, said = 0, dx, dy, rank
    cdef Feature *feature
    cdef Offset one
    for i in range(book.count):
        feature = &book.features[i]
        if feature.new_count != 1 or feature.old_count != 1:
            continue
        dx, dy = feature.x - feature.old_x, feature.y - feature.old_y
        if dx == 0 and dy == 0:
            continue
        at_ = (<uint32_t>dx * 0x9E3779B1u + <uint32_t>dy * 0x85EBCA6Bu) >> 7 & (2 * MAX_SAID - 1)
        while book.said[at_].votes and (book.said[at_].dx != dx or book.said[at_].dy != dy):
            at_ = (at_ + 1) & (2 * MAX_SAID - 1)
        if book.said[at_].votes == 0:
            if said == MAX_SAID:
                continue
            said += 1
        book.said[at_].dx, book.said[at_].dy = dx, dy
        book.said[at_].votes += 1
    for i in range(2 * MAX_SAID):
        one = book.said[i]
        if one.votes < LEAST_VOTES or (count == room and one.votes <= found[count - 1].votes):
            continue
        rank = count if count < room else count - 1
        count = rank + 1
        while rank > 0 and found[rank - 1].votes < one.votes:
            found[rank] = found[rank - 1]
            rank -= 1
        found[rank] = one
    return count


cdef void fill_book(Book *book, const Plane *new, const Plane *old, const Box *box, const Box *search,
                    const Tiles *tiles, int columns, int step) noexcept nogil:
    cdef int i, _, y = search.top
    cdef uint64_t leaving = 1
    hash_columns(book, new, box, tiles, columns, step)
    for i in range(columns):
        enter_column(book, box, i, step)
    if book.count == 0:
        return
    for _ in range(WINDOW):
        leaving *= COLUMNS
    i = 0
    while y + SECOND < search.bottom:
        look_up_row(book, old, search, y, leaving)
        i += 1
        y = search.top + step * i + i * 7 % step


cdef int vote(const Plane *new, const Plane *old, const Box *box, const Box *search, const Tiles *tiles,
              Offset *found, int room) noexcept nogil:
    """The likeliest distances from what is in ``search`` of the old pixels to what changed in ``box`` of the new ones.

    Most votes first; how many, or -1 where there is no memory.
    """
    cdef int columns = 0, step, count = -1, width = search.right - search.left, height = box.bottom - box.top
    cdef size_t hashed
    cdef Book book
    step = max(3, <int>sqrt(<double>(box.right - box.left) * height / CROSSINGS / COLUMN_STEPS))
    while column_at(box, columns, step) + WINDOW <= box.right:
        columns += 1
    if columns == 0 or width < WINDOW:
        return 0
    hashed = max(<size_t>columns * height, <size_t>width)
    book.count, book.size = 0, 1024
    while book.size < 2 * MAX_FEATURES and book.size < 2 * hashed:
        book.size *= 2
    book.features = <Feature *>malloc(book.size // 2 * sizeof(Feature))
    book.slots = <uint32_t *>calloc(book.size, sizeof(uint32_t))
    book.bits = <uint8_t *>calloc(1 << (FILTER_BITS - 3), 1)
    book.hashes = <uint64_t *>malloc(hashed * sizeof(uint64_t))
    book.edges = <uint8_t *>malloc(hashed)
    book.said = <Offset *>calloc(2 * MAX_SAID, sizeof(Offset))
    if (book.features is not NULL and book.slots is not NULL and book.bits is not NULL
            and book.hashes is not NULL and book.edges is not NULL and book.said is not NULL):
        fill_book(&book, new, old, box, search, tiles, columns, step)
        count = count_votes(&book, found, room)
    free(book.features)
    free(book.slots)
    free(book.bits)
    free(book.hashes)
    free(book.edges)
    free(book.said)
    return count
