# cython: auto_pickle=False
"""See merging.pyi."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

from gspice.geometry import Rect

cdef enum:
    NEAR = 24  # rectangles kept last that a new one is compared with: they come in bands, so neighbours are near

cdef struct Box:
    int32_t left, top, right, bottom


cdef inline int64_t area(const Box *box) noexcept nogil:
    return <int64_t>(box.right - box.left) * (box.bottom - box.top)


cdef inline Box around(const Box *one, const Box *other) noexcept nogil:
    cdef Box both
    both.left = min(one.left, other.left)
    both.top = min(one.top, other.top)
    both.right = max(one.right, other.right)
    both.bottom = max(one.bottom, other.bottom)
    return both


cdef Py_ssize_t pass_over(Box *boxes, Py_ssize_t count, int64_t slack) noexcept nogil:
    """Join each box to the one before it that grows least by it; how many are left."""
    cdef Py_ssize_t kept = 0, at, other, best
    cdef int64_t added, least
    cdef Box both, box
    for at in range(count):
        box = boxes[at]
        best = -1
        least = slack + 1
        for other in range(max(0, kept - NEAR), kept):
            both = around(&boxes[other], &box)
            added = area(&both) - area(&boxes[other]) - area(&box)
            if added < least:
                least, best = added, other
        if best < 0:
            boxes[kept] = box
            kept += 1
        else:
            boxes[best] = around(&boxes[best], &box)
    return kept


def merge(rects, int64_t slack, Py_ssize_t limit):
    cdef Py_ssize_t count = len(rects), kept, at
    if count < 2:
        return list(rects)
    if limit < 1 or slack < 0:
        raise ValueError(f"no merging of rectangles to {limit} of them, {slack} pixels more")
    cdef Box *boxes = <Box *>malloc(count * sizeof(Box))
    if boxes is NULL:
        raise MemoryError
    try:
        for at, rect in enumerate(rects):
            boxes[at].left, boxes[at].top, boxes[at].right, boxes[at].bottom = rect
        with nogil:
            while True:
                kept = pass_over(boxes, count, slack)
                if kept == count:
                    if kept <= limit:
                        break
                    # Nothing more is near enough: take what is farther.
                    slack = 4 * slack + 1024
                count = kept
        return sorted(
            [Rect(boxes[at].left, boxes[at].top, boxes[at].right, boxes[at].bottom) for at in range(count)],
            key=lambda rect: (rect.top, rect.left),
        )
    finally:
        free(boxes)
