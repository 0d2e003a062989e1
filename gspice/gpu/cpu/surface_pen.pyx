"""Spans drawn on a surface at once; see surface_pen.pyi for what is promised."""

cimport cython
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from gspice.gpu.cpu.kernels cimport Surface, combine, load_bits, solid, spread, store_bits
from gspice.gpu.plans.stroke_pen cimport Pen

cdef enum:
    BITS_CHUNK = 512  # pixels of one bit that are unpacked at a time


cdef class SurfacePen(Pen):
    def __init__(self, Surface surface not None, area, int rop, color=0, Surface tile=None, int tile_x=0,
                 int tile_y=0):
        cdef uint32_t value = color & 0xffffffff
        if tile is not None and (tile.bits != surface.bits or tile is surface):
            raise ValueError("a tile must be another surface of the same depth")
        self.begin(surface.width, surface.height, area, rop)
        self.surface = surface
        self.tile, self.tile_x, self.tile_y = tile, tile_x, tile_y
        self.rop = spread(rop)
        if surface.bits == 1:
            value = 0 - (value & 1)
        self.flip = self.rop.one ^ (self.rop.src & value)
        self.keep = self.rop.dst ^ (self.rop.both & value)

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
