"""The LZ encoder; see lz_encode.pyi for what it promises, lz_format.pxd for the format.

It is greedy: at each unit it takes the best of four matches, with the unit before it (runs), with that of the row
above, with the last place where the next units had the same hash, and at the distance of the match before, which is
what slanted edges need.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from gspice.codec.lz_format cimport (
    LZ_A8,
    LZ_HEADER_BYTES,
    LZ_LITERALS,
    LZ_MAGIC,
    LZ_MORE_DISTANCE,
    LZ_MORE_LENGTH,
    LZ_PLT1_LE,
    LZ_RGB16,
    LZ_RGB24,
    LZ_RGBA,
    LZ_VERSION,
    LZ_XXXA,
)


cdef extern from *:
    """
    #define gspice_trailing_zeros(word) __builtin_ctzll(word)
    """
    uint32_t trailing_zeros "gspice_trailing_zeros"(uint64_t word) noexcept nogil

cdef enum:
    MOST_BYTES = (1 << 30) - 1  # of rows; stock encoders refuse more
    MOST_DISTANCE = LZ_MORE_DISTANCE + (1 << 16)
    LEAST_SLOT_BITS = 6
    MOST_SLOT_BITS = 13  # a table of 32 KiB, which the processor's first cache holds
    LOOK_AHEAD = 6  # units at the end at which no match begins: a hash may read 12 bytes
    LONG_RUN = 32  # units, from which on no better match is looked for but in the row above
    OVERRUN = 1  # byte that may be written behind the stream
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_BYTES = 1 << 16

# What a hash multiplies its key with: the bits that count are the high ones of the product.
cdef const uint64_t SPREAD = 0x9e3779b97f4a7c15
cdef const uint64_t SPREAD_NEXT = 0xd6e8feb86659fd93

# Bits of a pixel in the rows, by which the header counts them as well.
cdef int[12] PIXEL_BITS = [0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 32, 8]

cdef struct Rows:
    const uint8_t *data
    size_t stride
    size_t bytes  # of a row, without padding
    size_t count

cdef struct Match:
    size_t length  # units; 0: there is none
    size_t distance
    size_t saved  # bytes fewer than the same units take as literals


def encode(object data, int kind, object width, object height, object stride, *, bint top_down=True):
    cdef const uint8_t[::1] source = memoryview(data).cast("B")
    cdef Rows rows
    cdef size_t units, slots, packed, size
    cdef int bits = LEAST_SLOT_BITS
    cdef uint8_t *room
    cdef uint8_t *out
    rows.bytes = check(kind, width, height, stride, source.shape[0])
    rows.data = &source[0]
    rows.stride = stride
    rows.count = height
    units = rows.count * (rows.bytes if kind < LZ_RGB16 else <size_t>width)
    while bits < MOST_SLOT_BITS and <size_t>1 << bits < units:
        bits += 1
    slots = sizeof(uint32_t) << bits
    packed = units * 4
    # Literals and their control bytes, of colours and of alpha. A match takes less than its units do as literals,
    # by the control byte at least that the literals behind it begin with.
    size = LZ_HEADER_BYTES + units * 4 + 2 * (units // LZ_LITERALS + 1) + OVERRUN
    room = <uint8_t *>malloc(slots + packed + size)
    if room == NULL:
        raise MemoryError(f"LZ image of {width}x{height} pixels")
    out = room + slots + packed
    put_header(out, kind, width, height, top_down)
    if rows.bytes * rows.count < KEEP_GIL_BYTES:
        size = encode_image(&rows, kind, units, <uint32_t *>room, bits, room + slots, out)
    else:
        with nogil:
            size = encode_image(&rows, kind, units, <uint32_t *>room, bits, room + slots, out)
    try:
        return PyBytes_FromStringAndSize(<char *>out, size)
    finally:
        free(room)


cdef object check(int kind, object width, object height, object stride, object size):
    # The bytes of a row; ValueError where the arguments do not fit each other.
    if not LZ_PLT1_LE <= kind <= LZ_A8:
        raise ValueError(f"LZ image of type {kind}, which there is not")
    if width <= 0 or height <= 0:
        raise ValueError(f"LZ image of {width}x{height} pixels: it has none")
    row = (width * PIXEL_BITS[kind] + 7) // 8
    if row * height > MOST_BYTES:
        raise ValueError(f"LZ image of {width}x{height} pixels: {row * height} bytes, more than {MOST_BYTES}")
    if stride < row:
        raise ValueError(f"LZ image with {stride} bytes from row to row, and {row} in each")
    if stride * (height - 1) + row > size:
        raise ValueError(f"LZ image of {height} rows of {stride} bytes: there are {size} bytes")
    return row


cdef void put_header(uint8_t *out, int kind, uint32_t width, uint32_t height, bint top_down) noexcept:
    cdef uint32_t stride = (<uint64_t>width * PIXEL_BITS[kind] + 7) // 8
    cdef uint32_t[7] words = [LZ_MAGIC, LZ_VERSION, <uint32_t>kind, width, height, stride, top_down]
    cdef int i
    for i in range(LZ_HEADER_BYTES):
        out[i] = <uint8_t>(words[i // 4] >> (24 - i % 4 * 8))


cdef size_t encode_image(
    const Rows *rows, int kind, size_t units, uint32_t *slots, int bits, uint8_t *packed, uint8_t *out
) noexcept nogil:
    cdef uint8_t *end = out + LZ_HEADER_BYTES
    cdef size_t width = units // rows.count
    # One call for each layout, so that the compiler makes loops of its own for it.
    if kind == LZ_RGB16:
        end = encode_units(pack_rows(rows, packed), units, width, slots, bits, end, 2, 2, 2)
    elif kind == LZ_RGB24:
        end = encode_units(pack_rows(rows, packed), units, width, slots, bits, end, 3, 3, 1)
    elif kind < LZ_RGB16 or kind == LZ_A8:
        end = encode_units(pack_rows(rows, packed), units, width, slots, bits, end, 1, 1, 3)
    else:
        if kind != LZ_XXXA:
            end = encode_units(pack_rows(rows, packed), units, width, slots, bits, end, 4, 3, 1)
        if kind == LZ_XXXA or kind == LZ_RGBA:
            end = encode_units(pack_alpha(rows, packed), units, width, slots, bits, end, 1, 1, 3)
    return end - out


cdef const uint8_t *pack_rows(const Rows *rows, uint8_t *packed) noexcept nogil:
    cdef size_t row
    if rows.stride == rows.bytes:
        return rows.data
    for row in range(rows.count):
        memcpy(packed + row * rows.bytes, rows.data + row * rows.stride, rows.bytes)
    return packed


cdef const uint8_t *pack_alpha(const Rows *rows, uint8_t *packed) noexcept nogil:
    cdef const uint8_t *pixels
    cdef size_t row, x, width = rows.bytes // 4
    for row in range(rows.count):
        pixels = rows.data + row * rows.stride
        for x in range(width):
            packed[row * width + x] = pixels[4 * x + 3]
    return packed


cdef inline uint8_t *encode_units(
    const uint8_t *units,
    size_t count,
    size_t width,
    uint32_t *slots,
    int bits,
    uint8_t *out,
    const int step,
    const int size,
    const int bias,
) noexcept nogil:
    # Units of ``step`` bytes become ``size`` bytes of the stream; matches are longer than they say by ``bias``.
    cdef const uint8_t *end = units + count * step
    cdef const uint8_t *here
    cdef size_t at = 1, literals = 0, again = 0, place, last = count - LOOK_AHEAD if count > LOOK_AHEAD else 0
    cdef uint32_t *slot
    cdef Match best
    memset(slots, 0, sizeof(uint32_t) << bits)
    while at < last:
        here = units + at * step
        best.length = best.saved = 0
        try_match(&best, here, 1, end, step, size, bias)
        if best.length < LONG_RUN:
            slot = slots + hash_of(here, bits, step)
            place = slot[0]
            slot[0] = <uint32_t>at
            if width <= at and width <= MOST_DISTANCE:
                try_match(&best, here, width, end, step, size, bias)
            if again:
                try_match(&best, here, again, end, step, size, bias)
            if at - place <= MOST_DISTANCE:
                try_match(&best, here, at - place, end, step, size, bias)
        elif width <= at and width <= MOST_DISTANCE and here + best.length * step < end:
            # The row above may go on where the run ends. Where it does not, it is not looked at for so long again.
            if is_same(here + (best.length - width) * step, here + best.length * step, step):
                try_match(&best, here, width, end, step, size, bias)
        if best.length == 0:
            at += 1
            continue
        out = put_literals(out, units + literals * step, at - literals, step)
        out = put_match(out, best.distance - 1, best.length - bias)
        if best.distance != 1 and best.distance != width:
            again = best.distance
        at += best.length
        literals = at
        if at < last:
            # Where matches end is where the next ones that are the same begin to differ.
            slots[hash_of(units + (at - 1) * step, bits, step)] = <uint32_t>(at - 1)
            if best.length > 1:
                slots[hash_of(units + (at - 2) * step, bits, step)] = <uint32_t>(at - 2)
    return put_literals(out, units + literals * step, count - literals, step)


cdef inline void try_match(
    Match *best,
    const uint8_t *here,
    size_t distance,
    const uint8_t *end,
    const int step,
    const int size,
    const int bias,
) noexcept nogil:
    cdef const uint8_t *there = here - distance * step
    cdef size_t length, cost = 2 if distance <= LZ_MORE_DISTANCE else 4
    # Most fail here. It is as many units as the shortest match has, so that it does not begin in vain.
    if step == 2:
        if (word64(here) ^ word64(there)) & (mask64(step) >> 16):
            return
    elif (word32(here) ^ word32(there)) & 0xffffff:
        return
    # Of those, most are not longer than the best: where that ends, the units must be the same as well.
    if here + best.length * step >= end or not is_same(there + best.length * step, here + best.length * step, step):
        return
    length = same_units(there, here, end, step)
    # One byte is for the control byte of the literals that would otherwise have gone on.
    if length * size > best.saved + cost:
        best.saved = length * size - cost
        best.length = length
        best.distance = distance


cdef inline size_t same_units(
    const uint8_t *there, const uint8_t *here, const uint8_t *end, const int step
) noexcept nogil:
    cdef const uint8_t *first = here
    cdef uint64_t differs
    while end - here >= 8:
        differs = (word64(there) ^ word64(here)) & mask64(step)
        if differs:
            return (here - first + (trailing_zeros(differs) >> 3)) // step
        there += 8
        here += 8
    # Words end within pixels of 3 bytes: those are counted by their bytes, all of which mean something.
    while here < end and is_same(there, here, 1 if step == 3 else step):
        there += 1 if step == 3 else step
        here += 1 if step == 3 else step
    return (here - first) // step


cdef inline bint is_same(const uint8_t *one, const uint8_t *other, const int step) noexcept nogil:
    if step == 1:
        return one[0] == other[0]
    if step == 2:
        return one[0] == other[0] and (one[1] ^ other[1]) & 0x7f == 0
    if step == 3:
        return one[0] == other[0] and one[1] == other[1] and one[2] == other[2]
    return (word32(one) ^ word32(other)) & 0xffffff == 0


cdef inline size_t hash_of(const uint8_t *units, int bits, const int step) noexcept nogil:
    # Of three units, without the bits of them that mean nothing.
    cdef uint64_t key
    if step == 4:
        key = word64(units) & mask64(4)
        key = (key & 0xffffff | key >> 8) * SPREAD ^ (word32(units + 8) & 0xffffff) * SPREAD_NEXT
    elif step == 3:
        key = word64(units) * SPREAD ^ units[8] * SPREAD_NEXT
    elif step == 2:
        key = ((word64(units) & mask64(2)) << 16) * SPREAD
    else:
        key = (<uint64_t>word32(units) << 40) * SPREAD
    return key >> (64 - bits)


cdef inline uint8_t *put_literals(uint8_t *out, const uint8_t *units, size_t count, const int step) noexcept nogil:
    cdef size_t part, i
    while count:
        part = min(count, <size_t>LZ_LITERALS)
        count -= part
        out[0] = <uint8_t>(part - 1)
        out += 1
        if step == 1 or step == 3:
            memcpy(out, units, part * step)
            out += part * step
        elif step == 2:
            for i in range(part):
                # The stream has the high byte first.
                out[0] = units[2 * i + 1] & 0x7f
                out[1] = units[2 * i]
                out += 2
        else:
            for i in range(part):
                # The fourth byte is where the next one goes.
                memcpy(out, units + 4 * i, 4)
                out += 3
        units += part * step
    return out


cdef inline uint8_t *put_match(uint8_t *out, size_t distance, size_t length) noexcept nogil:
    # Both less what the format leaves out.
    cdef size_t near = min(distance, <size_t>LZ_MORE_DISTANCE)
    out[0] = <uint8_t>((min(length, <size_t>LZ_MORE_LENGTH) + 1) << 5 | near >> 8)
    out += 1
    if length >= LZ_MORE_LENGTH:
        length -= LZ_MORE_LENGTH
        while length >= 255:
            out[0] = 255
            out += 1
            length -= 255
        out[0] = <uint8_t>length
        out += 1
    out[0] = <uint8_t>near
    out += 1
    if near == LZ_MORE_DISTANCE:
        distance -= LZ_MORE_DISTANCE
        out[0] = <uint8_t>(distance >> 8)
        out[1] = <uint8_t>distance
        out += 2
    return out


cdef inline uint64_t mask64(const int step) noexcept nogil:
    return 0x00ffffff00ffffff if step == 4 else 0x7fff7fff7fff7fff if step == 2 else 0xffffffffffffffff


cdef inline uint32_t word32(const uint8_t *data) noexcept nogil:
    cdef uint32_t word
    memcpy(&word, data, 4)
    return word


cdef inline uint64_t word64(const uint8_t *data) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, data, 8)
    return word
