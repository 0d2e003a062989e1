# cython: auto_pickle=False
"""Batches of commands; see batch.pyi for what each name promises.

Three walks: a plan for every command, in C for the common ones; then backwards, to find what later commands cover;
then the drawing.
"""

from cpython.ref cimport PyObject
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from gspice.gpu.cpu.commands cimport (
    BLIT, FILL, NOTHING, PLANNED, Command, Compiler, overlap, place,
)
from gspice.gpu.cpu.kernels cimport KEEP_GIL_BYTES, Box, blit_box, fill_box, move_box
from gspice.qxl.ops cimport Drawable

from gspice.errors import GuestError
from gspice.gpu.canvas import DrawOutcome


cdef extern from "Python.h":
    int PyObject_GenericSetAttr(object o, object name, object value) except -1

cdef enum:
    MAX_COVERS = 16  # beyond that the largest stay: a batch has few that hide anything

cdef struct Cover:
    PyObject *surface
    Box box
    long long area

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

    cdef Compiler _compiler
    cdef object _plan
    cdef list _plans
    cdef Command *_commands
    cdef Py_ssize_t _count
    cdef Cover[MAX_COVERS] _covers
    cdef int _covered

    def __cinit__(self, Compiler compiler not None, plan, Py_ssize_t count):
        self._compiler, self._plan, self._count = compiler, plan, count
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
            rects = self._compiler.compiled(drawable, command)
            if rects is not None:
                return outcome(rects, True, "")
            # What was found out before the compiler gave up means nothing.
            memset(command, 0, sizeof(Command))
            plan = self._plan(drawable)
            self._plans[index] = plan
            self._compiler.find(drawable.surface_id)
            command.surface = <PyObject *>self._compiler.surface
            command.opaque, command.certain, command.reads_own = plan.opaque, plan.certain, not plan.opaque
            place(command, plan.rects)
            command.kind = PLANNED if command.count else NOTHING
            return outcome(tuple(plan.rects), True, "")
        except (GuestError, MemoryError, OverflowError) as error:
            command.kind = NOTHING
            return outcome((), False, str(error))

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
                    if self._compiler.find(surface_id):
                        self.uncover(<PyObject *>self._compiler.surface, NULL)
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
        cdef int i, k, slot
        cdef const Box *box
        cdef long long area
        for i in range(command.count):
            box = &command.boxes[i]
            area = <long long>(box.x2 - box.x1) * (box.y2 - box.y1)
            slot = self._covered
            if slot == MAX_COVERS:
                slot = 0
                for k in range(1, MAX_COVERS):
                    if self._covers[k].area < self._covers[slot].area:
                        slot = k
                if self._covers[slot].area >= area:
                    continue
            else:
                self._covered += 1
            self._covers[slot] = Cover(command.surface, box[0], area)

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
                    except (GuestError, MemoryError, OverflowError) as error:
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
    cdef Batch state = Batch(Compiler(surfaces, area), plan, len(drawables))
    cdef Py_ssize_t i, culled = 0
    outcomes = [state.prepare(drawables[i], i) for i in range(len(drawables))]
    if len(drawables) > 1:
        culled = state.cull(drawables, reads)
    state.draw(outcomes)
    return outcomes, culled


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
