"""The LZ decoder; see lz.pyi for what each name promises, lz_format.pxd for the format."""

from enum import IntEnum
from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from gspice.codec.errors import CodecError

from gspice.codec.lz_format cimport (
    LZ_A8,
    LZ_DISTANCE_HIGH,
    LZ_HEADER_BYTES,
    LZ_LITERALS,
    LZ_MAGIC,
    LZ_MORE_DISTANCE,
    LZ_MORE_LENGTH,
    LZ_PLT1_BE,
    LZ_PLT1_LE,
    LZ_PLT4_BE,
    LZ_PLT4_LE,
    LZ_PLT8,
    LZ_RGB16,
    LZ_RGB24,
    LZ_RGB32,
    LZ_RGBA,
    LZ_VERSION,
    LZ_XXXA,
)


class LzType(IntEnum):
    PLT1_LE = LZ_PLT1_LE
    PLT1_BE = LZ_PLT1_BE
    PLT4_LE = LZ_PLT4_LE
    PLT4_BE = LZ_PLT4_BE
    PLT8 = LZ_PLT8
    RGB16 = LZ_RGB16
    RGB24 = LZ_RGB24
    RGB32 = LZ_RGB32
    RGBA = LZ_RGBA
    XXXA = LZ_XXXA
    A8 = LZ_A8


class LzHeader(NamedTuple):
    type: LzType
    width: int
    height: int
    top_down: bool
    stride: int


cdef enum:
    SHORT_MATCH = 24  # units, below which a loop over them is faster
    MOST_RATIO = 255  # no byte of the stream stands for more units
    # Below this a call keeps the GIL: getting it back may take longer than the work.
    KEEP_GIL_BYTES = 1 << 16

# Bits of a pixel in the encoder's rows, by which the header counts them, and in ours.
cdef int[12] THEIR_BITS = [0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 32, 8]
cdef int[12] OUR_BITS = [0, 1, 1, 4, 4, 8, 16, 32, 32, 32, 8, 8]

cdef enum Fault:
    OK
    SHORT  # the stream ends within the image
    OVER  # literals or a match go on beyond the image
    BEFORE  # a match begins before the image

cdef struct Stream:
    const uint8_t *data
    size_t size, at


