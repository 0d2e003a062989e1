"""What ``st`` of a QXLInstance points at while the device is attached.

Calls that take no GIL find the worker's doorbell through it. It is never freed: a vCPU that is about to ring may still
hold the pointer when its device goes, and a bell that is closed does nothing.
"""

from cpython.ref cimport PyObject


cdef extern from *:
    """
    #include "abi.h"
    struct QXLState {
        PyObject *bell; /* NULL until the worker is there */
    };
    typedef struct QXLState gspice_qxl_state;
    """
    ctypedef struct gspice_qxl_state:
        PyObject *bell
