# cython: auto_pickle=False
"""Guest memory as one command sees it: all is copied out once, and what was copied is what counts.

The guest may write to its memory at any time, so nothing here or above keeps a pointer into it, and no
field is read again after it has been checked.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memchr, memcpy

from gspice.qxl.image_memory cimport image_bytes
from gspice.qxl.memslots cimport NO_FAULT, Fault
from gspice.qxl.ops cimport make_rect
from gspice.qxl.packed_structs cimport QXLDataChunk

from gspice.errors import GuestError

cdef enum:
    COMPAT_16BPP = 2  # command flag: colours are 5-5-5 bits
    MAX_CHUNKS = 1 << 21  # of one chain, empty ones included: a circle ends there
    FEW_CHUNKS = 64  # so many are looked at before other threads are let in
    # Below this a copy keeps the GIL: it takes some µs, getting the GIL back may take a switch interval.
    KEEP_GIL_BYTES = 1 << 16
    TEXT_STEP = 256

cdef struct Piece:
    uint64_t host
    uint64_t size

cdef enum Halt:
    CHAIN_END
    PAUSE  # the step limit was reached
    TOO_LONG  # more data than asked for
    BAD_CHUNK  # ``address`` and ``size`` say where, ``fault`` why
    NO_MEMORY

cdef struct Chain:
    Piece *pieces
    Piece few[8]
    uint32_t count
    uint32_t room
    uint32_t chunks
    uint64_t total
    uint64_t address
    uint64_t size
    Fault fault


cdef class GuestView:
    """``surfaces``: surface ids are below this; ``expand_16bpp``: the command's colours have 5 bits each."""

    cdef int fetch(self, void *out, uint64_t address, uint64_t length, str what) except -1:
        """Copy a small structure out."""
        cdef uint64_t host
        cdef Fault fault
        if address == 0:
            raise GuestError(f"{what}: no address is given")
        fault = self.memslots.locate(address, length, self.group, &host)
        if fault != NO_FAULT:
            self.memslots.refuse(fault, address, length, self.group, what)
        memcpy(out, <const void *>host, length)
        return 0

    cdef bytes take(self, uint64_t address, uint64_t length, str what):
        """A copy of ``length`` bytes that lie in one piece."""
        cdef Piece piece
        cdef Fault fault
        if address == 0:
            raise GuestError(f"{what}: no address is given")
        if length > MAX_DATA:
            raise GuestError(f"{what}: {length} bytes are more than {MAX_DATA}")
        fault = self.memslots.locate(address, length, self.group, &piece.host)
        if fault != NO_FAULT:
            self.memslots.refuse(fault, address, length, self.group, what)
        piece.size = length
        return joined(&piece, 1, length)

    cdef bytes take_text(self, uint64_t address, uint64_t limit, str what):
        """The bytes up to the first NUL, which must come within ``limit`` bytes and the slot."""
        cdef uint64_t host, room, step, done = 0
        cdef char[TEXT_STEP] part
        cdef const char *end
        cdef list parts = []
        cdef Fault fault = self.memslots.reach(address, self.group, &host, &room)
        if fault != NO_FAULT:
            self.memslots.refuse(fault, address, 1, self.group, what)
        room = min(room, limit)
        while done < room:
            step = min(room - done, <uint64_t>TEXT_STEP)
            memcpy(part, <const void *>(host + done), step)
            end = <const char *>memchr(part, 0, step)
            if end != NULL:
                parts.append(part[: end - part])
                return b"".join(parts)
            parts.append(part[:step])
            done += step
        raise GuestError(f"{what}: it does not end within {room} bytes")

    cdef bytes take_chunks(self, uint64_t address, uint64_t limit, str what):
        """All data of a chain of QXLDataChunk, in order; at most ``limit`` bytes."""
        cdef MemSlots memslots = self.memslots
        cdef uint32_t group = self.group
        cdef Chain chain
        cdef Halt halt
        if address == 0:
            raise GuestError(f"{what}: no address is given")
        chain.pieces = chain.few
        chain.room = 8
        chain.count = chain.chunks = 0
        chain.total = 0
        chain.address = address
        try:
            halt = walk(memslots, group, &chain, limit, FEW_CHUNKS)
            if halt == PAUSE:
                with nogil:
                    halt = walk(memslots, group, &chain, limit, MAX_CHUNKS)
            if halt == PAUSE:
                raise GuestError(f"{what}: a chain of {MAX_CHUNKS} data chunks or more")
            if halt == TOO_LONG:
                raise GuestError(f"{what}: data chunks hold more than {limit} bytes")
            if halt == BAD_CHUNK:
                memslots.refuse(chain.fault, chain.address, chain.size, group, f"data chunk of {what}")
            if halt == NO_MEMORY:
                raise MemoryError(f"no memory for a list of {chain.count} data chunks")
            # Chunks that overlap would let a small guest fill the host's memory with copies of a few bytes.
            if chain.count > 1 and chain.total > memslots.mapped_bytes(group):
                raise GuestError(f"{what}: data chunks hold {chain.total} bytes, more than all memory slots")
            return joined(chain.pieces, chain.count, chain.total)
        finally:
            if chain.pieces != chain.few:
                free(chain.pieces)

    cdef int check_surface(self, uint64_t surface_id, str what) except -1:
        if surface_id >= self.surfaces:
            raise GuestError(f"{what}: surface id {surface_id}, ids are below {self.surfaces}")
        return 0


