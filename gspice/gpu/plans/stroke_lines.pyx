# cython: cdivision=True
"""Thin lines, pixel for pixel those that the X server draws of width 0; see stroke_lines.pyi.

A part from one point to the next takes one step along its longer axis for each pixel. Pixel ``i`` of it is
``(2 * minor * i + major - bias) // (2 * major)`` steps along the shorter axis: the nearest pixel, and where
two are equally near, that with more steps, or with ``bias`` 1 that with fewer. The bias makes a part and its
reverse choose the same pixels. Since this gives any pixel at once, none outside the clip is ever walked.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t

from gspice.gpu.plans.stroke_pen cimport Box
from gspice.gpu.plans.stroke_pen cimport Pen

cdef enum:
    KEEP_GIL_PIXELS = 1 << 14


def cost(Pen pen not None, list lines not None):
    cdef const int32_t *at
    cdef Py_ssize_t count, i
    cdef long long pixels = 0
    cdef Steps part
    cdef bytes points
    for points in lines:
        at, count = <const int32_t *>PyBytes_AS_STRING(points), PyBytes_GET_SIZE(points) // 8
        for i in range(count - 1):
            part = clip_part(at[2 * i], at[2 * i + 1], at[2 * i + 2], at[2 * i + 3], &pen.extents)
            pixels += max(part.last - part.first + 1, 0) + 1
    return pixels


def draw(Pen pen not None, list lines not None):
    cdef const int32_t *at
    cdef Py_ssize_t count
    cdef bytes points
    cdef bint brief = cost(pen, lines) < KEEP_GIL_PIXELS
    if pen.count == 0:
        return
    for points in lines:
        at, count = <const int32_t *>PyBytes_AS_STRING(points), PyBytes_GET_SIZE(points) // 8
        if brief:
            draw_line(pen, at, count)
        else:
            with nogil:
                draw_line(pen, at, count)


cdef void draw_line(Pen pen, const int32_t *at, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count - 1):
        draw_part(pen, at[2 * i], at[2 * i + 1], at[2 * i + 2], at[2 * i + 3])


cdef inline long long quotient(long long a, long long b) noexcept nogil:
    """Division that rounds down; ``b`` is positive."""
    cdef long long q = a / b
    return q - 1 if a % b < 0 else q


cdef inline long long steps_at(const Steps *part, long long i) noexcept nogil:
    return (2 * part.minor * i + part.major - part.bias) / (2 * part.major)


cdef inline long long first_at(const Steps *part, long long steps) noexcept nogil:
    """The first pixel with at least so many steps along the shorter axis, which must not be of length 0."""
    return -quotient(-(2 * part.major * steps - part.major + part.bias), 2 * part.minor)


cdef void within(long long start, int step, int low, int high, long long *first,
                 long long *last) noexcept nogil:
    """Which numbers of steps from ``start`` lead to ``low <= place < high``."""
    if step > 0:
        first[0] = low - start
        last[0] = high - 1 - start
    else:
        first[0] = start - (high - 1)
        last[0] = start - low


cdef Steps clip_part(int x1, int y1, int x2, int y2, const Box *extents) noexcept nogil:
    cdef Steps part
    cdef long long dx = <long long>x2 - x1, dy = <long long>y2 - y1, low, high, fewest, most
    part.x, part.y = x1, y1
    part.step_x, part.step_y = (1 if dx >= 0 else -1), (1 if dy >= 0 else -1)
    dx, dy = (dx if dx >= 0 else -dx), (dy if dy >= 0 else -dy)
    part.x_major = dx > dy
    if part.x_major:
        part.major, part.minor = dx, dy
        part.bias = part.step_x < 0
        within(x1, part.step_x, extents.x1, extents.x2, &low, &high)
        within(y1, part.step_y, extents.y1, extents.y2, &fewest, &most)
    else:
        part.major, part.minor = dy, dx
        part.bias = part.step_y < 0
        within(y1, part.step_y, extents.y1, extents.y2, &low, &high)
        within(x1, part.step_x, extents.x1, extents.x2, &fewest, &most)
    # The pixel at the end is not drawn: it begins the next part, or ends the line.
    part.first, part.last = max(low, 0), min(high, part.major - 1)
    fewest, most = max(fewest, 0), min(most, part.minor)
    if fewest > most:
        part.last = part.first - 1
    elif part.minor > 0 and part.first <= part.last:
        if fewest > 0:
            part.first = max(part.first, first_at(&part, fewest))
        part.last = min(part.last, first_at(&part, most + 1) - 1)
    return part


cdef void draw_part(Pen pen, int x1, int y1, int x2, int y2) noexcept nogil:
    cdef Steps part = clip_part(x1, y1, x2, y2, &pen.extents)
    cdef long long i = part.first, aside, error
    cdef int x, y, start
    if part.last < part.first:
        return
    aside = steps_at(&part, i)
    # What the division left: a step aside is due when it reaches 2 * major.
    error = 2 * part.minor * i + part.major - part.bias - 2 * part.major * aside
    if part.x_major:
        x, y = <int>(x1 + part.step_x * i), <int>(y1 + part.step_y * aside)
        start = x
        while i <= part.last:
            i += 1
            error += 2 * part.minor
            x += part.step_x
            if error >= 2 * part.major or i > part.last:
                if part.step_x > 0:
                    pen.span(y, start, x)
                else:
                    pen.span(y, x + 1, <long long>start + 1)
                error -= 2 * part.major
                y += part.step_y
                start = x
    else:
        x, y = <int>(x1 + part.step_x * aside), <int>(y1 + part.step_y * i)
        while i <= part.last:
            pen.span(y, x, <long long>x + 1)
            i += 1
            error += 2 * part.minor
            y += part.step_y
            if error >= 2 * part.major:
                error -= 2 * part.major
                x += part.step_x
