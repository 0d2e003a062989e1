"""Paths of STROKE as lines from pixel to pixel; see path.pyi for what is promised."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, realloc

from gspice.qxl.ops cimport PathSegment

from gspice.errors import GuestError

cdef extern from *:
    """
    /* Products of four coordinates: 4 * 33 bits less the shifts. */
    typedef __int128 wide_t;
    """
    ctypedef long long wide_t

cdef enum:
    BEGIN = 1
    END = 2
    CLOSE = 8
    BEZIER = 16
    LIMIT = 1 << 20

MAX_POINTS = LIMIT

cdef struct Fixed:
    int64_t x, y

cdef struct Pixel:
    int32_t x, y


cdef class Line:
    """The points of the line that is being built."""

    cdef Pixel *points
    cdef Py_ssize_t count, size
    cdef Py_ssize_t total  # points of all lines so far

    def __dealloc__(self):
        free(self.points)

    cdef int add(self, int32_t x, int32_t y) except -1:
        cdef Pixel *grown
        if self.count == self.size:
            grown = <Pixel *>realloc(self.points, <size_t>(self.size * 2 + 16) * sizeof(Pixel))
            if grown == NULL:
                raise MemoryError("no memory for the points of a path")
            self.points = grown
            self.size = self.size * 2 + 16
        if self.total >= LIMIT:
            raise GuestError(f"path has more than {LIMIT} points once its curves are flat")
        self.points[self.count].x = x
        self.points[self.count].y = y
        self.count += 1
        self.total += 1
        return 0

    cdef int curve(self, Fixed p0, Fixed p1, Fixed p2, Fixed p3) except -1:
        """Add the points of a Bezier curve after its first."""
        cdef wide_t chord = square(p0, p3), first = square(p0, p1), last = square(p3, p2)
        cdef wide_t along = dot(p0, p1, p3), back = dot(p3, p2, p0)
        cdef Fixed p01, p12, p23, p012, p123, middle
        # How far the control points lie off the chord, squared, and times the chord's own square: half a
        # pixel squared is flat.
        if (first * chord - along * along) >> 3 < chord and (last * chord - back * back) >> 3 < chord:
            return self.add(pixel(p3.x), pixel(p3.y))
        if chord == 0 and first == 0 and last == 0:
            # Shorter than the arithmetic can tell: halving it would never make it flat.
            return self.add(pixel(p3.x), pixel(p3.y))
        p01, p12, p23 = half(p0, p1), half(p1, p2), half(p2, p3)
        p012, p123 = half(p01, p12), half(p12, p23)
        middle = half(p012, p123)
        self.curve(p0, p01, p012, middle)
        return self.curve(middle, p123, p23, p3)

    cdef bytes take(self):
        """The points as bytes; the line is empty then."""
        cdef Py_ssize_t size = self.count * <Py_ssize_t>sizeof(Pixel)
        self.count = 0
        return PyBytes_FromStringAndSize(<char *>self.points, size)


cdef inline int32_t pixel(int64_t fixed) noexcept:
    return <int32_t>((fixed >> 4) + (1 if fixed & 15 > 8 else 0))


cdef inline wide_t square(Fixed a, Fixed b) noexcept:
    cdef wide_t x = b.x - a.x, y = b.y - a.y
    return (x * x + y * y) >> 4


cdef inline wide_t dot(Fixed origin, Fixed a, Fixed b) noexcept:
    cdef wide_t ax = a.x - origin.x, ay = a.y - origin.y, bx = b.x - origin.x, by = b.y - origin.y
    return (ax * bx + ay * by) >> 4


@cython.cdivision(True)
cdef inline Fixed half(Fixed a, Fixed b) noexcept:
    # Division as C does it, towards 0.
    cdef Fixed middle
    middle.x = (a.x + b.x) / 2
    middle.y = (a.y + b.y) / 2
    return middle


cdef inline Fixed fixed(object point) except *:
    cdef Fixed value
    value.x, value.y = <int32_t>point[0], <int32_t>point[1]
    return value


def flatten(tuple path not None):
    cdef list lines = []
    cdef Line line = Line()
    cdef PathSegment segment
    cdef Py_ssize_t at, count, number = 0
    cdef Fixed start, point
    for segment in path:
        at, count = 0, len(segment.points)
        if segment.flags & BEGIN:
            if line.count:
                lines.append(line.take())
            if count == 0:
                raise GuestError(f"path segment {number} begins a line without a point")
            point = fixed(segment.points[0])
            line.add(pixel(point.x), pixel(point.y))
            at = 1
        if segment.flags & BEZIER:
            if (count - at) % 3:
                raise GuestError(f"path segment {number}: {count - at} points are not curves of three each")
            if line.count == 0 and at < count:
                raise GuestError(f"path segment {number}: a curve that no point begins")
            while at < count:
                start.x = <int64_t>line.points[line.count - 1].x * 16
                start.y = <int64_t>line.points[line.count - 1].y * 16
                line.curve(start, fixed(segment.points[at]), fixed(segment.points[at + 1]),
                           fixed(segment.points[at + 2]))
                at += 3
        else:
            while at < count:
                point = fixed(segment.points[at])
                line.add(pixel(point.x), pixel(point.y))
                at += 1
        if segment.flags & END:
            if segment.flags & CLOSE:
                if line.count == 0:
                    raise GuestError(f"path segment {number} closes a line without points")
                line.add(line.points[0].x, line.points[0].y)
            if line.count:
                lines.append(line.take())
        number += 1
    if line.count:
        lines.append(line.take())
    return lines