def parse_header(const uint8_t[::1] data not None):
    if data.shape[0] < LZ_HEADER_BYTES:
        raise CodecError(f"LZ image of {data.shape[0]} bytes has no header")
    magic, version, kind, width, height, stride, top_down = [big(&data[4 * i]) for i in range(7)]
    if magic != LZ_MAGIC or version != LZ_VERSION:
        raise CodecError(f"LZ image with magic {magic:#x}, version {version:#x}")
    if not LZ_PLT1_LE <= kind <= LZ_A8:
        raise CodecError(f"LZ image of type {kind}")
    if not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        raise CodecError(f"LZ image of {width}x{height} pixels")
    if stride != (width * THEIR_BITS[<int>kind] + 7) // 8:
        raise CodecError(f"LZ image of {width} pixels of type {kind} in rows of {stride} bytes")
    return LzHeader(LzType(kind), width, height, bool(top_down), (width * OUR_BITS[<int>kind] + 7) // 8)


def decode(const uint8_t[::1] data not None, object max_bytes):
    header = parse_header(data)
    size = header.stride * header.height
    if size > max_bytes:
        raise CodecError(f"LZ image of {size} bytes, more than {max_bytes}")
    if size // unit_bytes(header.type) > (data.shape[0] - LZ_HEADER_BYTES) * MOST_RATIO:
        raise CodecError(
            f"{data.shape[0]} bytes of LZ cannot hold an image of {header.width}x{header.height}"
        )
    rows = PyBytes_FromStringAndSize(NULL, size)
    decode_rows(data, header.type, <uint8_t *>PyBytes_AS_STRING(rows), size)
    return rows


def decode_into(const uint8_t[::1] data not None, uint8_t[::1] out not None):
    header = parse_header(data)
    size = header.stride * header.height
    if size != out.shape[0]:
        raise CodecError(f"LZ image of {size} bytes for a buffer of {out.shape[0]}")
    decode_rows(data, header.type, &out[0], size)


cdef size_t unit_bytes(int kind) noexcept nogil:
    return <size_t>(OUR_BITS[kind] + 7) // 8


cdef object decode_rows(const uint8_t[::1] data, int kind, uint8_t *out, size_t size):
    cdef Stream stream
    cdef Fault fault
    stream.data = &data[0]
    stream.size = <size_t>data.shape[0]
    stream.at = LZ_HEADER_BYTES
    if size < KEEP_GIL_BYTES:
        fault = decode_image(&stream, kind, out, size // unit_bytes(kind))
    else:
        with nogil:
            fault = decode_image(&stream, kind, out, size // unit_bytes(kind))
    if fault == SHORT:
        raise CodecError(f"LZ image of {size} bytes: the stream ends too early")
    if fault == OVER:
        raise CodecError(f"LZ image of {size} bytes: there is more of it at byte {stream.at}")
    if fault == BEFORE:
        raise CodecError(f"LZ image of {size} bytes: a match from before the image at byte {stream.at}")
    if stream.at != stream.size:
        raise CodecError(f"LZ image of {size} bytes: {stream.size - stream.at} bytes are left over")


cdef Fault decode_image(Stream *stream, int kind, uint8_t *out, size_t units) noexcept nogil:
    cdef Fault fault
    # One call for each layout, so that the compiler makes loops of its own for it.
    if kind == LZ_RGB16:
        return decode_units(stream, out, units, 2, 2, 2)
    if kind == LZ_RGB24 or kind == LZ_RGB32:
        return decode_units(stream, out, units, 3, 4, 1)
    if kind == LZ_RGBA:
        fault = decode_units(stream, out, units, 3, 4, 1)
        return decode_units(stream, out + 3, units, 1, 4, 3) if fault == OK else fault
    return decode_units(stream, out, units, 1, 1, 3)


cdef inline Fault decode_units(
    Stream *stream,
    uint8_t *out,
    size_t units,
    const int size,
    const int step,
    const int bias,
) noexcept nogil:
    # ``size`` bytes of the stream become a unit of ``step``; matches are longer than they say by ``bias``.
    cdef const uint8_t *data = stream.data
    cdef size_t at = stream.at, end = stream.size, done = 0, length, distance
    cdef uint32_t control, more
    cdef Fault fault = OK
    while done < units:
        if at >= end:
            fault = SHORT
            break
        control = data[at]
        at += 1
        if control < LZ_LITERALS:
            length = control + 1
            if length > units - done:
                fault = OVER
                break
            if length * size > end - at:
                fault = SHORT
                break
            put_literals(out + done * step, data + at, length, size, step)
            at += length * size
            done += length
            continue
        length = (control >> 5) - 1
        if length == LZ_MORE_LENGTH:
            more = 255
            while more == 255 and at < end:
                more = data[at]
                at += 1
                length += more
        if at >= end:
            fault = SHORT
            break
        distance = (control & LZ_DISTANCE_HIGH) << 8 | data[at]
        at += 1
        if distance == LZ_MORE_DISTANCE:
            if end - at < 2:
                fault = SHORT
                break
            distance += <size_t>data[at] << 8 | data[at + 1]
            at += 2
        distance += 1
        length += bias
        if distance > done:
            fault = BEFORE
            break
        if length > units - done:
            fault = OVER
            break
        put_match(out + done * step, distance, length, size, step)
        done += length
    stream.at = at
    return fault


cdef inline void put_literals(
    uint8_t *out, const uint8_t *data, size_t length, const int size, const int step
) noexcept nogil:
    cdef size_t i
    if size == 1 and step == 1:
        memcpy(out, data, length)
        return
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


cdef inline void put_match(
    uint8_t *out, size_t distance, size_t length, const int size, const int step
) noexcept nogil:
    cdef const uint8_t *source = out - distance * step
    cdef size_t i, part
    if step != size and size == 1:
        for i in range(length):
            out[i * step] = source[i * step]
        return
    if step == 1 and distance == 1:
        memset(out, source[0], length)
        return
    if length < SHORT_MATCH:
        for i in range(length):
            memcpy(out + i * step, source + i * step, step)
        return
    # What a match copies from itself repeats every ``distance`` units: so each piece may be as long as all
    # that stands before it.
    while length:
        part = min(length, distance)
        memcpy(out, source, part * step)
        out += part * step
        length -= part
        distance += part


cdef inline uint32_t big(const uint8_t *word) noexcept nogil:
    return <uint32_t>word[0] << 24 | <uint32_t>word[1] << 16 | <uint32_t>word[2] << 8 | word[3]
