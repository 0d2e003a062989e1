# cython: auto_pickle=False
"""Paths and dash styles of STROKE, strings of glyphs of TEXT."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memcpy

from gspice.qxl.ops cimport Glyph, PathSegment, make_point
from gspice.qxl.packed_structs cimport QXLPathSeg, QXLRasterGlyph, QXLStringHead

from gspice.errors import GuestError

cdef enum:
    LINE_STYLED = 8
    RASTER_BITS = 7  # SPICE_STRING_FLAGS_RASTER_A1, _A4 and _A8
    POINT_BYTES = 8
    # As Python values points take some 20 times their bytes, so the limit is far below that of pixels.
    MAX_PATH_BYTES = 1 << 20
    MAX_STRING_BYTES = 1 << 24

# Bits of one glyph pixel by raster flags; 0 where they name no format or several.
cdef int[RASTER_BITS + 1] GLYPH_BITS = [0, 1, 4, 0, 8, 0, 0, 0]


cdef tuple read_path(GuestView view, uint64_t address):
    """The PathSegments of a QXLPath. Bytes at its end that cannot hold a segment are padding."""
    cdef uint32_t data_size
    cdef QXLPathSeg head
    cdef PathSegment segment
    cdef uint64_t offset = 0, size
    cdef bytes data
    cdef const char *start
    cdef list segments = []
    # Its data_size is not used: what the chunks hold is what there is.
    view.fetch(&data_size, address, sizeof(data_size), "path")
    data = view.take_chunks(address + sizeof(data_size), MAX_PATH_BYTES, "path")
    start = PyBytes_AS_STRING(data)
    size = PyBytes_GET_SIZE(data)
    while size - offset >= sizeof(head):
        memcpy(&head, start + offset, sizeof(head))
        offset += sizeof(head)
        if <uint64_t>head.count * POINT_BYTES > size - offset:
            raise GuestError(f"path segment {len(segments)}: {head.count} points in {size - offset} bytes")
        segment = PathSegment.__new__(PathSegment)
        segment.flags = head.flags
        segment.points = read_points(start + offset, head.count)
        segments.append(segment)
        offset += <uint64_t>head.count * POINT_BYTES
    return tuple(segments)


cdef tuple read_points(const char *start, uint32_t count):
    cdef int32_t[2] point
    cdef list points = []
    cdef uint32_t i
    for i in range(count):
        memcpy(point, start + <uint64_t>i * POINT_BYTES, POINT_BYTES)
        points.append((point[0], point[1]))
    return tuple(points)


cdef tuple read_dashes(GuestView view, const QXLLineAttr *attr):
    """The dash lengths of a line; a walk along them must get on: none is negative, some not 0."""
    cdef int32_t[255] dashes
    cdef list lengths = []
    cdef uint32_t i
    if not attr.flags & LINE_STYLED:
        return ()
    view.fetch(dashes, attr.style, attr.style_nseg * sizeof(int32_t), "line style")
    for i in range(attr.style_nseg):
        if dashes[i] < 0:
            raise GuestError(f"line style: dash {i} has length {dashes[i]}")
        lengths.append(dashes[i])
    if not any(lengths):
        raise GuestError(f"line style: {attr.style_nseg} dashes, none with a length")
    return tuple(lengths)


cdef int read_string(GuestView view, uint64_t address, Text text) except -1:
    """Read a QXLString into the flags and glyphs of ``text``."""
    cdef QXLStringHead head
    cdef QXLRasterGlyph glyph
    cdef Glyph value
    cdef uint64_t offset = 0, size, rows
    cdef bytes data
    cdef const char *start
    cdef list glyphs = []
    cdef int bits
    view.fetch(&head, address, sizeof(head), "string")
    bits = GLYPH_BITS[head.flags & RASTER_BITS]
    if bits == 0:
        raise GuestError(f"string: flags {head.flags:#x} name no glyph format")
    if head.data_size > MAX_STRING_BYTES:
        raise GuestError(f"string: data_size {head.data_size} is more than {MAX_STRING_BYTES}")
    data = view.take_chunks(address + sizeof(head), head.data_size, "string")
    start = PyBytes_AS_STRING(data)
    size = PyBytes_GET_SIZE(data)
    if size != head.data_size:
        raise GuestError(f"string: data chunks hold {size} bytes, data_size is {head.data_size}")
    while offset < size:
        if size - offset < sizeof(glyph):
            raise GuestError(f"glyph {len(glyphs)}: its head does not fit the {size - offset} bytes left")
        memcpy(&glyph, start + offset, sizeof(glyph))
        offset += sizeof(glyph)
        rows = (<uint64_t>glyph.width * bits + 7) // 8 * glyph.height
        if rows > size - offset:
            raise GuestError(
                f"glyph {len(glyphs)}: {glyph.width}x{glyph.height} take {rows} of {size - offset} bytes"
            )
        if <uint64_t>len(glyphs) == head.length:
            raise GuestError(f"string: more glyphs than its length of {head.length}")
        value = Glyph.__new__(Glyph)
        value.render_pos = make_point(glyph.render_pos.x, glyph.render_pos.y)
        value.origin = make_point(glyph.glyph_origin.x, glyph.glyph_origin.y)
        value.width = glyph.width
        value.height = glyph.height
        value.data = PyBytes_FromStringAndSize(start + offset, rows)
        glyphs.append(value)
        offset += rows
    if <uint64_t>len(glyphs) != head.length:
        raise GuestError(f"string: length {head.length}, but only {len(glyphs)} glyphs")
    text.flags = head.flags
    text.glyphs = tuple(glyphs)
    return 0
