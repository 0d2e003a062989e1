# cython: auto_pickle=False
"""See tile_boxes.pyi."""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc

from gspice.stream.detect.tile_history cimport Sum, Tile, TileHistory, add, around, merge, stirring, sums_of
from gspice.stream.frame_rows cimport TILE, Box
from gspice.stream.reference_frame cimport Extent

from typing import NamedTuple

from gspice.geometry import Rect

cdef enum:
    NEAR = 2  # tiles from one to the next in a cluster
    FEW = 5  # a row or column at a side is dropped where less than that part of it stirs

cdef enum Side:
    LEFT, TOP, RIGHT, BOTTOM

cdef struct Span:
    int first, last  # stirring tiles of a column or a row; last is less than first where there are none

cdef struct Run:
    int left, right, top, bottom  # bottom is exclusive
    Py_ssize_t parent
    Sum sum


class Cluster(NamedTuple):
    box: Rect
    sums: Sums


cdef inline Py_ssize_t root_of(Run *runs, Py_ssize_t run) noexcept nogil:
    while runs[run].parent != run:
        runs[run].parent = runs[runs[run].parent].parent
        run = runs[run].parent
    return run


cdef int best_cut(Span *spans, int count, int height, int *gain) noexcept nogil:
    """Before which of the columns a cut makes two boxes that are together smallest; 0: it does not help.

    ``gain``: how much less of the box is in them then.
    """
    cdef int place, i, first, last, before, after, best = 0
    gain[0] = 0
    for place in range(1, count):
        first, last = height, -1
        for i in range(place):
            first, last = min(first, spans[i].first), max(last, spans[i].last)
        before = place * max(0, last + 1 - first)
        first, last = height, -1
        for i in range(place, count):
            first, last = min(first, spans[i].first), max(last, spans[i].last)
        after = (count - place) * max(0, last + 1 - first)
        if count * height - before - after > gain[0]:
            gain[0], best = count * height - before - after, place
    return best


cdef Py_ssize_t join(TileHistory history, Run *runs, Py_ssize_t *starts, int64_t slot) noexcept nogil:
    """Runs of stirring tiles, joined to those near them: each names its cluster's first, which has the sums."""
    cdef int x, y, above
    cdef Py_ssize_t count = 0, i, one, other, root
    cdef Tile *tiles
    for y in range(history._rows):
        starts[y] = count
        tiles = history.row(y)
        for x in range(history._columns):
            if not stirring(&tiles[x], slot):
                continue
            if count == starts[y] or x > runs[count - 1].right + NEAR - 1:
                runs[count].left, runs[count].top, runs[count].bottom = x, y, y + 1
                runs[count].parent = count
                runs[count].sum = Sum(0, 0, 0, 0, 0, 0, 0, 0, 0)
                count += 1
            runs[count - 1].right = x + 1
            add(&runs[count - 1].sum, &tiles[x], slot)
    starts[history._rows] = count
    for y in range(1, history._rows):
        above = max(0, y - NEAR)
        for i in range(starts[y], starts[y + 1]):
            for other in range(starts[above], starts[y]):
                if runs[other].left < runs[i].right + NEAR - 1 and runs[i].left < runs[other].right + NEAR - 1:
                    one = root_of(runs, i)
                    root = root_of(runs, other)
                    runs[max(one, root)].parent = min(one, root)
    # Bounds and sums are gathered last: until here the runs' own are compared.
    for i in range(count):
        one = root_of(runs, i)
        if one != i:
            runs[one].left, runs[one].right = min(runs[one].left, runs[i].left), max(runs[one].right, runs[i].right)
            runs[one].bottom = max(runs[one].bottom, runs[i].bottom)
            merge(&runs[one].sum, &runs[i].sum)
    return count


