"""Images, brushes and masks of drawing operations; images.pyx says what each name promises."""

from libc.stdint cimport uint32_t, uint64_t

from gspice.qxl.guest_view cimport GuestView
from gspice.qxl.ops cimport Brush, Image, Mask
from gspice.qxl.packed_structs cimport QXLBrush, QXLQMask, QXLRect


cdef Image read_image(GuestView view, uint64_t address, bint is_mask, str what)
cdef object read_source_area(const QXLRect *rect, Image image)
cdef Brush read_brush(GuestView view, const QXLBrush *brush, str what)
cdef Mask read_mask(GuestView view, const QXLQMask *mask)
cdef uint32_t read_color(GuestView view, uint32_t color) noexcept
