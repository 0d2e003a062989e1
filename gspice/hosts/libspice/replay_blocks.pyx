# cython: auto_pickle=False
"""The memory of one command of a recording while it is written: what ``Resource`` is to the guest-side driver.

Blocks have the sizes, and structures the places in them, that ``Resource`` would have given them.
"""

from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

from gspice.hosts.libspice.replay_memory cimport gspice_replay_command

from gspice.qxl import driver_memory

cdef size_t PAGE = driver_memory.PAGE_SIZE
cdef size_t ALIGN = driver_memory.ALIGN


cdef class Blocks:
    """For one command after the other."""

    def __init__(self, size_t largest):
        """``largest``: bytes that a block may have."""
        self._largest = largest

    def __dealloc__(self):
        self.drop()
        free(self._blocks)

    cdef char *carve(self, size_t size) except NULL:
        cdef char *place
        size = (max(size, 1) + ALIGN - 1) // ALIGN * ALIGN
        if size > PAGE:
            return self._add(size, True)
        if self._page == NULL or size > self._page_left:
            self._page = self._add(PAGE, True)
            self._page_left = PAGE
        place = self._page
        self._page += size
        self._page_left -= size
        return place

    cdef char *bulk(self, size_t size) except NULL:
        return self._add(size, False)

    cdef char *_add(self, size_t size, bint cleared) except NULL:
        cdef unsigned int room
        cdef void *grown
        cdef void *block
        if size > self._largest:
            raise driver_memory.DoesNotFit(f"{size} bytes in one piece: more than {self._largest}")
        if self._count == self._room:
            room = 2 * self._room + 8
            grown = realloc(self._blocks, room * sizeof(void *))
            if grown == NULL:
                raise driver_memory.DoesNotFit("no memory for a command of a recording")
            self._blocks, self._room = <void **> grown, room
        block = calloc(1, max(size, 1)) if cleared else malloc(max(size, 1))
        if block == NULL:
            raise driver_memory.DoesNotFit(f"no memory for {size} bytes of a recording")
        self._blocks[self._count] = block
        self._count += 1
        return <char *> block

    cdef uint64_t hand_out(
        self, char *data, unsigned int kind, int32_t surface, void *adopted=NULL
    ) except 0:
        cdef size_t size = sizeof(gspice_replay_command) + (self._count + 1) * sizeof(void *)
        cdef gspice_replay_command *command = <gspice_replay_command *> calloc(1, size)
        if command == NULL:
            raise driver_memory.DoesNotFit("no memory for a command of a recording")
        memcpy(command.blocks, self._blocks, self._count * sizeof(void *))
        command.count = self._count
        if adopted != NULL:
            command.blocks[command.count] = adopted
            command.count += 1
        command.surface = surface
        command.ext.cmd.data = address(data)
        command.ext.cmd.type = kind
        # Every command begins with its release info, whose first member is the id.
        (<uint64_t *> data)[0] = address(command)
        self._forget()
        return address(command)

    cdef void drop(self) noexcept:
        cdef uint32_t i
        for i in range(self._count):
            free(self._blocks[i])
        self._forget()

    cdef void _forget(self) noexcept:
        self._count = 0
        self._page = NULL
        self._page_left = 0
