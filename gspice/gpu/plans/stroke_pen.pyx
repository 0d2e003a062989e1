"""Spans of one row under a clip; see stroke_pen.pyi for what is promised."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc, realloc

cdef enum:
    FIRST_BOXES = 64


cdef class Pen:
    def __init__(self, int width, int height, area, int rop):
        self.begin(width, height, area, rop)

    cdef int begin(self, int width, int height, area, int rop) except -1:
        """What ``__init__`` does, for subclasses that have one of their own."""
        cdef Box box
        cdef Py_ssize_t i = 0
        cdef Band *band
        if self.clips != NULL:
            raise ValueError("a pen cannot be made anew")
        if not 0 <= rop < 16:
            raise ValueError(f"no raster operation {rop}")
        # With a source bit of 0 the result is one ^ (dst & d), with one of 1 it is one ^ src ^ ((dst ^ both) & d).
        self.inverts = (rop & 1 and rop & 4) or ((rop ^ rop >> 1) & 1 and (rop >> 2 ^ rop >> 3) & 1)
        rects = list(area)
        self.clips = <Box *>malloc((len(rects) + 1) * sizeof(Box))
        self.bands = <Band *>malloc((len(rects) + 1) * sizeof(Band))
        if self.clips == NULL or self.bands == NULL:
            raise MemoryError("no memory for a clip")
        self.extents = Box(0, 0, 0, 0)
        for rect in rects:
            box.x1, box.y1, box.x2, box.y2 = rect
            if not (0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height):
                raise ValueError(f"rectangle {tuple(rect)} is not inside {width}x{height}")
            band = &self.bands[self.count - 1] if self.count else NULL
            if (band != NULL and band.top == box.y1 and band.bottom == box.y2
                    and self.clips[i - 1].x2 <= box.x1):
                band.last = i
            elif band == NULL or band.bottom <= box.y1:
                self.bands[self.count] = Band(box.y1, box.y2, i, i)
                self.count += 1
            else:
                raise ValueError(f"rectangle {tuple(rect)} is not in the order of bands")
            self.clips[i] = box
            if i == 0:
                self.extents = box
            self.extents.x1 = min(self.extents.x1, box.x1)
            self.extents.x2 = max(self.extents.x2, box.x2)
            self.extents.y2 = max(self.extents.y2, box.y2)
            i += 1
        return 0

    def __dealloc__(self):
        free(self.clips)
        free(self.bands)

    def fill(self):
        cdef int y
        if self.count == 0:
            return
        with nogil:
            for y in range(self.extents.y1, self.extents.y2):
                self.span(y, self.extents.x1, self.extents.x2)

    cdef void span(self, int y, long long x1, long long x2) noexcept nogil:
        """Draw ``x1 <= x < x2`` of a row where the clip lets it."""
        cdef Py_ssize_t i
        cdef Band *band
        cdef int left, right
        if y < self.extents.y1 or y >= self.extents.y2:
            return
        i = self.seek(y)
        if i < 0:
            return
        band = &self.bands[i]
        for i in range(band.first, band.last + 1):
            left = <int>max(x1, <long long>self.clips[i].x1)
            right = <int>min(x2, <long long>self.clips[i].x2)
            if left < right:
                self.put(y, left, right)

    cdef Py_ssize_t seek(self, int y) noexcept nogil:
        """The band of a row, mostly that of the row before; -1 between bands."""
        cdef Py_ssize_t low = 0, high = self.count, middle
        if self.bands[self.current].top <= y < self.bands[self.current].bottom:
            return self.current
        while low < high:
            middle = (low + high) >> 1
            if self.bands[middle].bottom <= y:
                low = middle + 1
            else:
                high = middle
        if low == self.count or y < self.bands[low].top:
            return -1
        self.current = low
        return low

    cdef void put(self, int y, int x1, int x2) noexcept nogil:
        """Draw a span that the clip lets through."""


cdef class RecordingPen(Pen):
    def __dealloc__(self):
        free(self._drawn)

    def boxes(self):
        if self._full:
            raise MemoryError("no memory for the spans of a line")
        return PyBytes_FromStringAndSize(<char *>self._drawn, self._used * <Py_ssize_t>sizeof(Box))

    cdef void put(self, int y, int x1, int x2) noexcept nogil:
        cdef Box *last
        if self._used:
            last = &self._drawn[self._used - 1]
            if last.x1 == x1 and last.x2 == x2:
                if last.y2 == y:
                    last.y2 = y + 1
                    return
                if last.y1 == y + 1:
                    last.y1 = y
                    return
            elif last.y1 == y and last.y2 == y + 1:
                if last.x2 == x1:
                    last.x2 = x2
                    return
                if last.x1 == x2:
                    last.x1 = x1
                    return
        self.append(Box(x1, y, x2, y + 1))

    cdef void append(self, Box box) noexcept nogil:
        cdef Py_ssize_t room
        cdef Box *moved
        if self._used == self._room:
            room = 2 * self._room if self._room else FIRST_BOXES
            moved = <Box *>realloc(self._drawn, <size_t>room * sizeof(Box))
            if moved == NULL:
                self._full = True
                return
            self._drawn, self._room = moved, room
        self._drawn[self._used] = box
        self._used += 1
