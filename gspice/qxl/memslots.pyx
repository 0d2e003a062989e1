# cython: auto_pickle=False
"""Memory slots: from QXL addresses to host memory; see memslots.pyi."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from gspice.errors import GuestError, InterfaceError

cdef enum:
    MAX_TABLE = 1 << 16  # slots of all groups together; hosts have a dozen
    # Below this a copy keeps the GIL: it takes some µs, getting the GIL back may take a switch interval.
    KEEP_GIL_BYTES = 1 << 16

cdef uint64_t MAX_COPY = 0x7FFFFFFF
cdef object MAX_ADDRESS = 0xFFFFFFFFFFFFFFFF

# What a fault says, by Fault.
cdef tuple FAULTS = (
    "",
    "there is no such memory slot group",
    "its slot id is beyond the slots there are",
    "its memory slot is not mapped",
    "its generation is not that of its memory slot",
    "it is not all inside its memory slot",
)


cdef class MemSlots:
    def __cinit__(self, *, groups, slots, generation_bits, id_bits, internal_group):
        if groups < 1 or slots < 1 or groups * slots > MAX_TABLE:
            raise InterfaceError(f"{groups} groups of {slots} memory slots: there may be 1 to {MAX_TABLE}")
        if generation_bits < 0 or id_bits < 0 or generation_bits + id_bits > 63:
            raise InterfaceError(
                f"memory slots with {id_bits} id and {generation_bits} generation bits: no room for offsets"
            )
        self._groups, self._per_group = groups, slots
        self._id_bits, self._generation_bits = id_bits, generation_bits
        self.internal_group = internal_group
        self._slots = <Slot *>calloc(groups * slots, sizeof(Slot))
        self._mapped_bytes = <uint64_t *>calloc(groups, sizeof(uint64_t))
        if self._slots == NULL or self._mapped_bytes == NULL:
            raise MemoryError("no memory for the memory slots")

    def __dealloc__(self):
        free(self._slots)
        free(self._mapped_bytes)

    cdef Slot *_find(self, object group, object slot_id) except NULL:
        if not 0 <= group < self._groups:
            raise GuestError(f"memory slot group {group}: there are {self._groups}")
        if not 0 <= slot_id < self._per_group:
            raise GuestError(f"memory slot {slot_id}: a group has {self._per_group}")
        return &self._slots[<uint64_t>group * self._per_group + <uint64_t>slot_id]

    cdef int _count(self, uint32_t group) except -1:
        """Bring ``_mapped_bytes`` up to date after a change."""
        cdef uint64_t total = 0
        cdef uint64_t size
        cdef Slot *slot
        cdef uint32_t i
        for i in range(self._per_group):
            slot = &self._slots[<uint64_t>group * self._per_group + i]
            size = slot.virt_end - slot.virt_start if slot.mapped else 0
            total = total + size if total + size >= total else <uint64_t>-1
        self._mapped_bytes[group] = total
        return 0

    def add(self, slot):
        cdef Slot *entry = self._find(slot.group_id, slot.slot_id)
        if not 0 <= slot.virt_start <= slot.virt_end <= MAX_ADDRESS:
            raise GuestError(f"memory slot {slot.slot_id} from {slot.virt_start:#x} to {slot.virt_end:#x}")
        if not 0 <= slot.generation <= MAX_ADDRESS:
            raise GuestError(f"memory slot {slot.slot_id} of generation {slot.generation}")
        entry.generation = slot.generation
        entry.virt_start, entry.virt_end = slot.virt_start, slot.virt_end
        entry.delta = slot.addr_delta & MAX_ADDRESS
        entry.mapped = True
        self._count(slot.group_id)

    def remove(self, group, slot_id):
        self._find(group, slot_id).mapped = False
        self._count(group)

    def reset(self):
        cdef uint32_t group
        cdef uint64_t i
        for i in range(<uint64_t>self._groups * self._per_group):
            self._slots[i].mapped = False
        for group in range(self._groups):
            self._count(group)

    cdef Fault reach(self, uint64_t address, uint32_t group, uint64_t *host, uint64_t *room) noexcept nogil:
        """Where an address lies, and how many bytes of its slot there are from it on."""
        cdef uint64_t id = address >> (64 - self._id_bits) if self._id_bits else 0
        cdef uint64_t rest = address << self._id_bits
        cdef uint64_t generation = rest >> (64 - self._generation_bits) if self._generation_bits else 0
        cdef uint64_t offset = (rest << self._generation_bits) >> (self._id_bits + self._generation_bits)
        cdef Slot *slot
        if group >= self._groups:
            return NO_GROUP
        if id >= self._per_group:
            return NO_SLOT
        slot = &self._slots[<uint64_t>group * self._per_group + id]
        if not slot.mapped:
            return NOT_MAPPED
        if generation != slot.generation:
            return OLD_GENERATION
        host[0] = offset + slot.delta
        # A host may map all memory as one slot; its first byte is still nobody's.
        if host[0] == 0 or host[0] < slot.virt_start or host[0] > slot.virt_end:
            return OUTSIDE
        room[0] = slot.virt_end - host[0]
        return NO_FAULT

    cdef Fault locate(self, uint64_t address, uint64_t length, uint32_t group, uint64_t *host) noexcept nogil:
        """The host address of a range that lies all in one slot."""
        cdef uint64_t room
        cdef Fault fault = self.reach(address, group, host, &room)
        if fault == NO_FAULT and length > room:
            return OUTSIDE
        return fault

    cdef uint64_t mapped_bytes(self, uint32_t group) noexcept nogil:
        """Bytes that all slots of a group hold together: no honest command carries more."""
        return self._mapped_bytes[group] if group < self._groups else 0

    cdef int refuse(self, Fault fault, uint64_t address, uint64_t length, uint32_t group, str what) except -1:
        raise GuestError(f"{what}: {length} bytes at {address:#x} of group {group}: {FAULTS[<int>fault]}")

    def translate(self, address, length, group):
        cdef uint64_t host
        if not (0 <= address <= MAX_ADDRESS and 0 <= length <= MAX_ADDRESS and 0 <= group < self._groups):
            raise GuestError(f"guest memory: {length} bytes at {address:#x} of group {group} cannot be")
        cdef Fault fault = self.locate(address, length, group, &host)
        if fault != NO_FAULT:
            self.refuse(fault, address, length, group, "guest memory")
        return host

    def copy(self, address, length, group):
        cdef uint64_t host = self.translate(address, length, group)
        if length > MAX_COPY:
            raise GuestError(f"guest memory: {length} bytes at {address:#x}: at most {MAX_COPY} are copied")
        cdef bytes data = PyBytes_FromStringAndSize(NULL, length)
        move(PyBytes_AS_STRING(data), <const char *>host, length)
        return data

    def store(self, address, bytes data not None, group):
        cdef uint64_t length = PyBytes_GET_SIZE(data)
        cdef uint64_t host = self.translate(address, length, group)
        move(<char *>host, PyBytes_AS_STRING(data), length)


cdef int move(char *target, const char *source, uint64_t length) noexcept:
    if length < KEEP_GIL_BYTES:
        memcpy(target, source, length)
    else:
        with nogil:
            memcpy(target, source, length)
    return 0
