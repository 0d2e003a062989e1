# cython: auto_pickle=False
"""Common commands made ready to be drawn in C: solid fills, copies of raw pixels, moves. Others are for plans.

A command that is odd in any way is not compiled: it is the plans that judge it and say what is wrong.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.stdlib cimport malloc

from gspice.gpu.cpu.kernels cimport RAW, WORD32, Box, Rop, Surface, plane_of, spread
from gspice.qxl.ops cimport (
    BitmapImage, Blackness, Blend, Brush, Copy, CopyBits, Drawable, Fill, Image, Invers, Mask, SurfaceImage,
    Whiteness, make_rect,
)

from gspice.gpu.plans.rops import Ropd, rop_of
from gspice.gpu.plans.sources import HIGH_BITS_SET, SAME


cdef enum:
    DESCRIPTORS = 2048  # all that the bits of a rop descriptor can say
    BITMAP_FORMATS = 16
    SURFACE_FORMATS = 128
    MAX_CLIPS = 8  # more are worth a region
    DEST_TERMS = 4 | 8  # of a rop: those that read the destination
    XRGB32_BITMAP = 8
    SOLID = 1

# The rop of each descriptor, -1 where it has not been asked for yet; brushes first, sources after.
cdef signed char[2][DESCRIPTORS] ROPS
for _i in range(DESCRIPTORS):
    ROPS[0][_i] = ROPS[1][_i] = -1

# By bitmap format and surface format: whether copying the bytes is all there is to do.
cdef bint[BITMAP_FORMATS][SURFACE_FORMATS] SAME_BYTES
for _pair in SAME:
    SAME_BYTES[<int>_pair[0]][<int>_pair[1]] = True

cdef uint32_t HIGH_BITS = HIGH_BITS_SET


cdef class Compiler:
    """Knows the surfaces of a batch."""

    def __init__(self, dict surfaces not None, area):
        self._surfaces, self._area = surfaces, area

    cdef int find(self, uint32_t surface_id) except -1:
        """Look a surface up; 0 where there is none."""
        if self._surface_id is not None and <uint32_t>self._surface_id == surface_id:
            return 1
        found = self._surfaces.get(surface_id)
        if found is None:
            return 0
        self._surface_id = surface_id
        self.surface, self._spec = found
        self._format = self._spec[2]
        return 1

    cdef tuple compiled(self, Drawable drawable, Command *command):
        """The rectangles of a command that is drawn in C, None for any other."""
        cdef object op = drawable.op
        cdef type kind = type(op)
        if not (kind is Copy or kind is Fill or kind is CopyBits or kind is Blend
                or kind is Blackness or kind is Whiteness or kind is Invers):
            return None
        if not self.find(drawable.surface_id) or not unbox(drawable.bbox, &command.extents):
            return None
        cdef Surface surface = self.surface
        cdef Box box = command.extents
        if not inside(&box, surface.width, surface.height):
            return None
        if kind is Copy:
            if not self._copy(command, (<Copy>op).src, (<Copy>op).src_area, (<Copy>op).ropd, (<Copy>op).mask):
                return None
        elif kind is Fill:
            if not solid_fill(command, <Fill>op, surface.bits):
                return None
        elif kind is CopyBits:
            if not self._shift(command, <CopyBits>op) or drawable.clip is not None:
                return None
        elif kind is Blend:
            if not self._copy(command, (<Blend>op).src, (<Blend>op).src_area, (<Blend>op).ropd, (<Blend>op).mask):
                return None
        elif not constant(command, op, kind):
            return None
        command.surface, command.plane = <PyObject *>surface, plane_of(surface)
        command.certain = True
        if drawable.clip is None:
            command.first = command.extents
            command.boxes, command.count = &command.first, 1
            return (drawable.bbox,)
        return self._clipped(drawable, command)

    cdef tuple _clipped(self, Drawable drawable, Command *command):
        cdef Box[MAX_CLIPS] boxes
        cdef Box clip
        cdef Box *box
        cdef Py_ssize_t i
        cdef int k, count = 0
        cdef list rects = []
        if PyTuple_GET_SIZE(drawable.clip) <= MAX_CLIPS:
            for i in range(PyTuple_GET_SIZE(drawable.clip)):
                if not unbox(<object>PyTuple_GET_ITEM(drawable.clip, i), &clip):
                    break
                box = &boxes[count]
                box.x1, box.y1 = max(clip.x1, command.extents.x1), max(clip.y1, command.extents.y1)
                box.x2, box.y2 = min(clip.x2, command.extents.x2), min(clip.y2, command.extents.y2)
                if box.x1 >= box.x2 or box.y1 >= box.y2:
                    continue
                for k in range(count):
                    if overlap(&boxes[k], box):
                        break
                else:
                    count += 1
                    rects.append(make_rect(box.x1, box.y1, box.x2, box.y2))
                    continue
                break
            else:
                return limited(command, rects)
        return limited(command, self._area(drawable))

    cdef bint _copy(self, Command *command, Image src, object area, uint32_t ropd, Mask mask) except -1:
        """A copy of pixels that are already the surface's."""
        cdef Box part
        cdef int rop
        cdef int size = self.surface.bits // 8
        cdef BitmapImage image
        cdef Surface other
        cdef const uint8_t *top
        cdef long long row
        if mask.image is not None or not unbox(area, &part) or size == 0:
            return False
        if (<long long>part.x2 - part.x1 != command.extents.x2 - command.extents.x1
                or <long long>part.y2 - part.y1 != command.extents.y2 - command.extents.y1):
            return False
        if type(src) is BitmapImage:
            image = <BitmapImage>src
            form = <int>image.format
            if not 0 < form < BITMAP_FORMATS or not SAME_BYTES[form][self._format]:
                return False
            if image.flags & HIGH_BITS and form == XRGB32_BITMAP:
                return False
            row = <long long>image.width * size
            if (image.width >= 0x7fffffff or image.height >= 0x7fffffff or image.stride < row
                    or not inside(&part, <int>image.width, <int>image.height)
                    or <long long>image.stride * (<long long>image.height - 1) + row > PyBytes_GET_SIZE(image.data)):
                return False
            top = <const uint8_t *>PyBytes_AS_STRING(image.data)
            command.source.step = image.stride
            if not image.top_down:
                top += <Py_ssize_t>image.stride * (<Py_ssize_t>image.height - 1)
                command.source.step = -<Py_ssize_t>image.stride
            command.source.top = top
        elif type(src) is SurfaceImage:
            found = self._surfaces.get((<SurfaceImage>src).surface_id)
            if found is None:
                return False
            other = found[0]
            if other is self.surface or other.bits != self.surface.bits or not inside(
                    &part, other.width, other.height):
                return False
            command.source.top, command.source.step = other.rows, other.stride
            command.source_surface, command.read = <PyObject *>other, part
        else:
            return False
        rop = rop_from(ropd, 1)
        command.rop = spread(rop)
        command.source.fetch, command.source.pack = RAW, WORD32
        command.dx, command.dy = command.extents.x1 - part.x1, command.extents.y1 - part.y1
        command.kind = BLIT
        command.opaque, command.reads_own = not rop & DEST_TERMS, rop & DEST_TERMS
        return True

    cdef bint _shift(self, Command *command, CopyBits op) except -1:
        cdef int32_t x, y
        cdef Box *box = &command.extents
        cdef Box *read = &command.read
        x, y = op.src
        if x < 0 or y < 0:
            return False
        command.dx, command.dy = box.x1 - x, box.y1 - y
        read.x1, read.y1 = x, y
        if (command.dx == 0 and command.dy == 0) or <long long>box.x2 - command.dx > self.surface.width or (
                <long long>box.y2 - command.dy > self.surface.height):
            return False
        read.x2, read.y2 = box.x2 - command.dx, box.y2 - command.dy
        command.kind = MOVE
        command.source_surface = <PyObject *>self.surface
        command.opaque = True
        return True