def clusters(TileHistory history not None, slot, least):
    cdef int64_t number = history.slot_of(slot)
    cdef Py_ssize_t most = <Py_ssize_t>history._rows * ((history._columns + NEAR) // (NEAR + 1)), i, count
    cdef Run *runs = <Run *>malloc(most * sizeof(Run))
    cdef Py_ssize_t *starts = <Py_ssize_t *>malloc((history._rows + 1) * sizeof(Py_ssize_t))
    try:
        if runs is NULL or starts is NULL:
            raise MemoryError(f"no memory to join {history._columns}x{history._rows} tiles")
        with nogil:
            count = join(history, runs, starts, number)
        return [
            Cluster(Rect(runs[i].left, runs[i].top, runs[i].right, runs[i].bottom), sums_of(&runs[i].sum))
            for i in range(count)
            if runs[i].parent == i and runs[i].sum.lively >= least
        ]
    finally:
        free(runs)
        free(starts)


cdef int line(TileHistory history, const Box *tiles, int number, bint upright, int64_t slot) noexcept nogil:
    """Stirring tiles of a row, or of a column, of a box."""
    cdef int i, found = 0
    if upright:
        for i in range(tiles.top, tiles.bottom):
            found += stirring(history.row(i) + number, slot)
    else:
        for i in range(tiles.left, tiles.right):
            found += stirring(history.row(number) + i, slot)
    return found


cdef void trim(TileHistory history, Box *tiles, int64_t slot) noexcept nogil:
    cdef bint again = True
    while again and tiles.left < tiles.right and tiles.top < tiles.bottom:
        again = False
        if FEW * line(history, tiles, tiles.top, False, slot) < tiles.right - tiles.left:
            tiles.top += 1
            again = True
        elif FEW * line(history, tiles, tiles.bottom - 1, False, slot) < tiles.right - tiles.left:
            tiles.bottom -= 1
            again = True
        elif FEW * line(history, tiles, tiles.left, True, slot) < tiles.bottom - tiles.top:
            tiles.left += 1
            again = True
        elif FEW * line(history, tiles, tiles.right - 1, True, slot) < tiles.bottom - tiles.top:
            tiles.right -= 1
            again = True


def trimmed(TileHistory history not None, box, slot):
    cdef int64_t number = history.slot_of(slot)
    cdef Box tiles = history.tiles_inside(box)
    with nogil:
        trim(history, &tiles, number)
    return Rect(tiles.left, tiles.top, tiles.right, tiles.bottom)


cdef int edge(TileHistory history, const Box *tiles, Side side, int64_t slot) noexcept nogil:
    """How far inside a side's tiles the picture begins, as enough of them say: something may lie over its edge."""
    cdef int[TILE + 1] votes
    cdef int i, x, y, depth, count = 0, total = 0
    cdef Tile *tile
    cdef Extent extent
    for i in range(TILE + 1):
        votes[i] = 0
    for i in range(tiles.right - tiles.left if side == TOP or side == BOTTOM else tiles.bottom - tiles.top):
        x = tiles.left if side == LEFT else tiles.right - 1 if side == RIGHT else tiles.left + i
        y = tiles.top if side == TOP else tiles.bottom - 1 if side == BOTTOM else tiles.top + i
        tile = history.row(y) + x
        extent = around(tile.young, tile.old)
        if not stirring(tile, slot) or extent.right == 0:
            continue
        if side == LEFT:
            depth = extent.left
        elif side == TOP:
            depth = extent.top
        else:
            depth = TILE - (extent.right if side == RIGHT else extent.bottom)
        votes[depth] += 1
        total += 1
    for i in range(TILE):
        count += votes[i]
        if 5 * count >= 2 * total and count:
            return i
    return 0


def picture(TileHistory history not None, box, slot):
    cdef int64_t number = history.slot_of(slot)
    cdef Box tiles = history.tiles_inside(box)
    if tiles.left == tiles.right or tiles.top == tiles.bottom:
        return Rect(0, 0, 0, 0)
    return Rect(
        tiles.left * TILE + edge(history, &tiles, LEFT, number),
        tiles.top * TILE + edge(history, &tiles, TOP, number),
        tiles.right * TILE - edge(history, &tiles, RIGHT, number),
        tiles.bottom * TILE - edge(history, &tiles, BOTTOM, number),
    )


def cut(TileHistory history not None, box, slot):
    cdef int64_t number = history.slot_of(slot)
    cdef Box tiles = history.tiles_inside(box)
    cdef int across = tiles.right - tiles.left, down = tiles.bottom - tiles.top
    cdef Span *spans = <Span *>calloc(max(1, across) + max(1, down), sizeof(Span))
    cdef int x, y, gain = 0, best = 0
    cdef bint upright = False
    if spans is NULL:
        raise MemoryError(f"no memory to cut {across}x{down} tiles")
    with nogil:
        for x in range(across):
            spans[x].first, spans[x].last = down, -1
        for y in range(down):
            spans[across + y].first, spans[across + y].last = across, -1
        for y in range(down):
            for x in range(across):
                if stirring(history.row(tiles.top + y) + tiles.left + x, number):
                    spans[x].first, spans[x].last = min(spans[x].first, y), max(spans[x].last, y)
                    spans[across + y].first = min(spans[across + y].first, x)
                    spans[across + y].last = max(spans[across + y].last, x)
        best = best_cut(spans, across, down, &gain)
        x = gain
        y = best_cut(spans + across, down, across, &gain)
        if gain > x:
            best, upright = y, True
    free(spans)
    if best == 0:
        return None
    if upright:
        return (Rect(tiles.left, tiles.top, tiles.right, tiles.top + best),
                Rect(tiles.left, tiles.top + best, tiles.right, tiles.bottom))
    return (Rect(tiles.left, tiles.top, tiles.left + best, tiles.bottom),
            Rect(tiles.left + best, tiles.top, tiles.right, tiles.bottom))


def tight(TileHistory history not None, box, slot):
    cdef int64_t number = history.slot_of(slot)
    cdef Box tiles = history.tiles_inside(box), found
    cdef int x, y
    found.left, found.top, found.right, found.bottom = tiles.right, tiles.bottom, tiles.left, tiles.top
    with nogil:
        for y in range(tiles.top, tiles.bottom):
            for x in range(tiles.left, tiles.right):
                if stirring(history.row(y) + x, number):
                    found.left, found.right = min(found.left, x), max(found.right, x + 1)
                    found.top, found.bottom = min(found.top, y), max(found.bottom, y + 1)
    if found.left >= found.right:
        return Rect(0, 0, 0, 0)
    return Rect(found.left, found.top, found.right, found.bottom)
