"""Translation of guest addresses in C; memslots.pyx says what each name promises."""

from libc.stdint cimport uint32_t, uint64_t


cdef enum Fault:
    NO_FAULT
    NO_GROUP
    NO_SLOT
    NOT_MAPPED
    OLD_GENERATION
    OUTSIDE


cdef struct Slot:
    bint mapped
    uint64_t generation
    uint64_t virt_start
    uint64_t virt_end
    uint64_t delta


cdef class MemSlots:
    cdef Slot *_slots
    cdef uint64_t *_mapped_bytes
    cdef uint32_t _groups
    cdef uint32_t _per_group
    cdef int _id_bits
    cdef int _generation_bits
    cdef readonly int internal_group

    cdef Fault reach(self, uint64_t address, uint32_t group, uint64_t *host, uint64_t *room) noexcept nogil
    cdef Fault locate(self, uint64_t address, uint64_t length, uint32_t group, uint64_t *host) noexcept nogil
    cdef uint64_t mapped_bytes(self, uint32_t group) noexcept nogil
    cdef int refuse(self, Fault fault, uint64_t address, uint64_t length, uint32_t group, str what) except -1
    cdef int _count(self, uint32_t group) except -1
    cdef Slot *_find(self, object group, object slot_id) except NULL
