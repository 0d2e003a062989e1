"""The GLZ encoder; see glz_encode.pyi for what it promises, glz_format.pxd for the format.

Pixels are words of 32 bits, whatever their kind, in the ring of glz_ring.pxd: the image first goes there, and all
matches are found within it.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.pythread cimport (
    NOWAIT_LOCK,
    WAIT_LOCK,
    PyThread_acquire_lock,
    PyThread_allocate_lock,
    PyThread_free_lock,
    PyThread_release_lock,
    PyThread_type_lock,
)
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from gspice.codec.glz_format cimport (
    GLZ_ALPHA_BIAS,
    GLZ_COLOUR_BIAS,
    GLZ_HEADER_BYTES,
    GLZ_LITERALS,
    GLZ_MOST_PIXELS,
    GLZ_RGB16_BIAS,
)
from gspice.codec.glz_output cimport OVERRUN, put_header, put_literals, put_match
from gspice.codec.glz_ring cimport (
    MOST_IMAGES,
    Image,
    Window,
    commit,
    forget_all,
    image_of,
    make_room,
)
from gspice.codec.glz_search cimport (
    LOOK_AHEAD,
    Match,
    Search,
    Trail,
    follow,
    keep_match,
    try_near,
    try_slots,
    try_trail,
)
from gspice.codec.lz_format cimport LZ_RGB16, LZ_RGB24, LZ_RGBA


cdef extern from "<sys/mman.h>" nogil:
    enum:
        MADV_DONTNEED, MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE
    void *MAP_FAILED
    void *mmap(void *address, size_t length, int protection, int flags, int file, long offset)
    int munmap(void *address, size_t length)
    int madvise(void *address, size_t length, int advice)

cdef enum:
    LEAST_SLOT_BITS = 8
    MOST_SLOT_BITS = 18  # more of them are slower, and save little
    LEAST_TRAIL = 16  # pixels of a match; shorter ones agree by chance
    LONG_RUN = 32  # pixels, from which on no better match is looked for
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_PIXELS = 1 << 12

# Bytes of a pixel in the rows, by which the header counts them.
cdef int[10] PIXEL_BYTES = [0, 0, 0, 0, 0, 0, 2, 3, 4, 4]


cdef class GlzDictionary:
    cdef Window window
    cdef uint64_t *slots
    cdef int bits
    cdef PyThread_type_lock lock
    cdef readonly object window_pixels

    def __cinit__(self, object window_pixels):
        if not 0 < window_pixels <= GLZ_MOST_PIXELS:
            raise ValueError(f"GLZ window of {window_pixels} pixels, more than {GLZ_MOST_PIXELS} or none")
        self.window_pixels = window_pixels
        self.bits = LEAST_SLOT_BITS
        while self.bits < MOST_SLOT_BITS and <size_t>2 << self.bits < window_pixels:
            self.bits += 1
        self.window.size = window_pixels
        self.window.ring = <uint32_t *>pages(ring_bytes(&self.window))
        self.window.images = <Image *>malloc(MOST_IMAGES * sizeof(Image))
        self.slots = <uint64_t *>pages(slot_bytes(self.bits))
        self.lock = PyThread_allocate_lock()
        if not (self.window.ring and self.window.images and self.slots and self.lock):
            raise MemoryError(f"a GLZ dictionary of {window_pixels} pixels")

    def __dealloc__(self):
        if self.window.ring:
            munmap(self.window.ring, ring_bytes(&self.window))
        free(self.window.images)
        if self.slots:
            munmap(self.slots, slot_bytes(self.bits))
        if self.lock:
            PyThread_free_lock(self.lock)

    @property
    def images(self):
        self.hold()
        try:
            return self.window.next
        finally:
            PyThread_release_lock(self.lock)

    @property
    def pixels(self):
        self.hold()
        try:
            return self.window.pixels
        finally:
            PyThread_release_lock(self.lock)

    def forget(self):
        self.hold()
        forget_all(&self.window)
        # Whoever has lost a channel may be a client that is gone, kept by a reference cycle for some time yet.
        madvise(self.window.ring, ring_bytes(&self.window), MADV_DONTNEED)
        madvise(self.slots, slot_bytes(self.bits), MADV_DONTNEED)
        PyThread_release_lock(self.lock)

    def encode(self, object data, int kind, object width, object height, object stride, *, object most_bytes=None):
        cdef const uint8_t[::1] source = memoryview(data).cast("B")
        cdef uint32_t columns, rows
        cdef size_t pitch, pixels, most, size
        cdef uint8_t *out
        check(kind, width, height, stride, source.shape[0])
        if width * height >= self.window_pixels:
            return None
        columns, rows, pitch = width, height, stride
        pixels = <size_t>columns * rows
        # Literals and their control bytes, of colours and of alpha. A match takes less than its pixels do as
        # literals, by the control byte at least that the literals behind it begin with.
        most = GLZ_HEADER_BYTES + pixels * 4 + 2 * (pixels // GLZ_LITERALS + 1)
        out = <uint8_t *>malloc(most + OVERRUN)
        if out == NULL:
            raise MemoryError(f"GLZ image of {width}x{height} pixels")
        if most_bytes is not None:
            most = min(most, max(most_bytes, 0))
        if pixels < KEEP_GIL_PIXELS:
            self.hold()
            size = self.encode_rows(&source[0], kind, columns, rows, pitch, out, most)
            PyThread_release_lock(self.lock)
        else:
            with nogil:
                PyThread_acquire_lock(self.lock, WAIT_LOCK)
                size = self.encode_rows(&source[0], kind, columns, rows, pitch, out, most)
                PyThread_release_lock(self.lock)
        try:
            return PyBytes_FromStringAndSize(<char *>out, size) if size else None
        finally:
            free(out)

    cdef int hold(self) except -1:
        # Who holds the lock never waits for the GIL, but may need long.
        if not PyThread_acquire_lock(self.lock, NOWAIT_LOCK):
            with nogil:
                PyThread_acquire_lock(self.lock, WAIT_LOCK)
        return 0

    cdef size_t encode_rows(
        self,
        const uint8_t *data,
        int kind,
        uint32_t width,
        uint32_t height,
        size_t stride,
        uint8_t *out,
        size_t most,
    ) noexcept nogil:
        # The bytes of the image; 0 where they are more than ``most``, and the dictionary is as if it had not been.
        cdef Window *window = &self.window
        cdef Image *image = make_room(window, width * height)
        cdef Search search
        cdef uint8_t *end
        image.width = width
        image.kind = kind
        search.window = window
        search.image = image
        search.slots = self.slots
        search.bits = self.bits
        search.start = window.ring + image.start
        search.end = search.start + image.count
        load_rows(window.ring + image.start, data, kind, width, height, stride)
        end = put_header(out, kind, width, height, width * PIXEL_BYTES[kind], window.next, window.next - window.head)
        # One call for each layout, so that the compiler makes loops of its own for it.
        if kind == LZ_RGB16:
            end = encode_pixels(&search, end, 0xffffffff, 2, GLZ_RGB16_BIAS)
        elif kind == LZ_RGBA:
            end = encode_pixels(&search, end, 0xffffff, 3, GLZ_COLOUR_BIAS)
            end = encode_pixels(&search, end, 0xff000000, 1, GLZ_ALPHA_BIAS)
        else:
            end = encode_pixels(&search, end, 0xffffffff, 3, GLZ_COLOUR_BIAS)
        if <size_t>(end - out) > most:
            return 0
        commit(window)
        return end - out


cdef size_t ring_bytes(const Window *window) noexcept:
    return window.size * sizeof(uint32_t)


cdef size_t slot_bytes(int bits) noexcept:
    return sizeof(uint64_t) * 2 << bits


cdef void *pages(size_t size) noexcept:
    # Zeroed; memory is taken only for what is touched, in large pieces: there are many random accesses.
    cdef void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if room == MAP_FAILED:
        return NULL
    madvise(room, size, MADV_HUGEPAGE)
    return room


cdef object check(int kind, object width, object height, object stride, object size):
    # ValueError where the arguments do not fit each other.
    if not LZ_RGB16 <= kind <= LZ_RGBA:
        raise ValueError(f"GLZ image of type {kind}, which is for LZ or not at all")
    if width <= 0 or height <= 0:
        raise ValueError(f"GLZ image of {width}x{height} pixels: it has none")
    row = width * PIXEL_BYTES[kind]
    if stride < row:
        raise ValueError(f"GLZ image with {stride} bytes from row to row, and {row} in each")
    if stride * (height - 1) + row > size:
        raise ValueError(f"GLZ image of {height} rows of {stride} bytes: there are {size} bytes")


cdef void load_rows(
    uint32_t *out, const uint8_t *data, int kind, uint32_t width, uint32_t height, size_t stride
) noexcept nogil:
    # Without the bits that mean nothing.
    cdef uint32_t x, y
    cdef uint32_t word
    cdef uint16_t half
    cdef const uint8_t *row
    for y in range(height):
        row = data + y * stride
        if kind == LZ_RGBA:
            memcpy(out, row, 4 * <size_t>width)
        elif kind == LZ_RGB16:
            for x in range(width):
                memcpy(&half, row + 2 * <size_t>x, 2)
                out[x] = half & 0x7fff
        elif kind == LZ_RGB24:
            # The fourth byte is the next pixel's; behind the last one there may be none.
            for x in range(width - 1):
                memcpy(&word, row + 3 * <size_t>x, 4)
                out[x] = word & 0xffffff
            row += 3 * <size_t>(width - 1)
            out[width - 1] = row[0] | <uint32_t>row[1] << 8 | <uint32_t>row[2] << 16
        else:
            for x in range(width):
                memcpy(&word, row + 4 * <size_t>x, 4)
                out[x] = word & 0xffffff
        out += width


cdef inline uint8_t *encode_pixels(
    const Search *search, uint8_t *out, const uint32_t mask, const int size, const int bias
) noexcept nogil:
    # Pixels become ``size`` bytes of the stream; matches are longer than they say by ``bias``.
    cdef const uint32_t *literals = search.start
    cdef const uint32_t *here = search.start
    cdef const uint32_t *last
    cdef size_t width = search.image.width
    cdef Trail trail
    cdef Match best
    trail.image = NULL
    trail.row_end = search.start + width
    if search.image.count < LOOK_AHEAD:
        return put_literals(out, literals, search.image.count, size)
    last = search.end - LOOK_AHEAD
    while here <= last:
        best.length = best.saved = 0
        if here > search.start:
            try_near(&best, search, here, 1, mask, size, bias)
        if best.length < LONG_RUN:
            # What takes fewer bytes first: of those as long, none after it is looked at.
            if <size_t>(here - search.start) >= width:
                try_near(&best, search, here, width, mask, size, bias)
            try_trail(&best, search, here, &trail, mask, size, bias)
            if best.length < LONG_RUN:
                try_slots(&best, search, here, mask, size, bias)
        if best.length == 0:
            here += 1
            follow(&trail, here, 1, width)
            continue
        here -= reach_back(&best, search, here, here - literals, mask)
        out = put_literals(out, literals, here - literals, size)
        out = put_match(out, best.back, best.offset, best.length - bias)
        if best.back and (trail.image == NULL or best.length >= LEAST_TRAIL):
            trail.image = image_of(search.window, search.window.next - best.back)
            trail.back = best.back
            trail.offset = best.offset
        here += best.length
        literals = here
        follow(&trail, here, best.length, width)
        keep_match(search, here, &best, mask, size)
    return put_literals(out, literals, search.end - literals, size)


cdef inline size_t reach_back(
    Match *match, const Search *search, const uint32_t *here, size_t most, const uint32_t mask
) noexcept nogil:
    # How many of the literals before the match it can do as well; it is made to begin with them.
    cdef const uint32_t *there = match.there
    cdef size_t count = 0
    most = min(most, match.offset if match.back else <size_t>(there - search.start))
    while count < most and ((here - count - 1)[0] ^ (there - count - 1)[0]) & mask == 0:
        count += 1
    match.there -= count
    match.length += count
    if match.back:
        match.offset -= count
    return count
