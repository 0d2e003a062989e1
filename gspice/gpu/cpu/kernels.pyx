"""Inner loops of the CPU canvas; see kernels.pyi for what each name promises."""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memmove, memset


cdef enum:
    ALIGN = 64

# Bits of one source pixel, by Fetch (RAW: those of the target), and of one pixel that Pack yields.
cdef int[13] FETCH_BITS = [0, 1, 1, 4, 4, 8, 16, 16, 24, 32, 32, 8, 1]
cdef int[7] PACK_BITS = [32, 16, 8, 16, 16, 8, 1]

cdef class Surface:
    def __cinit__(self, int width, int height, int bits):
        if width <= 0 or height <= 0 or bits not in (1, 8, 16, 32):
            raise ValueError(f"no surface of {width}x{height} pixels of {bits} bits")
        self.width = width
        self.height = height
        self.bits = bits
        self.stride = ((<Py_ssize_t>width * bits + 7) // 8 + 15) & ~<Py_ssize_t>15
        self._block = calloc(1, <size_t>self.stride * <size_t>height + ALIGN)
        if self._block == NULL:
            raise MemoryError(f"no memory for a surface of {width}x{height} pixels")
        self.rows = <uint8_t *>((<uintptr_t>self._block + ALIGN - 1) & ~<uintptr_t>(ALIGN - 1))

    def __dealloc__(self):
        free(self._block)

    def load(self, bytes data not None, Py_ssize_t stride):
        cdef Py_ssize_t row = (<Py_ssize_t>self.width * self.bits + 7) // 8
        cdef const uint8_t *src = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef int y
        if stride < row or PyBytes_GET_SIZE(data) < stride * (self.height - 1) + row:
            raise ValueError(f"{len(data)} bytes with stride {stride} for {self.height} rows of {row} bytes")
        with nogil:
            for y in range(self.height):
                memcpy(self.rows + y * self.stride, src + y * stride, <size_t>row)

    def read(self, rect):
        cdef Box box
        take_box(rect, self.width, self.height, &box)
        cdef int width = box.x2 - box.x1, height = box.y2 - box.y1
        cdef Py_ssize_t row = (<Py_ssize_t>width * self.bits + 7) // 8
        cdef object out = PyBytes_FromStringAndSize(NULL, row * height)
        cdef uint8_t *dst = <uint8_t *>PyBytes_AS_STRING(out)
        if row * height < KEEP_GIL_BYTES:
            read_rows(self, box, dst, row)
        else:
            with nogil:
                read_rows(self, box, dst, row)
        return out

    def view(self):
        return memoryview(self)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.rows, self.stride * self.height, 1, flags)


cdef class Source:
    def __init__(self, pixels not None, int width, int height, Py_ssize_t stride, *, Fetch fetch, Pack pack,
                 bint top_down=True, lut=(), bint opaque=False):
        cdef int bits = FETCH_BITS[<int>fetch] if fetch != RAW else PACK_BITS[<int>pack]
        cdef Py_ssize_t row = (<Py_ssize_t>width * bits + 7) // 8, size
        cdef const uint8_t *first
        cdef int i, entries
        if fetch == RAW and bits < 8:
            raise ValueError("pixels of less than a byte cannot be taken raw")
        if isinstance(pixels, Surface):
            first = (<Surface>pixels).rows
            size = (<Surface>pixels).stride * (<Surface>pixels).height
        else:
            first = <const uint8_t *>PyBytes_AS_STRING(<bytes?>pixels)
            size = PyBytes_GET_SIZE(<bytes>pixels)
        if width <= 0 or height <= 0 or stride < row or size < row or (size - row) // stride < height - 1:
            raise ValueError(f"{size} bytes with stride {stride} for {height} rows of {row} bytes")
        self.owner = pixels
        self.view.top = first if top_down else first + stride * (height - 1)
        self.view.step = stride if top_down else -stride
        self.view.lut = self._lut
        self.view.fetch = fetch
        self.view.pack = pack
        self.view.high = 0xff000000u if opaque else 0
        self.view.width = self.width = width
        self.view.height = self.height = height
        if LUT1_LE <= fetch <= LUT8:
            memset(self._lut, 0, sizeof(self._lut))
            entries = min(len(lut), 256)
            for i in range(entries):
                self._lut[i] = lut[i] & 0xffffffff


