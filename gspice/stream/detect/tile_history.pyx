# cython: auto_pickle=False
"""See tile_history.pyi."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, malloc

from gspice.stream.frame_rows cimport TILE, Box, Plane, at, load
from gspice.stream.reference_frame cimport Extent, ReferenceFrame

from typing import NamedTuple

from gspice.geometry import Rect

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
    NEAR = 2  # tiles from one to the next in a cluster
    SPAN = 8  # slots, of extents
    FRESH = 2  # slots
    FEW = 5  # a row or column at a side is dropped where less than that part of it stirs

SLOTS_PER_S = SLOT_RATE
LEAST_CHANGES = CHANGES
STIRRING = STIRS
WINDOW_SLOTS = WINDOW
LASTING_SLOTS = LASTING
SAMPLES = SAMPLED

cdef struct Tile:
    int64_t at  # the slot of its last change
    uint32_t seen, wavered  # slots in which it changed, and those in which a sample turned round; bit 0 is ``at``
    uint16_t up, down  # samples, by which way they went last
    uint16_t slight, contrast, differing  # means over the last changes, times 8
    uint8_t last_slight, last_contrast, level  # of the last change that was sampled
    bint skipped  # the last one was not
    Extent young, old  # around the pixels that changed in this span of slots, and in the one before
    uint8_t[SAMPLED] samples

cdef struct Sum:
    int64_t tiles, lively, certain, slight, contrast, differing, wavering, lasting, fresh

cdef enum Side:
    LEFT, TOP, RIGHT, BOTTOM

cdef struct Span:
    int first, last  # stirring tiles of a column or a row; last is less than first where there are none

cdef struct Run:
    int left, right, top, bottom  # bottom is exclusive
    Py_ssize_t parent
    Sum sum


class Sums(NamedTuple):
    tiles: int
    lively: int
    certain: int
    slight: int
    contrast: int
    differing: int
    wavering: int
    lasting: int
    fresh: int


class Cluster(NamedTuple):
    box: Rect
    sums: Sums


class Presence(NamedTuple):
    tiles: int
    changed: int
    lively: int
    slight: int
    contrast: int


cdef inline int level_of(uint32_t word, int pixel) noexcept nogil:
    if pixel == 4:
        return ((word >> 16 & 255) + 2 * (word >> 8 & 255) + (word & 255)) >> 2
    if pixel == 2:
        return 2 * ((word >> 10 & 31) + 2 * (word >> 5 & 31) + (word & 31))
    return word


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


cdef object sums_of(const Sum *total):
    return Sums(total.tiles, total.lively, total.certain, total.slight, total.contrast, total.differing, total.wavering,
                total.lasting, total.fresh)


cdef inline Py_ssize_t root_of(Run *runs, Py_ssize_t run) noexcept nogil:
    while runs[run].parent != run:
        runs[run].parent = runs[runs[run].parent].parent
        run = runs[run].parent
    return run


cdef inline int mean(int before, int now) noexcept nogil:
    """The mean over about four; ``now`` without the factor of 8."""
    return before + ((8 * now - before) >> 2)


cdef inline Extent around(Extent one, Extent other) noexcept nogil:
    cdef Extent both
    if one.right == 0 or other.right == 0:
        return one if other.right == 0 else other
    both.left, both.top = min(one.left, other.left), min(one.top, other.top)
    both.right, both.bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return both


cdef inline bint look_at(Tile *tile, const uint8_t *first, Py_ssize_t stride, int right, int bottom, const int pixel,
                         uint32_t mask) noexcept nogil:
    """Sample the pixels of a tile of that size, ``first`` is its corner; whether one goes another way than before."""
    cdef int i = 0, row, column, x, y, level, beside, slight = 0, contrast = 0, differing = 0, total = 0, taken = 0, turned
    cdef uint32_t word, other, up = 0, down = 0
    cdef const uint8_t *place
    for row in range(SAMPLE_SIDE):
        # Few rows, which memory likes, and in them not above each other, for letters stand so.
        y = 4 * row + 1 + (row & 1)
        for column in range(SAMPLE_SIDE):
            x = 4 * column + 2 * row % 3
            i = SAMPLE_SIDE * row + column
            if x >= right - 1 or y >= bottom - 1:
                continue
            place = first + stride * y + x * pixel
            word = load(place, pixel, mask)
            level = level_of(word, pixel)
            # To the right of one, below the other: neighbours are much alike.
            other = load(place + (stride if column & 1 else pixel), pixel, mask)
            beside = level_of(other, pixel) - level
            contrast += not -CONTRAST < beside < CONTRAST
            slight += other != word
            # Rounding is no turn.
            beside = level - tile.samples[i]
            differing += beside != 0
            up |= <uint32_t>(beside > ROUNDED) << i
            down |= <uint32_t>(beside < -ROUNDED) << i
            tile.samples[i] = <uint8_t>level
            total += level
            taken += 1
    slight -= contrast
    tile.slight = <uint16_t>mean(tile.slight, slight)
    tile.contrast = <uint16_t>mean(tile.contrast, contrast)
    tile.differing = <uint16_t>mean(tile.differing, differing)
    tile.last_slight, tile.last_contrast = <uint8_t>slight, <uint8_t>contrast
    tile.level = <uint8_t>(total // taken if taken else 0)
    turned = (tile.up & down) | (tile.down & up)
    tile.up, tile.down = <uint16_t>((tile.up | up) & ~down), <uint16_t>((tile.down | down) & ~up)
    return turned != 0


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


cdef class TileHistory:
    cdef ReferenceFrame _frame
    cdef Extent *_extents  # the frame's
    cdef Tile *_tiles
    cdef int _columns, _rows
    cdef int64_t _slot

    def __cinit__(self, ReferenceFrame frame not None):
        self._frame = frame
        self._extents = frame.watch()
        self._columns = (frame._bounds.right + TILE - 1) // TILE
        self._rows = (frame._bounds.bottom + TILE - 1) // TILE
        self._tiles = <Tile *>calloc(<size_t>self._columns * self._rows, sizeof(Tile))
        if self._tiles is NULL:
            raise MemoryError(f"no memory for the history of {self._columns}x{self._rows} tiles")

    def __dealloc__(self):
        free(self._tiles)

    cdef Tile *row(self, int y) noexcept nogil:
        return self._tiles + <Py_ssize_t>y * self._columns

    cdef Box tiles_inside(self, box) except *:
        cdef Box tiles
        left, top, right, bottom = box
        if not (0 <= left <= right <= self._columns and 0 <= top <= bottom <= self._rows):
            raise ValueError(f"{tuple(box)} is not inside {self._columns}x{self._rows} tiles")
        tiles.left, tiles.top, tiles.right, tiles.bottom = left, top, right, bottom
        return tiles

    cdef Box tiles_around(self, rect) except *:
        cdef Box box = self._frame.inside(rect)
        box.left, box.top = box.left // TILE, box.top // TILE
        box.right, box.bottom = (box.right - 1) // TILE + 1, (box.bottom - 1) // TILE + 1
        return box

    cdef int64_t slot_of(self, slot) except -1:
        cdef int64_t number = slot
        # Whoever asks for an earlier one gets the newest: shifts are never negative.
        self._slot = max(self._slot, number)
        return self._slot

    def note(self, rects, slot, *, bint counts=True):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles
        cdef int x, y, found = 0
        cdef bint turned
        for rect in rects:
            tiles = self.tiles_around(rect)
            with nogil:
                for y in range(tiles.top, tiles.bottom):
                    for x in range(tiles.left, tiles.right):
                        turned = self.sample(x, y, number)
                        if counts:
                            found += self.count(x, y, number, turned)
                        else:
                            self._extents[<Py_ssize_t>y * self._columns + x].right = 0
        return found

    cdef bint sample(self, int x, int y, int64_t slot) noexcept nogil:
        """Look at the pixels of a tile; whether one went another way than the last time."""
        cdef Tile *tile = self.row(y) + x
        # What plays for a while is known well enough by every other frame.
        tile.skipped = not tile.skipped and changes(tile, slot) >= CERTAIN
        if tile.skipped:
            return False
        if slot - tile.at > WINDOW:
            tile.up = tile.down = 0
        return self.look(tile, x, y)

    cdef bint look(self, Tile *tile, int x, int y) noexcept nogil:
        cdef const Plane *plane = &self._frame._plane
        cdef const uint8_t *first = at(plane, x * TILE, y * TILE)
        cdef int right = min(TILE, self._frame._bounds.right - x * TILE)
        cdef int bottom = min(TILE, self._frame._bounds.bottom - y * TILE)
        # One call for each size, so that the compiler makes a loop of its own for the usual one.
        if plane.pixel == 4 and right == TILE and bottom == TILE:
            return look_at(tile, first, plane.stride, TILE, TILE, 4, plane.mask)
        return look_at(tile, first, plane.stride, right, bottom, plane.pixel, plane.mask)

    cdef bint count(self, int x, int y, int64_t slot, bint turned) noexcept nogil:
        """That a tile has changed in this slot; whether it is lively."""
        cdef Tile *tile = self.row(y) + x
        cdef Extent *extent = self._extents + <Py_ssize_t>y * self._columns + x
        cdef int64_t since = slot - tile.at
        if since > WINDOW or tile.seen == 0 or (since and tile.seen & ((1u << WINDOW) - 1) == 1):
            # What came first may have been a window that was opened, and a film begins only in it.
            tile.young.right = tile.old.right = 0
        elif slot // SPAN != tile.at // SPAN:
            tile.old = tile.young
            tile.young.right = 0
        tile.young = around(tile.young, extent[0])
        extent.right = 0
        if since >= SLOT_BITS:
            tile.seen = tile.wavered = 0
        else:
            tile.seen <<= since
            tile.wavered <<= since
        tile.wavered |= turned
        tile.seen |= 1
        tile.at = slot
        return changes(tile, slot) >= CHANGES

    def clusters(self, slot, least):
        cdef int64_t number = self.slot_of(slot)
        cdef Py_ssize_t most = <Py_ssize_t>self._rows * ((self._columns + NEAR) // (NEAR + 1)), i, count
        cdef Run *runs = <Run *>malloc(most * sizeof(Run))
        cdef Py_ssize_t *starts = <Py_ssize_t *>malloc((self._rows + 1) * sizeof(Py_ssize_t))
        try:
            if runs is NULL or starts is NULL:
                raise MemoryError(f"no memory to join {self._columns}x{self._rows} tiles")
            with nogil:
                count = self.join(runs, starts, number)
            return [
                Cluster(Rect(runs[i].left, runs[i].top, runs[i].right, runs[i].bottom), sums_of(&runs[i].sum))
                for i in range(count)
                if runs[i].parent == i and runs[i].sum.lively >= least
            ]
        finally:
            free(runs)
            free(starts)

    cdef Py_ssize_t join(self, Run *runs, Py_ssize_t *starts, int64_t slot) noexcept nogil:
        """Runs of stirring tiles, joined to those near them: each names its cluster's first, which has the sums."""
        cdef int x, y, above
        cdef Py_ssize_t count = 0, i, one, other, root
        cdef Tile *tiles
        for y in range(self._rows):
            starts[y] = count
            tiles = self.row(y)
            for x in range(self._columns):
                if not stirring(&tiles[x], slot):
                    continue
                if count == starts[y] or x > runs[count - 1].right + NEAR - 1:
                    runs[count].left, runs[count].top, runs[count].bottom = x, y, y + 1
                    runs[count].parent = count
                    runs[count].sum = Sum(0, 0, 0, 0, 0, 0, 0, 0, 0)
                    count += 1
                runs[count - 1].right = x + 1
                add(&runs[count - 1].sum, &tiles[x], slot)
        starts[self._rows] = count
        for y in range(1, self._rows):
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

    def sums(self, box, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_inside(box)
        cdef Sum total = Sum(0, 0, 0, 0, 0, 0, 0, 0, 0)
        cdef int x, y
        with nogil:
            for y in range(tiles.top, tiles.bottom):
                for x in range(tiles.left, tiles.right):
                    if stirring(self.row(y) + x, number):
                        add(&total, self.row(y) + x, number)
        return sums_of(&total)

    def presence(self, rect, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self._frame.inside(rect)
        # Of a tile at a side, more than half must be inside: what is beside a video may play as well.
        tiles.left, tiles.top = (tiles.left + TILE // 2) // TILE, (tiles.top + TILE // 2) // TILE
        tiles.right, tiles.bottom = (tiles.right + TILE // 2 - 1) // TILE, (tiles.bottom + TILE // 2 - 1) // TILE
        cdef int x, y
        cdef int64_t changed = 0, found = 0, slight = 0, contrast = 0
        cdef Tile *tile
        with nogil:
            for y in range(tiles.top, tiles.bottom):
                for x in range(tiles.left, tiles.right):
                    tile = self.row(y) + x
                    if number - tile.at < WINDOW and tile.seen:
                        changed += tile.at == number
                        found += changes(tile, number) >= CHANGES
                        slight += tile.slight
                        contrast += tile.contrast
        return Presence((tiles.right - tiles.left) * (tiles.bottom - tiles.top), changed, found, slight, contrast)

    def trimmed(self, box, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_inside(box)
        with nogil:
            self.trim(&tiles, number)
        return Rect(tiles.left, tiles.top, tiles.right, tiles.bottom)

    cdef int line(self, const Box *tiles, int number, bint upright, int64_t slot) noexcept nogil:
        """Stirring tiles of a row, or of a column, of a box."""
        cdef int i, found = 0
        if upright:
            for i in range(tiles.top, tiles.bottom):
                found += stirring(self.row(i) + number, slot)
        else:
            for i in range(tiles.left, tiles.right):
                found += stirring(self.row(number) + i, slot)
        return found

    cdef void trim(self, Box *tiles, int64_t slot) noexcept nogil:
        cdef bint again = True
        while again and tiles.left < tiles.right and tiles.top < tiles.bottom:
            again = False
            if FEW * self.line(tiles, tiles.top, False, slot) < tiles.right - tiles.left:
                tiles.top += 1
                again = True
            elif FEW * self.line(tiles, tiles.bottom - 1, False, slot) < tiles.right - tiles.left:
                tiles.bottom -= 1
                again = True
            elif FEW * self.line(tiles, tiles.left, True, slot) < tiles.bottom - tiles.top:
                tiles.left += 1
                again = True
            elif FEW * self.line(tiles, tiles.right - 1, True, slot) < tiles.bottom - tiles.top:
                tiles.right -= 1
                again = True

    def picture(self, box, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_inside(box)
        if tiles.left == tiles.right or tiles.top == tiles.bottom:
            return Rect(0, 0, 0, 0)
        return Rect(
            tiles.left * TILE + self.edge(&tiles, LEFT, number),
            tiles.top * TILE + self.edge(&tiles, TOP, number),
            tiles.right * TILE - self.edge(&tiles, RIGHT, number),
            tiles.bottom * TILE - self.edge(&tiles, BOTTOM, number),
        )

    cdef int edge(self, const Box *tiles, Side side, int64_t slot) noexcept nogil:
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
            tile = self.row(y) + x
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

    def cut(self, box, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_inside(box)
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
                    if stirring(self.row(tiles.top + y) + tiles.left + x, number):
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

    def tight(self, box, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_inside(box), found
        cdef int x, y
        found.left, found.top, found.right, found.bottom = tiles.right, tiles.bottom, tiles.left, tiles.top
        with nogil:
            for y in range(tiles.top, tiles.bottom):
                for x in range(tiles.left, tiles.right):
                    if stirring(self.row(y) + x, number):
                        found.left, found.right = min(found.left, x), max(found.right, x + 1)
                        found.top, found.bottom = min(found.top, y), max(found.bottom, y + 1)
        if found.left >= found.right:
            return Rect(0, 0, 0, 0)
        return Rect(found.left, found.top, found.right, found.bottom)

    def left_behind(self, rect, kept, slot):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles = self.tiles_around(rect), inner = self.tiles_around(kept)
        cdef Tile *tile
        cdef Tile seen
        cdef int x, y, still = 0, desk = 0
        with nogil:
            for y in range(tiles.top, tiles.bottom):
                for x in range(tiles.left, tiles.right):
                    if inner.left <= x < inner.right and inner.top <= y < inner.bottom:
                        continue
                    tile = self.row(y) + x
                    if stirring(tile, number):
                        continue
                    still += 1
                    # As it is now, for its last change may not have been looked at; what it was does not count.
                    seen = tile[0]
                    self.look(&seen, x, y)
                    if seen.last_slight + seen.last_contrast == 0:
                        desk += seen.level > DARK
                    else:
                        desk += 2 * seen.last_contrast > seen.last_slight
        return still, desk
