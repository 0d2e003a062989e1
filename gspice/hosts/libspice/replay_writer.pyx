# cython: auto_pickle=False
"""Drawing commands of a recording in the host's memory; see replay_writer.pyi.

STROKE and COMPOSITE, images that only broken callers make and encoded ones that no recording has are left to
``Drawing.draw``, which is what says how everything here has to look.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.tuple cimport PyTuple_Check, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.hosts.libspice.replay_blocks cimport Blocks, address
from gspice.qxl.ops cimport (
    AlphaBlend, BitmapImage, Blackness, Blend, Brush, Copy, CopyBits, Drawable, EncodedImage, Fill, Glyph,
    Image, Invers, Mask, Nop, Op, Opaque, Palette, Rop3, SurfaceImage, Text, Transparent, Whiteness,
)
from gspice.qxl.packed_structs cimport (
    QXLAlphaBlend, QXLBitmap, QXLBrush, QXLCopy, QXLDataChunk, QXLDrawableHead, QXLFill, QXLImageDescriptor,
    QXLOpaque, QXLPaletteHead, QXLPoint, QXLQMask, QXLRasterGlyph, QXLRect, QXLRop3, QXLStringHead, QXLText,
    QXLTransparent,
)

import ctypes

from gspice.pixels import BitmapFormat
from gspice.qxl import driver_image, driver_memory, structures, structures_draw, structures_image

cdef enum:
    SURFACE_DEPS = 3
    NO_SURFACE = -1
    BITMAP_FORMATS = 11
    TYPE_BITMAP = 0
    TYPE_QUIC = 1
    TYPE_SURFACE = 104
    CLIP_RECTS = 1
    UNSTABLE = 2
    TOP_DOWN = 4

cdef unsigned int DRAW = structures.CommandType.DRAW
cdef size_t DRAWABLE_BYTES = ctypes.sizeof(structures_draw.QXLDrawable)
cdef size_t IMAGE_BYTES = ctypes.sizeof(structures_image.QXLImage)
cdef uint64_t CHUNK_BYTES = driver_image.CHUNK_BYTES
cdef uint64_t[BITMAP_FORMATS] FORMAT_BITS
for _format in BitmapFormat:
    FORMAT_BITS[<int> _format] = _format.bits_per_pixel


class NotHere(Exception):
    """``Drawing.draw`` is to write it."""


cdef class DrawableWriter:
    cdef Blocks _blocks
    cdef uint64_t _largest
    cdef object _ids

    def __init__(self, size_t largest):
        self._blocks = Blocks(largest)
        self._largest = largest

    def write(self, Drawable drawable not None, ids):
        self._ids = ids
        try:
            return self._blocks.hand_out(<char *> self._drawable(drawable), DRAW, NO_SURFACE)
        except NotHere:
            return 0
        finally:
            self._blocks.drop()
            self._ids = None

    cdef QXLDrawableHead *_drawable(self, Drawable drawable) except NULL:
        cdef QXLDrawableHead *out = <QXLDrawableHead *> self._blocks.carve(DRAWABLE_BYTES)
        cdef Py_ssize_t i
        out.surface_id = self._id(drawable.surface_id)
        out.effect = drawable.effect
        out.mm_time = drawable.mm_time
        put_rect(&out.bbox, drawable.bbox)
        if drawable.self_bitmap_area is not None:
            out.self_bitmap = 1
            put_rect(&out.self_bitmap_area, drawable.self_bitmap_area)
        for i in range(SURFACE_DEPS):
            out.surfaces_dest[i] = NO_SURFACE
        if drawable.surface_deps:
            self._depend(out, drawable.surface_deps)
        if drawable.clip is not None:
            out.clip.type = CLIP_RECTS
            out.clip.data = self._clip(drawable.clip)
        out.type = self._op(<char *> out + sizeof(QXLDrawableHead), drawable.op)
        return out

    cdef int _depend(self, QXLDrawableHead *out, tuple surfaces) except -1:
        cdef Py_ssize_t i = 0
        for surface, rect in surfaces:
            # Ids are asked for beyond what there is room for, too: a surface that does not exist is refused.
            surface = self._id(surface)
            if i < SURFACE_DEPS:
                out.surfaces_dest[i] = <int32_t> <int64_t> surface
                put_rect(&out.surfaces_rects[i], rect)
            i += 1
        return 0

    cdef uint64_t _clip(self, tuple rects) except 0:
        cdef Py_ssize_t i, count = PyTuple_GET_SIZE(rects)
        cdef char *head = self._blocks.carve(4 + sizeof(QXLDataChunk) + count * sizeof(QXLRect))
        cdef QXLRect *out = <QXLRect *> (head + 4 + sizeof(QXLDataChunk))
        (<uint32_t *> head)[0] = count
        (<QXLDataChunk *> (head + 4)).data_size = count * sizeof(QXLRect)
        for i in range(count):
            put_rect(&out[i], <object> PyTuple_GET_ITEM(rects, i))
        return address(head)

    cdef int64_t _id(self, uint32_t recorded) except -1:
        return recorded if self._ids is None else <int64_t> self._ids.id(recorded)

    # Operations, and the number of each. Parts are written in the order that they have in the body.

    cdef int _op(self, char *body, Op op) except -1:
        cdef type kind = type(op)
        if kind is Copy:
            return self._copy(<QXLCopy *> body, <Copy> op)
        if kind is Fill:
            return self._fill(<QXLFill *> body, <Fill> op)
        if kind is CopyBits:
            put_point(<QXLPoint *> body, (<CopyBits> op).src)
            return 4
        if kind is AlphaBlend:
            return self._alpha_blend(<QXLAlphaBlend *> body, <AlphaBlend> op)
        if kind is Text:
            return self._text(<QXLText *> body, <Text> op)
        if kind is Opaque:
            return self._opaque(<QXLOpaque *> body, <Opaque> op)
        if kind is Blend:
            return self._blend(<QXLCopy *> body, <Blend> op)
        if kind is Transparent:
            return self._transparent(<QXLTransparent *> body, <Transparent> op)
        if kind is Rop3:
            return self._rop3(<QXLRop3 *> body, <Rop3> op)
        if kind is Blackness:
            self._mask(<QXLQMask *> body, (<Blackness> op).mask)
            return 6
        if kind is Whiteness:
            self._mask(<QXLQMask *> body, (<Whiteness> op).mask)
            return 7
        if kind is Invers:
            self._mask(<QXLQMask *> body, (<Invers> op).mask)
            return 8
        if kind is Nop:
            return 0
        raise NotHere

    cdef int _fill(self, QXLFill *out, Fill op) except -1:
        self._brush(&out.brush, op.brush)
        out.rop_descriptor = <uint16_t> op.ropd
        self._mask(&out.mask, op.mask)
        return 1

    cdef int _opaque(self, QXLOpaque *out, Opaque op) except -1:
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        self._brush(&out.brush, op.brush)
        out.rop_descriptor = <uint16_t> op.ropd
        out.scale_mode = <uint8_t> op.scale_mode
        self._mask(&out.mask, op.mask)
        return 2

    cdef int _copy(self, QXLCopy *out, Copy op) except -1:
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        out.rop_descriptor = <uint16_t> op.ropd
        out.scale_mode = <uint8_t> op.scale_mode
        self._mask(&out.mask, op.mask)
        return 3

    cdef int _blend(self, QXLCopy *out, Blend op) except -1:
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        out.rop_descriptor = <uint16_t> op.ropd
        out.scale_mode = <uint8_t> op.scale_mode
        self._mask(&out.mask, op.mask)
        return 5

    cdef int _rop3(self, QXLRop3 *out, Rop3 op) except -1:
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        self._brush(&out.brush, op.brush)
        out.rop3 = <uint8_t> op.rop3
        out.scale_mode = <uint8_t> op.scale_mode
        self._mask(&out.mask, op.mask)
        return 9

    cdef int _text(self, QXLText *out, Text op) except -1:
        out.str = self._string(op)
        put_rect(&out.back_area, op.back_area)
        self._brush(&out.fore_brush, op.fore_brush)
        self._brush(&out.back_brush, op.back_brush)
        out.fore_mode, out.back_mode = <uint16_t> op.fore_mode, <uint16_t> op.back_mode
        return 11

    cdef int _transparent(self, QXLTransparent *out, Transparent op) except -1:
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        out.src_color, out.true_color = op.src_color, op.true_color
        return 12

    cdef int _alpha_blend(self, QXLAlphaBlend *out, AlphaBlend op) except -1:
        out.alpha_flags, out.alpha = <uint16_t> op.alpha_flags, <uint8_t> op.alpha
        out.src_bitmap = self._image(op.src)
        put_rect(&out.src_area, op.src_area)
        return 13

    # Parts

    cdef int _brush(self, QXLBrush *out, Brush brush) except -1:
        out.type = brush.type
        if brush.pattern is not None:
            out.pattern.pat = self._image(brush.pattern)
            put_point(&out.pattern.pos, brush.pos)
        else:
            out.pattern.pat = brush.color
        return 0

    cdef int _mask(self, QXLQMask *out, Mask mask) except -1:
        out.flags = mask.inverse
        put_point(&out.pos, mask.pos)
        if mask.image is not None:
            out.bitmap = self._image(mask.image)
        return 0

    cdef uint64_t _string(self, Text op) except 0:
        cdef uint64_t size = 0
        cdef Glyph glyph
        cdef char *head
        cdef char *place
        cdef QXLRasterGlyph *out
        for glyph in op.glyphs:
            if glyph.width > 0xFFFF or glyph.height > 0xFFFF:
                raise NotHere
            size += sizeof(QXLRasterGlyph) + PyBytes_GET_SIZE(glyph.data)
        head = self._blocks.carve(sizeof(QXLStringHead) + sizeof(QXLDataChunk) + size)
        (<QXLStringHead *> head).data_size = <uint32_t> size
        (<QXLStringHead *> head).length = <uint16_t> PyTuple_GET_SIZE(op.glyphs)
        (<QXLStringHead *> head).flags = <uint16_t> op.flags
        place = head + sizeof(QXLStringHead)
        (<QXLDataChunk *> place).data_size = <uint32_t> size
        place += sizeof(QXLDataChunk)
        for glyph in op.glyphs:
            out = <QXLRasterGlyph *> place
            put_point(&out.render_pos, glyph.render_pos)
            put_point(&out.glyph_origin, glyph.origin)
            out.width, out.height = <uint16_t> glyph.width, <uint16_t> glyph.height
            place += sizeof(QXLRasterGlyph)
            memcpy(place, PyBytes_AS_STRING(glyph.data), PyBytes_GET_SIZE(glyph.data))
            place += PyBytes_GET_SIZE(glyph.data)
        return address(head)

    # Images

    cdef uint64_t _image(self, Image image) except 0:
        cdef type kind = type(image)
        if kind is BitmapImage:
            return self._bitmap(<BitmapImage> image)
        if kind is SurfaceImage:
            return self._surface(<SurfaceImage> (image if self._ids is None else self._ids.image(image)))
        if kind is EncodedImage and (<EncodedImage> image).type == TYPE_QUIC:
            return self._encoded(<EncodedImage> image)
        raise NotHere

    cdef uint64_t _surface(self, SurfaceImage image) except 0:
        cdef QXLImageDescriptor *out = <QXLImageDescriptor *> self._blocks.carve(IMAGE_BYTES)
        describe(out, image, TYPE_SURFACE)
        (<uint32_t *> (<char *> out + sizeof(QXLImageDescriptor)))[0] = image.surface_id
        return address(out)

    cdef uint64_t _encoded(self, EncodedImage image) except 0:
        cdef size_t size = PyBytes_GET_SIZE(image.data)
        cdef char *out = self._blocks.carve(sizeof(QXLImageDescriptor) + 4 + sizeof(QXLDataChunk) + size)
        describe(<QXLImageDescriptor *> out, image, TYPE_QUIC)
        out += sizeof(QXLImageDescriptor)
        (<uint32_t *> out)[0] = <uint32_t> size
        (<QXLDataChunk *> (out + 4)).data_size = <uint32_t> size
        memcpy(out + 4 + sizeof(QXLDataChunk), PyBytes_AS_STRING(image.data), size)
        return address(out - sizeof(QXLImageDescriptor))

    cdef uint64_t _bitmap(self, BitmapImage image) except 0:
        cdef QXLImageDescriptor *out
        cdef QXLBitmap *bitmap
        cdef unsigned int format = 0 if image.format is None else image.format
        cdef uint64_t size = <uint64_t> PyBytes_GET_SIZE(image.data)
        if (
            not 0 < format < BITMAP_FORMATS
            or size == 0
            or size != <uint64_t> image.stride * image.height
            or image.stride < (image.width * FORMAT_BITS[format] + 7) // 8
        ):
            raise NotHere
        out = <QXLImageDescriptor *> self._blocks.carve(IMAGE_BYTES)
        describe(out, image, TYPE_BITMAP)
        bitmap = <QXLBitmap *> (<char *> out + sizeof(QXLImageDescriptor))
        bitmap.format = <uint8_t> format
        bitmap.flags = (TOP_DOWN if image.top_down else 0) | (UNSTABLE if image.unstable else 0)
        bitmap.x, bitmap.y, bitmap.stride = image.width, image.height, image.stride
        if image.palette is not None and image.palette.ents:
            bitmap.palette = self._palette(image.palette)
        bitmap.data = self._chunks(PyBytes_AS_STRING(image.data), size, image.stride)
        return address(out)

    cdef uint64_t _palette(self, Palette palette) except 0:
        cdef Py_ssize_t i, count = PyTuple_GET_SIZE(palette.ents)
        cdef char *head = self._blocks.carve(sizeof(QXLPaletteHead) + 4 * count)
        cdef uint32_t entry
        (<QXLPaletteHead *> head).unique = palette.unique
        (<QXLPaletteHead *> head).num_ents = <uint16_t> count
        for i in range(count):
            entry = <object> PyTuple_GET_ITEM(palette.ents, i)
            memcpy(head + sizeof(QXLPaletteHead) + 4 * i, &entry, 4)
        return address(head)

    cdef uint64_t _chunks(self, const char *data, uint64_t size, uint64_t stride) except 0:
        """A chain of chunks, each of as many whole rows as fit; the address of its first."""
        cdef uint64_t step = max(<uint64_t> 1, CHUNK_BYTES // stride) * stride, at = 0, part
        cdef QXLDataChunk *first = NULL
        cdef QXLDataChunk *last = NULL
        cdef QXLDataChunk *chunk
        if size > self._largest:
            raise driver_memory.DoesNotFit(f"an image of {size} bytes: the device has {self._largest}")
        while at < size:
            part = min(step, size - at)
            chunk = <QXLDataChunk *> self._blocks.bulk(sizeof(QXLDataChunk) + part)
            chunk.data_size = <uint32_t> part
            chunk.prev_chunk = address(last)
            chunk.next_chunk = 0
            if last == NULL:
                first = chunk
            else:
                last.next_chunk = address(chunk)
            last = chunk
            memcpy(<char *> chunk + sizeof(QXLDataChunk), data + at, part)
            at += part
        return address(first)


cdef void describe(QXLImageDescriptor *out, Image image, uint8_t type) noexcept:
    out.id, out.type, out.flags = image.id, type, <uint8_t> image.flags
    out.width, out.height = image.width, image.height


cdef int numbers(object values, int32_t *out, Py_ssize_t count) except -1:
    """The integers of a tuple, each cut to 32 bits."""
    cdef Py_ssize_t i
    if not PyTuple_Check(values) or PyTuple_GET_SIZE(values) != count:
        raise TypeError(f"{values!r} is not a tuple of {count}")
    for i in range(count):
        out[i] = <int32_t> <int64_t> <object> PyTuple_GET_ITEM(values, i)
    return 0


cdef int put_rect(QXLRect *out, object rect) except -1:
    cdef int32_t[4] value
    numbers(rect, value, 4)
    out.left, out.top, out.right, out.bottom = value[0], value[1], value[2], value[3]
    return 0


cdef int put_point(QXLPoint *out, object point) except -1:
    cdef int32_t[2] value
    numbers(point, value, 2)
    out.x, out.y = value[0], value[1]
    return 0
