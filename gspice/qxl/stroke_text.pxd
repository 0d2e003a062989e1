"""What STROKE and TEXT point at; stroke_text.pyx says what each name promises."""

from libc.stdint cimport uint64_t

from gspice.qxl.guest_view cimport GuestView
from gspice.qxl.ops cimport Text
from gspice.qxl.packed_structs cimport QXLLineAttr


cdef tuple read_path(GuestView view, uint64_t address)
cdef tuple read_dashes(GuestView view, const QXLLineAttr *attr)
cdef int read_string(GuestView view, uint64_t address, Text text) except -1
