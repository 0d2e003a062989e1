# cython: auto_pickle=False
"""See covering.pyi."""

from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc

from gspice.stream.detect.tile_history cimport DARK, Tile, TileHistory
from gspice.stream.frame_rows cimport TILE, Box

from gspice.geometry import Rect

cdef enum:
    STILL = 30
    LEAST = 8
    MOST = 16
    NOT_STILL = 0
    BLANK = 1  # still, and like a film as well as like a desktop
    FLAT = 2  # like a desktop, but as well like a drawn film
    SHARP = 3
    TAKEN = 4  # still, and belongs to the group that is collected, or to one before

STILL_SLOTS = STILL
LEAST_TILES = LEAST
MOST_RECTS = MOST


cdef struct Group:
    int count, desk, sharp, left, right, top, bottom


cdef void classify(TileHistory history, const Box *box, int64_t slot, uint8_t *kinds) noexcept nogil:
    cdef int x, y, i = 0
    cdef Tile *tile
    cdef Tile seen
    for y in range(box.top, box.bottom):
        for x in range(box.left, box.right):
            tile = history.row(y) + x
            if slot - tile.at < STILL:
                kinds[i] = NOT_STILL
            else:
                # As it is now: its last change may not have been looked at, and there need not have been one.
                seen = tile[0]
                history.look(&seen, x, y)
                if seen.last_slight + seen.last_contrast == 0:
                    kinds[i] = FLAT if seen.level > DARK else BLANK
                else:
                    kinds[i] = SHARP if 2 * seen.last_contrast > seen.last_slight else BLANK
            i += 1


cdef Group collect(uint8_t *kinds, uint8_t *member, int *stack, int width, int height, int first) noexcept nogil:
    """The still tiles that hang together with one; they are taken, and marked as its members."""
    cdef Group group
    cdef int depth = 1, at, x, y, other, side
    group.count = 0
    group.left, group.right = first % width, first % width + 1
    group.top, group.bottom = first // width, first // width + 1
    group.desk, group.sharp = kinds[first] != BLANK, kinds[first] == SHARP
    kinds[first], member[first] = TAKEN, 1
    stack[0] = first
    while depth:
        depth -= 1
        at = stack[depth]
        group.count += 1
        x, y = at % width, at // width
        group.left, group.right = min(group.left, x), max(group.right, x + 1)
        group.top, group.bottom = min(group.top, y), max(group.bottom, y + 1)
        for side in range(4):
            if side == 0 and x > 0:
                other = at - 1
            elif side == 1 and x < width - 1:
                other = at + 1
            elif side == 2 and y > 0:
                other = at - width
            elif side == 3 and y < height - 1:
                other = at + width
            else:
                continue
            if NOT_STILL < kinds[other] < TAKEN:
                group.desk += kinds[other] != BLANK
                group.sharp += kinds[other] == SHARP
                kinds[other], member[other] = TAKEN, 1
                stack[depth] = other
                depth += 1
    return group


cdef inline bint is_window(const Group *group, int width, int height) noexcept nogil:
    """Windows have text or edges in them, and are rectangles; with what is around a film they may have any shape."""
    cdef int box = (group.right - group.left) * (group.bottom - group.top)
    cdef bint inside = group.left > 0 and group.top > 0 and group.right < width and group.bottom < height
    return (group.count >= LEAST and 10 * group.desk >= 6 * group.count and 12 * group.sharp >= group.count
            and (not inside or 20 * group.count >= 17 * box))


cdef list rects_of(const uint8_t *member, const Box *box, const Group *group):
    """A group's rows of tiles side by side, joined where they lie above each other; empty where they are too many."""
    cdef int width = box.right - box.left, x, y, start
    cdef list made = [], above = [], row
    for y in range(group.top, group.bottom):
        row = []
        x = 0
        while x < width:
            if not member[y * width + x]:
                x += 1
                continue
            start = x
            while x < width and member[y * width + x]:
                x += 1
            row.append((start, x))
        if row == [(left, right) for left, right, _ in above]:
            continue
        made += [(left, top, right, y) for left, right, top in above]
        above = [(left, right, y) for left, right in row]
        if len(made) + len(above) > MOST:
            return []
    made += [(left, top, right, group.bottom) for left, right, top in above]
    if len(made) > MOST:
        return []
    return [
        Rect(TILE * (box.left + left), TILE * (box.top + top), TILE * (box.left + right), TILE * (box.top + bottom))
        for left, top, right, bottom in made
    ]


def covered(TileHistory history not None, rect, slot):
    cdef int64_t number = history.slot_of(slot)
    cdef Box box = history.tiles_around(rect)
    cdef int width, height, i, count
    cdef Group group
    cdef uint8_t *kinds = NULL
    cdef uint8_t *member
    cdef int *stack = NULL
    cdef list found = []
    width, height = box.right - box.left, box.bottom - box.top
    count = width * height
    try:
        kinds = <uint8_t *>malloc(2 * <size_t>count)
        stack = <int *>malloc(count * sizeof(int))
        if kinds is NULL or stack is NULL:
            raise MemoryError(f"no memory to look at {count} tiles")
        member = kinds + count
        with nogil:
            classify(history, &box, number, kinds)
            for i in range(count):
                member[i] = 0
        for i in range(count):
            if kinds[i] != SHARP:
                continue
            group = collect(kinds, member, stack, width, height, i)
            if is_window(&group, width, height):
                found += rects_of(member, &box, &group)
            clear(member, width, &group)
        return [place.intersect(rect) for place in found]
    finally:
        free(kinds)
        free(stack)


cdef void clear(uint8_t *member, int width, const Group *group) noexcept nogil:
    cdef int i
    for i in range(group.top * width, group.bottom * width):
        member[i] = 0
