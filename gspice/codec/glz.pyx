"""The GLZ decoder; see glz.pyi for what each name promises, glz_format.pxd for the format."""

from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.ref cimport Py_INCREF, PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from gspice.codec.errors import CodecError
from gspice.codec.lz import LzType

from gspice.codec.glz_format cimport (
    GLZ_ALPHA_BIAS,
    GLZ_COLOUR_BIAS,
    GLZ_FAR,
    GLZ_FARTHER,
    GLZ_HEADER_BYTES,
    GLZ_LITERALS,
    GLZ_MAGIC,
    GLZ_MORE_LENGTH,
    GLZ_MOST_PIXELS,
    GLZ_RGB16_BIAS,
    GLZ_TOP_DOWN,
    GLZ_VERSION,
)
from gspice.codec.glz_window cimport Image, Window, find, release, widen
from gspice.codec.lz_format cimport LZ_RGB16, LZ_RGB24, LZ_RGB32, LZ_RGBA


class GlzHeader(NamedTuple):
    type: LzType
    width: int
    height: int
    top_down: bool
    stride: int
    id: int
    win_head_dist: int


class DecodedRows(NamedTuple):
    header: GlzHeader
    data: bytes


cdef enum:
    MOST_IMAGES = 1 << 20  # from the oldest in the window to the newest
    FIRST_SLOTS = 64
    MOST_RATIO = 255  # no byte of the stream stands for more pixels
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_BYTES = 1 << 16

# Bytes of a pixel in the encoder's rows, by which the header counts them.
cdef int[10] THEIR_BYTES = [0, 0, 0, 0, 0, 0, 2, 3, 4, 4]

cdef enum Fault:
    OK
    SHORT  # the stream ends within the image
    OVER  # literals or a match go on beyond the image
    BEFORE  # a match begins before the image
    LACKING  # a match is in an image that is not in the window
    OTHER  # a match is in an image of other pixels
    BEYOND  # a match goes on beyond the image that it is in

cdef struct Stream:
    const uint8_t *data
    size_t size, at
    uint64_t id
    int kind


def parse_header(const uint8_t[::1] data not None):
    if data.shape[0] < GLZ_HEADER_BYTES:
        raise CodecError(f"GLZ image of {data.shape[0]} bytes has no header")
    magic, version = big(&data[0]), big(&data[4])
    if magic != GLZ_MAGIC or version != GLZ_VERSION:
        raise CodecError(f"GLZ image with magic {magic:#x}, version {version:#x}")
    kind = data[8] & (GLZ_TOP_DOWN - 1)
    if not LZ_RGB16 <= kind <= LZ_RGBA:
        raise CodecError(f"GLZ image of type {kind}")
    width, height, stride = [big(&data[at]) for at in (9, 13, 17)]
    image_id = (<uint64_t>big(&data[21]) << 32) | big(&data[25])
    win_head_dist = big(&data[29])
    if not 0 < width * height <= GLZ_MOST_PIXELS:
        raise CodecError(f"GLZ image of {width}x{height} pixels")
    if stride != width * THEIR_BYTES[<int>kind]:
        raise CodecError(f"GLZ image of {width} pixels of type {kind} in rows of {stride} bytes")
    if image_id >= 1 << 63 or win_head_dist > image_id:
        raise CodecError(f"GLZ image {image_id} with a window from {win_head_dist} images before on")
    return GlzHeader(
        LzType(kind),
        width,
        height,
        data[8] >= GLZ_TOP_DOWN,
        width * pixel_bytes(kind),
        image_id,
        win_head_dist,
    )