def fill(Surface target not None, rects, color, int rop, Source mask=None, int mask_dx=0, int mask_dy=0):
    cdef Rop way = spread(rop)
    cdef Plane plane = plane_of(target)
    cdef const View *cover = view_of(mask)
    cdef uint32_t value = color & 0xffffffff
    cdef uint32_t flip, keep
    if target.bits == 1:
        value = 0 - (value & 1)
    flip = way.one ^ (way.src & value)
    keep = way.dst ^ (way.both & value)
    cdef Py_ssize_t count, pixels = 0, i
    cdef Box *boxes = take_boxes(rects, target, None, 0, 0, mask, mask_dx, mask_dy, &count, &pixels)
    if pixels * target.bits < KEEP_GIL_BYTES * 8:
        for i in range(count):
            fill_box(&plane, boxes[i], flip, keep, cover, mask_dx, mask_dy)
    else:
        with nogil:
            for i in range(count):
                fill_box(&plane, boxes[i], flip, keep, cover, mask_dx, mask_dy)
    free(boxes)


def blit(Surface target not None, rects, Source source not None, int dx, int dy, int rop,
         Source mask=None, int mask_dx=0, int mask_dy=0):
    cdef Rop way = spread(rop)
    cdef Plane plane = plane_of(target)
    cdef const View *cover = view_of(mask)
    check_source(target, source)
    cdef Py_ssize_t count, pixels = 0, i
    cdef Box *boxes = take_boxes(rects, target, source, dx, dy, mask, mask_dx, mask_dy, &count, &pixels)
    if pixels * target.bits < KEEP_GIL_BYTES * 8:
        for i in range(count):
            blit_box(&plane, boxes[i], &source.view, dx, dy, &way, cover, mask_dx, mask_dy)
    else:
        with nogil:
            for i in range(count):
                blit_box(&plane, boxes[i], &source.view, dx, dy, &way, cover, mask_dx, mask_dy)
    free(boxes)


def move(Surface target not None, rects, int dx, int dy):
    # Rectangles nearest to where the pixels go come first, so that none is written before it was read.
    cdef Plane plane = plane_of(target)
    ordered = sorted(rects, key=lambda r: (-r[1] if dy > 0 else r[1], -r[0] if dx > 0 else r[0]))
    cdef Py_ssize_t count, pixels = 0, i
    cdef Box *boxes = take_boxes(ordered, target, target, dx, dy, None, 0, 0, &count, &pixels)
    if pixels * target.bits < KEEP_GIL_BYTES * 8:
        for i in range(count):
            move_box(&plane, boxes[i], dx, dy)
    else:
        with nogil:
            for i in range(count):
                move_box(&plane, boxes[i], dx, dy)
    free(boxes)


cdef Rop spread(int rop) except *:
    cdef Rop way
    if not 0 <= rop < 16:
        raise ValueError(f"no raster operation {rop}")
    way.one = 0 - <uint32_t>(rop & 1)
    way.src = 0 - <uint32_t>(rop >> 1 & 1)
    way.dst = 0 - <uint32_t>(rop >> 2 & 1)
    way.both = 0 - <uint32_t>(rop >> 3 & 1)
    return way


cdef int check_source(Surface target, Source source) except -1:
    if PACK_BITS[<int>source.view.pack] != target.bits:
        raise ValueError(f"a source for {PACK_BITS[<int>source.view.pack]} bits on a surface of {target.bits}")
    if source.owner is target:
        raise ValueError("a surface cannot be its own source")
    return 0


