# cython: cdivision=True
"""The pieces of dashed lines as rows of pixels; see stroke_polygon.pxd.

A pixel belongs to a polygon when its centre does, where centres have whole coordinates; of those on a side,
the ones on left and upper sides belong to it. Each side is walked row by row in whole numbers, from a start
that doubles give. Rows outside the clip are stepped over at once.
"""

from libc.math cimport ceil
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, malloc

from gspice.gpu.plans.stroke_pen cimport Pen

cdef enum:
    MOST_SIDES = 4
    WORD = 64

# A side on its way down: x of the row, how near a step aside is (due when above 0), rows left to go.
cdef struct Edge:
    long long x, step, error, dx, dy, height
    int sign

# The sides on one hand of the polygon, the upper ones first.
cdef struct Chain:
    Edge[MOST_SIDES] edges
    int count
    long long top


cdef class Cover:
    def __cinit__(self, Pen pen not None):
        cdef int width = pen.extents.x2 - pen.extents.x1, height = pen.extents.y2 - pen.extents.y1
        cdef int y
        self.pen = pen
        self.stride = (width + WORD - 1) // WORD
        self.bits = <uint64_t *>calloc(<size_t>height + 1, <size_t>(self.stride + 1) * sizeof(uint64_t))
        self.lows = <int *>malloc((<size_t>height + 1) * sizeof(int))
        self.highs = <int *>malloc((<size_t>height + 1) * sizeof(int))
        if self.bits == NULL or self.lows == NULL or self.highs == NULL:
            raise MemoryError("no memory for the pixels of a line")
        self.top, self.bottom = height, 0
        for y in range(height):
            self.lows[y], self.highs[y] = width, 0

    def __dealloc__(self):
        free(self.bits)
        free(self.lows)
        free(self.highs)

    cdef void add(self, int y, long long x1, long long x2) noexcept nogil:
        cdef int left = self.pen.extents.x1, right = self.pen.extents.x2, x, end
        cdef uint64_t *row
        if y < self.pen.extents.y1 or y >= self.pen.extents.y2:
            return
        x, end = <int>(max(x1, left) - left), <int>(min(x2, right) - left)
        if x >= end:
            return
        y -= self.pen.extents.y1
        self.top, self.bottom = min(self.top, y), max(self.bottom, y + 1)
        self.lows[y], self.highs[y] = min(self.lows[y], x), max(self.highs[y], end)
        row = self.bits + y * self.stride
        while x < end:
            row[x >> 6] |= <uint64_t>1 << (x & 63)
            x += 1

    cdef void draw(self) noexcept nogil:
        """Draw what was added, and forget it."""
        cdef int y, x, start, word
        cdef uint64_t *row
        for y in range(self.top, self.bottom):
            row = self.bits + y * self.stride
            x = self.lows[y]
            while x < self.highs[y]:
                if row[x >> 6] >> (x & 63) == 0:
                    x = (x | 63) + 1
                    continue
                if not row[x >> 6] >> (x & 63) & 1:
                    x += 1
                    continue
                start = x
                while x < self.highs[y] and row[x >> 6] >> (x & 63) & 1:
                    x += 1
                self.pen.span(y + self.pen.extents.y1, start + <long long>self.pen.extents.x1,
                              x + <long long>self.pen.extents.x1)
            for word in range(self.lows[y] >> 6, ((self.highs[y] + WORD - 1) >> 6)):
                row[word] = 0
            self.lows[y], self.highs[y] = self.pen.extents.x2 - self.pen.extents.x1, 0
        self.top, self.bottom = self.pen.extents.y2 - self.pen.extents.y1, 0


