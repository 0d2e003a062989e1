"""The memory of one command of a recording while it is written; see replay_blocks.pyx."""

from libc.stdint cimport int32_t, uint64_t


cdef class Blocks:
    cdef void **_blocks
    cdef unsigned int _count
    cdef unsigned int _room
    cdef char *_page
    cdef size_t _page_left
    cdef size_t _largest

    # Cleared memory for a structure, from the command's page where it is small.
    cdef char *carve(self, size_t size) except NULL
    # A block of its own; the bytes are not cleared.
    cdef char *bulk(self, size_t size) except NULL
    # The QXLCommandExt of the command whose first structure is at ``data``; all blocks are its own from now on, and
    # so is what is at ``adopted``. ``surface``: the id that is free again with it, -1 for none.
    cdef uint64_t hand_out(self, char *data, unsigned int kind, int32_t surface, void *adopted=*) except 0
    # Free what was not handed out.
    cdef void drop(self) noexcept

    cdef char *_add(self, size_t size, bint cleared) except NULL
    cdef void _forget(self) noexcept


cdef inline uint64_t address(const void *place) noexcept:
    return <uint64_t> <size_t> place
