"""spice_replay_*: recordings as the source of a host's commands. Freeing a command takes no GIL, as a rule.

The code behind it is imported when a host opens a recording: QEMU and Xorg never do, and need not wait for it.
"""

from libc.stdint cimport int32_t, uintptr_t
from libc.stdio cimport FILE

from gspice.hosts.libspice.abi cimport QXLCommandExt, QXLInstance, SpiceReplay
from gspice.hosts.libspice.replay_memory cimport free_command
from gspice.hosts.libspice.vtable cimport gspice_vtable


cdef object replay():
    from gspice.hosts.libspice import replay as module
    return module


cdef SpiceReplay *replay_new(FILE *file, int nsurfaces) noexcept with gil:
    if file == NULL:
        return NULL
    from gspice.hosts.libspice.replay_file import HostFile
    return <SpiceReplay *> <uintptr_t> replay().new(HostFile(<uintptr_t> file), nsurfaces)


cdef void replay_free(SpiceReplay *handle) noexcept with gil:
    replay().free(<uintptr_t> handle)


cdef QXLCommandExt *replay_next_cmd(SpiceReplay *handle, QXLInstance *qin) noexcept with gil:
    return <QXLCommandExt *> <uintptr_t> replay().next_command(<uintptr_t> handle, <uintptr_t> qin)


cdef void _surface_free(SpiceReplay *handle, int32_t surface) noexcept with gil:
    replay().surface_free(<uintptr_t> handle, surface)


cdef void replay_free_cmd(SpiceReplay *handle, QXLCommandExt *cmd) noexcept nogil:
    cdef int32_t surface
    if cmd != NULL:
        surface = free_command(cmd)
        if surface >= 0:
            _surface_free(handle, surface)


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.spice_replay_new = replay_new
    table.spice_replay_free = replay_free
    table.spice_replay_next_cmd = replay_next_cmd
    table.spice_replay_free_cmd = replay_free_cmd
