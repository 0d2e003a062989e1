"""The loops over one piece of a row, which the C compiler vectorises; kernels.pyx walks rectangles."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy


cpdef enum Fetch:
    RAW
    LUT1_LE
    LUT1_BE
    LUT4_LE
    LUT4_BE
    LUT8
    RGB555
    RGB565
    RGB24
    XRGB32
    ARGB32
    ALPHA8
    ALPHA1

cpdef enum Pack:
    WORD32
    LOW16
    LOW8
    TO_RGB555
    TO_RGB565
    TO_ALPHA8
    TO_ALPHA1

# Where the pixels of a source are and what they mean; rows are `step` bytes apart, `top` is the upper one.
cdef struct View:
    const uint8_t *top
    Py_ssize_t step
    const uint32_t *lut
    uint32_t high
    Fetch fetch
    Pack pack
    int width, height

cdef struct Box:
    int x1, y1, x2, y2

# Where the pixels of a surface are.
cdef struct Plane:
    uint8_t *rows
    Py_ssize_t stride
    int bits

# Any function of source and destination bits is one ^ (src & s) ^ (dst & d) ^ (both & s & d).
cdef struct Rop:
    uint32_t one, src, dst, both

ctypedef fused pixel_t:
    uint8_t
    uint16_t
    uint32_t

cdef enum:
    CHUNK = 512  # pixels worked on at a time: the buffers of one row step stay in the first-level cache
    # Below this a call keeps the GIL: the work takes some µs, getting it back may take a switch interval.
    KEEP_GIL_BYTES = 1 << 16


cdef class Surface:
    cdef void *_block
    cdef uint8_t *rows
    cdef readonly int width, height, bits
    cdef readonly Py_ssize_t stride


cdef class Source:
    cdef object owner  # keeps the pixels alive
    cdef View view
    cdef uint32_t[256] _lut
    cdef readonly int width, height


cdef Rop spread(int rop) except *
cdef int check_source(Surface target, Source source) except -1
cdef int take_box(rect, int width, int height, Box *out) except -1
cdef Box *take_boxes(rects, Surface target, source, int dx, int dy, Source mask, int mask_dx, int mask_dy,
                     Py_ssize_t *count, Py_ssize_t *pixels) except? NULL
cdef void fill_box(const Plane *target, Box box, uint32_t flip, uint32_t keep, const View *mask, int mask_dx,
                   int mask_dy) noexcept nogil
cdef void blit_box(const Plane *target, Box box, const View *source, int dx, int dy, const Rop *rop,
                   const View *mask, int mask_dx, int mask_dy) noexcept nogil
cdef void move_box(const Plane *target, Box box, int dx, int dy) noexcept nogil
cdef void load_row(const View *source, int x, int y, int n, int bits, void *out) noexcept nogil


cdef inline void solid(pixel_t *dst, int n, pixel_t flip, pixel_t keep, const uint32_t *cover) noexcept nogil:
    cdef int i
    cdef pixel_t old
    if cover != NULL:
        for i in range(n):
            old = dst[i]
            dst[i] = <pixel_t>(old ^ ((old ^ flip ^ (old & keep)) & <pixel_t>cover[i]))
    elif keep == 0:
        for i in range(n):
            dst[i] = flip
    else:
        for i in range(n):
            dst[i] = <pixel_t>(flip ^ (dst[i] & keep))


cdef inline void combine(pixel_t *dst, pixel_t *src, int n, const Rop *rop,
                         const uint32_t *cover) noexcept nogil:
    cdef int i
    cdef pixel_t s, old, new
    cdef pixel_t one = <pixel_t>rop.one, by_src = <pixel_t>rop.src
    cdef pixel_t by_dst = <pixel_t>rop.dst, by_both = <pixel_t>rop.both
    if cover != NULL:
        for i in range(n):
            s = src[i]
            old = dst[i]
            new = <pixel_t>(one ^ (by_src & s) ^ (old & (by_dst ^ (by_both & s))))
            dst[i] = <pixel_t>(old ^ ((old ^ new) & <pixel_t>cover[i]))
    else:
        for i in range(n):
            s = src[i]
            dst[i] = <pixel_t>(one ^ (by_src & s) ^ (dst[i] & (by_dst ^ (by_both & s))))


cdef inline void widen(Fetch kind, const uint8_t *row, int x, int n, const uint32_t *lut, uint32_t high,
                       uint32_t *out) noexcept nogil:
    """``n`` pixels as words: table entries for the LUT kinds, otherwise A8R8G8B8 as pixman widens it."""
    cdef uint32_t v, w
    cdef int i
    if kind == LUT1_LE:
        for i in range(n):
            out[i] = lut[row[(x + i) >> 3] >> ((x + i) & 7) & 1]
    elif kind == LUT1_BE:
        for i in range(n):
            out[i] = lut[row[(x + i) >> 3] >> (7 - ((x + i) & 7)) & 1]
    elif kind == LUT4_LE:
        for i in range(n):
            out[i] = lut[row[(x + i) >> 1] >> (((x + i) & 1) * 4) & 15]
    elif kind == LUT4_BE:
        for i in range(n):
            out[i] = lut[row[(x + i) >> 1] >> ((~(x + i) & 1) * 4) & 15]
    elif kind == LUT8:
        for i in range(n):
            out[i] = lut[row[x + i]]
    elif kind == RGB555:
        for i in range(n):
            v = row[2 * (x + i)] | <uint32_t>row[2 * (x + i) + 1] << 8
            w = (v & 0x7c00) << 9 | (v & 0x3e0) << 6 | (v & 0x1f) << 3
            out[i] = 0xff000000u | w | (w >> 5 & 0x070707)
    elif kind == RGB565:
        for i in range(n):
            v = row[2 * (x + i)] | <uint32_t>row[2 * (x + i) + 1] << 8
            w = (v & 0xf800) << 8 | (v & 0x7e0) << 5 | (v & 0x1f) << 3
            out[i] = 0xff000000u | w | (w >> 5 & 0x070007) | (w >> 6 & 0x300)
    elif kind == RGB24:
        for i in range(n):
            out[i] = (row[3 * (x + i)] | <uint32_t>row[3 * (x + i) + 1] << 8
                      | <uint32_t>row[3 * (x + i) + 2] << 16 | high)
    elif kind == XRGB32 or kind == ARGB32:
        memcpy(out, row + 4 * <Py_ssize_t>x, 4 * <size_t>n)
        if high:
            for i in range(n):
                out[i] |= high
    elif kind == ALPHA8:
        for i in range(n):
            out[i] = <uint32_t>row[x + i] << 24
    elif kind == ALPHA1:
        for i in range(n):
            out[i] = (0 - <uint32_t>(row[(x + i) >> 3] >> ((x + i) & 7) & 1)) & 0xff000000u


cdef inline void pack16(const uint32_t *src, uint16_t *dst, int n, Pack pack) noexcept nogil:
    cdef int i
    if pack == TO_RGB555:
        for i in range(n):
            dst[i] = <uint16_t>((src[i] >> 9 & 0x7c00) | (src[i] >> 6 & 0x3e0) | (src[i] >> 3 & 0x1f))
    elif pack == TO_RGB565:
        for i in range(n):
            dst[i] = <uint16_t>((src[i] >> 8 & 0xf800) | (src[i] >> 5 & 0x7e0) | (src[i] >> 3 & 0x1f))
    else:
        for i in range(n):
            dst[i] = <uint16_t>src[i]


cdef inline void pack8(const uint32_t *src, uint8_t *dst, int n, Pack pack) noexcept nogil:
    cdef int i
    if pack == TO_ALPHA8:
        for i in range(n):
            dst[i] = <uint8_t>(src[i] >> 24)
    elif pack == TO_ALPHA1:
        for i in range(n):
            dst[i] = <uint8_t>(0 - (src[i] >> 31))
    else:
        for i in range(n):
            dst[i] = <uint8_t>src[i]


cdef inline void load_bits(const uint8_t *row, int x, int n, uint8_t *out) noexcept nogil:
    """A1 pixels as bytes 0 or 0xff; the leftmost pixel is the lowest bit, as in pixman on little endian."""
    cdef int i
    for i in range(n):
        out[i] = <uint8_t>(0 - (row[(x + i) >> 3] >> ((x + i) & 7) & 1))


cdef inline void store_bits(uint8_t *row, int x, int n, const uint8_t *src) noexcept nogil:
    cdef int i
    cdef uint8_t bit
    for i in range(n):
        bit = <uint8_t>(1 << ((x + i) & 7))
        row[(x + i) >> 3] = <uint8_t>((row[(x + i) >> 3] & ~bit) | (src[i] & bit))


cdef inline void fetch(const View *view, int x, int y, int n, uint32_t *out) noexcept nogil:
    widen(view.fetch, view.top + y * view.step, x, n, view.lut, view.high, out)


cdef inline Plane plane_of(Surface surface) noexcept:
    return Plane(surface.rows, surface.stride, surface.bits)


cdef inline const View *view_of(Source source) noexcept:
    return NULL if source is None else &source.view
