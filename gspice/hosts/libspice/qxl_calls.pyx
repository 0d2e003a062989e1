# cython: auto_pickle=False
"""QXLInterface: the functions of a host's display device, called with the GIL released."""

import logging

from cpython.ref cimport Py_INCREF, PyObject
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from gspice.hosts.libspice.abi cimport (
    SPICE_CAPABILITIES_SIZE,
    QXLCommandExt,
    QXLDevInitInfo,
    QXLInstance,
    QXLInterface,
    QXLRect,
    QXLReleaseInfo,
    QXLReleaseInfoExt,
    QXLState,
    QXLWorker,
    VDAgentMonConfig,
    VDAgentMonitorsConfig,
    text_of,
)
from gspice.hosts.libspice.qxl_state cimport gspice_qxl_state
from gspice.server.doorbell cimport Doorbell

from gspice.errors import InterfaceError
from gspice.vdi.qxl import CommandExt, DevInitInfo

log = logging.getLogger(__name__)

MAX_CLIENT_MONITORS = 256
MAX_UPDATED_RECTS = 1 << 16

cdef enum:
    USE_POSITIONS = 1  # VD_AGENT_CONFIG_MONITORS_FLAG_USE_POS
    AT_ONCE = 64  # commands taken, or given back, in one go without the GIL

ctypedef int (*GetCommand)(QXLInstance *qin, QXLCommandExt *cmd) noexcept nogil
ctypedef int (*Ask)(QXLInstance *qin) noexcept nogil


cdef object _tuple_new = tuple.__new__


