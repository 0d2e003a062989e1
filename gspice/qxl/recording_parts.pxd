"""What the payloads of a recording are made of."""

from gspice.qxl.ops cimport Brush, Image, Mask
from gspice.qxl.recording_scanner cimport Scanner


cdef class Faults:
    """Why a command is not one that a server would carry out. Its text is read to the end all the same."""

    cdef readonly str first

    cdef object note(self, str reason)
    cdef object surface(self, unsigned int surface_id, str what)


cdef unsigned int field(Scanner scanner, const char *name) except? 0xFFFFFFFF
cdef object read_point(Scanner scanner)
cdef object read_point16(Scanner scanner)
cdef object read_rect(Scanner scanner, const char *name)
cdef object check_rect(Faults faults, object rect, str what)
cdef object place_rect(Faults faults, object rect, str what)
cdef Image read_image(Scanner scanner, Faults faults, bint is_mask, str what)
cdef Image need_image(Scanner scanner, Faults faults, str what)
cdef Brush read_brush(Scanner scanner, Faults faults, str what)
cdef Mask read_mask(Scanner scanner, Faults faults)
