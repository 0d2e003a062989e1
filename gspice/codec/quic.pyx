"""The QUIC decoder; see quic.pyi for what each name promises, quic_model.pxd for the model."""

from enum import IntEnum
from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from gspice.codec.errors import CodecError

from gspice.codec.quic_bits cimport QuicBits, leading_zeros, little, peek, skip
from gspice.codec.quic_model cimport (
    QUIC_ALPHA,
    QUIC_GRAY,
    QUIC_HEADER_BYTES,
    QUIC_MAGIC,
    QUIC_MASK_BITS,
    QUIC_MASK_PIXELS,
    QUIC_MOST_PIXELS,
    QUIC_RGB16,
    QUIC_RGB24,
    QUIC_RGB32,
    QUIC_RGBA,
    QUIC_RUN_STATES,
    QUIC_VERSION,
    QuicBucket,
    QuicFamily,
    QuicPace,
    quic_channels,
    quic_fill_family,
    quic_learn,
    quic_next_wait,
    quic_reset_buckets,
    quic_reset_pace,
    quic_run_bits,
)


class QuicType(IntEnum):
    GRAY = QUIC_GRAY
    RGB16 = QUIC_RGB16
    RGB24 = QUIC_RGB24
    RGB32 = QUIC_RGB32
    RGBA = QUIC_RGBA


class QuicHeader(NamedTuple):
    type: QuicType
    width: int
    height: int


cdef enum:
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_PIXELS = 1 << 13

# What goes wrong inside a row.
cdef enum Fault:
    OK
    SHORT  # the stream ends within the row
    LONG_RUN  # a run goes on beyond its row

cdef struct Channel:
    QuicBucket[8] buckets
    uint8_t *values  # of this row; those not coded again, within runs, are of rows before. [-1] exists

cdef struct Decoder:
    QuicBits bits
    const QuicFamily *family
    Channel[4] channels
    QuicPace colour
    QuicPace alpha

cdef QuicFamily bits8
cdef QuicFamily bits5
quic_fill_family(&bits8, 8)
quic_fill_family(&bits5, 5)


def parse_header(const uint8_t[::1] data not None):
    cdef uint32_t magic, version, kind, width, height
    if data.shape[0] < QUIC_HEADER_BYTES:
        raise CodecError(f"QUIC image of {data.shape[0]} bytes has no header")
    magic = little(&data[0])
    version = little(&data[4])
    kind = little(&data[8])
    width = little(&data[12])
    height = little(&data[16])
    if magic != QUIC_MAGIC or version != QUIC_VERSION:
        raise CodecError(f"QUIC image with magic {magic:#x}, version {version:#x}")
    if kind < QUIC_GRAY or kind > QUIC_RGBA:
        raise CodecError(f"QUIC image of type {kind}")
    if not 0 < width < 1u << 31 or not 0 < height < 1u << 31:
        raise CodecError(f"QUIC image of {width}x{height} pixels")
    return QuicHeader(QuicType(kind), width, height)


def pixel_bytes(int kind):
    return 1 if kind == QUIC_GRAY else 2 if kind == QUIC_RGB16 else 4


def decode(const uint8_t[::1] data not None, object max_bytes):
    header = parse_header(data)
    size = image_bytes(header)
    if size > max_bytes:
        raise CodecError(f"QUIC image of {size} bytes, more than {max_bytes}")
    if least_bits(header) > (data.shape[0] - QUIC_HEADER_BYTES) * 8:
        raise CodecError(
            f"{data.shape[0]} bytes of QUIC cannot hold an image of {header.width}x{header.height}"
        )
    rows = PyBytes_FromStringAndSize(NULL, size)
    decode_rows(data, header, <uint8_t *>PyBytes_AS_STRING(rows))
    return rows


def decode_into(const uint8_t[::1] data not None, uint8_t[::1] out not None):
    header = parse_header(data)
    size = image_bytes(header)
    if size != out.shape[0]:
        raise CodecError(f"QUIC image of {size} bytes for a buffer of {out.shape[0]}")
    decode_rows(data, header, &out[0])


cdef object image_bytes(object header):
    pixels = header.width * header.height
    if pixels > QUIC_MOST_PIXELS:
        raise CodecError(f"QUIC image of {pixels} pixels, more than {QUIC_MOST_PIXELS}")
    return pixels * pixel_bytes(header.type)


cdef object least_bits(object header):
    # A value takes a bit, and a run of pixels can begin only after three of a row and not in the first one.
    return quic_channels(header.type) * (header.width + (header.height - 1) * min(header.width, 3))


