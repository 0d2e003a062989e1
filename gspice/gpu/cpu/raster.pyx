"""Loops for patterns, colour keys and operations of three inputs; see raster.pyi for what each promises."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from gspice.gpu.cpu.kernels cimport (
    CHUNK, KEEP_GIL_BYTES, Box, Rop, Source, Surface, View, check_source, combine, fetch, load_bits, load_row,
    pixel_t, spread, store_bits, take_boxes, view_of,
)

cdef enum Kind:
    TILE, KEYED, TERNARY

# What a row step needs to know of one call.
cdef struct Step:
    const View *source
    int dx, dy
    const View *tile
    int tile_x, tile_y
    const View *mask
    int mask_dx, mask_dy
    uint32_t color
    Rop rop
    Rop flipped  # how the result changes where the pattern bit is 1
    Kind kind


def tile(Surface target not None, rects, Source pattern not None, int tile_x, int tile_y, int rop,
         Source mask=None, int mask_dx=0, int mask_dy=0):
    cdef Step step
    check_source(target, pattern)
    step.rop = spread(rop)
    step.source = NULL
    step.tile = &pattern.view
    step.kind = TILE
    step.tile_x, step.tile_y = tile_x, tile_y
    run(target, rects, None, mask, mask_dx, mask_dy, &step)


def colorkey(Surface target not None, rects, Source source not None, int dx, int dy, key):
    cdef Step step
    check_source(target, source)
    step.tile = NULL
    step.source = &source.view
    step.dx, step.dy = dx, dy
    step.kind = KEYED
    step.color = key & 0xffffffff
    run(target, rects, source, None, 0, 0, &step)


def rop3(Surface target not None, rects, Source source not None, int dx, int dy, int code, color=0,
         Source pattern=None, int tile_x=0, int tile_y=0, Source mask=None, int mask_dx=0, int mask_dy=0):
    cdef Step step
    cdef int clear, flipped
    if not 0 <= code < 256:
        raise ValueError(f"no ternary raster operation {code}")
    check_source(target, source)
    if pattern is not None:
        check_source(target, pattern)
    clear = terms(code & 15)
    flipped = clear ^ terms(code >> 4)
    step.kind = TERNARY
    step.rop = spread(clear)
    step.flipped = spread(flipped)
    step.source = &source.view
    step.dx, step.dy = dx, dy
    step.tile = view_of(pattern)
    step.tile_x, step.tile_y = tile_x, tile_y
    step.color = color & 0xffffffff
    if target.bits == 1:
        step.color = 0 - (step.color & 1)
    run(target, rects, source, mask, mask_dx, mask_dy, &step)


cdef int terms(int results) noexcept:
    """The rop of kernels.pyi whose results for (source, destination) = 00, 01, 10, 11 are bits 0 to 3."""
    cdef int neither = results & 1, dst = results >> 1 & 1, src = results >> 2 & 1, both = results >> 3 & 1
    return neither | (neither ^ src) << 1 | (neither ^ dst) << 2 | (neither ^ src ^ dst ^ both) << 3


cdef int run(Surface target, rects, Source source, Source mask, int mask_dx, int mask_dy,
             Step *step) except -1:
    cdef Py_ssize_t count, pixels = 0, i
    cdef int dx = step.dx if source is not None else 0, dy = step.dy if source is not None else 0
    cdef Box *boxes = take_boxes(rects, target, source, dx, dy, mask, mask_dx, mask_dy, &count, &pixels)
    step.mask = view_of(mask)
    step.mask_dx, step.mask_dy = mask_dx, mask_dy
    if pixels * target.bits < KEEP_GIL_BYTES * 8:
        for i in range(count):
            draw_box(target, boxes[i], step)
    else:
        with nogil:
            for i in range(count):
                draw_box(target, boxes[i], step)
    free(boxes)
    return 0


cdef void draw_box(Surface target, Box box, const Step *step) noexcept nogil:
    cdef uint32_t[CHUNK] bits
    cdef uint32_t[CHUNK] pixels
    cdef uint32_t[CHUNK] pattern
    cdef uint8_t[CHUNK] one
    cdef uint32_t *cover = NULL
    cdef uint8_t *row
    cdef int x, y, n
    for y in range(box.y1, box.y2):
        row = target.rows + y * target.stride
        x = box.x1
        while x < box.x2:
            n = min(box.x2 - x, <int>CHUNK)
            if step.mask != NULL:
                fetch(step.mask, x - step.mask_dx, y - step.mask_dy, n, bits)
                cover = bits
            if step.source != NULL:
                load_row(step.source, x - step.dx, y - step.dy, n, target.bits, pixels)
            if step.tile != NULL:
                load_tile(step, x, y, n, target.bits, <uint8_t *>pattern)
            if target.bits == 32:
                work(<uint32_t *>row + x, pixels, pattern, n, step, cover)
            elif target.bits == 16:
                work(<uint16_t *>row + x, <uint16_t *>pixels, <uint16_t *>pattern, n, step, cover)
            elif target.bits == 8:
                work(row + x, <uint8_t *>pixels, <uint8_t *>pattern, n, step, cover)
            else:
                load_bits(row, x, n, one)
                work(&one[0], <uint8_t *>pixels, <uint8_t *>pattern, n, step, cover)
                store_bits(row, x, n, one)
            x += n


cdef void load_tile(const Step *step, int x, int y, int n, int bits, uint8_t *out) noexcept nogil:
    """``n`` pixels of the pattern as it lies, repeated, over the surface."""
    cdef const View *tile = step.tile
    cdef int size = bits // 8 if bits >= 8 else 1
    cdef int left = wrapped(<long long>x - step.tile_x, tile.width)
    cdef int top = wrapped(<long long>y - step.tile_y, tile.height)
    cdef int have = min(n, tile.width - left), more
    load_row(tile, left, top, have, bits, out)
    while have < n:
        if have < tile.width:
            more = min(n - have, tile.width)
            load_row(tile, 0, top, more, bits, out + have * size)
        else:
            # Whole periods of what is there already follow upon it.
            more = min(n - have, have - have % tile.width)
            memcpy(out + have * size, out + (have - (have - have % tile.width)) * size, <size_t>more * size)
        have += more


cdef inline int wrapped(long long place, int size) noexcept nogil:
    # Cython's remainder is Python's: never negative here.
    return <int>(place % size)


cdef void work(pixel_t *dst, pixel_t *src, pixel_t *tiles, int n, const Step *step,
               const uint32_t *cover) noexcept nogil:
    cdef const Rop *a = &step.rop
    cdef const Rop *b = &step.flipped
    # The high byte of 32-bit pixels is no colour.
    cdef pixel_t seen = <pixel_t>(0xffffff if sizeof(pixel_t) == 4 else 0xffff)
    cdef pixel_t p = <pixel_t>step.color, key = p & seen, s, d, new
    cdef int i
    if step.kind == TILE:
        combine(dst, tiles, n, a, cover)
    elif step.kind == KEYED:
        for i in range(n):
            dst[i] = dst[i] if src[i] & seen == key else src[i]
    else:
        for i in range(n):
            s = src[i]
            d = dst[i]
            if step.tile != NULL:
                p = tiles[i]
            new = <pixel_t>((<pixel_t>a.one ^ (p & <pixel_t>b.one))
                            ^ (s & (<pixel_t>a.src ^ (p & <pixel_t>b.src)))
                            ^ (d & ((<pixel_t>a.dst ^ (p & <pixel_t>b.dst))
                                    ^ (s & (<pixel_t>a.both ^ (p & <pixel_t>b.both))))))
            dst[i] = new if cover == NULL else <pixel_t>(d ^ ((d ^ new) & <pixel_t>cover[i]))
