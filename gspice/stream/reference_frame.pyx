# cython: auto_pickle=False
"""The pixels of the last look; reference_frame.pyi says what each name promises."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy, memmove

from gspice.stream.frame_rows cimport TILE, Box, Plane, at, load, same
from gspice.stream.motion cimport MAX_MOVES, Moved
from gspice.stream.motion cimport find_moves as moves_between

from typing import NamedTuple

from gspice.geometry import Rect

cdef enum:
    SIDE_LIMIT = 32767
    BYTE_LIMIT = 1 << 30
    HINT_LIMIT = 8

MAX_SIDE = SIDE_LIMIT
MAX_FRAME_BYTES = BYTE_LIMIT
MAX_HINTS = HINT_LIMIT


class Move(NamedTuple):
    rect: Rect
    dx: int
    dy: int


cdef struct Run:
    Box box  # around what differs
    int last, band  # its last tile and its lowest band

cdef struct Runs:
    Run *made
    Py_ssize_t *newest  # by first tile: the number of the last run that begins with it, plus one
    Py_ssize_t count


cdef void note_row(Box *tiles, const uint8_t *new, uint8_t *old, int left, int right, int y, int pixel,
                   uint32_t mask) noexcept nogil:
    """Widen the boxes of those tiles of a row that differ, and take their pixels over."""
    cdef int tile = 0, x = left, end, first, last
    cdef const uint8_t *one
    cdef uint8_t *other
    cdef size_t length
    while x < right:
        end = min(right, (x // TILE + 1) * TILE)
        one, other = new + <Py_ssize_t>(x - left) * pixel, old + <Py_ssize_t>(x - left) * pixel
        length = <size_t>(end - x) * pixel
        if memcmp(one, other, length) != 0:
            if not same(one, other, end - x, pixel, mask):
                # Whoever writes to the data meanwhile gets odd boxes, but none beyond the tile.
                first = x
                while first < end - 1 and first < tiles[tile].left and (
                        load(one + (first - x) * pixel, pixel, mask) == load(other + (first - x) * pixel, pixel, mask)):
                    first += 1
                last = end
                while last > first + 1 and last > tiles[tile].right and (
                        load(one + (last - 1 - x) * pixel, pixel, mask)
                        == load(other + (last - 1 - x) * pixel, pixel, mask)):
                    last -= 1
                tiles[tile].left = min(tiles[tile].left, first)
                tiles[tile].right = max(tiles[tile].right, last)
                tiles[tile].top = min(tiles[tile].top, y)
                tiles[tile].bottom = y + 1
            # Bits that do not count are taken over too, so that they do not slow the next look.
            memcpy(other, one, length)
        x = end
        tile += 1


cdef void end_band(Runs *runs, const Box *tiles, int count, int band) noexcept nogil:
    """Join the tiles of a band side by side, and what that makes to what is above it where both have the same tiles."""
    cdef int tile = 0, first
    cdef Run run
    cdef Run *above
    run.band = band
    while tile < count:
        if tiles[tile].bottom == 0:
            tile += 1
            continue
        run.box, first = tiles[tile], tile
        while tile < count and tiles[tile].bottom != 0:
            run.box.right = tiles[tile].right
            run.box.top = min(run.box.top, tiles[tile].top)
            run.box.bottom = max(run.box.bottom, tiles[tile].bottom)
            tile += 1
        run.last = tile
        if runs.newest[first]:
            above = &runs.made[runs.newest[first] - 1]
            if above.last == run.last and above.band == band - 1:
                above.box.left = min(above.box.left, run.box.left)
                above.box.right = max(above.box.right, run.box.right)
                above.box.bottom, above.band = run.box.bottom, band
                continue
        runs.made[runs.count] = run
        runs.count += 1
        runs.newest[first] = runs.count


cdef void note_extents(Extent *extents, const Box *tiles, int count, int left, int top) noexcept nogil:
    """Widen the extents of a band's tiles, of which the first lies at (left, top), by what differs in them."""
    cdef int tile, x
    cdef Extent *extent
    for tile in range(count):
        if tiles[tile].bottom == 0:
            continue
        extent, x = &extents[tile], left + tile * TILE
        if extent.right == 0:
            extent.left = extent.top = TILE
            extent.bottom = 0
        extent.left = <uint8_t>min(<int>extent.left, tiles[tile].left - x)
        extent.top = <uint8_t>min(<int>extent.top, tiles[tile].top - top)
        extent.right = <uint8_t>max(<int>extent.right, tiles[tile].right - x)
        extent.bottom = <uint8_t>max(<int>extent.bottom, tiles[tile].bottom - top)


