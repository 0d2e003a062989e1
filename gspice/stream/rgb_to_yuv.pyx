"""See rgb_to_yuv.pyi."""

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from enum import IntEnum
from typing import NamedTuple

from gspice.stream.yuv_weights import SHIFT

MAX_SIDE = 32767
MAX_STRIDE = 1 << 24


class Layout(IntEnum):
    YUV420 = 0
    YUV444 = 1
    NV12 = 2


class Plane(NamedTuple):
    data: object
    stride: int


# Loops of one row, in C: gcc turns them into vector instructions, and picks those of the processor at load time.
cdef extern from * nogil:
    """
    #include <stdint.h>

    #if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    #define YUV_LOOP __attribute__((target_clones("avx2", "default"))) static
    #else
    #define YUV_LOOP static
    #endif
    #define YUV_SHIFT 16
    #define YUV_BLUE_RED 0x00ff00ffu

    /* Rows of hosts need not be aligned. */
    typedef uint32_t __attribute__((aligned(1), may_alias)) yuv_pixel;
    typedef struct { int32_t red, green, blue, offset; } yuv_weight;

    YUV_LOOP void yuv_luma_row(const yuv_pixel *restrict row, uint8_t *restrict out, int count, yuv_weight w)
    {
        for (int x = 0; x < count; x++) {
            uint32_t p = row[x];
            int32_t red = (p >> 16) & 0xff, green = (p >> 8) & 0xff, blue = p & 0xff;
            out[x] = (uint8_t)((w.red * red + w.green * green + w.blue * blue + w.offset) >> YUV_SHIFT);
        }
    }

    /* Each of them the mean of two pixels of either row; offsets are shifted already. */
    YUV_LOOP void yuv_chroma_rows(const yuv_pixel *restrict one, const yuv_pixel *restrict other,
                                  uint8_t *restrict cb, uint8_t *restrict cr, int count,
                                  yuv_weight b, yuv_weight r)
    {
        for (int x = 0; x < count; x++) {
            uint32_t p = one[2 * x], q = one[2 * x + 1], s = other[2 * x], t = other[2 * x + 1];
            uint32_t both = (p & YUV_BLUE_RED) + (q & YUV_BLUE_RED) + (s & YUV_BLUE_RED) + (t & YUV_BLUE_RED);
            int32_t red = both >> 16, blue = both & 0xffff;
            int32_t green = ((p >> 8) & 0xff) + ((q >> 8) & 0xff) + ((s >> 8) & 0xff) + ((t >> 8) & 0xff);
            cb[x] = (uint8_t)((b.red * red + b.green * green + b.blue * blue + b.offset) >> (YUV_SHIFT + 2));
            cr[x] = (uint8_t)((r.red * red + r.green * green + r.blue * blue + r.offset) >> (YUV_SHIFT + 2));
        }
    }

    YUV_LOOP void yuv_halve_rows(const yuv_pixel *restrict one, const yuv_pixel *restrict other,
                                 yuv_pixel *restrict out, int count)
    {
        for (int x = 0; x < count; x++) {
            uint32_t p = one[2 * x], q = one[2 * x + 1], s = other[2 * x], t = other[2 * x + 1];
            uint32_t both = (p & YUV_BLUE_RED) + (q & YUV_BLUE_RED) + (s & YUV_BLUE_RED) + (t & YUV_BLUE_RED);
            uint32_t green = ((p >> 8) & 0xff) + ((q >> 8) & 0xff) + ((s >> 8) & 0xff) + ((t >> 8) & 0xff);
            out[x] = (((both + 0x00020002u) >> 2) & YUV_BLUE_RED) | (((green + 2) >> 2) << 8);
        }
    }

    YUV_LOOP void yuv_interleave(const uint8_t *restrict cb, const uint8_t *restrict cr, uint8_t *restrict out,
                                 int count)
    {
        for (int x = 0; x < count; x++) {
            out[2 * x] = cb[x];
            out[2 * x + 1] = cr[x];
        }
    }
    """
    enum:
        YUV_SHIFT
    ctypedef int yuv_pixel
    ctypedef struct yuv_weight:
        int32_t red
        int32_t green
        int32_t blue
        int32_t offset
    void yuv_luma_row(const yuv_pixel *row, uint8_t *out, int count, yuv_weight w)
    void yuv_chroma_rows(const yuv_pixel *one, const yuv_pixel *other, uint8_t *cb, uint8_t *cr, int count,
                         yuv_weight b, yuv_weight r)
    void yuv_halve_rows(const yuv_pixel *one, const yuv_pixel *other, yuv_pixel *out, int count)
    void yuv_interleave(const uint8_t *cb, const uint8_t *cr, uint8_t *out, int count)

assert SHIFT == YUV_SHIFT

