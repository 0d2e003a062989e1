"""Regions of pixels, by pixman; see region.pyi for what each method promises."""

from gspice.geometry import Rect


cdef extern from "pixman.h" nogil:
    ctypedef int pixman_bool_t
    ctypedef struct pixman_box32_t:
        int x1, y1, x2, y2
    ctypedef struct pixman_region32_t:
        pass
    ctypedef enum pixman_region_overlap_t:
        PIXMAN_REGION_OUT
        PIXMAN_REGION_IN
        PIXMAN_REGION_PART
    void pixman_region32_init(pixman_region32_t *region)
    void pixman_region32_init_rect(pixman_region32_t *region, int x, int y, unsigned int w, unsigned int h)
    void pixman_region32_fini(pixman_region32_t *region)
    void pixman_region32_clear(pixman_region32_t *region)
    void pixman_region32_translate(pixman_region32_t *region, int x, int y)
    pixman_bool_t pixman_region32_copy(pixman_region32_t *dest, pixman_region32_t *source)
    pixman_bool_t pixman_region32_union(pixman_region32_t *d, pixman_region32_t *a, pixman_region32_t *b)
    pixman_bool_t pixman_region32_subtract(pixman_region32_t *d, pixman_region32_t *a, pixman_region32_t *b)
    pixman_bool_t pixman_region32_intersect(pixman_region32_t *d, pixman_region32_t *a, pixman_region32_t *b)
    pixman_bool_t pixman_region32_not_empty(pixman_region32_t *region)
    pixman_bool_t pixman_region32_equal(pixman_region32_t *a, pixman_region32_t *b)
    pixman_bool_t pixman_region32_contains_point(pixman_region32_t *r, int x, int y, pixman_box32_t *box)
    pixman_region_overlap_t pixman_region32_contains_rectangle(pixman_region32_t *r, pixman_box32_t *box)
    pixman_box32_t *pixman_region32_extents(pixman_region32_t *region)
    pixman_box32_t *pixman_region32_rectangles(pixman_region32_t *region, int *n)


cdef class Region:
    cdef pixman_region32_t _region

    def __cinit__(self, rects=()):
        pixman_region32_init(&self._region)

    def __init__(self, rects=()):
        for rect in rects:
            self.add(rect)

    def __dealloc__(self):
        pixman_region32_fini(&self._region)

    cdef bint _rect(self, object rect, pixman_region32_t *out) except -1:
        """Make ``out`` the region of one rectangle; false (and no region) where it is empty."""
        cdef int left = rect[0], top = rect[1], right = rect[2], bottom = rect[3]
        if right <= left or bottom <= top:
            return False
        pixman_region32_init_rect(out, left, top, <unsigned int>(right - left), <unsigned int>(bottom - top))
        return True

    cdef int _check(self, pixman_bool_t done) except -1:
        if not done:
            raise MemoryError("no memory for a region")
        return 0

    def add(self, rect):
        cdef pixman_region32_t other
        cdef pixman_bool_t done
        if self._rect(rect, &other):
            done = pixman_region32_union(&self._region, &self._region, &other)
            pixman_region32_fini(&other)
            self._check(done)

    def subtract(self, rect):
        cdef pixman_region32_t other
        cdef pixman_bool_t done
        if self._rect(rect, &other):
            done = pixman_region32_subtract(&self._region, &self._region, &other)
            pixman_region32_fini(&other)
            self._check(done)

    def intersect(self, rect):
        cdef pixman_region32_t other
        cdef pixman_bool_t done
        if not self._rect(rect, &other):
            pixman_region32_clear(&self._region)
            return
        done = pixman_region32_intersect(&self._region, &self._region, &other)
        pixman_region32_fini(&other)
        self._check(done)

    def add_region(self, Region other not None):
        self._check(pixman_region32_union(&self._region, &self._region, &other._region))

    def subtract_region(self, Region other not None):
        self._check(pixman_region32_subtract(&self._region, &self._region, &other._region))

    def intersect_region(self, Region other not None):
        self._check(pixman_region32_intersect(&self._region, &self._region, &other._region))

    def translate(self, int dx, int dy):
        pixman_region32_translate(&self._region, dx, dy)

    def copy(self):
        cdef Region new = Region()
        self._check(pixman_region32_copy(&new._region, &self._region))
        return new

    def clear(self):
        pixman_region32_clear(&self._region)

    def rects(self):
        cdef int n = 0
        cdef int i
        cdef pixman_box32_t *boxes = pixman_region32_rectangles(&self._region, &n)
        return [Rect(boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2) for i in range(n)]

    cdef pixman_region_overlap_t _overlap(self, object rect):
        cdef pixman_box32_t box
        box.x1, box.y1, box.x2, box.y2 = rect[0], rect[1], rect[2], rect[3]
        if box.x2 <= box.x1 or box.y2 <= box.y1:
            return PIXMAN_REGION_OUT
        return pixman_region32_contains_rectangle(&self._region, &box)

    def overlaps(self, rect):
        return self._overlap(rect) != PIXMAN_REGION_OUT

    def covers(self, rect):
        if rect[2] <= rect[0] or rect[3] <= rect[1]:
            return True
        return self._overlap(rect) == PIXMAN_REGION_IN

    def contains_point(self, int x, int y):
        cdef pixman_box32_t box
        return bool(pixman_region32_contains_point(&self._region, x, y, &box))

    @property
    def extents(self):
        cdef pixman_box32_t *box = pixman_region32_extents(&self._region)
        return Rect(box.x1, box.y1, box.x2, box.y2)

    @property
    def area(self):
        cdef int n = 0
        cdef int i
        cdef long long total = 0
        cdef pixman_box32_t *boxes = pixman_region32_rectangles(&self._region, &n)
        for i in range(n):
            total += <long long>(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1)
        return total

    def __bool__(self):
        return bool(pixman_region32_not_empty(&self._region))

    def __len__(self):
        cdef int n = 0
        pixman_region32_rectangles(&self._region, &n)
        return n

    def __eq__(self, other):
        if not isinstance(other, Region):
            return NotImplemented
        return bool(pixman_region32_equal(&self._region, &(<Region>other)._region))

    __hash__ = None

    def __repr__(self):
        return f"Region({self.rects()!r})"
