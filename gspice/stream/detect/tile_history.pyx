# cython: auto_pickle=False
"""See tile_history.pyi."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free

from gspice.stream.frame_rows cimport TILE, Box, Plane, at, load
from gspice.stream.reference_frame cimport Extent, ReferenceFrame

from typing import NamedTuple

SLOTS_PER_S = SLOT_RATE
LEAST_CHANGES = CHANGES
STIRRING = STIRS
WINDOW_SLOTS = WINDOW
LASTING_SLOTS = LASTING
SAMPLES = SAMPLED


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


cdef object sums_of(const Sum *total):
    return Sums(total.tiles, total.lively, total.certain, total.slight, total.contrast, total.differing, total.wavering,
                total.lasting, total.fresh)


cdef inline int mean(int before, int now) noexcept nogil:
    """The mean over about four; ``now`` without the factor of 8."""
    return before + ((8 * now - before) >> 2)


cdef inline void look_at(Sample *sample, const uint8_t *first, Py_ssize_t stride, int right, int bottom,
                         const int pixel, uint32_t mask) noexcept nogil:
    """Sample the pixels of a tile of that size, ``first`` is its corner; a shader, samples.glsl, does the same."""
    cdef int row, column, x, y, level, beside
    cdef int differing = 0, contrast = 0
    cdef uint32_t word, other
    cdef const uint8_t *place
    for row in range(SAMPLE_SIDE):
        # Few rows, which memory likes, and in them not above each other, for letters stand so.
        y = 4 * row + 1 + (row & 1)
        for column in range(SAMPLE_SIDE):
            x = 4 * column + 2 * row % 3
            if x >= right - 1 or y >= bottom - 1:
                continue
            place = first + stride * y + x * pixel
            word = load(place, pixel, mask)
            level = level_of(word, pixel)
            # To the right of one, below the other: neighbours are much alike.
            other = load(place + (stride if column & 1 else pixel), pixel, mask)
            beside = level_of(other, pixel) - level
            contrast += not -CONTRAST < beside < CONTRAST
            differing += other != word
            sample.levels[SAMPLE_SIDE * row + column] = <uint8_t>level
    sample.differing, sample.contrast = <uint8_t>differing, <uint8_t>contrast


cdef inline bint take(Tile *tile, const Sample *sample, int right, int bottom) noexcept nogil:
    """Take note of what a tile of that size is like; whether a pixel goes another way than before."""
    cdef int i, row, column, level, beside, turned
    cdef int slight, contrast = sample.contrast, differing = 0, total = 0, taken = 0
    cdef uint32_t up = 0, down = 0
    for row in range(SAMPLE_SIDE):
        for column in range(SAMPLE_SIDE):
            i = SAMPLE_SIDE * row + column
            if 4 * column + 2 * row % 3 >= right - 1 or 4 * row + 1 + (row & 1) >= bottom - 1:
                continue
            level = sample.levels[i]
            # Rounding is no turn.
            beside = level - tile.samples[i]
            differing += beside != 0
            up |= <uint32_t>(beside > ROUNDED) << i
            down |= <uint32_t>(beside < -ROUNDED) << i
            tile.samples[i] = <uint8_t>level
            total += level
            taken += 1
    slight = sample.differing - contrast
    tile.slight = <uint16_t>mean(tile.slight, slight)
    tile.contrast = <uint16_t>mean(tile.contrast, contrast)
    tile.differing = <uint16_t>mean(tile.differing, differing)
    tile.last_slight, tile.last_contrast = <uint8_t>slight, <uint8_t>contrast
    tile.level = <uint8_t>(total // taken if taken else 0)
    turned = (tile.up & down) | (tile.down & up)
    tile.up, tile.down = <uint16_t>((tile.up | up) & ~down), <uint16_t>((tile.down | down) & ~up)
    return turned != 0


cdef class TileHistory:
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

    def note(self, rects, slot, *, bint counts=True, const uint8_t[::1] samples=None):
        cdef int64_t number = self.slot_of(slot)
        cdef Box tiles
        cdef int x, y, found = 0
        cdef bint turned
        cdef const Sample *known = NULL
        if samples is not None:
            if samples.shape[0] != <Py_ssize_t>self._columns * self._rows * <Py_ssize_t>sizeof(Sample):
                raise ValueError(f"{samples.shape[0]} bytes of samples of {self._columns}x{self._rows} tiles")
            known = <const Sample *>&samples[0]
        for rect in rects:
            tiles = self.tiles_around(rect)
            with nogil:
                for y in range(tiles.top, tiles.bottom):
                    for x in range(tiles.left, tiles.right):
                        turned = self.sample(x, y, number, known)
                        if counts:
                            found += self.count(x, y, number, turned)
                        else:
                            self._extents[<Py_ssize_t>y * self._columns + x].right = 0
        return found

    cdef bint sample(self, int x, int y, int64_t slot, const Sample *known) noexcept nogil:
        """Look at the pixels of a tile; whether one went another way than the last time."""
        cdef Tile *tile = self.row(y) + x
        cdef bint turned
        # What plays for a while is known well enough by every other frame.
        tile.skipped = not tile.skipped and changes(tile, slot) >= CERTAIN
        if tile.skipped:
            return False
        if known is NULL:
            turned = self.look(tile, x, y)
        else:
            turned = take(tile, known + <Py_ssize_t>y * self._columns + x, self.right(x), self.bottom(y))
        if slot - tile.at > WINDOW:
            # The frame before may have been passed over, and what was then is no part of what begins here.
            tile.up = tile.down = 0
            return False
        return turned

    cdef bint look(self, Tile *tile, int x, int y) noexcept nogil:
        cdef const Plane *plane = &self._frame._plane
        cdef const uint8_t *first = at(plane, x * TILE, y * TILE)
        cdef int right = self.right(x), bottom = self.bottom(y)
        cdef Sample sample
        # One call for each size, so that the compiler makes a loop of its own for the usual one.
        if plane.pixel == 4 and right == TILE and bottom == TILE:
            look_at(&sample, first, plane.stride, TILE, TILE, 4, plane.mask)
            return take(tile, &sample, TILE, TILE)
        look_at(&sample, first, plane.stride, right, bottom, plane.pixel, plane.mask)
        return take(tile, &sample, right, bottom)

    cdef int right(self, int x) noexcept nogil:
        """Columns of a tile in that column."""
        return min(TILE, self._frame._bounds.right - x * TILE)

    cdef int bottom(self, int y) noexcept nogil:
        return min(TILE, self._frame._bounds.bottom - y * TILE)

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
