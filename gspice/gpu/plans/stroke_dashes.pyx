# cython: cdivision=True
"""Dashed lines as the X server draws wide ones of width 1: each dash a rectangle. See stroke_dashes.pyi.

Where the rop inverts, the pixels of a line with corners are gathered first, so that each is drawn once;
otherwise dashes are drawn as they come, and most corners need no piece of their own.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport fabs, hypot
from libc.stdint cimport int32_t, uint8_t

from gspice.gpu.plans.stroke_lines cimport Steps, clip_part
from gspice.gpu.plans.stroke_pen cimport Pen
from gspice.gpu.plans.stroke_polygon cimport Corner, Cover, Side, fill_polygon

cdef double HALF_WIDTH = 0.5
# Squared, of a mitre's length over the line's width: joins of less than 11 degrees are cut off.
cdef double MITRE_LIMIT = 108.856472512142

# Where the walk along the dashes is: dash and how much of it is over.
cdef struct Dashes:
    const uint8_t *lengths
    int count, index, offset

# An end of a drawn part, as joins need it: point, direction away from it, the corner to its left.
cdef struct Face:
    int x, y
    long long dx, dy
    double xa, ya, k

cdef enum:
    DASH_COST = 32  # what a dash or a join takes, in pixels

cdef enum:
    TOP
    RIGHT
    BOTTOM
    LEFT


def cost(Pen pen not None, list lines not None, bytes dashes not None):
    cdef const int32_t *at
    cdef Py_ssize_t count, i
    cdef long long pixels = 0
    cdef double length = 0
    cdef Steps part
    cdef bytes points
    for points in lines:
        at, count = <const int32_t *>PyBytes_AS_STRING(points), PyBytes_GET_SIZE(points) // 8
        with nogil:
            for i in range(count - 1):
                part = clip_part(at[2 * i], at[2 * i + 1], at[2 * i + 2], at[2 * i + 3], &pen.extents)
                pixels += max(part.last - part.first + 1, 0) + DASH_COST
                length += hypot(<double>at[2 * i + 2] - at[2 * i], <double>at[2 * i + 3] - at[2 * i + 1])
    return pixels + int(length / max(sum(dashes), 1) + len(lines)) * len(dashes) * DASH_COST


def draw(Pen pen not None, list lines not None, bytes dashes not None, int offset):
    cdef const int32_t *at
    cdef Py_ssize_t count
    cdef Cover cover = None
    cdef Dashes start, state
    cdef bytes points
    if not any(dashes):
        raise ValueError("no dash has a length")
    if pen.count == 0:
        return
    start.lengths = <const uint8_t *>PyBytes_AS_STRING(dashes)
    start.count = <int>PyBytes_GET_SIZE(dashes)
    start.index, start.offset = 0, 0
    skip(&start, offset)
    for points in lines:
        at, count = <const int32_t *>PyBytes_AS_STRING(points), PyBytes_GET_SIZE(points) // 8
        state = start
        if pen.inverts and count > 2:
            if cover is None:
                cover = Cover(pen)
            with nogil:
                draw_line(pen, cover, at, count, &state)
                cover.draw()
        elif count > 1:
            with nogil:
                draw_line(pen, None, at, count, &state)


cdef void skip(Dashes *dashes, int distance) noexcept:
    """Go so many pixels into the dashes from their start; dashes of length 0 there are passed too."""
    cdef int i, total = 0
    for i in range(dashes.count):
        total += dashes.lengths[i]
    distance %= total
    while distance >= dashes.lengths[dashes.index]:
        distance -= dashes.lengths[dashes.index]
        dashes.index = (dashes.index + 1) % dashes.count
    dashes.offset = distance


cdef void draw_line(Pen pen, Cover cover, const int32_t *at, Py_ssize_t count,
                    Dashes *dashes) noexcept nogil:
    cdef Py_ssize_t i
    cdef Face near, far, first, last
    cdef bint closed = at[0] == at[2 * count - 2] and at[1] == at[2 * count - 1]
    cdef bint any_part = False, starts = False, ends = False, first_starts = False
    for i in range(count - 1):
        if at[2 * i] == at[2 * i + 2] and at[2 * i + 1] == at[2 * i + 3]:
            continue
        starts = not dashes.index & 1
        draw_part(pen, cover, at + 2 * i, dashes, &near, &far)
        if starts:
            if any_part and ends:
                join(pen, cover, near, last)
            elif not any_part and closed:
                first, first_starts = near, True
        # In a dash, or just at its end where the next one is a gap that has not begun.
        ends = (dashes.index & 1) != (dashes.offset != 0)
        last = far
        any_part = True
    if ends and first_starts:
        join(pen, cover, first, last)


cdef void draw_part(Pen pen, Cover cover, const int32_t *at, Dashes *dashes, Face *near,
                    Face *far) noexcept nogil:
    """Draw the dashes from one point to the next one, and tell the faces at both."""
    cdef long long dx = <long long>at[2] - at[0], dy = <long long>at[3] - at[1]
    cdef double length, left, side_x, side_y, unit, step_x, step_y
    cdef int index = dashes.index, remain = dashes.lengths[index] - dashes.offset
    cdef Corner[4] corners
    cdef Side[4] sides
    # Along the line lies (side_x, side_y), half a pixel long.
    if dx == 0:
        length, side_x, side_y = dy, 0, HALF_WIDTH
        if dy < 0:
            length, side_y = -dy, -HALF_WIDTH
    elif dy == 0:
        length, side_x, side_y = dx, HALF_WIDTH, 0
        if dx < 0:
            length, side_x = -dx, -HALF_WIDTH
    else:
        length = hypot(<double>dx, <double>dy)
        unit = HALF_WIDTH / length
        side_x, side_y = unit * dx, unit * dy
    left = length
    sides[TOP] = Side(dx, dy, HALF_WIDTH * length)
    sides[RIGHT] = Side(-dy, dx, 0)
    sides[BOTTOM] = Side(-dx, -dy, HALF_WIDTH * length)
    sides[LEFT] = Side(dy, -dx, 0)
    corners[TOP] = corners[RIGHT] = Corner(side_y, -side_x)
    corners[BOTTOM] = corners[LEFT] = Corner(-side_y, side_x)
    while left > remain:
        step_x, step_y = <double>(remain * dx) / length, <double>(remain * dy) / length
        corners[RIGHT].x += step_x
        corners[RIGHT].y += step_y
        corners[BOTTOM].x += step_x
        corners[BOTTOM].y += step_y
        sides[RIGHT].k = corners[RIGHT].x * dx + corners[RIGHT].y * dy
        if not index & 1:
            fill_polygon(pen, cover, corners, sides, 4, at[0], at[1])
        left -= remain
        index = (index + 1) % dashes.count
        remain = dashes.lengths[index]
        corners[TOP] = corners[RIGHT]
        corners[LEFT] = corners[BOTTOM]
        sides[LEFT].k = -sides[RIGHT].k
    if not index & 1:
        # The last piece is seen from the end, where its corners are exact.
        corners[TOP].x -= dx
        corners[TOP].y -= dy
        corners[LEFT].x -= dx
        corners[LEFT].y -= dy
        corners[RIGHT] = Corner(side_y, -side_x)
        corners[BOTTOM] = Corner(-side_y, side_x)
        sides[RIGHT].k = 0
        sides[LEFT].k += dx * dx + dy * dy
        fill_polygon(pen, cover, corners, sides, 4, at[2], at[3])
    remain = <int>(<double>remain - left)
    if remain == 0:
        index = (index + 1) % dashes.count
        remain = dashes.lengths[index]
    near[0] = Face(at[0], at[1], dx, dy, side_y, -side_x, HALF_WIDTH * length)
    far[0] = Face(at[2], at[3], -dx, -dy, -side_y, side_x, HALF_WIDTH * length)
    dashes.index, dashes.offset = index, dashes.lengths[index] - remain


cdef void join(Pen pen, Cover cover, Face a, Face b) noexcept nogil:
    """Fill the outer corner between two drawn ends that meet: pointed, or cut off where it is too sharp."""
    cdef double turn, scale, mitre_x, mitre_y, dx, dy
    cdef Corner[4] corners
    cdef Side[4] sides
    cdef bint flipped
    if cover is None and (forward(&a) or forward(&b)):
        # One of the two draws the pixel where they meet.
        return
    turn = -a.dx * <double>b.dy + b.dx * <double>a.dy
    if turn == 0:
        return
    flipped = not turn > 0
    if flipped:
        b.xa, b.ya, b.dx, b.dy = -b.xa, -b.ya, -b.dx, -b.dy
    else:
        a.xa, a.ya, a.dx, a.dy = -a.xa, -a.ya, -a.dx, -a.dy
    corners[0] = Corner(b.xa, b.ya)
    sides[0] = Side(-b.dy, b.dx, 0)
    corners[1] = Corner(0, 0)
    sides[1] = Side(a.dy, -a.dx, 0)
    corners[2] = Corner(a.xa, a.ya)
    mitre_y = (a.dy * (b.xa * b.dy - b.ya * b.dx) - b.dy * (a.xa * a.dy - a.ya * a.dx)) / turn
    if a.dy != 0:
        mitre_x = a.xa + (mitre_y - a.ya) * <double>a.dx / <double>a.dy
    else:
        mitre_x = b.xa + (mitre_y - b.ya) * <double>b.dx / <double>b.dy
    if (mitre_x * mitre_x + mitre_y * mitre_y) * 4 > MITRE_LIMIT:
        dx, dy = b.xa - a.xa, b.ya - a.ya
        scale = max(fabs(dx), fabs(dy))
        if scale == 0:
            return
        sides[2] = Side(<int>((dx * 65536) / scale), <int>((dy * 65536) / scale), 0)
        sides[2].k = ((a.xa + b.xa) * sides[2].dy - (a.ya + b.ya) * sides[2].dx) / 2.0
        fill_polygon(pen, cover, corners, sides, 3, a.x, a.y)
        return
    sides[2] = Side(a.dx, a.dy, a.k)
    corners[3] = Corner(mitre_x, mitre_y)
    sides[3] = Side(b.dx, b.dy, b.k)
    if flipped:
        sides[2] = Side(-a.dx, -a.dy, -a.k)
        sides[3] = Side(-b.dx, -b.dy, -b.k)
    fill_polygon(pen, cover, corners, sides, 4, a.x, a.y)


cdef inline bint forward(const Face *face) noexcept nogil:
    return face.dx > 0 or (face.dx == 0 and face.dy > 0)