cdef tuple limited(Command *command, list rects):
    if not rects:
        command.kind = NOTHING
    place(command, rects)
    return tuple(rects)


cdef int place(Command *command, rects) except -1:
    """Store the rectangles of a command, and what is around them."""
    cdef Py_ssize_t i = 0
    cdef Box *boxes
    cdef Box *extents = &command.extents
    command.count = <int>len(rects)
    if command.count == 0:
        return 0
    boxes = command.boxes = &command.first
    if command.count > 1:
        boxes = command.boxes = <Box *>malloc(command.count * sizeof(Box))
        if boxes == NULL:
            command.count = 0
            raise MemoryError("no memory for rectangles")
    for rect in rects:
        boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2 = rect
        if i == 0:
            extents[0] = boxes[0]
        extents.x1, extents.y1 = min(extents.x1, boxes[i].x1), min(extents.y1, boxes[i].y1)
        extents.x2, extents.y2 = max(extents.x2, boxes[i].x2), max(extents.y2, boxes[i].y2)
        i += 1
    return 0


cdef bint solid_fill(Command *command, Fill op, int bits) except -1:
    cdef Brush brush = op.brush
    if brush.type > SOLID or op.mask.image is not None:
        return False
    cdef uint32_t value = brush.color if brush.type == SOLID else 0
    if bits == 1:
        value = 0 - (value & 1)
    set_fill(command, rop_from(op.ropd, 0), value)
    return True


cdef bint constant(Command *command, object op, type kind) except -1:
    cdef Mask mask
    cdef int rop
    if kind is Blackness:
        mask, rop = (<Blackness>op).mask, 0
    elif kind is Whiteness:
        mask, rop = (<Whiteness>op).mask, 1
    else:
        mask, rop = (<Invers>op).mask, 1 | 4
    if mask.image is not None:
        return False
    set_fill(command, rop, 0)
    return True


cdef int set_fill(Command *command, int rop, uint32_t value) except -1:
    cdef Rop way = spread(rop)
    command.flip, command.keep = way.one ^ (way.src & value), way.dst ^ (way.both & value)
    command.kind = FILL
    command.opaque, command.reads_own = not rop & DEST_TERMS, rop & DEST_TERMS
    return 0


cdef int rop_from(uint32_t descriptor, int source) except -1:
    cdef int place = descriptor & (DESCRIPTORS - 1)
    if ROPS[source][place] < 0:
        ROPS[source][place] = rop_of(place, Ropd.INVERS_SRC if source else Ropd.INVERS_BRUSH)
    return ROPS[source][place]


cdef bint unbox(object rect, Box *out) except -1:
    """Whether these are four numbers that fit; anything else is for Python to judge."""
    if not isinstance(rect, tuple) or PyTuple_GET_SIZE(rect) != 4:
        return False
    try:
        out.x1 = <object>PyTuple_GET_ITEM(rect, 0)
        out.y1 = <object>PyTuple_GET_ITEM(rect, 1)
        out.x2 = <object>PyTuple_GET_ITEM(rect, 2)
        out.y2 = <object>PyTuple_GET_ITEM(rect, 3)
    except OverflowError:
        return False
    return True