cdef class GlzWindow:
    cdef Window window
    cdef readonly object max_pixels

    def __cinit__(self, object max_pixels):
        self.max_pixels = max_pixels
        self.window.slots = FIRST_SLOTS
        self.window.images = <Image *>calloc(FIRST_SLOTS, sizeof(Image))
        if self.window.images == NULL:
            raise MemoryError("a GLZ window")

    def __dealloc__(self):
        if self.window.images != NULL:
            release(&self.window, self.window.next)
            free(self.window.images)

    @property
    def pixels(self):
        return self.window.pixels

    def __len__(self):
        return self.window.count

    def decode(self, const uint8_t[::1] data not None, object max_bytes):
        cdef Stream stream
        header = parse_header(data)
        size = header.stride * header.height
        pixels = header.width * header.height
        if size > max_bytes:
            raise CodecError(f"GLZ image of {size} bytes, more than {max_bytes}")
        if pixels > (data.shape[0] - GLZ_HEADER_BYTES) * MOST_RATIO:
            raise CodecError(
                f"{data.shape[0]} bytes of GLZ cannot hold an image of {header.width}x{header.height}"
            )
        if header.id < self.window.oldest or self.image(header.id) != NULL:
            raise CodecError(f"GLZ image {header.id} has been before")
        stream.data = &data[0]
        stream.size = <size_t>data.shape[0]
        stream.at = GLZ_HEADER_BYTES
        stream.id = header.id
        stream.kind = header.type
        rows = PyBytes_FromStringAndSize(NULL, size)
        decode_rows(&stream, &self.window, <uint8_t *>PyBytes_AS_STRING(rows), pixels)
        self.keep(header, rows)
        return DecodedRows(header, rows)

    cdef Image *image(self, uint64_t image_id) noexcept:
        return find(&self.window, image_id)

    cdef object keep(self, object header, object rows):
        cdef Window *window = &self.window
        cdef uint64_t image_id = header.id, head = image_id - <uint64_t>header.win_head_dist
        cdef Image *image
        if image_id >= window.next:
            # An image that comes late says nothing of the window that is not out of date.
            release(window, head)
            if image_id - window.oldest >= MOST_IMAGES:
                raise CodecError(f"GLZ window from {image_id - window.oldest} images before on")
        if window.pixels + header.width * header.height > self.max_pixels:
            raise CodecError(
                f"GLZ image {image_id} of {header.width}x{header.height} pixels for a window of "
                f"{self.max_pixels}, which holds {window.pixels}"
            )
        widen(window, image_id)
        window.next = max(window.next, image_id + 1)
        image = &window.images[image_id & (window.slots - 1)]
        Py_INCREF(rows)
        image.rows = <PyObject *>rows
        image.data = <const uint8_t *>PyBytes_AS_STRING(rows)
        image.pixels = header.width * header.height
        image.kind = header.type
        window.pixels += image.pixels
        window.count += 1


cdef int pixel_bytes(int kind) noexcept nogil:
    return 2 if kind == LZ_RGB16 else 4


cdef object decode_rows(Stream *stream, const Window *window, uint8_t *out, size_t pixels):
    cdef Fault fault
    if pixels * pixel_bytes(stream.kind) < KEEP_GIL_BYTES:
        fault = decode_image(stream, window, out, pixels)
    else:
        with nogil:
            fault = decode_image(stream, window, out, pixels)
    if fault != OK:
        raise CodecError(f"GLZ image {stream.id} of {pixels} pixels: {FAULTS[fault]} at byte {stream.at}")
    if stream.at != stream.size:
        raise CodecError(f"GLZ image {stream.id}: {stream.size - stream.at} bytes are left over")


FAULTS = {
    SHORT: "the stream ends too early",
    OVER: "there is more of it",
    BEFORE: "a match from before the image",
    LACKING: "a match in an image that is not in the window",
    OTHER: "a match in an image of other pixels",
    BEYOND: "a match that goes on beyond the image that it is in",
}


cdef Fault decode_image(Stream *stream, const Window *window, uint8_t *out, size_t pixels) noexcept nogil:
    cdef Fault fault
    # One call for each layout, so that the compiler makes loops of its own for it.
    if stream.kind == LZ_RGB16:
        return decode_pixels(stream, window, out, pixels, 2, 2, GLZ_RGB16_BIAS)
    fault = decode_pixels(stream, window, out, pixels, 3, 4, GLZ_COLOUR_BIAS)
    if stream.kind != LZ_RGBA or fault != OK:
        return fault
    return decode_pixels(stream, window, out + 3, pixels, 1, 4, GLZ_ALPHA_BIAS)