cdef object decode_rows(const uint8_t[::1] data, object header, uint8_t *out):
    cdef int kind = header.type, width = header.width, height = header.height
    cdef int row = 0, channels = quic_channels(kind)
    cdef size_t value_row = <size_t>width + 1
    cdef size_t scratch = 8 * <size_t>width if kind == QUIC_RGB16 else 0
    cdef Fault fault = OK
    cdef Decoder *decoder = <Decoder *>calloc(1, sizeof(Decoder) + channels * value_row + scratch)
    cdef uint8_t *values
    cdef int i
    if decoder == NULL:
        raise MemoryError(f"no memory for rows of {width} pixels")
    values = <uint8_t *>decoder + sizeof(Decoder)
    decoder.family = &bits5 if kind == QUIC_RGB16 else &bits8
    for i in range(channels):
        quic_reset_buckets(decoder.channels[i].buckets, decoder.family)
        decoder.channels[i].values = values + i * value_row + 1
    quic_reset_pace(&decoder.colour)
    quic_reset_pace(&decoder.alpha)
    decoder.bits.words = &data[0] + QUIC_HEADER_BYTES
    decoder.bits.count = <size_t>(data.shape[0] - QUIC_HEADER_BYTES) // 4
    if <int64_t>width * height < KEEP_GIL_PIXELS:
        fault = decode_image(decoder, kind, out, width, height, values + channels * value_row, &row)
    else:
        with nogil:
            fault = decode_image(decoder, kind, out, width, height, values + channels * value_row, &row)
    free(decoder)
    if fault == SHORT:
        raise CodecError(f"QUIC image of {width}x{height} pixels ends within row {row}")
    if fault == LONG_RUN:
        raise CodecError(f"QUIC image of {width}x{height} pixels has a run beyond the end of row {row}")


cdef Fault decode_image(
    Decoder *decoder, int kind, uint8_t *out, int width, int height, uint8_t *scratch, int *row
) noexcept nogil:
    cdef size_t step = 1 if kind == QUIC_GRAY else 4
    cdef size_t stride = <size_t>width * step
    cdef uint8_t *above = NULL
    cdef uint8_t *line = out
    cdef Fault fault = OK
    cdef int y, c, channels = quic_channels(kind)
    for y in range(height):
        row[0] = y
        if kind == QUIC_RGB16:
            line = scratch + (y & 1) * stride
        for c in range(channels):
            (decoder.channels[c].values - 1)[0] = decoder.channels[c].values[0] if y else 0
        if kind == QUIC_GRAY:
            fault = decode_row(decoder, &decoder.channels[0], &decoder.colour, above, line, width, 1, 1)
        else:
            if kind != QUIC_RGBA and kind != QUIC_RGB16:
                clear_high(line, width)
            fault = decode_row(decoder, &decoder.channels[0], &decoder.colour, above, line, width, 3, 4)
            if fault == OK and kind == QUIC_RGBA:
                fault = decode_row(
                    decoder,
                    &decoder.channels[QUIC_ALPHA],
                    &decoder.alpha,
                    above + QUIC_ALPHA if above else NULL,
                    line + QUIC_ALPHA,
                    width,
                    1,
                    4,
                )
        if fault == OK and decoder.bits.have < decoder.bits.lent:
            fault = SHORT
        if fault != OK:
            return fault
        above = line
        if kind == QUIC_RGB16:
            pack555(line, out + <size_t>y * width * 2, width)
        else:
            line += stride
    return OK


cdef Fault decode_row(
    Decoder *decoder,
    Channel *channels,
    QuicPace *pace,
    const uint8_t *above,
    uint8_t *line,
    int width,
    int count,
    int step,
) noexcept nogil:
    cdef int start = 0, end
    cdef Fault fault
    while start < width:
        end = width
        if pace.mask_bits < QUIC_MASK_BITS and pace.mask_left < <uint32_t>(width - start):
            end = start + <int>pace.mask_left
        # One call for each layout, so that the compiler makes a loop of its own for it.
        if count == 3:
            fault = decode_piece(decoder, channels, pace, above, line, start, end, 3, 4)
        elif step == 4:
            fault = decode_piece(decoder, channels, pace, above, line, start, end, 1, 4)
        else:
            fault = decode_piece(decoder, channels, pace, above, line, start, end, 1, 1)
        if fault != OK:
            return fault
        if pace.mask_bits < QUIC_MASK_BITS:
            pace.mask_left -= <uint32_t>(end - start)
            if pace.mask_left == 0:
                pace.mask_bits += 1
                pace.mask_left = QUIC_MASK_PIXELS
        start = end
    return OK


