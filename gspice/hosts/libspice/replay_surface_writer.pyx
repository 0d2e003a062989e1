# cython: auto_pickle=False
"""Surface commands of a recording in the host's memory; see replay_surface_writer.pyi.

Guests that draw off screen make and drop hundreds of surfaces in a second.
"""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from gspice.hosts.libspice.replay_blocks cimport Blocks
from gspice.qxl.ops cimport SurfaceCreate
from gspice.qxl.packed_structs cimport QXLSurface, QXLSurfaceCmdHead

from gspice.qxl import recording_events, structures, structures_command

cdef enum:
    NO_SURFACE = -1

cdef unsigned int SURFACE = structures.CommandType.SURFACE
cdef int CREATE = structures_command.SurfaceCommandType.CREATE
cdef int DESTROY = structures_command.SurfaceCommandType.DESTROY
cdef uint32_t KEEP_DATA = recording_events.KEEP_DATA


cdef class SurfaceWriter:
    cdef Blocks _blocks

    def __init__(self, size_t largest):
        self._blocks = Blocks(largest)

    def create(self, uint32_t surface, SurfaceCreate command not None, uint64_t pixels):
        cdef QXLSurfaceCmdHead *head
        cdef QXLSurface *out
        try:
            head = self._command(surface, CREATE)
            if command.keep_data and command.data is not None:
                head.flags = KEEP_DATA
            out = <QXLSurface *> (<char *> head + sizeof(QXLSurfaceCmdHead))
            out.format, out.width, out.height = command.format, command.width, command.height
            out.stride, out.data = command.stride, pixels
            return self._blocks.hand_out(<char *> head, SURFACE, NO_SURFACE)
        finally:
            self._blocks.drop()

    def destroy(self, uint32_t surface, uint64_t pixels):
        cdef QXLSurfaceCmdHead *head
        try:
            head = self._command(surface, DESTROY)
            return self._blocks.hand_out(<char *> head, SURFACE, <int32_t> surface, <void *> <size_t> pixels)
        finally:
            self._blocks.drop()

    cdef QXLSurfaceCmdHead *_command(self, uint32_t surface, int type) except NULL:
        cdef QXLSurfaceCmdHead *head = <QXLSurfaceCmdHead *> self._blocks.carve(
            sizeof(QXLSurfaceCmdHead) + sizeof(QXLSurface))
        head.surface_id, head.type = surface, type
        return head