cdef inline Fault decode_pixels(
    Stream *stream,
    const Window *window,
    uint8_t *out,
    size_t pixels,
    const int size,
    const int step,
    const int bias,
) noexcept nogil:
    # ``size`` bytes of the stream become a pixel of ``step``; matches are longer than they say by ``bias``.
    cdef const uint8_t *data = stream.data
    cdef const uint8_t *source
    cdef size_t at = stream.at, end = stream.size, done = 0, length, offset, back
    cdef uint32_t control, more, i, images
    cdef Image *image
    cdef Fault fault = OK
    while done < pixels:
        if at >= end:
            fault = SHORT
            break
        control = data[at]
        at += 1
        if control < GLZ_LITERALS:
            length = control + 1
            if length > pixels - done:
                fault = OVER
                break
            if length * size > end - at:
                fault = SHORT
                break
            put_literals(out + done * step, data + at, length, size, step)
            at += length * size
            done += length
            continue
        length = control >> 5
        if length == GLZ_MORE_LENGTH:
            more = 255
            while more == 255 and at < end:
                more = data[at]
                at += 1
                length += more
        # The most that may follow: offset, code, 3 bytes of the image, a byte of the offset.
        if end - at < 6 and end - at < match_bytes(control, data + at, end - at):
            fault = SHORT
            break
        offset = (control & 15) | <size_t>data[at] << 4
        more = data[at + 1]
        at += 2
        images = more >> 6
        back = 0
        if control & GLZ_FAR:
            offset |= <size_t>(more & 31) << 12
            for i in range(images):
                back |= <size_t>data[at] << 8 * i
                at += 1
            if more & GLZ_FARTHER:
                offset |= <size_t>data[at] << 17
                at += 1
        else:
            back = more & 63
            for i in range(images):
                back |= <size_t>data[at] << (6 + 8 * i)
                at += 1
        length += bias
        if length > pixels - done:
            fault = OVER
            break
        if back == 0:
            if offset >= done:
                fault = BEFORE
                break
            put_near(out + done * step, offset + 1, length, size, step)
        else:
            image = find(window, stream.id - back) if back <= stream.id else NULL
            if image == NULL:
                fault = LACKING
                break
            if not same_pixels(image.kind, stream.kind):
                fault = OTHER
                break
            if offset >= image.pixels or length > image.pixels - offset:
                fault = BEYOND
                break
            source = image.data + offset * step + (3 if size == 1 else 0)
            put_far(out + done * step, source, length, size, step)
        done += length
    stream.at = at
    return fault


cdef inline size_t match_bytes(uint32_t control, const uint8_t *data, size_t left) noexcept nogil:
    # What follows the length of a match.
    if left < 2:
        return 2
    return 2 + (data[1] >> 6) + (1 if control & GLZ_FAR and data[1] & GLZ_FARTHER else 0)


cdef inline bint same_pixels(int one, int other) noexcept nogil:
    return one == other or one + other == LZ_RGB24 + LZ_RGB32


cdef inline void put_literals(
    uint8_t *out, const uint8_t *data, size_t length, const int size, const int step
) noexcept nogil:
    cdef size_t i
    for i in range(length):
        if size == 1:
            out[i * step] = data[i]
        elif size == 2:
            # The stream has the high byte first.
            out[2 * i] = data[2 * i + 1]
            out[2 * i + 1] = data[2 * i]
        else:
            out[i * step] = data[3 * i]
            out[i * step + 1] = data[3 * i + 1]
            out[i * step + 2] = data[3 * i + 2]
            out[i * step + 3] = 0


cdef inline void put_near(
    uint8_t *out, size_t distance, size_t length, const int size, const int step
) noexcept nogil:
    cdef const uint8_t *source = out - distance * step
    cdef size_t part
    if size == 1:
        put_far(out, source, length, size, step)
        return
    # What a match copies from itself repeats every ``distance`` pixels: so each piece may be as long as all
    # that stands before it.
    while length:
        part = min(length, distance)
        memcpy(out, source, part * step)
        out += part * step
        length -= part
        distance += part


cdef inline void put_far(
    uint8_t *out, const uint8_t *source, size_t length, const int size, const int step
) noexcept nogil:
    cdef size_t i
    if size != 1:
        memcpy(out, source, length * step)
        return
    for i in range(length):
        out[i * step] = source[i * step]


cdef inline uint32_t big(const uint8_t *word) noexcept nogil:
    return <uint32_t>word[0] << 24 | <uint32_t>word[1] << 16 | <uint32_t>word[2] << 8 | word[3]
