# cython: auto_pickle=False
"""See backdrop.pyi."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from gspice.stream.frame_rows cimport TILE, Box, Plane, at, common, same
from gspice.stream.reference_frame cimport ReferenceFrame

from typing import NamedTuple

from gspice.geometry import Rect

cdef enum:
    LAYER_COUNT = 3

cdef enum Mark:
    # What a layer has of a tile: KEPT stays, the others are what one call has found.
    KEPT = 1
    FRESH = 2
    FOUND = 4

LAYERS = LAYER_COUNT
STILL_S = 0.15
cdef double STILL = STILL_S
cdef double PROVED = 30.0  # seconds that pixels which came back once are preferred to others
cdef double LASTING = 10.0  # and others, up to that, for each second that they were to be seen

cdef struct Layer:
    Plane plane
    uint8_t *pixels
    uint8_t *marks
    double *used_at


class Kept(NamedTuple):
    layer: int
    fresh: list
    before: list


class Uncovered(NamedTuple):
    layer: int
    rects: list


cdef class Backdrop:
    cdef ReferenceFrame _frame
    cdef Layer[LAYER_COUNT] _layers
    cdef double *_changed_at  # by tile, when it was last seen to change
    cdef int _columns, _rows, _count

    def __cinit__(self, ReferenceFrame frame not None, int layers=LAYER_COUNT):
        cdef Layer *layer
        cdef int number
        if not 1 <= layers <= LAYER_COUNT:
            raise ValueError(f"a backdrop of {layers} layers: it has from 1 to {LAYERS}")
        self._frame = frame
        self._count = layers
        self._columns = (frame._bounds.right + TILE - 1) // TILE
        self._rows = (frame._bounds.bottom + TILE - 1) // TILE
        tiles = self._columns * self._rows
        self._changed_at = <double *>calloc(tiles, sizeof(double))
        complete = self._changed_at is not NULL
        for number in range(layers):
            layer = &self._layers[number]
            layer.plane = frame._plane
            # The system gives zeroed pages only as they are written to.
            layer.pixels = <uint8_t *>calloc(frame._bounds.bottom, layer.plane.stride)
            layer.marks = <uint8_t *>calloc(tiles, 1)
            layer.used_at = <double *>calloc(tiles, sizeof(double))
            layer.plane.first = layer.pixels
            complete = complete and not (layer.pixels is NULL or layer.marks is NULL or layer.used_at is NULL)
        if not complete:
            raise MemoryError(f"no memory for a backdrop of {frame._bounds.right}x{frame._bounds.bottom}")

    def __dealloc__(self):
        cdef int number
        free(self._changed_at)
        for number in range(LAYER_COUNT):
            free(self._layers[number].pixels)
            free(self._layers[number].marks)
            free(self._layers[number].used_at)

    cdef Box tile(self, int column, int row) noexcept nogil:
        cdef Box box
        box.left, box.top = column * TILE, row * TILE
        box.right = min(box.left + TILE, self._frame._bounds.right)
        box.bottom = min(box.top + TILE, self._frame._bounds.bottom)
        return box

    cdef bint equal(self, const Plane *one, const Plane *other, const Box *box) noexcept nogil:
        cdef int y
        for y in range(box.top, box.bottom):
            if not same(at(one, box.left, y), at(other, box.left, y), box.right - box.left, one.pixel, one.mask):
                return False
        return True

    cdef int keeper(self, Py_ssize_t number, const Box *tile) noexcept nogil:
        """The layer that keeps what the frame has there; -1: none does."""
        cdef int layer
        for layer in range(self._count):
            if self._layers[layer].marks[number] and (
                    self.equal(&self._layers[layer].plane, &self._frame._plane, tile)):
                return layer
        return -1

    cdef bint keep(self, Py_ssize_t number, const Box *tile, const Plane *new, double now) noexcept nogil:
        """Keep the frame's pixels in the layer that is worth least, if none has them.

        Not in one that has just what comes to light now; False where there is no other, or all are worth more.
        ``new``: the newer pixels, NULL if they are not those of the whole tile.
        """
        cdef double worth = now + min(LASTING * (now - self._changed_at[number]), PROVED)
        cdef int found = self.keeper(number, tile), layer, y
        cdef Layer *chosen = NULL
        if found >= 0:
            self._layers[found].marks[number] |= FOUND
            self._layers[found].used_at[number] = max(self._layers[found].used_at[number], now)
            return True
        for layer in range(self._count):
            if chosen is not NULL and self._layers[layer].used_at[number] >= chosen.used_at[number]:
                continue
            if new is not NULL and self._layers[layer].marks[number] and (
                    self.equal(&self._layers[layer].plane, new, tile)):
                continue
            chosen = &self._layers[layer]
        if chosen is NULL or chosen.used_at[number] > worth:
            return False
        for y in range(tile.top, tile.bottom):
            memcpy(<uint8_t *>at(&chosen.plane, tile.left, y), at(&self._frame._plane, tile.left, y),
                   <size_t>(tile.right - tile.left) * chosen.plane.pixel)
        chosen.marks[number] = KEPT | FRESH
        chosen.used_at[number] = worth
        return True

    def cover(self, const uint8_t[::1] data not None, stride, rect, double now):
        cdef Box box = self._frame.inside(rect)
        cdef Plane new = self._frame.plane_of(data, stride, &box)
        cdef Box tile, part
        cdef int column, row, found = 0
        cdef bint whole
        cdef Py_ssize_t number
        cdef int left = box.left // TILE, right = (box.right - 1) // TILE + 1
        cdef int top = box.top // TILE, bottom = (box.bottom - 1) // TILE + 1
        with nogil:
            for row in range(top, bottom):
                for column in range(left, right):
                    tile = self.tile(column, row)
                    part.left, part.right = max(tile.left, box.left), min(tile.right, box.right)
                    part.top, part.bottom = max(tile.top, box.top), min(tile.bottom, box.bottom)
                    if self.equal(&new, &self._frame._plane, &part):
                        continue
                    number = <Py_ssize_t>row * self._columns + column
                    if self._changed_at[number] <= now - STILL:
                        whole = (part.left == tile.left and part.right == tile.right
                                 and part.top == tile.top and part.bottom == tile.bottom)
                        found += self.keep(number, &tile, &new if whole else NULL, now)
                    self._changed_at[number] = now
        if not found:
            return []
        kept = [
            Kept(layer, self.take(layer, FRESH, left, top, right, bottom),
                 self.take(layer, FOUND, left, top, right, bottom))
            for layer in range(self._count)
        ]
        return [each for each in kept if each.fresh or each.before]

    def uncovered(self, rects, double now):
        cdef Box box, part
        cdef int column, row, layer, found
        cdef int left, top, right, bottom
        cdef Py_ssize_t number
        taken = [[] for _ in range(self._count)]
        for rect in rects:
            box = self._frame.inside(rect)
            left, right = box.left // TILE, (box.right - 1) // TILE + 1
            top, bottom = box.top // TILE, (box.bottom - 1) // TILE + 1
            found = 0
            with nogil:
                for row in range(top, bottom):
                    for column in range(left, right):
                        number = <Py_ssize_t>row * self._columns + column
                        # What a dragged window leaves is rarely as wide as a tile.
                        part = self.tile(column, row)
                        part = common(&part, &box)
                        layer = self.keeper(number, &part)
                        if layer >= 0:
                            self._layers[layer].marks[number] |= FOUND
                            self._layers[layer].used_at[number] = now + PROVED
                            found |= 1 << layer
            for layer in range(self._count):
                if found >> layer & 1:
                    taken[layer] += [rect.intersect(run)
                                     for run in self.take(layer, FOUND, left, top, right, bottom)]
        return [Uncovered(layer, rects) for layer, rects in enumerate(taken) if rects]

    cdef list take(self, int layer, int mark, int left, int top, int right, int bottom):
        """Rectangles of the tiles that have a mark, which goes: runs in a row, joined downwards."""
        cdef int column, row, start
        cdef uint8_t *marks
        above = {}
        rects = []
        for row in range(top, bottom):
            marks = self._layers[layer].marks + <Py_ssize_t>row * self._columns
            runs = {}
            column = left
            while column < right:
                if not marks[column] & mark:
                    column += 1
                    continue
                start = column
                while column < right and marks[column] & mark:
                    marks[column] = KEPT
                    column += 1
                runs[start, column] = above.pop((start, column), row)
            rects += [self.rect(run, first, row) for run, first in above.items()]
            above = runs
        return rects + [self.rect(run, first, bottom) for run, first in above.items()]

    cdef object rect(self, run, int top, int bottom):
        left, right = run
        return Rect(left * TILE, top * TILE, min(right * TILE, self._frame._bounds.right),
                    min(bottom * TILE, self._frame._bounds.bottom))
