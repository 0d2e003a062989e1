from gspice.qxl.ops cimport Drawable


cpdef Py_ssize_t drawable_bytes(Drawable drawable) except -1