cdef void fill_polygon(Pen pen, Cover cover, const Corner *corners, const Side *sides, int count, long long x,
                       long long y) noexcept nogil:
    """Fill a polygon whose corners are relative to (x, y): on ``cover`` if there is one, else by pen."""
    cdef Chain left, right
    cdef Edge *lhs = NULL
    cdef Edge *rhs = NULL
    cdef int top = 0, bottom = 0, i, before, nl = 0, nr = 0
    cdef bint turned
    cdef long long end, row, height
    for i in range(1, count):
        if corners[i].y < corners[top].y:
            top = i
        if corners[i].y >= corners[bottom].y:
            bottom = i
    before = (top + count - 1) % count
    turned = sides[before].dy * sides[top].dx > sides[top].dy * sides[before].dx
    end = <long long>ceil(corners[bottom].y) + y
    make_chain(&right, corners, sides, count, top, bottom, turned, 0, x, y, end)
    make_chain(&left, corners, sides, count, top, bottom, not turned, 1, x, y, end)
    row = right.top
    while ((nl < left.count or (lhs != NULL and lhs.height))
           and (nr < right.count or (rhs != NULL and rhs.height))):
        if (lhs == NULL or lhs.height == 0) and nl < left.count:
            lhs = &left.edges[nl]
            nl += 1
        if (rhs == NULL or rhs.height == 0) and nr < right.count:
            rhs = &right.edges[nr]
            nr += 1
        height = min(lhs.height, rhs.height)
        lhs.height -= height
        rhs.height -= height
        if height > 0:
            row = walk(pen, cover, lhs, rhs, row, height)


cdef long long walk(Pen pen, Cover cover, Edge *lhs, Edge *rhs, long long row,
                    long long height) noexcept nogil:
    """Draw ``height`` rows between two edges; returns the row after them."""
    cdef long long end = row + height, seen = min(end, <long long>pen.extents.y2)
    if row < pen.extents.y1:
        height = min(pen.extents.y1, end) - row
        advance(lhs, height)
        advance(rhs, height)
        row += height
    while row < seen:
        if rhs.x >= lhs.x:
            if cover is None:
                pen.span(<int>row, lhs.x, rhs.x + 1)
            else:
                cover.add(<int>row, lhs.x, rhs.x + 1)
        advance(lhs, 1)
        advance(rhs, 1)
        row += 1
    if row < end:
        advance(lhs, end - row)
        advance(rhs, end - row)
    return end


cdef inline void advance(Edge *edge, long long rows) noexcept nogil:
    """Go down so many rows."""
    cdef long long due = edge.error + rows * edge.dx, aside = 0
    if due > 0:
        aside = (due + edge.dy - 1) / edge.dy if rows > 1 else 1
    edge.x += rows * edge.step + aside * edge.sign
    edge.error = due - aside * edge.dy


cdef void make_chain(Chain *chain, const Corner *corners, const Side *sides, int count, int top, int bottom,
                     bint backwards, int left, long long x, long long y, long long end) noexcept nogil:
    """The sides from the top corner to the bottom one, going one way or the other round."""
    cdef int i = top, step = count - 1 if backwards else 1
    cdef int side = (top + count - 1) % count if backwards else top
    cdef long long row, last = 0
    chain.count = 0
    chain.top = 0
    while i != bottom:
        if sides[side].dy != 0:
            row = make_edge(&chain.edges[chain.count], &corners[i], &sides[side], left, x, y)
            if chain.count:
                chain.edges[chain.count - 1].height = row - last
            else:
                chain.top = row
            chain.count += 1
            last = row
        i = (i + step) % count
        side = (side + step) % count
    if chain.count:
        chain.edges[chain.count - 1].height = end - last


cdef long long make_edge(Edge *edge, const Corner *corner, const Side *side, int left, long long x,
                         long long y) noexcept nogil:
    """The edge down from a corner, and its first row. Left edges begin at the first pixel that is inside."""
    cdef long long dx = side.dx, dy = side.dy, row = <long long>ceil(corner.y), scaled
    cdef double k = side.k
    if dy < 0:
        dx, dy, k = -dx, -dy, -k
    # x * dy of where the side crosses the row.
    scaled = <long long>ceil(k) + row * dx
    edge.x = -(-scaled / dy) - 1 if scaled <= 0 else (scaled - 1) / dy
    edge.error = scaled - edge.x * dy
    if dx >= 0:
        edge.sign, edge.step, edge.dx = 1, dx / dy, dx % dy
    else:
        edge.sign, edge.step, edge.dx = -1, -(-dx / dy), -dx % dy
        edge.error = dy - edge.error + 1
    edge.error -= dy
    edge.dy = dy
    edge.x += left + x
    return row + y