cdef int take_box(rect, int width, int height, Box *out) except -1:
    out.x1, out.y1, out.x2, out.y2 = rect
    if not (0 <= out.x1 < out.x2 <= width and 0 <= out.y1 < out.y2 <= height):
        raise ValueError(f"rectangle {tuple(rect)} is not inside {width}x{height}")
    return 0


cdef int check_shift(const Box *box, int dx, int dy, int width, int height, str what) except -1:
    """Whether the box moved by (-dx, -dy) lies in an image of this size; 64-bit sums, so none wraps."""
    if not (0 <= <long long>box.x1 - dx and <long long>box.x2 - dx <= width
            and 0 <= <long long>box.y1 - dy and <long long>box.y2 - dy <= height):
        raise ValueError(f"{what} of {width}x{height} pixels does not cover what is drawn")
    return 0


cdef Box *take_boxes(rects, Surface target, source, int dx, int dy, Source mask, int mask_dx, int mask_dy,
                     Py_ssize_t *count, Py_ssize_t *pixels) except? NULL:
    """The rectangles as C values, every one checked against target, source and mask; the caller frees."""
    cdef Py_ssize_t i = 0
    cdef int src_width = 0, src_height = 0
    count[0] = len(rects)
    cdef Box *boxes = <Box *>malloc((count[0] + 1) * sizeof(Box))
    if boxes == NULL:
        raise MemoryError("no memory for rectangles")
    try:
        if source is not None:
            src_width = source.width
            src_height = source.height
        for rect in rects:
            if i == count[0]:
                break
            take_box(rect, target.width, target.height, &boxes[i])
            if source is not None:
                check_shift(&boxes[i], dx, dy, src_width, src_height, "source")
            if mask is not None:
                if not LUT1_LE <= mask.view.fetch <= LUT1_BE:
                    raise ValueError("a mask must have one bit a pixel")
                check_shift(&boxes[i], mask_dx, mask_dy, mask.width, mask.height, "mask")
            pixels[0] += <Py_ssize_t>(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1)
            i += 1
        count[0] = i
    except BaseException:
        free(boxes)
        raise
    return boxes


cdef void fill_box(const Plane *target, Box box, uint32_t flip, uint32_t keep, const View *mask, int mask_dx,
                   int mask_dy) noexcept nogil:
    cdef uint32_t[CHUNK] bits
    cdef uint8_t[CHUNK] one
    cdef uint32_t *cover = NULL
    cdef uint8_t *row
    cdef int x, y, n
    for y in range(box.y1, box.y2):
        row = target.rows + y * target.stride
        x = box.x1
        while x < box.x2:
            n = min(box.x2 - x, <int>CHUNK)
            if mask != NULL:
                fetch(mask, x - mask_dx, y - mask_dy, n, bits)
                cover = bits
            if target.bits == 32:
                solid(<uint32_t *>row + x, n, flip, keep, cover)
            elif target.bits == 16:
                solid(<uint16_t *>row + x, n, <uint16_t>flip, <uint16_t>keep, cover)
            elif target.bits == 8:
                solid(row + x, n, <uint8_t>flip, <uint8_t>keep, cover)
            else:
                load_bits(row, x, n, one)
                solid(&one[0], n, <uint8_t>flip, <uint8_t>keep, cover)
                store_bits(row, x, n, one)
            x += n


