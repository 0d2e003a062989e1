"""The QUIC encoder; see quic_encode.pyi for what it promises, quic_model.pxd for the model.

The format leaves an encoder nothing to choose: runs begin where the decoder expects them, and go on while they can.
So this is about speed. The errors of a row are found all at once; words are put down pixel by pixel.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, realloc

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
    QUIC_RGBA,
    QUIC_VERSION,
    QuicBucket,
    QuicFamily,
    QuicPace,
    quic_fill_family,
    quic_learn,
    quic_next_wait,
    quic_reset_buckets,
    quic_reset_pace,
)
from gspice.codec.quic_pixels cimport (
    PART_ALPHA,
    PART_COLOUR,
    PART_GRAY,
    QuicPart,
    find_errors,
    run_begins,
    run_length,
    unpack555,
    unpack888,
)
from gspice.codec.quic_words cimport QuicWords, load32, put, put_run, store32


cdef enum:
    FIRST_RUN = 3  # no run begins before this pixel of a row
    # A pixel of three channels takes three code words of 26 bits at most, and 16 bits if a run that comes to nothing
    # begins at it; one of alpha, 26 and 16. A pixel within a run takes less.
    MOST_PIXEL_BYTES = 17
    END_BYTES = 16  # the rests of words before and after, a word of zeros, and one that put() may touch
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_PIXELS = 1 << 13

cdef struct Family:
    QuicFamily model
    # By code and value: the code word, and below that its length in 5 bits.
    uint16_t[8][256] words

ctypedef const uint16_t *CodeWords  # by value

cdef struct Channel:
    QuicBucket[8] buckets
    CodeWords[8] words  # by bucket: of its best code

cdef struct Encoder:
    QuicWords words
    uint8_t *room  # for the stream, which grows
    size_t size
    const Family *family
    Channel[4] channels
    QuicPace colour
    QuicPace alpha
    uint8_t *errors  # of this row, as values, laid out as the pixels are
    # What was coded last for each pixel of a row, which is of a row before where this one has a run; [-1] exists.
    uint8_t *coded  # colours, as the pixels
    uint8_t *coded_single  # alpha or grey

cdef struct Rows:
    const uint8_t *data
    size_t stride
    int kind
    int width
    int height
    uint8_t *unpacked  # two rows, for pixels of neither 1 nor 4 bytes

cdef Family bits8
cdef Family bits5
fill_family(&bits8, 8)
fill_family(&bits5, 5)


def encode(object data, int kind, object width, object height, object stride):
    cdef const uint8_t[::1] source = memoryview(data).cast("B")
    cdef Rows rows
    cdef Encoder *encoder
    cdef bint done
    cdef size_t wide
    check(kind, width, height, stride, source.shape[0])
    rows.data = &source[0]
    rows.stride = stride
    rows.kind = kind
    rows.width = width
    rows.height = height
    wide = rows.width
    encoder = <Encoder *>calloc(1, sizeof(Encoder) + 4 * wide + 4 * (wide + 1) + wide + 1 + 8 * wide)
    if encoder == NULL:
        raise MemoryError(f"no memory for rows of {width} pixels")
    encoder.errors = <uint8_t *>encoder + sizeof(Encoder)
    encoder.coded = encoder.errors + 4 * wide + 4
    encoder.coded_single = encoder.coded + 4 * wide + 1
    rows.unpacked = encoder.coded_single + wide
    reset(encoder, &bits5 if kind == QUIC_RGB16 else &bits8)
    try:
        if <int64_t>rows.width * rows.height < KEEP_GIL_PIXELS:
            done = encode_image(encoder, &rows)
        else:
            with nogil:
                done = encode_image(encoder, &rows)
        if not done:
            raise MemoryError(f"QUIC image of {width}x{height} pixels")
        return PyBytes_FromStringAndSize(<char *>encoder.room, encoder.words.next - encoder.room)
    finally:
        free(encoder.room)
        free(encoder)


cdef object check(int kind, object width, object height, object stride, object size):
    # ValueError where the arguments do not fit each other.
    if not QUIC_GRAY <= kind <= QUIC_RGBA:
        raise ValueError(f"QUIC image of type {kind}, which there is not")
    if width <= 0 or height <= 0:
        raise ValueError(f"QUIC image of {width}x{height} pixels: it has none")
    if width * height > QUIC_MOST_PIXELS:
        raise ValueError(f"QUIC image of {width}x{height} pixels, more than {QUIC_MOST_PIXELS}")
    row = width * min(kind, 4)  # bytes: of a pixel, there are as many as the number of its type says, or 4
    if stride < row:
        raise ValueError(f"QUIC image with {stride} bytes from row to row, and {row} in each")
    if stride * (height - 1) + row > size:
        raise ValueError(f"QUIC image of {height} rows of {stride} bytes: there are {size} bytes")


cdef void fill_family(Family *family, uint32_t bits) noexcept nogil:
    cdef uint32_t code, value, word
    cdef QuicFamily *model = &family.model
    quic_fill_family(model, bits)
    for code in range(bits):
        for value in range(1u << bits):
            if value < model.rice_values[code]:
                word = 1u << code | (value & ((1u << code) - 1))
            else:
                word = value - model.rice_values[code]
            family.words[code][value] = <uint16_t>(word << 5 | model.length[value][code])


cdef void reset(Encoder *encoder, const Family *family) noexcept nogil:
    cdef int c, i
    encoder.family = family
    for c in range(4):
        quic_reset_buckets(encoder.channels[c].buckets, &family.model)
        for i in range(8):
            encoder.channels[c].words[i] = family.words[encoder.channels[c].buckets[i].best]
    quic_reset_pace(&encoder.colour)
    quic_reset_pace(&encoder.alpha)


cdef bint encode_image(Encoder *encoder, Rows *rows) noexcept nogil:
    # False: no memory.
    cdef size_t step = 1 if rows.kind == QUIC_GRAY else 4
    cdef size_t width = rows.width, bytes = width * step
    cdef size_t row_room = width * MOST_PIXEL_BYTES + END_BYTES
    cdef const uint8_t *above = NULL
    cdef const uint8_t *line
    cdef int y
    if not make_room(encoder, QUIC_HEADER_BYTES + row_room + bytes * rows.height // 4):
        return False
    put_header(encoder, rows)
    for y in range(rows.height):
        if not make_room(encoder, row_room):
            return False
        line = rows.data + y * rows.stride
        if rows.kind == QUIC_RGB16:
            line = unpack555(line, rows.unpacked + (y & 1) * bytes, width)
        elif rows.kind == QUIC_RGB24:
            line = unpack888(line, rows.unpacked + (y & 1) * bytes, width)
        find_errors(encoder.errors, rows.kind, line, above, bytes)
        if y:
            store32(encoder.coded - 4, load32(encoder.coded))
            (encoder.coded_single - 1)[0] = encoder.coded_single[0]
        if rows.kind == QUIC_GRAY:
            encode_row(encoder, &encoder.colour, above, line, rows.width, PART_GRAY)
        else:
            encode_row(encoder, &encoder.colour, above, line, rows.width, PART_COLOUR)
        if rows.kind == QUIC_RGBA:
            encode_row(encoder, &encoder.alpha, above, line, rows.width, PART_ALPHA)
        above = line
    end_stream(&encoder.words)
    return True


cdef bint make_room(Encoder *encoder, size_t more) noexcept nogil:
    cdef size_t used = encoder.words.next - encoder.room
    cdef uint8_t *room
    if encoder.size - used >= more:
        return True
    room = <uint8_t *>realloc(encoder.room, 2 * used + more)
    if room == NULL:
        return False
    encoder.room = room
    encoder.size = 2 * used + more
    encoder.words.next = room + used
    return True


cdef void put_header(Encoder *encoder, const Rows *rows) noexcept nogil:
    cdef uint32_t[5] header = [
        QUIC_MAGIC, QUIC_VERSION, <uint32_t>rows.kind, <uint32_t>rows.width, <uint32_t>rows.height
    ]
    cdef int i
    for i in range(5):
        store32(encoder.words.next, header[i])
        encoder.words.next += 4


cdef void end_stream(QuicWords *words) noexcept nogil:
    # Decoders of libspice read a word ahead.
    if words.have:
        put(words, 0, 32 - words.have)
    put(words, 0, 32)


cdef void encode_row(
    Encoder *encoder, QuicPace *pace, const uint8_t *above, const uint8_t *line, int64_t width, QuicPart part
) noexcept nogil:
    cdef int64_t start = 0, end
    while start < width:
        end = width
        if pace.mask_bits < QUIC_MASK_BITS and pace.mask_left < width - start:
            end = start + pace.mask_left
        # One call for each layout, so that the compiler makes a loop of its own for it.
        if part == PART_GRAY:
            encode_single(encoder, pace, above, line, start, end, PART_GRAY)
        elif part == PART_COLOUR:
            encode_colour(encoder, pace, above, line, start, end)
        else:
            encode_single(encoder, pace, above, line, start, end, PART_ALPHA)
        if pace.mask_bits < QUIC_MASK_BITS:
            pace.mask_left -= <uint32_t>(end - start)
            if pace.mask_left == 0:
                pace.mask_bits += 1
                pace.mask_left = QUIC_MASK_PIXELS
        start = end


cdef void encode_colour(
    Encoder *encoder, QuicPace *pace, const uint8_t *above, const uint8_t *line, int64_t start, int64_t end
) noexcept nogil:
    # The pixels of a row from start to end, between which the mask of the distances stays.
    cdef const Family *family = encoder.family
    cdef QuicWords words = encoder.words
    cdef uint8_t *coded = encoder.coded
    cdef int64_t i = start, limit, run, run_at = 0
    cdef int64_t stop = start + pace.wait  # the pixel that updates the model
    cdef uint32_t before = load32(coded + 4 * (i - 1)), value, red, green, blue, length
    while i < end:
        limit = min(stop + 1, end)
        while i < limit:
            if above != NULL and i >= FIRST_RUN and run_begins(above, line, i, PART_COLOUR) and i != run_at:
                run_at = i
                run = run_length(line, i, end, PART_COLOUR)
                put_run(&words, pace, run)
                if run:
                    i += run
                    stop += run
                    limit = min(stop + 1, end)
                    before = load32(coded + 4 * (i - 1))
                    continue
            value = load32(encoder.errors + 4 * i)
            store32(coded + 4 * i, value)
            red = code_word(family, &encoder.channels[0], before >> 16, value >> 16)
            green = code_word(family, &encoder.channels[1], before >> 8, value >> 8)
            blue = code_word(family, &encoder.channels[2], before, value)
            before = value
            length = (red & 31) + (green & 31) + (blue & 31)
            if length <= 32:
                value = ((red >> 5) << (green & 31) | green >> 5) << (blue & 31) | blue >> 5
                put(&words, value, length)
            else:
                put(&words, red >> 5, red & 31)
                put(&words, green >> 5, green & 31)
                put(&words, blue >> 5, blue & 31)
            i += 1
        if i > stop:
            value = load32(coded + 4 * (i - 1))
            before = load32(coded + 4 * (i - 2))
            learn(family, &encoder.channels[0], pace, before >> 16, value >> 16)
            learn(family, &encoder.channels[1], pace, before >> 8, value >> 8)
            learn(family, &encoder.channels[2], pace, before, value)
            before = value
            stop = i + quic_next_wait(pace)
    pace.wait = <uint32_t>(stop - i)
    encoder.words = words


cdef inline void encode_single(
    Encoder *encoder,
    QuicPace *pace,
    const uint8_t *above,
    const uint8_t *line,
    int64_t start,
    int64_t end,
    const QuicPart part,
) noexcept nogil:
    # As encode_colour(), of one channel.
    cdef const Family *family = encoder.family
    cdef Channel *channel = &encoder.channels[QUIC_ALPHA if part == PART_ALPHA else 0]
    cdef QuicWords words = encoder.words
    cdef uint8_t *coded = encoder.coded_single
    cdef const uint8_t *errors = encoder.errors + (QUIC_ALPHA if part == PART_ALPHA else 0)
    cdef int64_t step = 4 if part == PART_ALPHA else 1
    cdef int64_t i = start, limit, run, run_at = 0
    cdef int64_t stop = start + pace.wait
    cdef uint32_t before = (coded + i - 1)[0], word
    while i < end:
        limit = min(stop + 1, end)
        while i < limit:
            if above != NULL and i >= FIRST_RUN and run_begins(above, line, i, part) and i != run_at:
                run_at = i
                run = run_length(line, i, end, part)
                put_run(&words, pace, run)
                if run:
                    i += run
                    stop += run
                    limit = min(stop + 1, end)
                    before = (coded + i - 1)[0]
                    continue
            coded[i] = errors[step * i]
            word = code_word(family, channel, before, coded[i])
            before = coded[i]
            put(&words, word >> 5, word & 31)
            i += 1
        if i > stop:
            learn(family, channel, pace, (coded + i - 2)[0], coded[i - 1])
            stop = i + quic_next_wait(pace)
    pace.wait = <uint32_t>(stop - i)
    encoder.words = words


cdef inline uint32_t code_word(
    const Family *family, const Channel *channel, uint32_t before, uint32_t value
) noexcept nogil:
    # Of the low bytes.
    return channel.words[family.model.bucket[before & 0xff]][value & 0xff]


cdef inline void learn(
    const Family *family, Channel *channel, const QuicPace *pace, uint32_t before, uint32_t value
) noexcept nogil:
    cdef uint8_t bucket = family.model.bucket[before & 0xff]
    quic_learn(&channel.buckets[bucket], &family.model, pace, value & 0xff)
    channel.words[bucket] = family.words[channel.buckets[bucket].best]