cdef GuestView make_view(MemSlots memslots, uint32_t group, uint32_t flags, uint32_t surfaces):
    cdef GuestView view = GuestView.__new__(GuestView)
    view.memslots = memslots
    view.group = group
    view.surfaces = surfaces
    view.expand_16bpp = flags & COMPAT_16BPP != 0
    return view


cdef Halt walk(
    MemSlots memslots, uint32_t group, Chain *chain, uint64_t limit, uint32_t steps
) noexcept nogil:
    """Follow a chain from ``chain.address`` on, noting where data lie, until ``steps`` chunks were seen."""
    cdef QXLDataChunk header
    cdef uint64_t host
    while True:
        if chain.chunks >= steps:
            return PAUSE
        chain.chunks += 1
        chain.size = sizeof(header)
        chain.fault = memslots.locate(chain.address, chain.size, group, &host)
        if chain.fault != NO_FAULT:
            return BAD_CHUNK
        memcpy(&header, <const void *>host, sizeof(header))
        if header.data_size:
            chain.size += header.data_size
            chain.fault = memslots.locate(chain.address, chain.size, group, &host)
            if chain.fault != NO_FAULT:
                return BAD_CHUNK
            chain.total += header.data_size
            if chain.total > limit:
                return TOO_LONG
            if chain.count == chain.room and not grow(chain):
                return NO_MEMORY
            chain.pieces[chain.count].host = host + sizeof(header)
            chain.pieces[chain.count].size = header.data_size
            chain.count += 1
        if header.next_chunk == 0:
            return CHAIN_END
        chain.address = header.next_chunk


cdef bint grow(Chain *chain) noexcept nogil:
    cdef Piece *more
    if chain.pieces == chain.few:
        more = <Piece *>malloc(2 * chain.room * sizeof(Piece))
        if more != NULL:
            memcpy(more, chain.few, sizeof(chain.few))
    else:
        more = <Piece *>realloc(chain.pieces, 2 * <size_t>chain.room * sizeof(Piece))
    if more == NULL:
        return False
    chain.pieces = more
    chain.room *= 2
    return True


cdef bytes joined(const Piece *pieces, uint32_t count, uint64_t total):
    """One bytes object of all pieces; large ones are copied while other threads run."""
    cdef bytes data = image_bytes(total)
    cdef char *target = PyBytes_AS_STRING(data)
    if total < KEEP_GIL_BYTES:
        gather(target, pieces, count)
    else:
        with nogil:
            gather(target, pieces, count)
    return data


cdef void gather(char *target, const Piece *pieces, uint32_t count) noexcept nogil:
    cdef uint32_t i
    for i in range(count):
        memcpy(target, <const void *>pieces[i].host, pieces[i].size)
        target += pieces[i].size


cdef object checked_rect(const QXLRect *rect, str what):
    """A rectangle whose corners are in order; it may be empty."""
    if rect.right < rect.left or rect.bottom < rect.top:
        raise GuestError(
            f"{what}: from ({rect.left}, {rect.top}) to ({rect.right}, {rect.bottom}) is inside out"
        )
    return make_rect(rect.left, rect.top, rect.right, rect.bottom)


cdef object placed_rect(const QXLRect *rect, str what):
    """A ``checked_rect`` that has no negative coordinate."""
    if rect.left < 0 or rect.top < 0:
        raise GuestError(f"{what}: its corner ({rect.left}, {rect.top}) is negative")
    return checked_rect(rect, what)
