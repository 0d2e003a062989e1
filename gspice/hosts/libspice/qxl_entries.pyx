"""spice_qxl_*: the C functions of a display device. Any thread of the host's may call them.

The host's structures lie on its stack: they are read before the call returns, and not looked at again.
"""

import logging

from cpython.ref cimport PyObject
from libc.stdint cimport uint32_t, uint64_t, uintptr_t

from gspice.hosts.libspice.abi cimport (
    QXLCommandExt,
    QXLDevMemSlot,
    QXLDevSurfaceCreate,
    QXLInstance,
    QXLPHYSICAL,
    QXLRect,
    text_of,
)
from gspice.hosts.libspice.qxl_state cimport gspice_qxl_state
from gspice.hosts.libspice.vtable cimport gspice_vtable
from gspice.server.doorbell cimport BELL_OOM, BELL_WAKEUP, Doorbell

from gspice.geometry import Rect
from gspice.hosts.libspice import library
from gspice.hosts.libspice.qxl_calls import write_rects
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

log = logging.getLogger(__name__)

MAX_LOADVM_COMMANDS = 1 << 16

# Without the GIL: a guest rings for every burst of commands, and its vCPU waits for nobody.

ctypedef void (*Ringer)(PyObject *bell, uint32_t bits) noexcept nogil


cdef void _ring_bell(Doorbell bell, uint32_t bits) noexcept nogil:
    bell.ring_nogil(bits)


cdef inline void _ring(QXLInstance *qin, uint32_t bits) noexcept nogil:
    cdef gspice_qxl_state *state
    if qin != NULL:
        state = <gspice_qxl_state *> qin.st
        if state != NULL and state.bell != NULL:
            (<Ringer> _ring_bell)(state.bell, bits)


cdef void wakeup(QXLInstance *qin) noexcept nogil:
    _ring(qin, BELL_WAKEUP)


cdef void oom(QXLInstance *qin) noexcept nogil:
    _ring(qin, BELL_OOM)


cdef object _rect(const QXLRect *rect):
    return Rect(rect.left, rect.top, rect.right, rect.bottom)


cdef object _slot(const QXLDevMemSlot *slot):
    return MemSlot(
        group_id=slot.slot_group_id,
        slot_id=slot.slot_id,
        generation=slot.generation,
        virt_start=slot.virt_start,
        virt_end=slot.virt_end,
        addr_delta=slot.addr_delta,
        ram_size=slot.qxl_ram_size,
    )


cdef object _surface(const QXLDevSurfaceCreate *surface):
    return DevSurfaceCreate(
        width=surface.width,
        height=surface.height,
        stride=surface.stride,
        format=surface.format,
        mem=surface.mem,
        group_id=surface.group_id,
        position=surface.position,
        mouse_mode=surface.mouse_mode,
        flags=surface.flags,
        type=surface.type,
    )


# Running


cdef void start(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "start")


cdef void stop(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "stop")


cdef void loadvm_commands(QXLInstance *qin, QXLCommandExt *ext, uint32_t count) noexcept with gil:
    if ext == NULL or count == 0:
        return
    if count > MAX_LOADVM_COMMANDS:
        log.error("spice_qxl_loadvm_commands: %d commands; the first %d are taken", count, MAX_LOADVM_COMMANDS)
        count = MAX_LOADVM_COMMANDS
    commands = tuple([
        CommandExt(ext[i].cmd.data, ext[i].cmd.type, ext[i].group_id, ext[i].flags) for i in range(count)
    ])
    library.tell_worker(<uintptr_t> qin, "loadvm_commands", commands)


cdef void driver_unload(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "driver_unload")


cdef void reset_cursor(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "reset_cursor")


cdef void reset_image_cache(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "reset_image_cache")


# Memory


cdef void add_memslot(QXLInstance *qin, QXLDevMemSlot *slot) noexcept with gil:
    if slot != NULL:
        library.tell_worker(<uintptr_t> qin, "add_memslot", _slot(slot))


cdef void add_memslot_async(QXLInstance *qin, QXLDevMemSlot *slot, uint64_t cookie) noexcept with gil:
    if slot != NULL:
        library.tell_worker_async(<uintptr_t> qin, "add_memslot_async", _slot(slot), cookie)


cdef void del_memslot(QXLInstance *qin, uint32_t slot_group_id, uint32_t slot_id) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "del_memslot", slot_group_id, slot_id)


cdef void reset_memslots(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "reset_memslots")


# Surfaces


cdef void create_primary_surface(
    QXLInstance *qin, uint32_t surface_id, QXLDevSurfaceCreate *surface,
) noexcept with gil:
    if surface != NULL:
        library.tell_worker(<uintptr_t> qin, "create_primary_surface", surface_id, _surface(surface))


