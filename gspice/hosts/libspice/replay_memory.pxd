"""Commands of a recording in the host's memory; see replay_memory.pyi."""

from libc.stdint cimport int32_t

from gspice.hosts.libspice.abi cimport QXLCommandExt


cdef extern from *:
    """
    #include "abi.h"
    typedef struct gspice_replay_command {
        QXLCommandExt ext; /* first: its address is what the host has of this */
        int32_t surface;   /* the surface id that is free again with it; -1: none */
        uint32_t count;
        void *blocks[];    /* all its memory */
    } gspice_replay_command;
    """
    ctypedef struct gspice_replay_command:
        QXLCommandExt ext
        int32_t surface
        unsigned int count
        void *blocks[]


# Free a command that hand_out made, from any thread; the surface id that goes with it, -1 for none.
cdef int32_t free_command(QXLCommandExt *ext) noexcept nogil
