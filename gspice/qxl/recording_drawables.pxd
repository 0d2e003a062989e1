"""Payloads of recorded drawing commands."""

from gspice.qxl.recording_parts cimport Faults
from gspice.qxl.recording_scanner cimport Scanner


cdef object read_drawable(Scanner scanner, Faults faults)
