# cython: auto_pickle=False
"""What of a rectangle has only moved, so that clients can copy it from what they have.

Rows are sampled until a proposal is ready, which is then tried on pixels: what is wrong here costs time, never pixels.
"""

from libc.stdint cimport uint8_t, uint32_t

from gspice.stream.frame_rows cimport TILE, Box, at, common, load, overlap, shifted
from gspice.stream.motion_tiles cimport (
    TAKEN, Search, begin, best_rect, end, find_changed, left_over, score, tile_box,
)
from gspice.stream.motion_votes cimport Offset, vote

cdef enum:
    LEAST_GAIN = 2000  # pixels that need not be sent, for a move to pay
    LEAST_TILES = 8
    MAX_TRIED = 8  # distances
    REACH = 128  # how far outside of what changed the old place is looked for, or as far as that is large
    TRIED_PIXELS = 1 << 17  # of larger rectangles not all rows are tried


cdef inline int worth(const Search *search, int x, int y, int dx, int dy) noexcept nogil:
    """What moving one pixel brings: 1, or -1 where it was right and becomes wrong."""
    cdef int pixel = search.new.pixel
    cdef uint32_t now = load(at(&search.new, x, y), pixel, search.new.mask)
    return (<int>(load(at(&search.old, x - dx, y - dy), pixel, search.new.mask) == now)
            - <int>(load(at(&search.old, x, y), pixel, search.new.mask) == now))


cdef int line_worth(const Search *search, const Box *box, int line, bint upright, int dx, int dy) noexcept nogil:
    """What moving a row, or a column, of a box's length brings."""
    cdef int i, gained = 0
    if upright:
        for i in range(box.top, box.bottom):
            gained += worth(search, line, i, dx, dy)
    else:
        for i in range(box.left, box.right):
            gained += worth(search, i, line, dx, dy)
    return gained


cdef int farther(const Search *search, const Box *box, int outside, int step, int room, bint upright, int dx,
                 int dy, int most) noexcept nogil:
    """By how many lines an edge should lie farther out; less than 0: farther in.

    ``outside`` is the line next to it, and ``room`` how many there are on that side.
    """
    cdef int line, gained = 0, peak = 0, best = 0
    cdef int length = box.right - box.left if upright else box.bottom - box.top
    for line in range(min(room, most)):
        gained += line_worth(search, box, outside + step * line, upright, dx, dy)
        if gained > peak:
            peak, best = gained, line + 1
    if best:
        return best
    gained = 0
    for line in range(1, min(length, most + 1)):
        gained -= line_worth(search, box, outside - step * line, upright, dx, dy)
        if gained > peak:
            peak, best = gained, -line
        elif gained < peak - length:
            break
    return best


cdef void fit(const Search *search, Box *box, const Box *limit, int dx, int dy, int most) noexcept nogil:
    """Take what moved along in tiles that did not move whole, and leave what did not."""
    box.left -= farther(search, box, box.left - 1, -1, box.left - limit.left, True, dx, dy, most)
    box.right += farther(search, box, box.right, 1, limit.right - box.right, True, dx, dy, most)
    box.top -= farther(search, box, box.top - 1, -1, box.top - limit.top, False, dx, dy, most)
    box.bottom += farther(search, box, box.bottom, 1, limit.bottom - box.bottom, False, dx, dy, most)


