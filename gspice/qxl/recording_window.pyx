# cython: auto_pickle=False
"""The text that a zstd frame may still refer to, kept in a temporary file and not in memory.

The frame's whole text has one stretch of addresses. Its newest piece is memory; pieces that are complete are
written to the file, and the file is mapped in their place. Disk that is full is then an error of ``write``, where
storing to a mapped file would end the process.
"""

import errno
import os
import tempfile

from libc.errno cimport errno as c_errno
from libc.stdint cimport uint64_t
from posix.mman cimport (
    MADV_DONTNEED, MAP_ANONYMOUS, MAP_FAILED, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ,
    PROT_WRITE, madvise, mmap, munmap,
)
from posix.types cimport off_t
from posix.unistd cimport pwrite

cdef extern from "<sys/mman.h>" nogil:
    int MAP_NORESERVE
    int MADV_HUGEPAGE

cdef extern from "<fcntl.h>" nogil:
    int FALLOC_FL_PUNCH_HOLE
    int FALLOC_FL_KEEP_SIZE
    int fallocate(int descriptor, int mode, off_t offset, off_t size)

cdef enum:
    # Memory that the newest piece takes. A multiple of every page size.
    PIECE_BYTES = 4 << 20
    # Linux keeps what one call wrote in folios of up to that size, and a reference into one brings in all of it.
    WRITE_BYTES = 1 << 16
    # The decoder writes up to two blocks of 128 KiB, and a little more, past the end of the text. This is more, so
    # that memory is added in whole huge pages.
    MARGIN_BYTES = 2 << 20
    # What no reference reaches any more is taken out of the file in pieces of at least this.
    PUNCH_BYTES = 64 << 20


def directory():
    """Where the file goes: $TMPDIR, else /var/tmp, which is a disk where /tmp may be memory."""
    for name in (os.environ.get("TMPDIR"), "/var/tmp"):
        if name and os.access(name, os.W_OK | os.X_OK) and os.path.isdir(name):
            return name
    return tempfile.gettempdir()


cdef class FileWindow:
    """The text of one frame, of at most ``size`` bytes, of which the last ``keep`` can be read back.

    OSError: there is no such file, no such address space, or no room on the disk. The mapping lives as long as
    this object.
    """

    def __cinit__(self, uint64_t size, uint64_t keep):
        self._descriptor = -1
        self._keep = keep + MARGIN_BYTES
        self._mapped = (size // PIECE_BYTES + 2) * PIECE_BYTES
        # Only addresses: pieces get their memory one after another.
        self.base = <char *>mmap(
            NULL, self._mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
        )
        if self.base == <char *>MAP_FAILED:
            self.base = NULL
            raise OSError(
                c_errno,
                f"{os.strerror(c_errno)}: no {self._mapped} bytes of address space"
                " (ulimit -v sets how many there are)",
            )
        self._directory = directory()
        self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)
        self._descriptor = self._file.fileno()

    def __dealloc__(self):
        if self.base != NULL:
            munmap(self.base, self._mapped)

    cdef int make_room(self, uint64_t end) except -1:
        """Have memory from ``end``, the end of the text so far, for the next block to be written to."""
        while end - self.written >= PIECE_BYTES:
            self._write()
        cdef uint64_t needed = min(self.written + PIECE_BYTES + MARGIN_BYTES, self._mapped)
        if self._ready < needed:
            self._place(
                self._ready, needed - self._ready, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
            )
            madvise(self.base + self._ready, needed - self._ready, MADV_HUGEPAGE)
            self._ready = needed
        return 0

    cdef int _write(self) except -1:
        """The oldest piece in memory to the file, which takes its place."""
        cdef uint64_t done = 0
        cdef ssize_t put
        cdef int error
        while done < PIECE_BYTES:
            with nogil:
                put = pwrite(
                    self._descriptor, self.base + self.written + done, min(WRITE_BYTES, PIECE_BYTES - done),
                    <off_t>(self.written + done),
                )
                error = c_errno
            if put < 0 and error != errno.EINTR:
                raise OSError(
                    error,
                    f"{os.strerror(error)}: {self._directory} holds the text that was unpacked last,"
                    f" {self.written - self._punched + PIECE_BYTES} bytes by now"
                    " (TMPDIR can name another directory)",
                )
            done += max(put, 0)
        self._place(self.written, PIECE_BYTES, PROT_READ, MAP_SHARED)
        self.written += PIECE_BYTES
        return 0

    cdef int _place(self, uint64_t start, uint64_t size, int protection, int flags) except -1:
        """Give addresses memory, or the file's bytes."""
        cdef int descriptor = -1 if flags & MAP_ANONYMOUS else self._descriptor
        cdef off_t offset = 0 if flags & MAP_ANONYMOUS else <off_t>start
        if mmap(self.base + start, size, protection, flags | MAP_FIXED, descriptor, offset) == MAP_FAILED:
            raise OSError(c_errno, f"{os.strerror(c_errno)}: {size} bytes of text cannot be mapped")
        return 0

    cdef int forget(self) except -1:
        """Take the file's pages out of this process's memory, and out of the file what no reference reaches."""
        cdef uint64_t unreachable = 0
        if self.written == self._punched:
            return 0
        madvise(self.base + self._punched, self.written - self._punched, MADV_DONTNEED)
        if self.written > self._keep:
            unreachable = (self.written - self._keep) // PIECE_BYTES * PIECE_BYTES
        if unreachable >= self._punched + PUNCH_BYTES:
            # Where the file system cannot do it, the file keeps the whole text.
            fallocate(
                self._descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                <off_t>self._punched, <off_t>(unreachable - self._punched),
            )
            self._punched = unreachable
        return 0
