# cython: auto_pickle=False
"""Words, numbers and raw blocks of a recording, read through one buffer; see recording_scanner.pyi."""

import zlib

from cpython.buffer cimport PyBUF_WRITE
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memmove, strlen

from gspice.qxl.image_memory cimport image_bytes

from gspice.qxl import recording_events
from gspice.qxl.recording_events import RecordingError

cdef enum:
    BUFFER_BYTES = 1 << 18
    # Up to so many bytes come through the buffer; larger blocks are read to where they belong.
    SMALL_BLOCK = 1 << 14
    PLAIN = 0
    ZLIB = 1

cdef Py_ssize_t MAX_WORD = recording_events.MAX_WORD
cdef Py_ssize_t MAX_SPACE = recording_events.MAX_SPACE
cdef uint64_t MAX_DATA = recording_events.MAX_DATA
cdef uint64_t MAX_CHUNKS = recording_events.MAX_CHUNKS
cdef uint64_t TOP = 1 << 63
cdef uint64_t TOP_TENTH = 1844674407370955161  # of 2**64 - 1, which ends in 5


class NotBuffered(Exception):
    """See recording_scanner.pyi."""


cdef inline bint is_space(int char) noexcept:
    return char == 32 or 9 <= char <= 13


cdef class Scanner:
    def __init__(self, readinto):
        self._readinto = readinto
        # One byte more than is ever filled: a NUL there ends every word and number.
        self._buffer = bytearray(BUFFER_BYTES + 1)
        self._window = memoryview(self._buffer)
        self._base = PyByteArray_AS_STRING(self._buffer)
        self._start = self._end = 0
        self._dropped = 0
        self._ended = False
        self._held = False
        self._mark = 0
        # Why no more could be read; told once what was read before is used up, for that is good.
        self._failure = None

    @property
    def position(self):
        return self._dropped + <uint64_t>self._start

    def hold(self):
        self._held = True
        self._mark = self._start

    def go_on(self, bint back):
        self._held = False
        if back:
            self._start = self._mark

    def at_end(self):
        return self.skip_spaces() == -1

    def begin(self):
        self.word(b"SPICE_REPLAY")
        return self.u32(b"version")

    def event(self):
        if self.skip_spaces() == -1:
            return None
        self.word(b"event")
        return (
            self.u32(b"event counter"),
            self.small(b"event kind", 1),
            self.u32(b"event type"),
            self.u64(b"event time"),
        )

    def primary_follows(self):
        cdef int char = self.skip_spaces()
        return char == 45 or 48 <= char <= 57

    def numbers(self, *names):
        return [self.i32(name.encode()) for name in names]

    def block(self, str name):
        return self.binary(name.encode())

    cdef object damaged(self, str reason):
        if self._failure is not None:
            return self._failure
        return RecordingError(self.position, reason)

    cdef str seen(self):
        """The word that comes next, for error messages."""
        cdef Py_ssize_t end = self._start
        while end < self._end and end - self._start < MAX_WORD and not is_space(self._base[end]):
            end += 1
        if end == self._start and self._ended:
            return "the end"
        return repr(self._base[self._start:end].decode("ascii", "backslashreplace"))

    cdef int reads(self) except -1:
        """To be called before anything is read of the file, or moved in the buffer."""
        if self._held:
            raise NotBuffered
        return 0

    cdef Py_ssize_t fill(self) except -1:
        """Read more into the buffer; 0: there is no more."""
        cdef Py_ssize_t left = self._end - self._start
        self.reads()
        if self._start:
            memmove(self._base, self._base + self._start, left)
            self._dropped += self._start
            self._start, self._end = 0, left
            self._base[left] = 0
        if self._ended or self._end == BUFFER_BYTES:
            return 0
        try:
            got = self._readinto(self._window[self._end:BUFFER_BYTES])
        except Exception as error:
            self._failure = error
            got = 0
        if not got:
            self._ended = True
            got = 0
        self._end += <Py_ssize_t>got
        self._base[self._end] = 0
        return got

    cdef int next_char(self) except -2:
        """The next byte, which stays where it is; -1 at the end."""
        if self._start == self._end and not self.fill():
            if self._failure is not None:
                raise self._failure
            return -1
        return <unsigned char>self._base[self._start]

    cdef int skip_spaces(self) except -2:
        """Skip white space; what comes then, as ``next_char``. A whole word is in the buffer then."""
        cdef int char
        cdef Py_ssize_t skipped = 0
        while True:
            char = self.next_char()
            if char == -1 or not is_space(char):
                break
            if skipped == MAX_SPACE:
                raise self.damaged(f"more than {MAX_SPACE} bytes of white space")
            self._start += 1
            skipped += 1
        while self._end - self._start < MAX_WORD and not self._ended:
            self.fill()
        return char

    cdef bint take_word(self, const char *expected) except -1:
        """Take the next word if it is this one; whether it was."""
        cdef Py_ssize_t size = strlen(expected)
        self.skip_spaces()
        if self._end - self._start < size or memcmp(self._base + self._start, expected, size) != 0:
            return False
        if self._end - self._start > size and not is_space(self._base[self._start + size]):
            return False
        self._start += size
        return True

    cdef int word(self, const char *expected) except -1:
        """The next word, which must be this one."""
        if not self.take_word(expected):
            raise self.damaged(f"expected {expected.decode()!r}, there is {self.seen()}")
        return 0

    cdef uint64_t number(self, const char *what, bint *negative) except? 0xFFFFFFFFFFFFFFFF:
        """A decimal number's absolute value, which is below 2**64."""
        cdef uint64_t value = 0
        cdef int char = self.skip_spaces()
        cdef Py_ssize_t at = self._start
        cdef Py_ssize_t first
        negative[0] = char == 45
        if negative[0]:
            at += 1
        first = at
        while True:
            char = self._base[at] - 48
            if not 0 <= char <= 9:
                break
            if at - first >= 19 and (value > TOP_TENTH or (value == TOP_TENTH and char > 5)):
                raise self.damaged(f"{what.decode()}: a number of more than 64 bits")
            value = value * 10 + <uint64_t>char
            at += 1
            if at - first > 20:
                raise self.damaged(f"{what.decode()}: a number of more than 20 digits")
        # Where the file ends after a digit, that may be half a number.
        if at == first or not (is_space(self._base[at]) or self._base[at] == 58):
            raise self.damaged(f"{what.decode()}: expected a number, there is {self.seen()}")
        self._start = at
        return value

    cdef uint32_t u32(self, const char *what) except? 0xFFFFFFFF:
        """A 32-bit number, which may have been written as a signed one."""
        cdef bint negative
        cdef uint64_t value = self.number(what, &negative)
        if value > (0x80000000 if negative else 0xFFFFFFFF):
            raise self.damaged(f"{what.decode()}: {'-' if negative else ''}{value} does not fit 32 bits")
        return <uint32_t>(0 - value if negative else value)

    cdef int32_t i32(self, const char *what) except? -1:
        return <int32_t>self.u32(what)

    cdef uint64_t u64(self, const char *what) except? 0xFFFFFFFFFFFFFFFF:
        """A 64-bit number, which may have been written as a signed one."""
        cdef bint negative
        cdef uint64_t value = self.number(what, &negative)
        if negative and value > TOP:
            raise self.damaged(f"{what.decode()}: -{value} does not fit 64 bits")
        return 0 - value if negative else value

    cdef uint32_t small(self, const char *what, uint32_t most) except? 0xFFFFFFFF:
        """A number that is at most ``most``."""
        cdef uint32_t value = self.u32(what)
        if value > most:
            raise self.damaged(f"{what.decode()}: {value} is more than {most}")
        return value

    cdef bytes binary(self, const char *name):
        """A raw block."""
        cdef int kind
        cdef uint64_t size = self.block_head(name, &kind)
        cdef bytes data
        if size > MAX_DATA:
            raise self.damaged(f"{name.decode()}: {size} bytes are more than {MAX_DATA}")
        data = image_bytes(size)
        self.block_body(name, kind, PyBytes_AS_STRING(data), size)
        return data

    cdef bytes chunks(self, const char *name, uint64_t most):
        """Raw blocks that are one: ``data_chunks``, how many more follow the first, and bytes of all."""
        cdef uint64_t more, total, size, done = 0
        cdef int kind
        cdef bytes data
        cdef char *target
        self.word(b"data_chunks")
        more, total = self.u64(b"number of data chunks"), self.u64(b"size of data chunks")
        if more >= MAX_CHUNKS:
            raise self.damaged(f"{name.decode()}: {more} data chunks are more than {MAX_CHUNKS}")
        if total > most:
            raise self.damaged(f"{name.decode()}: {total} bytes are more than {most}")
        data = image_bytes(total)
        target = PyBytes_AS_STRING(data)
        while True:
            size = self.block_head(name, &kind)
            if size > total - done:
                raise self.damaged(f"{name.decode()}: chunk of {size} bytes, {total - done} are left")
            self.block_body(name, kind, target + done, size)
            done += size
            if more == 0:
                break
            more -= 1
        if done != total:
            raise self.damaged(f"{name.decode()}: data chunks hold {done} bytes, not {total}")
        return data

    cdef uint64_t block_head(self, const char *name, int *kind) except? 0xFFFFFFFFFFFFFFFF:
        """The head of a raw block, colon included: how many bytes it is."""
        cdef uint64_t size
        self.word(b"binary")
        kind[0] = self.small(b"compression of a block", ZLIB)
        self.word(name)
        size = self.u64(b"size of a block")
        self.colon()
        return size

    def colon(self):
        if self.next_char() != 58:
            raise self.damaged(f"expected ':', there is {self.seen()}")
        self._start += 1

    cdef int block_body(self, const char *name, int kind, char *target, uint64_t size) except -1:
        """The bytes of a block; ``target`` has room for them."""
        cdef uint64_t packed
        cdef bytes compressed, data
        if kind == PLAIN:
            return self.raw(target, size)
        packed = self.u64(b"compressed size of a block")
        self.colon()
        if packed > size + (size >> 8) + MAX_WORD:
            raise self.damaged(f"{name.decode()}: {packed} compressed bytes for {size}")
        compressed = image_bytes(packed)
        self.raw(PyBytes_AS_STRING(compressed), packed)
        try:
            # One byte more than there may be, to see that there is none.
            data = zlib.decompressobj().decompress(compressed, size + 1)
        except zlib.error as error:
            raise self.damaged(f"{name.decode()}: {error}") from error
        if <uint64_t>PyBytes_GET_SIZE(data) != size:
            raise self.damaged(f"{name.decode()}: not {size} bytes after decompression")
        memcpy(target, PyBytes_AS_STRING(data), size)
        return 0

    cdef int raw(self, char *target, Py_ssize_t size) except -1:
        """Bytes as they are: what the buffer holds of them, and the rest at once to where they belong."""
        cdef Py_ssize_t part, done = 0
        if size > self._end - self._start:
            self.reads()
        while done < size:
            part = min(size - done, self._end - self._start)
            if part:
                memcpy(target + done, self._base + self._start, part)
                self._start += part
                done += part
            elif size - done <= SMALL_BLOCK or self._ended:
                if not self.fill():
                    raise self.damaged(f"the file ends {size - done} bytes before the end of a block")
            else:
                got = self._readinto(PyMemoryView_FromMemory(target + done, size - done, PyBUF_WRITE))
                if not got:
                    self._ended = True
                    continue
                done += <Py_ssize_t>got
                self._dropped += <uint64_t>got
        return 0
