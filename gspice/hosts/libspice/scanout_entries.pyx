"""spice_qxl_gl_*: the C functions of displays that the host draws with OpenGL.

The descriptors are ours from the call on, whatever comes of it.
"""

from libc.stdint cimport uint32_t, uint64_t, uintptr_t

from gspice.hosts.libspice.abi cimport QXLInstance
from gspice.hosts.libspice.vtable cimport gspice_vtable

from gspice.geometry import Rect
from gspice.hosts.libspice import library

cdef enum:
    MAX_PLANES = 4


cdef tuple _numbers(const uint32_t *numbers, uint32_t count):
    return tuple([numbers[i] if numbers != NULL else 0 for i in range(count)])


cdef void gl_scanout(
    QXLInstance *qin, int fd, uint32_t width, uint32_t height, uint32_t stride, uint32_t format, int y_0_top,
) noexcept with gil:
    library.scanout(<uintptr_t> qin, (fd,), "gl_scanout", fd, width, height, stride, format, y_0_top != 0)


cdef void gl_scanout2(
    QXLInstance *qin, const int *fds, uint32_t width, uint32_t height, const uint32_t *offsets,
    const uint32_t *strides, uint32_t num_planes, uint32_t format, uint64_t modifier, int y_0_top,
) noexcept with gil:
    cdef uint32_t planes = num_planes if fds != NULL else 0
    if planes > MAX_PLANES:
        planes = MAX_PLANES
    c_fds = tuple([fds[i] for i in range(planes)])
    library.scanout(
        <uintptr_t> qin, c_fds, "gl_scanout2", c_fds, width, height, _numbers(offsets, planes),
        _numbers(strides, planes), format, modifier, y_0_top != 0,
    )


cdef void gl_draw_async(
    QXLInstance *qin, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint64_t cookie,
) noexcept with gil:
    rect = Rect(x, y, x + <uint64_t> w, y + <uint64_t> h)
    library.tell_worker_async(<uintptr_t> qin, "gl_draw_async", rect, cookie)


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.spice_qxl_gl_scanout = gl_scanout
    table.spice_qxl_gl_scanout2 = gl_scanout2
    table.spice_qxl_gl_draw_async = gl_draw_async
