"""Guest memory as one command sees it; guest_view.pyx says what each name promises."""

from libc.stdint cimport uint32_t, uint64_t

from gspice.qxl.memslots cimport MemSlots
from gspice.qxl.packed_structs cimport QXLRect


cdef enum:
    MAX_DATA = 0x7FFFFFFF  # bytes of one field, chunked or not: a size fits 31 bits, as upstream's do


cdef class GuestView:
    cdef MemSlots memslots
    cdef uint32_t group
    cdef readonly uint32_t surfaces
    cdef bint expand_16bpp

    cdef int fetch(self, void *out, uint64_t address, uint64_t length, str what) except -1
    cdef bytes take(self, uint64_t address, uint64_t length, str what)
    cdef bytes take_text(self, uint64_t address, uint64_t limit, str what)
    cdef bytes take_chunks(self, uint64_t address, uint64_t limit, str what)
    cdef int check_surface(self, uint64_t surface_id, str what) except -1


cdef GuestView make_view(MemSlots memslots, uint32_t group, uint32_t flags, uint32_t surfaces)
cdef object checked_rect(const QXLRect *rect, str what)
cdef object placed_rect(const QXLRect *rect, str what)
