# cython: auto_pickle=False
"""Batches of commands; see batch.pyi for what each name promises.

Three walks: a plan for every command, in C for the common ones; then backwards, to find what later commands cover;
then the drawing.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc

from gspice.gpu.cpu.kernels cimport (
    KEEP_GIL_BYTES, RAW, WORD32, Box, Plane, Rop, Surface, View, blit_box, fill_box, move_box, plane_of, spread,
)
from gspice.qxl.ops cimport (
    BitmapImage, Blackness, Blend, Brush, Copy, CopyBits, Drawable, Fill, Image, Invers, Mask, SurfaceImage,
    Whiteness, make_rect,
)

from gspice.errors import GuestError
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.rops import Ropd, rop_of
from gspice.gpu.cpu.sources import HIGH_BITS_SET, SAME


cdef extern from "Python.h":
    int PyObject_GenericSetAttr(object o, object name, object value) except -1

cdef enum Kind:
    NOTHING  # refused, or there is nothing to draw
    FILL
    BLIT
    MOVE
    PLANNED

cdef enum:
    DESCRIPTORS = 2048  # all that the bits of a rop descriptor can say
    MAX_FORMAT = 128
    MAX_CLIPS = 8  # more are worth a region
    MAX_COVERS = 16  # beyond that the largest stay: a batch has few that hide anything
    DEST_TERMS = 4 | 8  # of a rop: those that read the destination
    XRGB32_BITMAP = 8
    SOLID = 1

cdef struct Command:
    Kind kind
    PyObject *surface  # only compared; the canvas keeps its surfaces for as long as a batch takes
    Plane plane
    PyObject *source_surface
    Box *boxes
    int count
    Box first  # where `boxes` points if there is one
    Box extents
    Box read  # what a MOVE or a BLIT reads of a surface
    View source
    int dx, dy
    Rop rop
    uint32_t flip, keep
    bint opaque, reads_own, certain, culled

cdef struct Cover:
    PyObject *surface
    Box box
    long long area

# The rop of each descriptor, -1 where it has not been asked for yet; brushes first, sources after.
cdef signed char[2][DESCRIPTORS] ROPS
for _i in range(DESCRIPTORS):
    ROPS[0][_i] = ROPS[1][_i] = -1

# By bitmap format and surface format: whether copying the bytes is all there is to do.
cdef bint[16][MAX_FORMAT] SAME_BYTES
for _pair in SAME:
    SAME_BYTES[<int>_pair[0]][<int>_pair[1]] = True

cdef uint32_t HIGH_BITS = HIGH_BITS_SET
cdef object _new = DrawOutcome.__new__


cdef object outcome(tuple rects, bint drawn, str reason):
    # A frozen dataclass's own constructor takes longer than most commands take to draw.
    cdef object made = _new(DrawOutcome)
    PyObject_GenericSetAttr(made, "rects", rects)
    PyObject_GenericSetAttr(made, "drawn", drawn)
    PyObject_GenericSetAttr(made, "reason", reason)
    return made


cdef class Batch:
    """One batch while it is drawn."""

    cdef dict _surfaces
    cdef object _plan, _area
    cdef list _plans
    cdef Command *_commands
    cdef Py_ssize_t _count
    cdef Cover[MAX_COVERS] _covers
    cdef int _covered
    # The surface that was looked up last.
    cdef object _surface_id
    cdef Surface _surface
    cdef object _spec
    cdef int _format

    def __cinit__(self, dict surfaces not None, plan, area, Py_ssize_t count):
        self._surfaces, self._plan, self._area, self._count = surfaces, plan, area, count
        self._commands = <Command *>calloc(count + 1, sizeof(Command))
        if self._commands == NULL:
            raise MemoryError("no memory for a batch")
        self._plans = [None] * count

    def __dealloc__(self):
        cdef Py_ssize_t i
        if self._commands != NULL:
            for i in range(self._count):
                if self._commands[i].boxes != &self._commands[i].first:
                    free(self._commands[i].boxes)
            free(self._commands)

    cdef object prepare(self, Drawable drawable, Py_ssize_t index):
        """Plan one command; returns its outcome so far."""
        cdef Command *command = &self._commands[index]
        cdef tuple rects
        try:
            rects = self.compiled(drawable, command)
            if rects is not None:
                return outcome(rects, True, "")
            plan = self._plan(drawable)
            self._plans[index] = plan
            self.find(drawable.surface_id)
            command.kind = PLANNED if plan.rects else NOTHING
            command.surface = <PyObject *>self._surface
            command.opaque, command.certain, command.reads_own = plan.opaque, plan.certain, not plan.opaque
            self.place(command, plan.rects)
            return outcome(tuple(plan.rects), True, "")
        except (GuestError, MemoryError) as error:
            command.kind = NOTHING
            return outcome((), False, str(error))

    cdef int find(self, uint32_t surface_id) except -1:
        """Look a surface up; 0 where there is none."""
        if self._surface_id is not None and <uint32_t>self._surface_id == surface_id:
            return 1
        found = self._surfaces.get(surface_id)
        if found is None:
            return 0
        self._surface_id = surface_id
        self._surface, self._spec = found
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
        cdef Surface surface = self._surface
        cdef Box box = command.extents
        if not inside(&box, surface.width, surface.height):
            return None
        if kind is Copy:
            if not self.copy(command, (<Copy>op).src, (<Copy>op).src_area, (<Copy>op).ropd, (<Copy>op).mask):
                return None
        elif kind is Fill:
            if not solid_fill(command, <Fill>op, surface.bits):
                return None
        elif kind is CopyBits:
            if not self.shift(command, <CopyBits>op) or drawable.clip is not None:
                return None
        elif kind is Blend:
            if not self.copy(command, (<Blend>op).src, (<Blend>op).src_area, (<Blend>op).ropd, (<Blend>op).mask):
                return None
        elif not constant(command, op, kind):
            return None
        command.surface, command.plane = <PyObject *>surface, plane_of(surface)
        command.certain = True
        if drawable.clip is None:
            command.first = command.extents
            command.boxes, command.count = &command.first, 1
            return (drawable.bbox,)
        return self.clipped(drawable, command)

    cdef tuple clipped(self, Drawable drawable, Command *command):
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
                return self.limited(command, rects)
        return self.limited(command, self._area(drawable))

    cdef tuple limited(self, Command *command, list rects):
        if not rects:
            command.kind = NOTHING
        self.place(command, rects)
        return tuple(rects)

    cdef int place(self, Command *command, rects) except -1:
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

    cdef bint copy(self, Command *command, Image src, object area, uint32_t ropd, Mask mask) except -1:
        """A copy of pixels that are already the surface's."""
        cdef Box part
        cdef int rop
        cdef int size = self._surface.bits // 8
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
            if not SAME_BYTES[form][self._format] or (image.flags & HIGH_BITS and form == XRGB32_BITMAP):
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
            if other is self._surface or other.bits != self._surface.bits or not inside(
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

    cdef bint shift(self, Command *command, CopyBits op) except -1:
        cdef int32_t x, y
        cdef Box *box = &command.extents
        cdef Box *read = &command.read
        x, y = op.src
        if x < 0 or y < 0:
            return False
        command.dx, command.dy = box.x1 - x, box.y1 - y
        read.x1, read.y1 = x, y
        if (command.dx == 0 and command.dy == 0) or <long long>box.x2 - command.dx > self._surface.width or (
                <long long>box.y2 - command.dy > self._surface.height):
            return False
        read.x2, read.y2 = box.x2 - command.dx, box.y2 - command.dy
        command.kind = MOVE
        command.source_surface = <PyObject *>self._surface
        command.opaque = not overlap(box, read)
        return True

    cdef Py_ssize_t cull(self, list batch, reads) except -1:
        """Walk back from the newest, and mark what later commands cover; returns how many."""
        cdef Py_ssize_t i, culled = 0
        cdef Command *command
        for i in range(self._count - 1, -1, -1):
            command = &self._commands[i]
            if command.kind == NOTHING:
                continue
            if command.certain and self.hidden(command):
                command.culled = True
                culled += 1
                continue
            if command.opaque and command.count <= MAX_COVERS:
                self.cover(command)
            if self._covered == 0:
                continue
            if command.reads_own:
                self.uncover(command.surface, &command.extents)
            if command.source_surface != NULL:
                self.uncover(command.source_surface, &command.read)
            if command.kind == PLANNED:
                for surface_id in reads(batch[i]):
                    if self.find(surface_id):
                        self.uncover(<PyObject *>self._surface, NULL)
        return culled

    cdef bint hidden(self, const Command *command) noexcept:
        cdef int i
        cdef const Cover *cover
        for i in range(self._covered):
            cover = &self._covers[i]
            if (cover.surface == command.surface and cover.box.x1 <= command.extents.x1
                    and cover.box.y1 <= command.extents.y1 and command.extents.x2 <= cover.box.x2
                    and command.extents.y2 <= cover.box.y2):
                return True
        return False

    cdef void cover(self, const Command *command) noexcept:
        cdef int i, k, place
        cdef const Box *box
        cdef long long area
        for i in range(command.count):
            box = &command.boxes[i]
            area = <long long>(box.x2 - box.x1) * (box.y2 - box.y1)
            place = self._covered
            if place == MAX_COVERS:
                place = 0
                for k in range(1, MAX_COVERS):
                    if self._covers[k].area < self._covers[place].area:
                        place = k
                if self._covers[place].area >= area:
                    continue
            else:
                self._covered += 1
            self._covers[place] = Cover(command.surface, box[0], area)

    cdef void uncover(self, PyObject *surface, const Box *box) noexcept:
        """What is read must be drawn before: forget covers of it, all of the surface's where no box is given."""
        cdef int i = 0
        while i < self._covered:
            if self._covers[i].surface == surface and (box == NULL or overlap(&self._covers[i].box, box)):
                self._covered -= 1
                self._covers[i] = self._covers[self._covered]
            else:
                i += 1

    cdef int draw(self, list outcomes) except -1:
        cdef Py_ssize_t i = 0, last
        cdef long long size
        cdef Command *command
        while i < self._count:
            command = &self._commands[i]
            if command.kind == PLANNED:
                if not command.culled:
                    try:
                        self._plans[i].draw()
                    except (GuestError, MemoryError) as error:
                        outcomes[i] = outcome((), False, str(error))
                i += 1
                continue
            size, last = 0, i
            while last < self._count and self._commands[last].kind != PLANNED:
                size += work(&self._commands[last])
                last += 1
            if size < KEEP_GIL_BYTES:
                draw_run(self._commands + i, last - i)
            else:
                with nogil:
                    draw_run(self._commands + i, last - i)
            i = last
        return 0


def draw_batch(dict surfaces not None, batch, plan, area, reads):
    cdef list drawables = list(batch), outcomes
    cdef Batch state = Batch(surfaces, plan, area, len(drawables))
    cdef Py_ssize_t i, culled = 0
    outcomes = [state.prepare(drawables[i], i) for i in range(len(drawables))]
    if len(drawables) > 1:
        culled = state.cull(drawables, reads)
    state.draw(outcomes)
    return outcomes, culled


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


cdef inline bint inside(const Box *box, int width, int height) noexcept:
    return 0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height


cdef inline bint overlap(const Box *a, const Box *b) noexcept:
    return a.x1 < b.x2 and b.x1 < a.x2 and a.y1 < b.y2 and b.y1 < a.y2


cdef long long work(const Command *command) noexcept:
    """About how many bytes drawing it writes."""
    if command.kind == NOTHING or command.culled:
        return 0
    cdef long long area = <long long>(command.extents.x2 - command.extents.x1)
    return area * (command.extents.y2 - command.extents.y1) * command.plane.bits // 8


cdef void draw_run(const Command *commands, Py_ssize_t count) noexcept nogil:
    cdef const Command *command
    cdef Py_ssize_t i
    cdef int k
    for i in range(count):
        command = &commands[i]
        if command.culled or command.kind == NOTHING:
            continue
        for k in range(command.count):
            draw_one(command, command.boxes[k])


cdef inline void draw_one(const Command *command, Box box) noexcept nogil:
    if command.kind == FILL:
        fill_box(&command.plane, box, command.flip, command.keep, NULL, 0, 0)
    elif command.kind == BLIT:
        blit_box(&command.plane, box, &command.source, command.dx, command.dy, &command.rop, NULL, 0, 0)
    else:
        move_box(&command.plane, box, command.dx, command.dy)
