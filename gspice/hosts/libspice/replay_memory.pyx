"""Commands of a recording in the host's memory; see replay_memory.pyi.

What is handed out is freed without Python, for it is the worker that releases commands, thousands in a second.
"""

from cpython.buffer cimport PyBUF_WRITE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free

from gspice.hosts.libspice.abi cimport QXLCommandExt


cdef int32_t free_command(QXLCommandExt *ext) noexcept nogil:
    cdef gspice_replay_command *command = <gspice_replay_command *> ext
    cdef int32_t surface = command.surface
    cdef unsigned int i
    for i in range(command.count):
        free(command.blocks[i])
    free(command)
    return surface


def allocate(size_t size):
    cdef void *block = calloc(1, max(size, 1))
    if block == NULL:
        raise MemoryError(f"no memory for {size} bytes of a recording")
    return <uintptr_t> block


def release(uintptr_t address):
    free(<void *> address)


def span(uintptr_t address, Py_ssize_t size):
    return PyMemoryView_FromMemory(<char *> address, size, PyBUF_WRITE)


def hand_out(uintptr_t data, unsigned int kind, tuple blocks not None, int32_t surface):
    cdef unsigned int count = len(blocks)
    cdef gspice_replay_command *command = <gspice_replay_command *> calloc(
        1, sizeof(gspice_replay_command) + count * sizeof(void *))
    cdef unsigned int i
    if command == NULL:
        raise MemoryError("no memory for a command of a recording")
    for i in range(count):
        command.blocks[i] = <void *> <uintptr_t> blocks[i]
    command.count = count
    command.surface = surface
    command.ext.cmd.data = data
    command.ext.cmd.type = kind
    # Every command begins with its release info, whose first member is the id.
    (<uint64_t *> data)[0] = <uintptr_t> command
    return <uintptr_t> command


def take_back(uintptr_t command):
    return free_command(<QXLCommandExt *> command)
