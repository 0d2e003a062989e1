"""spice_replay_*: recordings as the source of a host's commands. Most commands come and go without the GIL.

The code behind it is imported when a host opens a recording: QEMU and Xorg never do, and need not wait for it.
"""

from libc.stdint cimport int32_t, uintptr_t
from libc.stdio cimport FILE

from gspice.hosts.libspice.abi cimport QXLCommandExt, QXLInstance, SpiceReplay
from gspice.hosts.libspice.replay_memory cimport free_command
from gspice.hosts.libspice.vtable cimport gspice_vtable


cdef enum:
    AHEAD = 16  # commands made at once, at most: for each time the worker has to let go of Python

# Commands of one recording that are made and that its host has not asked for. Other recordings are played without.
# Nobody locks it: a recording is for one thread at a time, and all but that one look at the owner only.
cdef uintptr_t ahead_owner = 0
cdef uintptr_t ahead_instance = 0
cdef unsigned int ahead_first = 0
cdef unsigned int ahead_end = 0
cdef QXLCommandExt *ahead[AHEAD]


cdef object replay():
    from gspice.hosts.libspice import replay as module
    return module


cdef SpiceReplay *replay_new(FILE *file, int nsurfaces) noexcept with gil:
    if file == NULL:
        return NULL
    from gspice.hosts.libspice.replay_file import HostFile
    return <SpiceReplay *> <uintptr_t> replay().new(HostFile(<uintptr_t> file), nsurfaces)


cdef void replay_free(SpiceReplay *handle) noexcept with gil:
    global ahead_owner, ahead_first
    if ahead_owner == <uintptr_t> handle:
        for i in range(ahead_first, ahead_end):
            free_command(ahead[i])  # drawings, which no surface id goes with
        ahead_first = ahead_end
        ahead_owner = 0
    replay().free(<uintptr_t> handle)


cdef QXLCommandExt *_read_on(SpiceReplay *handle, QXLInstance *qin) noexcept with gil:
    global ahead_owner, ahead_instance, ahead_first, ahead_end
    cdef uintptr_t first
    cdef bint mine
    if not ahead_owner:
        ahead_owner = <uintptr_t> handle
    mine = ahead_owner == <uintptr_t> handle and ahead_first == ahead_end
    commands = replay().next_commands(<uintptr_t> handle, <uintptr_t> qin, AHEAD if mine else 1)
    if not commands:
        if mine:
            ahead_owner = 0
        return NULL
    first = commands[0]
    if mine:
        ahead_first = 0
        ahead_end = len(commands) - 1
        ahead_instance = <uintptr_t> qin
        for i in range(ahead_end):
            ahead[i] = <QXLCommandExt *> <uintptr_t> commands[i + 1]
    return <QXLCommandExt *> first


cdef QXLCommandExt *replay_next_cmd(SpiceReplay *handle, QXLInstance *qin) noexcept nogil:
    global ahead_first
    if ahead_owner == <uintptr_t> handle and ahead_first < ahead_end and ahead_instance == <uintptr_t> qin:
        ahead_first += 1
        return ahead[ahead_first - 1]
    return _read_on(handle, qin)


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