cdef struct Job:
    const uint8_t *first  # the rectangle's left top pixel
    Py_ssize_t stride
    int columns, rows  # of the rectangle
    bint halve
    uint8_t *planes[3]
    Py_ssize_t strides[3]
    int width, height  # of the planes
    bint full_chroma, interleaved
    yuv_weight y, cb, cr, cb4, cr4
    yuv_pixel *scratch[2]  # rows that were halved, or of which the last pixel is doubled
    uint8_t *chroma[2]


cdef yuv_weight weight(values, int more) except *:
    cdef yuv_weight made
    made.red, made.green, made.blue, offset = values
    made.offset = offset << more
    return made


cdef void extend(uint8_t *row, int have, int want, int step) noexcept nogil:
    """Go on with the last value, or the last pair of them."""
    cdef int x
    if step == 1:
        if want > have:
            memset(row + have, row[have - 1], want - have)
    else:
        for x in range(2 * have, 2 * want):
            row[x] = row[x - 2]


cdef void halved(const Job *job, int y, yuv_pixel *out) noexcept nogil:
    """Row ``y`` at half the size."""
    cdef const yuv_pixel *one = <const yuv_pixel *>(job.first + job.stride * (2 * y))
    cdef const yuv_pixel *other = <const yuv_pixel *>(job.first + job.stride * min(2 * y + 1, job.rows - 1))
    cdef yuv_pixel above[2]
    cdef yuv_pixel below[2]
    cdef int pairs = job.columns // 2
    yuv_halve_rows(one, other, out, pairs)
    if job.columns & 1:
        above[0] = above[1] = one[job.columns - 1]
        below[0] = below[1] = other[job.columns - 1]
        yuv_halve_rows(above, below, out + pairs, 1)


cdef const yuv_pixel *row_at(const Job *job, int y, int which) noexcept nogil:
    if job.halve:
        halved(job, y, job.scratch[which])
        return job.scratch[which]
    return <const yuv_pixel *>(job.first + job.stride * y)


cdef void chroma_of(const Job *job, const yuv_pixel *one, const yuv_pixel *other, int columns, int at) noexcept nogil:
    """A row of chroma at half the width, from two rows of pixels."""
    cdef int pairs = columns // 2, have = (columns + 1) // 2, want = (job.width + 1) // 2
    cdef uint8_t *cb
    cdef uint8_t *cr
    cdef uint8_t *out
    cdef yuv_pixel above[2]
    cdef yuv_pixel below[2]
    if job.interleaved:
        cb, cr = job.chroma[0], job.chroma[1]
    else:
        cb, cr = job.planes[1] + job.strides[1] * at, job.planes[2] + job.strides[2] * at
    yuv_chroma_rows(one, other, cb, cr, pairs, job.cb4, job.cr4)
    if columns & 1:
        above[0] = above[1] = one[columns - 1]
        below[0] = below[1] = other[columns - 1]
        yuv_chroma_rows(above, below, cb + pairs, cr + pairs, 1, job.cb4, job.cr4)
    if job.interleaved:
        out = job.planes[1] + job.strides[1] * at
        yuv_interleave(cb, cr, out, have)
        extend(out, have, want, 2)
    else:
        extend(cb, have, want, 1)
        extend(cr, have, want, 1)


cdef void luma_of(const Job *job, const yuv_pixel *row, int columns, int at) noexcept nogil:
    cdef uint8_t *out = job.planes[0] + job.strides[0] * at
    yuv_luma_row(row, out, columns, job.y)
    extend(out, columns, job.width, 1)
    if job.full_chroma:
        out = job.planes[1] + job.strides[1] * at
        yuv_luma_row(row, out, columns, job.cb)
        extend(out, columns, job.width, 1)
        out = job.planes[2] + job.strides[2] * at
        yuv_luma_row(row, out, columns, job.cr)
        extend(out, columns, job.width, 1)


cdef void repeat(const Job *job, int plane, int row_bytes, int have, int want) noexcept nogil:
    cdef int y
    cdef uint8_t *first = job.planes[plane]
    cdef Py_ssize_t stride = job.strides[plane]
    for y in range(have, want):
        memcpy(first + stride * y, first + stride * (have - 1), row_bytes)


