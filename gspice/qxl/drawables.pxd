"""Drawables; drawables.pyx says what each name promises."""

from libc.stdint cimport uint64_t

from gspice.qxl.guest_view cimport GuestView
from gspice.qxl.ops cimport Drawable


cdef Drawable read_drawable(GuestView view, uint64_t address)
cdef Drawable read_compat_drawable(GuestView view, uint64_t address)