cdef void create_primary_surface_async(
    QXLInstance *qin, uint32_t surface_id, QXLDevSurfaceCreate *surface, uint64_t cookie,
) noexcept with gil:
    if surface != NULL:
        library.tell_worker_async(
            <uintptr_t> qin, "create_primary_surface_async", surface_id, _surface(surface), cookie)


cdef void destroy_primary_surface(QXLInstance *qin, uint32_t surface_id) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "destroy_primary_surface", surface_id)


cdef void destroy_primary_surface_async(
    QXLInstance *qin, uint32_t surface_id, uint64_t cookie,
) noexcept with gil:
    library.tell_worker_async(<uintptr_t> qin, "destroy_primary_surface_async", surface_id, cookie)


cdef void destroy_surface_wait(QXLInstance *qin, uint32_t surface_id) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "destroy_surface_wait", surface_id)


cdef void destroy_surface_async(QXLInstance *qin, uint32_t surface_id, uint64_t cookie) noexcept with gil:
    library.tell_worker_async(<uintptr_t> qin, "destroy_surface_async", surface_id, cookie)


cdef void destroy_surfaces(QXLInstance *qin) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "destroy_surfaces")


cdef void destroy_surfaces_async(QXLInstance *qin, uint64_t cookie) noexcept with gil:
    library.tell_worker_async(<uintptr_t> qin, "destroy_surfaces_async", cookie)


cdef void flush_surfaces_async(QXLInstance *qin, uint64_t cookie) noexcept with gil:
    library.tell_worker_async(<uintptr_t> qin, "flush_surfaces_async", cookie)


cdef void update_area(
    QXLInstance *qin, uint32_t surface_id, QXLRect *area, QXLRect *dirty_rects, uint32_t num_dirty_rects,
    uint32_t clear_dirty_region,
) noexcept with gil:
    rects = []
    if area != NULL:
        rects = library.update_area(<uintptr_t> qin, surface_id, _rect(area), clear_dirty_region != 0)
    write_rects(rects, <uintptr_t> dirty_rects, num_dirty_rects)


cdef void update_area_async(
    QXLInstance *qin, uint32_t surface_id, QXLRect *qxl_area, uint32_t clear_dirty_region, uint64_t cookie,
) noexcept with gil:
    if qxl_area != NULL:
        library.tell_worker_async(
            <uintptr_t> qin, "update_area_async", surface_id, _rect(qxl_area), clear_dirty_region != 0, cookie)


# Monitors


cdef void monitors_config_async(
    QXLInstance *qin, QXLPHYSICAL monitors_config, int group_id, uint64_t cookie,
) noexcept with gil:
    library.tell_worker_async(<uintptr_t> qin, "monitors_config_async", monitors_config, group_id, cookie)


cdef void set_max_monitors(QXLInstance *qin, unsigned max_monitors) noexcept with gil:
    library.tell_worker(<uintptr_t> qin, "set_max_monitors", max_monitors)


cdef void set_device_info(
    QXLInstance *qin, const char *device_address, uint32_t device_display_id_start,
    uint32_t device_display_id_count,
) noexcept with gil:
    library.tell_worker(
        <uintptr_t> qin, "set_device_info", text_of(device_address) or "", device_display_id_start,
        device_display_id_count,
    )


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.spice_qxl_wakeup = wakeup
    table.spice_qxl_oom = oom
    table.spice_qxl_start = start
    table.spice_qxl_stop = stop
    table.spice_qxl_loadvm_commands = loadvm_commands
    table.spice_qxl_driver_unload = driver_unload
    table.spice_qxl_reset_cursor = reset_cursor
    table.spice_qxl_reset_image_cache = reset_image_cache
    table.spice_qxl_add_memslot = add_memslot
    table.spice_qxl_add_memslot_async = add_memslot_async
    table.spice_qxl_del_memslot = del_memslot
    table.spice_qxl_reset_memslots = reset_memslots
    table.spice_qxl_create_primary_surface = create_primary_surface
    table.spice_qxl_create_primary_surface_async = create_primary_surface_async
    table.spice_qxl_destroy_primary_surface = destroy_primary_surface
    table.spice_qxl_destroy_primary_surface_async = destroy_primary_surface_async
    table.spice_qxl_destroy_surface_wait = destroy_surface_wait
    table.spice_qxl_destroy_surface_async = destroy_surface_async
    table.spice_qxl_destroy_surfaces = destroy_surfaces
    table.spice_qxl_destroy_surfaces_async = destroy_surfaces_async
    table.spice_qxl_flush_surfaces_async = flush_surfaces_async
    table.spice_qxl_update_area = update_area
    table.spice_qxl_update_area_async = update_area_async
    table.spice_qxl_monitors_config_async = monitors_config_async
    table.spice_qxl_set_max_monitors = set_max_monitors
    table.spice_qxl_set_device_info = set_device_info