cdef void run(const Job *job) noexcept nogil:
    cdef int columns = job.columns, rows = job.rows, y
    cdef const yuv_pixel *one
    cdef const yuv_pixel *other
    if job.halve:
        columns, rows = (columns + 1) // 2, (rows + 1) // 2
    for y in range(0, rows, 2):
        one = other = row_at(job, y, 0)
        luma_of(job, one, columns, y)
        if y + 1 < rows:
            other = row_at(job, y + 1, 1)
            luma_of(job, other, columns, y + 1)
        if not job.full_chroma:
            chroma_of(job, one, other, columns, y // 2)
    repeat(job, 0, job.width, rows, job.height)
    if job.full_chroma:
        repeat(job, 1, job.width, rows, job.height)
        repeat(job, 2, job.width, rows, job.height)
    elif job.interleaved:
        repeat(job, 1, 2 * ((job.width + 1) // 2), (rows + 1) // 2, (job.height + 1) // 2)
    else:
        repeat(job, 1, (job.width + 1) // 2, (rows + 1) // 2, (job.height + 1) // 2)
        repeat(job, 2, (job.width + 1) // 2, (rows + 1) // 2, (job.height + 1) // 2)


cdef uint8_t *plane_memory(Job *job, int index, uint8_t[::1] memory, Py_ssize_t stride, int wide, int high) except NULL:
    """The plane's first byte, once it is known to be large enough."""
    if not wide <= stride <= MAX_STRIDE or stride * (high - 1) + wide > memory.shape[0]:
        raise ValueError(f"a plane of {high} rows of {wide} bytes, {stride} apart, in {memory.shape[0]} bytes")
    job.strides[index] = stride
    return &memory[0]


cdef int begin(Job *job, const uint8_t[::1] source, Py_ssize_t stride, rect) except -1:
    """Where the rectangle's pixels are, once it is known that they are there."""
    cdef Py_ssize_t left, top, right, bottom
    left, top, right, bottom = rect
    if not 0 <= left < right <= MAX_SIDE or not 0 <= top < bottom <= MAX_SIDE:
        raise ValueError(f"no pixels of {rect} to convert")
    if not 4 * right <= stride <= MAX_STRIDE or stride * (bottom - 1) + 4 * right > source.shape[0]:
        raise ValueError(f"{rect} of rows {stride} bytes apart, and there are {source.shape[0]} bytes")
    job.first, job.stride = &source[0] + stride * top + 4 * left, stride
    job.columns, job.rows = right - left, bottom - top
    return 0


def convert(const uint8_t[::1] source, Py_ssize_t stride, rect, planes, int width, int height, layout, weights, *,
            bint halve=False):
    cdef Job job
    cdef int shown_width, shown_height, half_width, half_height
    begin(&job, source, stride, rect)
    job.halve = halve
    shown_width = (job.columns + 1) // 2 if halve else job.columns
    shown_height = (job.rows + 1) // 2 if halve else job.rows
    if not shown_width <= width <= MAX_SIDE or not shown_height <= height <= MAX_SIDE:
        raise ValueError(f"{shown_width}x{shown_height} pixels into planes of {width}x{height}")
    kind = Layout(layout)
    job.full_chroma, job.interleaved = kind == Layout.YUV444, kind == Layout.NV12
    if len(planes) != (2 if job.interleaved else 3):
        raise ValueError(f"{len(planes)} planes for {kind.name}")
    job.width, job.height = width, height
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    # Held until the end: who holds a buffer's memory can be sure that it stays.
    cdef uint8_t[::1] first = planes[0].data, second = planes[1].data
    cdef uint8_t[::1] third = None if job.interleaved else planes[2].data
    job.planes[0] = plane_memory(&job, 0, first, planes[0].stride, width, height)
    if job.full_chroma:
        half_width, half_height = width, height
    elif job.interleaved:
        half_width = 2 * half_width
    job.planes[1] = plane_memory(&job, 1, second, planes[1].stride, half_width, half_height)
    if third is not None:
        job.planes[2] = plane_memory(&job, 2, third, planes[2].stride, half_width, half_height)
    job.y, job.cb, job.cr = weight(weights.y, 0), weight(weights.cb, 0), weight(weights.cr, 0)
    job.cb4, job.cr4 = weight(weights.cb, 2), weight(weights.cr, 2)
    # One more, so that an odd row has its pair.
    cdef Py_ssize_t wide = 4 * (<Py_ssize_t>shown_width + 1)
    cdef uint8_t *scratch = <uint8_t *>malloc(4 * wide)
    if scratch is NULL:
        raise MemoryError
    job.scratch[0], job.scratch[1] = <yuv_pixel *>scratch, <yuv_pixel *>(scratch + wide)
    job.chroma[0], job.chroma[1] = scratch + 2 * wide, scratch + 3 * wide
    with nogil:
        run(&job)
    free(scratch)


def halve(const uint8_t[::1] source, Py_ssize_t stride, rect):
    cdef Job job
    cdef int y
    begin(&job, source, stride, rect)
    job.halve = True
    cdef int width = (job.columns + 1) // 2, height = (job.rows + 1) // 2
    made = bytearray(4 * <Py_ssize_t>width * height)
    cdef uint8_t[::1] out = made
    with nogil:
        for y in range(height):
            halved(&job, y, <yuv_pixel *>(&out[0] + 4 * <Py_ssize_t>width * y))
    return made