cdef void blit_box(const Plane *target, Box box, const View *source, int dx, int dy, const Rop *rop,
                   const View *mask, int mask_dx, int mask_dy) noexcept nogil:
    cdef uint32_t[CHUNK] bits
    cdef uint32_t[CHUNK] pixels
    cdef uint8_t[CHUNK] one
    cdef uint32_t *cover = NULL
    cdef uint8_t *row
    cdef const uint8_t *src
    cdef int x, y, n
    cdef int size = target.bits // 8
    cdef bint plain = (source.fetch == RAW and mask == NULL
                       and rop.one == 0 and rop.src != 0 and rop.dst == 0 and rop.both == 0)
    for y in range(box.y1, box.y2):
        row = target.rows + y * target.stride
        if plain:
            src = source.top + (y - dy) * source.step
            memcpy(row + <Py_ssize_t>box.x1 * size, src + <Py_ssize_t>(box.x1 - dx) * size,
                   <size_t>(box.x2 - box.x1) * size)
            continue
        x = box.x1
        while x < box.x2:
            n = min(box.x2 - x, <int>CHUNK)
            if mask != NULL:
                fetch(mask, x - mask_dx, y - mask_dy, n, bits)
                cover = bits
            load_row(source, x - dx, y - dy, n, target.bits, pixels)
            if size == 4:
                combine(<uint32_t *>row + x, <uint32_t *>pixels, n, rop, cover)
            elif size == 2:
                combine(<uint16_t *>row + x, <uint16_t *>pixels, n, rop, cover)
            elif size == 1:
                combine(row + x, <uint8_t *>pixels, n, rop, cover)
            else:
                load_bits(row, x, n, one)
                combine(&one[0], <uint8_t *>pixels, n, rop, cover)
                store_bits(row, x, n, one)
            x += n


cdef void load_row(const View *source, int x, int y, int n, int bits, void *out) noexcept nogil:
    """``n`` pixels, at most CHUNK, of ``bits`` each; those of one bit become bytes 0 and 0xff."""
    cdef uint32_t[CHUNK] words
    if source.fetch == RAW:
        # Copied, since a source row may lie at any address.
        memcpy(out, source.top + y * source.step + <Py_ssize_t>x * (bits // 8), <size_t>n * (bits // 8))
    elif bits == 32:
        fetch(source, x, y, n, <uint32_t *>out)
    else:
        fetch(source, x, y, n, words)
        if bits == 16:
            pack16(words, <uint16_t *>out, n, source.pack)
        else:
            pack8(words, <uint8_t *>out, n, source.pack)


cdef void move_box(const Plane *target, Box box, int dx, int dy) noexcept nogil:
    cdef uint8_t[CHUNK] one
    cdef uint8_t *row
    cdef uint8_t *src
    cdef int x, y, n, i, left
    cdef int width = box.x2 - box.x1, height = box.y2 - box.y1
    for i in range(height):
        y = box.y2 - 1 - i if dy > 0 else box.y1 + i
        row = target.rows + y * target.stride
        src = target.rows + (y - dy) * target.stride
        if target.bits >= 8:
            memmove(row + <Py_ssize_t>box.x1 * (target.bits // 8),
                    src + <Py_ssize_t>(box.x1 - dx) * (target.bits // 8), <size_t>width * (target.bits // 8))
            continue
        left = width
        while left > 0:
            n = min(left, <int>CHUNK)
            x = box.x1 + left - n if dx > 0 else box.x1 + width - left
            load_bits(src, x - dx, n, one)
            store_bits(row, x, n, one)
            left -= n


cdef void read_rows(Surface surface, Box box, uint8_t *out, Py_ssize_t row) noexcept nogil:
    cdef uint8_t[CHUNK] one
    cdef int x, y, n
    cdef const uint8_t *src
    if surface.bits < 8:
        memset(out, 0, <size_t>row * (box.y2 - box.y1))
    for y in range(box.y1, box.y2):
        src = surface.rows + y * surface.stride
        if surface.bits >= 8:
            memcpy(out, src + <Py_ssize_t>box.x1 * (surface.bits // 8), <size_t>row)
        else:
            x = box.x1
            while x < box.x2:
                n = min(box.x2 - x, <int>CHUNK)
                load_bits(src, x, n, one)
                store_bits(out, x - box.x1, n, one)
                x += n
        out += row