cdef inline Fault decode_piece(
    Decoder *decoder,
    Channel *channels,
    QuicPace *pace,
    const uint8_t *above,
    uint8_t *line,
    int start,
    int end,
    const int count,
    const int step,
) noexcept nogil:
    # The pixels of a row from start to end, between which the mask of the distances stays.
    cdef const QuicFamily *family = decoder.family
    cdef QuicBits bits = decoder.bits
    cdef int i = start, c, run_at = 0
    cdef int64_t run
    cdef int64_t stop = <int64_t>start + pace.wait  # the pixel that updates the model
    cdef uint8_t *pixel
    cdef const uint8_t *upper = above
    cdef uint8_t value
    cdef uint32_t guess
    cdef Fault fault = OK
    while i < end:
        pixel = line + i * step
        if above != NULL:
            upper = above + i * step
            if (
                i > 2
                and i != run_at
                and same(upper - step, upper, count)
                and same(pixel - step, pixel - 2 * step, count)
            ):
                run_at = i
                run = decode_run(&bits, pace, end - i)
                if run < 0:
                    fault = LONG_RUN
                    break
                stop += run
                while run > 0:
                    copy(pixel, pixel - step, count)
                    pixel += step
                    i += 1
                    run -= 1
                continue
        for c in range(count):
            value = decode_value(&bits, family, bucket_at(&channels[c], family, i).best)
            channels[c].values[i] = value
            if above == NULL:
                guess = pixel[at(c, count) - step] if i else 0
            elif i:
                guess = (<uint32_t>pixel[at(c, count) - step] + upper[at(c, count)]) >> 1
            else:
                guess = upper[at(c, count)]
            pixel[at(c, count)] = <uint8_t>((family.unfolded[value] + guess) & family.mask)
        if i == stop:
            for c in range(count):
                quic_learn(bucket_at(&channels[c], family, i), family, pace, channels[c].values[i])
            stop += 1 + <int64_t>quic_next_wait(pace)
        i += 1
    pace.wait = <uint32_t>(stop - i)
    decoder.bits = bits
    return fault


cdef inline QuicBucket *bucket_at(Channel *channel, const QuicFamily *family, int i) noexcept nogil:
    # That which codes the value at i.
    return &channel.buckets[family.bucket[channel.values[i - 1]]]


cdef inline int at(int c, const int count) noexcept nogil:
    # Where a channel is in its pixel: red comes first in the stream, last in memory.
    return 2 - c if count == 3 else 0


cdef inline bint same(const uint8_t *a, const uint8_t *b, const int count) noexcept nogil:
    return a[0] == b[0] and (count == 1 or a[1] == b[1] and a[2] == b[2])


cdef inline void copy(uint8_t *to, const uint8_t *source, const int count) noexcept nogil:
    to[0] = source[0]
    if count == 3:
        to[1] = source[1]
        to[2] = source[2]


cdef inline uint8_t decode_value(QuicBits *bits, const QuicFamily *family, uint32_t code) noexcept nogil:
    cdef uint32_t window = peek(bits), length, value
    if window > family.escape_mask[code]:
        value = leading_zeros(window)
        length = value + 1 + code
        value = value << code | window >> (32 - length) & ((1u << code) - 1)
    else:
        length = family.escape_length[code]
        value = family.rice_values[code] + (window >> (32 - length) & ((1u << family.escape_bits[code]) - 1))
    skip(bits, length)
    return <uint8_t>value


cdef inline int64_t decode_run(QuicBits *bits, QuicPace *pace, int room) noexcept nogil:
    # The pixels of a run, -1 where there is no room for it. Each 1 says that the run is longer than expected.
    cdef int64_t run = 0
    cdef uint32_t window = peek(bits), length
    while window & 0x80000000u:
        skip(bits, 1)
        run += 1 << quic_run_bits[pace.run_state]
        if run > room:
            return -1
        if pace.run_state < QUIC_RUN_STATES - 1:
            pace.run_state += 1
        window = peek(bits)
    length = quic_run_bits[pace.run_state]
    skip(bits, 1)
    if length:
        run += peek(bits) >> (32 - length)
        skip(bits, length)
    if pace.run_state:
        pace.run_state -= 1
    return run if run <= room else -1


cdef void clear_high(uint8_t *line, int width) noexcept nogil:
    cdef int i
    for i in range(width):
        line[4 * i + QUIC_ALPHA] = 0


cdef void pack555(const uint8_t *line, uint8_t *out, int width) noexcept nogil:
    cdef int i
    cdef uint32_t word
    for i in range(width):
        word = line[4 * i] | <uint32_t>line[4 * i + 1] << 5 | <uint32_t>line[4 * i + 2] << 10
        out[2 * i] = <uint8_t>(word & 0xff)
        out[2 * i + 1] = <uint8_t>(word >> 8)
