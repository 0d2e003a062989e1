"""Spans of one row drawn under a clip; see stroke_pen.pyi for what is promised."""

cimport cython
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc

from gspice.gpu.cpu.kernels cimport Box, Surface, combine, load_bits, solid, spread, store_bits

cdef enum:
    BITS_CHUNK = 512  # pixels of one bit that are unpacked at a time


cdef class Pen:
    def __init__(self, Surface surface not None, area, int rop, color=0, Surface tile=None, int tile_x=0,
                 int tile_y=0):
        cdef uint32_t value = color & 0xffffffff
        cdef Box box
        cdef Py_ssize_t i = 0
        cdef Band *band
        if self.boxes != NULL:
            raise ValueError("a pen cannot be made anew")
        if tile is not None and (tile.bits != surface.bits or tile is surface):
            raise ValueError("a tile must be another surface of the same depth")
        self.surface = surface
        self.tile, self.tile_x, self.tile_y = tile, tile_x, tile_y
        self.rop = spread(rop)
        if surface.bits == 1:
            value = 0 - (value & 1)
        self.flip = self.rop.one ^ (self.rop.src & value)
        self.keep = self.rop.dst ^ (self.rop.both & value)
        # With a source bit of 0, or with one of 1, the destination is inverted.
        self.inverts = (self.rop.one & self.rop.dst) != 0 or (
            (self.rop.one ^ self.rop.src) & (self.rop.dst ^ self.rop.both)) != 0
        rects = list(area)
        self.boxes = <Box *>malloc((len(rects) + 1) * sizeof(Box))
        self.bands = <Band *>malloc((len(rects) + 1) * sizeof(Band))
        if self.boxes == NULL or self.bands == NULL:
            raise MemoryError("no memory for a clip")
        self.extents = Box(0, 0, 0, 0)
        for rect in rects:
            box.x1, box.y1, box.x2, box.y2 = rect
            if not (0 <= box.x1 < box.x2 <= surface.width and 0 <= box.y1 < box.y2 <= surface.height):
                raise ValueError(f"rectangle {tuple(rect)} is not inside {surface.width}x{surface.height}")
            band = &self.bands[self.count - 1] if self.count else NULL
            if (band != NULL and band.top == box.y1 and band.bottom == box.y2
                    and self.boxes[i - 1].x2 <= box.x1):
                band.last = i
            elif band == NULL or band.bottom <= box.y1:
                self.bands[self.count] = Band(box.y1, box.y2, i, i)
                self.count += 1
            else:
                raise ValueError(f"rectangle {tuple(rect)} is not in the order of bands")
            self.boxes[i] = box
            if i == 0:
                self.extents = box
            self.extents.x1 = min(self.extents.x1, box.x1)
            self.extents.x2 = max(self.extents.x2, box.x2)
            self.extents.y2 = max(self.extents.y2, box.y2)
            i += 1

    def __dealloc__(self):
        free(self.boxes)
        free(self.bands)

    def fill(self):
        cdef int y
        with nogil:
            for y in range(self.extents.y1, self.extents.y2):
                self.span(y, self.extents.x1, self.extents.x2)

    cdef void span(self, int y, long long x1, long long x2) noexcept nogil:
        """Draw ``x1 <= x < x2`` of a row where the clip lets it."""
        cdef Py_ssize_t i
        cdef Band *band
        cdef int left, right
        if y < self.extents.y1 or y >= self.extents.y2:
            return
        i = self.seek(y)
        if i < 0:
            return
        band = &self.bands[i]
        for i in range(band.first, band.last + 1):
            left = <int>max(x1, <long long>self.boxes[i].x1)
            right = <int>min(x2, <long long>self.boxes[i].x2)
            if left < right:
                self.put(y, left, right)

    cdef Py_ssize_t seek(self, int y) noexcept nogil:
        """The band of a row, mostly that of the row before; -1 between bands."""
        cdef Py_ssize_t low = 0, high = self.count, middle
        if self.bands[self.current].top <= y < self.bands[self.current].bottom:
            return self.current
        while low < high:
            middle = (low + high) >> 1
            if self.bands[middle].bottom <= y:
                low = middle + 1
            else:
                high = middle
        if low == self.count or y < self.bands[low].top:
            return -1
        self.current = low
        return low

    cdef void put(self, int y, int x1, int x2) noexcept nogil:
        cdef uint8_t *row = self.surface.rows + y * self.surface.stride
        cdef uint8_t[BITS_CHUNK] bits
        cdef int n
        if self.tile is not None:
            self.put_tile(y, x1, x2)
        elif self.surface.bits == 32:
            solid(<uint32_t *>row + x1, x2 - x1, self.flip, self.keep, NULL)
        elif self.surface.bits == 16:
            solid(<uint16_t *>row + x1, x2 - x1, <uint16_t>self.flip, <uint16_t>self.keep, NULL)
        elif self.surface.bits == 8:
            solid(row + x1, x2 - x1, <uint8_t>self.flip, <uint8_t>self.keep, NULL)
        else:
            while x1 < x2:
                n = min(x2 - x1, <int>BITS_CHUNK)
                load_bits(row, x1, n, bits)
                solid(&bits[0], n, <uint8_t>self.flip, <uint8_t>self.keep, NULL)
                store_bits(row, x1, n, bits)
                x1 += n

    cdef void put_tile(self, int y, int x1, int x2) noexcept nogil:
        cdef uint8_t *row = self.surface.rows + y * self.surface.stride
        cdef int from_y = wrap(<long long>y - self.tile_y, self.tile.height)
        cdef uint8_t *tile = self.tile.rows + from_y * self.tile.stride
        cdef uint8_t[BITS_CHUNK] bits
        cdef uint8_t[BITS_CHUNK] other
        cdef int from_x = wrap(<long long>x1 - self.tile_x, self.tile.width), n
        while x1 < x2:
            n = min(x2 - x1, self.tile.width - from_x)
            if self.surface.bits == 32:
                combine(<uint32_t *>row + x1, <uint32_t *>tile + from_x, n, &self.rop, NULL)
            elif self.surface.bits == 16:
                combine(<uint16_t *>row + x1, <uint16_t *>tile + from_x, n, &self.rop, NULL)
            elif self.surface.bits == 8:
                combine(row + x1, tile + from_x, n, &self.rop, NULL)
            else:
                n = min(n, <int>BITS_CHUNK)
                load_bits(row, x1, n, bits)
                load_bits(tile, from_x, n, other)
                combine(&bits[0], &other[0], n, &self.rop, NULL)
                store_bits(row, x1, n, bits)
            x1 += n
            from_x += n
            if from_x == self.tile.width:
                from_x = 0


@cython.cdivision(True)
cdef inline int wrap(long long place, int size) noexcept nogil:
    cdef long long rest = place % size
    return <int>(rest + size if rest < 0 else rest)