cdef bint pays(const Search *search, const Box *box, int dx, int dy) noexcept nogil:
    """Whether enough of it changes, most of that is as it should be then, and little is spoiled."""
    cdef int x, y, pixel = search.new.pixel, step
    cdef int differ, right, spoiled
    cdef long long differ_all = 0, right_all = 0, spoiled_all = 0
    cdef uint32_t now, before, moved, mask = search.new.mask
    cdef const uint8_t *new
    cdef const uint8_t *old
    cdef const uint8_t *source
    step = (<long long>(box.right - box.left) * (box.bottom - box.top) // TRIED_PIXELS) | 1
    y = box.top
    while y < box.bottom:
        new, old = at(&search.new, box.left, y), at(&search.old, box.left, y)
        source = at(&search.old, box.left - dx, y - dy)
        differ = right = spoiled = 0
        for x in range(box.right - box.left):
            now = load(new + x * pixel, pixel, mask)
            before = load(old + x * pixel, pixel, mask)
            moved = load(source + x * pixel, pixel, mask)
            differ += before != now
            right += (before != now) & (moved == now)
            spoiled += (before == now) & (moved != now)
        differ_all += differ
        right_all += right
        spoiled_all += spoiled
        y += step
    return (right_all - spoiled_all) * step >= LEAST_GAIN and 4 * right_all >= 3 * differ_all


cdef int place_among(const Moved *moves, int count, const Box *box, const Box *source) noexcept nogil:
    """Where in the order a move can be made: from what no earlier one overwrote, and not over what later ones need.

    -1: nowhere.
    """
    cdef int place, other
    cdef Box needed
    cdef bint possible
    for place in range(count, -1, -1):
        possible = True
        for other in range(count):
            needed = shifted(&moves[other].box, -moves[other].dx, -moves[other].dy)
            if overlap(&moves[other].box, box) or overlap(&moves[other].box if other < place else &needed,
                                                          source if other < place else box):
                possible = False
                break
        if possible:
            return place
    return -1


cdef int propose(Search *search, int dx, int dy, Moved *moves, int count) noexcept nogil:
    """Add a move over that distance, if there is one that pays; how many there are now."""
    cdef Box good, tiles, box, source, limit, tile
    cdef int group, place, x, y
    if score(search, dx, dy, &good) < LEAST_TILES:
        return count
    group = best_rect(search, &good, &tiles)
    if group == 0:
        return count
    box.left, box.top = (search.tiles.left + tiles.left) * TILE, (search.tiles.top + tiles.top) * TILE
    box.right, box.bottom = (search.tiles.left + tiles.right) * TILE, (search.tiles.top + tiles.bottom) * TILE
    limit = shifted(&search.frame, dx, dy)
    limit = common(&limit, &search.rect)
    box = common(&box, &limit)
    if box.left >= box.right or box.top >= box.bottom:
        return count
    fit(search, &box, &limit, dx, dy, TILE * group - 1)
    source = shifted(&box, -dx, -dy)
    place = place_among(moves, count, &box, &source)
    if place < 0 or not pays(search, &box, dx, dy):
        return count
    for x in range(count, place, -1):
        moves[x] = moves[x - 1]
    moves[place].box, moves[place].dx, moves[place].dy = box, dx, dy
    for y in range(search.tiles.height):
        for x in range(search.tiles.width):
            tile = tile_box(search, x, y)
            if overlap(&tile, &box):
                search.tiles.state[<Py_ssize_t>y * search.tiles.width + x] = TAKEN
    return count + 1


cdef int search_moves(Search *search, const int *hints, int hint_count, Moved *moves) noexcept nogil:
    cdef int count = 0, i, tried, changed, beside, above
    cdef Box around, sources
    cdef Offset[MAX_TRIED] offsets
    changed = find_changed(search, &around)
    if changed < LEAST_TILES:
        return 0
    for i in range(hint_count):
        if count < MAX_MOVES and (hints[2 * i] or hints[2 * i + 1]):
            count = propose(search, hints[2 * i], hints[2 * i + 1], moves, count)
    if count == MAX_MOVES or (count and left_over(search) < max(LEAST_TILES, changed // 8)):
        return count
    beside, above = min(REACH, around.right - around.left), min(REACH, around.bottom - around.top)
    sources.left, sources.top = around.left - beside, around.top - above
    sources.right, sources.bottom = around.right + beside, around.bottom + above
    sources = common(&sources, &search.frame)
    tried = vote(&search.new, &search.old, &around, &sources, &search.tiles, offsets, MAX_TRIED)
    if tried < 0:
        return -1
    for i in range(tried):
        # Two unlikely ones say nothing once a likely one has been taken.
        if count == MAX_MOVES or left_over(search) < LEAST_TILES or 64 * offsets[i].votes < offsets[0].votes:
            break
        count = propose(search, offsets[i].dx, offsets[i].dy, moves, count)
    return count


cdef int find_moves(const Plane *new, const Plane *old, const Box *rect, const Box *frame,
                    const int *hints, int hint_count, Moved *moves) noexcept nogil:
    """Up to MAX_MOVES moves inside ``rect``, to be made in that order; how many, or -1 where there is no memory.

    ``hints``: pairs of dx and dy that are tried first.
    """
    cdef Search search
    cdef int count = -1
    if <long long>(rect.right - rect.left) * (rect.bottom - rect.top) < LEAST_GAIN:
        return 0
    search.new, search.old, search.rect, search.frame = new[0], old[0], rect[0], frame[0]
    if begin(&search):
        count = search_moves(&search, hints, hint_count, moves)
    end(&search)
    return count