cdef class QXLCalls:
    cdef QXLInstance *_qin
    cdef const QXLInterface *_table
    cdef readonly int id
    cdef readonly object description
    cdef readonly unsigned major
    cdef readonly unsigned minor

    def __init__(self, uintptr_t address):
        cdef QXLInstance *qin = <QXLInstance *> address
        cdef const QXLInterface *table = <const QXLInterface *> qin.base.sif
        self.id = qin.id
        self.description = text_of(table.base.description) or ""
        self.major = table.base.major_version
        self.minor = table.base.minor_version
        if self.major == 3 and (
            table.get_init_info == NULL or table.get_command == NULL or table.req_cmd_notification == NULL
            or table.release_resource == NULL or table.get_cursor_command == NULL
            or table.req_cursor_notification == NULL or table.async_complete == NULL
        ):
            raise InterfaceError(f"QXL device {self.id} lacks functions: they are NULL in its interface")
        self._table = table
        self._qin = qin

    # The instance's own state

    def attach(self):
        cdef gspice_qxl_state *state = <gspice_qxl_state *> calloc(1, sizeof(gspice_qxl_state))
        if state == NULL:
            raise MemoryError
        self._qin.st = <QXLState *> state

    def set_bell(self, Doorbell bell not None):
        cdef gspice_qxl_state *state = <gspice_qxl_state *> self._qin.st
        Py_INCREF(bell)
        state.bell = <PyObject *> bell

    def detach(self):
        if self._qin != NULL:
            self._qin.st = NULL
            self._qin = NULL

    # On the host's main loop

    def attached_worker(self):
        # Xorg's driver keeps the second argument, and takes NULL for having none to stop at the end.
        if self._qin != NULL and self._table.attache_worker != NULL:
            with nogil:
                self._table.attache_worker(self._qin, <QXLWorker *> self._qin)

    def set_compression_level(self, int level):
        if self._qin != NULL and self._table.set_compression_level != NULL:
            with nogil:
                self._table.set_compression_level(self._qin, level)

    def get_init_info(self):
        cdef QXLDevInitInfo info
        memset(&info, 0, sizeof(info))
        if self._qin != NULL:
            with nogil:
                self._table.get_init_info(self._qin, &info)
        return DevInitInfo(
            memslots_groups=info.num_memslots_groups,
            memslots=info.num_memslots,
            generation_bits=info.memslot_gen_bits,
            id_bits=info.memslot_id_bits,
            ram_size=info.qxl_ram_size,
            internal_group=info.internal_groupslot_id,
            surfaces=info.n_surfaces,
        )

    def client_monitors_config(self, monitors):
        cdef VDAgentMonitorsConfig *config = NULL
        cdef VDAgentMonConfig *entry
        cdef size_t count
        cdef int handled
        if self._qin == NULL or self.minor < 3 or self._table.client_monitors_config == NULL:
            return False
        if monitors is not None:
            count = len(monitors)
            if count > MAX_CLIENT_MONITORS:
                log.warning("display %d: %d monitors wished for, %d are possible", self.id, count,
                            MAX_CLIENT_MONITORS)
                return False
            config = <VDAgentMonitorsConfig *> calloc(
                1, sizeof(VDAgentMonitorsConfig) + count * sizeof(VDAgentMonConfig))
            if config == NULL:
                raise MemoryError
            config.num_of_monitors = count
            entry = <VDAgentMonConfig *> (<char *> config + sizeof(VDAgentMonitorsConfig))
            try:
                for width, height, x, y, depth in monitors:
                    entry.width, entry.height, entry.depth = width, height, depth
                    entry.x, entry.y = x, y
                    if x or y:
                        config.flags = USE_POSITIONS
                    entry += 1
            except BaseException:
                free(config)
                raise
        with nogil:
            handled = self._table.client_monitors_config(self._qin, config)
        free(config)
        return handled != 0

    # On the worker's thread

    cdef list _take(self, GetCommand get, Py_ssize_t limit):
        cdef QXLCommandExt[AT_ONCE] taken
        cdef QXLCommandExt *one
        cdef Py_ssize_t i, count = 0, room = min(limit, <Py_ssize_t> AT_ONCE)
        cdef list commands = []
        if self._qin == NULL:
            return commands
        while room > 0:
            count = 0
            with nogil:
                while count < room and get(self._qin, &taken[count]):
                    count += 1
            for i in range(count):
                one = &taken[i]
                # A NamedTuple's own constructor takes three times as long.
                commands.append(
                    _tuple_new(CommandExt, (one.cmd.data, one.cmd.type, one.group_id, one.flags)))
            if count < room:
                break
            room = min(limit - <Py_ssize_t> len(commands), <Py_ssize_t> AT_ONCE)
        return commands

    cdef bint _ask(self, Ask ask) except -1:
        cdef int answer = 1
        if self._qin != NULL:
            with nogil:
                answer = ask(self._qin)
        return answer != 0

    def get_commands(self, Py_ssize_t limit):
        return self._take(self._table.get_command, limit)

    def get_cursor_commands(self, Py_ssize_t limit):
        return self._take(self._table.get_cursor_command, limit)

    def req_cmd_notification(self):
        return self._ask(self._table.req_cmd_notification)

    def req_cursor_notification(self):
        return self._ask(self._table.req_cursor_notification)

    def release_resource(self, release):
        cdef QXLReleaseInfoExt c_release
        c_release.info = <QXLReleaseInfo *> <uintptr_t> release[0]
        c_release.group_id = release[1]
        if self._qin != NULL:
            with nogil:
                self._table.release_resource(self._qin, c_release)

    def release_resources(self, releases):
        cdef QXLReleaseInfoExt[AT_ONCE] held
        cdef Py_ssize_t i, start, count
        cdef list rest = list(releases)
        if self._qin == NULL:
            return
        for start in range(0, len(rest), AT_ONCE):
            count = min(<Py_ssize_t> len(rest) - start, <Py_ssize_t> AT_ONCE)
            for i in range(count):
                release = rest[start + i]
                held[i].info = <QXLReleaseInfo *> <uintptr_t> release[0]
                held[i].group_id = release[1]
            with nogil:
                for i in range(count):
                    self._table.release_resource(self._qin, held[i])

    def notify_update(self, uint32_t update_id):
        if self._qin != NULL and self._table.notify_update != NULL:
            with nogil:
                self._table.notify_update(self._qin, update_id)

    def flush_resources(self):
        cdef int count = 0
        if self._qin != NULL and self._table.flush_resources != NULL:
            with nogil:
                count = self._table.flush_resources(self._qin)
        return count

    def async_complete(self, uint64_t cookie):
        if self._qin != NULL:
            with nogil:
                self._table.async_complete(self._qin, cookie)

    def update_area_complete(self, uint32_t surface_id, rects):
        cdef uint32_t count = min(len(rects), MAX_UPDATED_RECTS)
        cdef QXLRect *c_rects
        if self._qin == NULL or self._table.update_area_complete == NULL:
            return
        c_rects = <QXLRect *> malloc(max(count, 1) * sizeof(QXLRect))
        if c_rects == NULL:
            raise MemoryError
        try:
            write_rects(rects, <uintptr_t> c_rects, count)
            with nogil:
                self._table.update_area_complete(self._qin, surface_id, c_rects, count)
        finally:
            free(c_rects)

    def set_client_capabilities(self, bint present, bytes caps not None):
        cdef unsigned char c_caps[SPICE_CAPABILITIES_SIZE]
        cdef size_t size = min(<size_t> len(caps), <size_t> SPICE_CAPABILITIES_SIZE)
        if self._qin == NULL or self.minor < 2 or self._table.set_client_capabilities == NULL:
            return
        memset(c_caps, 0, sizeof(c_caps))
        memcpy(c_caps, <const unsigned char *> caps, size)
        with nogil:
            self._table.set_client_capabilities(self._qin, present, c_caps)


def write_rects(rects, uintptr_t place, uint32_t room):
    cdef QXLRect *out = <QXLRect *> place
    cdef uint32_t count = 0
    if out == NULL or room == 0:
        return 0
    for left, top, right, bottom in rects:
        if count < room:
            out[count].left, out[count].top = left, top
            out[count].right, out[count].bottom = right, bottom
            count += 1
        else:
            # More than the host has room for: the last one grows over them, so that nothing drawn is missed.
            out[count - 1].left = min(out[count - 1].left, <int> left)
            out[count - 1].top = min(out[count - 1].top, <int> top)
            out[count - 1].right = max(out[count - 1].right, <int> right)
            out[count - 1].bottom = max(out[count - 1].bottom, <int> bottom)
    memset(&out[count], 0, (room - count) * sizeof(QXLRect))
    return count