cdef class ReferenceFrame:
    def __cinit__(self, width, height, pixel_bytes, *, bint ignore_high=False):
        if not (0 < width <= SIDE_LIMIT and 0 < height <= SIDE_LIMIT):
            raise ValueError(f"a frame of {width}x{height}: sides go from 1 to {MAX_SIDE}")
        if pixel_bytes not in (1, 2, 4):
            raise ValueError(f"pixels of {pixel_bytes} bytes: frames have 1, 2 or 4")
        if ignore_high and pixel_bytes != 4:
            raise ValueError(f"pixels of {pixel_bytes} bytes have no high byte to ignore")
        if width * height * pixel_bytes > BYTE_LIMIT:
            raise ValueError(f"a frame of {width}x{height} takes over {MAX_FRAME_BYTES} bytes")
        self._bounds.right, self._bounds.bottom = width, height
        self._plane.pixel = pixel_bytes
        self._plane.stride = <Py_ssize_t>width * pixel_bytes
        self._plane.mask = 0x00FFFFFF if ignore_high else 0xFFFFFFFFu
        self._pixels = <uint8_t *>calloc(height, self._plane.stride)
        if self._pixels is NULL:
            raise MemoryError(f"no memory for a frame of {width}x{height}")
        self._plane.first = self._pixels

    def __dealloc__(self):
        free(self._pixels)
        free(self._extents)

    cdef Extent *watch(self) except NULL:
        """Extents of tiles, which each comparison widens; whoever reads them sets them back to nothing."""
        if self._extents is NULL:
            columns, rows = (self._bounds.right - 1) // TILE + 1, (self._bounds.bottom - 1) // TILE + 1
            self._extents = <Extent *>calloc(columns * rows, sizeof(Extent))
            if self._extents is NULL:
                raise MemoryError(f"no memory for the extents of {columns * rows} tiles")
        return self._extents

    cdef Box inside(self, rect) except *:
        cdef Box box
        left, top, right, bottom = rect
        if not (0 <= left < right <= self._bounds.right and 0 <= top < bottom <= self._bounds.bottom):
            raise ValueError(f"{tuple(rect)} is not inside {self._bounds.right}x{self._bounds.bottom}")
        box.left, box.top, box.right, box.bottom = left, top, right, bottom
        return box

    cdef Plane plane_of(self, const uint8_t[::1] rows, stride, const Box *box) except *:
        cdef Plane plane
        row = (box.right - box.left) * self._plane.pixel
        height = box.bottom - box.top
        if stride < row or stride * (height - 1) + row > rows.shape[0]:
            raise ValueError(f"{rows.shape[0]} bytes do not hold {height} rows of {row} bytes, {stride} apart")
        plane = self._plane
        plane.first, plane.left, plane.top = &rows[0], box.left, box.top
        plane.stride = stride if height > 1 else row
        return plane

    def fill_from(self, const uint8_t[::1] data not None, stride, rect):
        cdef Box box = self.inside(rect)
        cdef Plane new = self.plane_of(data, stride, &box)
        cdef size_t row = <size_t>(box.right - box.left) * new.pixel
        cdef int y
        with nogil:
            for y in range(box.top, box.bottom):
                memcpy(<uint8_t *>at(&self._plane, box.left, y), at(&new, box.left, y), row)

    def read(self, rect):
        cdef Box box = self.inside(rect)
        cdef Py_ssize_t row = <Py_ssize_t>(box.right - box.left) * self._plane.pixel
        cdef bytes copy = PyBytes_FromStringAndSize(NULL, row * (box.bottom - box.top))
        cdef char *out = PyBytes_AS_STRING(copy)
        cdef int y
        with nogil:
            for y in range(box.top, box.bottom):
                memcpy(out + row * (y - box.top), at(&self._plane, box.left, y), <size_t>row)
        return copy

    def move(self, rect, dx, dy):
        cdef Box box = self.inside(rect)
        left, top, right, bottom = rect
        cdef Box source = self.inside((left - dx, top - dy, right - dx, bottom - dy))
        cdef size_t row = <size_t>(box.right - box.left) * self._plane.pixel
        cdef int height = box.bottom - box.top, i, y
        cdef bint upwards = source.top < box.top
        with nogil:
            for i in range(height):
                # Rows are read before they are written over.
                y = height - 1 - i if upwards else i
                memmove(<uint8_t *>at(&self._plane, box.left, box.top + y),
                        at(&self._plane, source.left, source.top + y), row)

    def compare(self, const uint8_t[::1] data not None, stride, rect):
        cdef Box box = self.inside(rect)
        cdef Plane new = self.plane_of(data, stride, &box)
        cdef int count = (box.right - 1) // TILE + 1 - box.left // TILE
        cdef int bands = (box.bottom - 1) // TILE + 1 - box.top // TILE
        cdef Py_ssize_t i
        cdef Runs runs
        cdef Run *run
        cdef Box *tiles = <Box *>malloc(count * sizeof(Box))
        runs.made = <Run *>malloc(<size_t>bands * ((count + 1) // 2) * sizeof(Run))
        runs.newest = <Py_ssize_t *>calloc(count, sizeof(Py_ssize_t))
        try:
            if tiles is NULL or runs.made is NULL or runs.newest is NULL:
                raise MemoryError(f"no memory to compare {count * bands} tiles")
            with nogil:
                self.find_runs(&new, &box, tiles, count, &runs)
            changed = []
            for i in range(runs.count):
                run = &runs.made[i]
                changed.append(Rect(run.box.left, run.box.top, run.box.right, run.box.bottom))
            return changed
        finally:
            free(tiles)
            free(runs.made)
            free(runs.newest)

    cdef void find_runs(self, const Plane *new, const Box *box, Box *tiles, int count, Runs *runs) noexcept nogil:
        cdef int y = box.top, end, tile
        cdef int columns = (self._bounds.right - 1) // TILE + 1
        cdef bint differs
        cdef size_t row = <size_t>(box.right - box.left) * new.pixel
        runs.count = 0
        while y < box.bottom:
            end = min(box.bottom, (y // TILE + 1) * TILE)
            differs = False
            while y < end:
                if memcmp(at(new, box.left, y), at(&self._plane, box.left, y), row) != 0:
                    if not differs:
                        differs = True
                        for tile in range(count):
                            tiles[tile].left, tiles[tile].top = SIDE_LIMIT, SIDE_LIMIT
                            tiles[tile].right = tiles[tile].bottom = 0
                    note_row(tiles, at(new, box.left, y), <uint8_t *>at(&self._plane, box.left, y),
                             box.left, box.right, y, new.pixel, new.mask)
                y += 1
            if differs:
                end_band(runs, tiles, count, (end - 1) // TILE)
                if self._extents is not NULL:
                    note_extents(self._extents + <Py_ssize_t>((end - 1) // TILE) * columns + box.left // TILE, tiles,
                                 count, box.left // TILE * TILE, (end - 1) // TILE * TILE)

    def find_moves(self, const uint8_t[::1] data not None, stride, rect, hints=()):
        cdef Box box = self.inside(rect)
        cdef Plane new = self.plane_of(data, stride, &box)
        cdef int[2 * HINT_LIMIT] tried
        cdef int hint_count = 0, found, i
        cdef Moved[MAX_MOVES] moves
        for dx, dy in hints[:HINT_LIMIT]:
            if max(abs(dx), abs(dy)) < SIDE_LIMIT:
                tried[2 * hint_count], tried[2 * hint_count + 1] = dx, dy
                hint_count += 1
        with nogil:
            found = moves_between(&new, &self._plane, &box, &self._bounds, tried, hint_count, moves)
        if found < 0:
            raise MemoryError("no memory to look for moves")
        return [
            Move(Rect(moves[i].box.left, moves[i].box.top, moves[i].box.right, moves[i].box.bottom),
                 moves[i].dx, moves[i].dy)
            for i in range(found)
        ]
