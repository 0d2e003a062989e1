# cython: auto_pickle=False
"""Memory for image bytes that is used again: fresh memory costs a page fault for every 4 KiB.

Images hold plain ``bytes``. One reference to each of the large ones stays here; when it is the only one
left, nobody can see the object any more, and its memory serves for the next image of about that size.

All is done under the GIL and in one go: no code of Python's runs in between, so any thread may call.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    /* The object is ours alone, as it is for PyBytes_FromStringAndSize(NULL, size). A hash may be left from
       its last life. The allocation stays as large as it was. */
    static void begin_new_life(PyObject *object, Py_ssize_t size)
    {
        PyBytesObject *bytes = (PyBytesObject *)object;
        Py_SET_SIZE(bytes, size);
        bytes->ob_sval[size] = 0;
    #pragma GCC diagnostic push
    #pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        bytes->ob_shash = -1;
    #pragma GCC diagnostic pop
    }
    """
    void begin_new_life(PyObject *object, Py_ssize_t size)
    Py_ssize_t Py_REFCNT(PyObject *object)
    void Py_DECREF(PyObject *object)

cdef enum:
    # Below this, malloc has memory whose pages are there.
    LEAST = 1 << 16
    MOST = 1 << 26  # kept bytes of all classes, and so the largest block that is kept
    # A class for every quarter of a power of two: a block is at most a quarter larger than what it holds.
    LEAST_BITS = 16
    QUARTERS = 4
    CLASSES = (26 - 16) * 4 + 1
    SLOTS = 64  # of a class: as many commands as a batch has

cdef struct SizeClass:
    PyObject *slots[SLOTS]
    uint32_t count
    uint32_t hand  # which slot is given up next
    uint64_t last_used

cdef SizeClass[CLASSES] CLASS
cdef uint64_t kept = 0
cdef uint64_t clock = 0

MIN_BYTES = <int>LEAST
BUDGET = <int>MOST


cdef bytes image_bytes(uint64_t size):
    """Uninitialised: fill all of it before anyone else sees it, or drop it. At most PY_SSIZE_T_MAX bytes."""
    cdef uint32_t number
    cdef PyObject *found
    global clock
    if size < LEAST or size > MOST:
        return PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
    number = class_of(size)
    clock += 1
    CLASS[number].last_used = clock
    found = idle(&CLASS[number])
    if found == NULL:
        return keep(number, size)
    begin_new_life(found, <Py_ssize_t>size)
    return <bytes>found


def copied(const unsigned char[::1] data not None):
    cdef bytes copy = image_bytes(<uint64_t>data.shape[0])
    cdef char *target = PyBytes_AS_STRING(copy)
    if data.shape[0]:
        with nogil:
            memcpy(target, &data[0], <size_t>data.shape[0])
    return copy


def kept_bytes():
    return kept


def trim():
    cdef uint32_t number
    for number in range(CLASSES):
        while CLASS[number].count:
            give_up(number)


cdef uint32_t class_of(uint64_t size) noexcept:
    """The class whose blocks have room for so many bytes."""
    cdef uint32_t bits = LEAST_BITS
    # The largest power of two that is below: sizes up to the next one are in its four classes.
    while (<uint64_t>2 << bits) < size:
        bits += 1
    if size <= <uint64_t>1 << bits:
        return 0
    return (bits - LEAST_BITS) * QUARTERS + <uint32_t>(
        (size - (<uint64_t>1 << bits) + (<uint64_t>1 << (bits - 2)) - 1) >> (bits - 2)
    )


cdef uint64_t room_of(uint32_t number) noexcept:
    """Bytes that the blocks of a class have room for."""
    cdef uint32_t bits = LEAST_BITS + number // QUARTERS
    return <uint64_t>(QUARTERS + number % QUARTERS) << (bits - 2)


cdef PyObject *idle(SizeClass *of) noexcept:
    """A block that nobody holds, the same few as long as they do: those are in the processor's cache."""
    cdef uint32_t i
    for i in range(of.count):
        if Py_REFCNT(of.slots[i]) == 1:
            return of.slots[i]
    return NULL


cdef bytes keep(uint32_t number, uint64_t size):
    """A new block, whose memory is kept. Others make room for it; one that is in use is just not kept any more."""
    cdef SizeClass *of = &CLASS[number]
    cdef uint64_t room = room_of(number)
    cdef bytes block
    if of.count == SLOTS:
        give_up(number)
    while kept + room > MOST:
        give_up(oldest())
    block = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>room)
    hold(of, block, room)
    begin_new_life(<PyObject *>block, <Py_ssize_t>size)
    return block


cdef void hold(SizeClass *of, bytes block, uint64_t room) noexcept:
    global kept
    Py_INCREF(block)
    of.slots[of.count] = <PyObject *>block
    of.count += 1
    kept += room


cdef uint32_t oldest() noexcept:
    """Which of the classes that have blocks was asked for least recently."""
    cdef uint32_t number, best = CLASSES
    for number in range(CLASSES):
        if CLASS[number].count and (best == CLASSES or CLASS[number].last_used < CLASS[best].last_used):
            best = number
    return best


cdef void give_up(uint32_t number) noexcept:
    """Keep one block of a class less, each in turn: one that is in use for long must not stay for ever."""
    cdef SizeClass *of = &CLASS[number]
    cdef PyObject *block
    global kept
    of.hand = of.hand % of.count
    block = of.slots[of.hand]
    of.count -= 1
    of.slots[of.hand] = of.slots[of.count]
    of.hand += 1
    kept -= room_of(number)
    Py_DECREF(block)
