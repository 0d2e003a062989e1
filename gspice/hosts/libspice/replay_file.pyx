# cython: auto_pickle=False
"""The host's file that a recording is read from; see replay_file.pyi."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.errno cimport EINTR, errno
from libc.stdint cimport uintptr_t
from libc.stdio cimport FILE, clearerr, fclose, ferror, fread

import os


cdef class HostFile:
    cdef FILE *_file

    def __cinit__(self, uintptr_t address):
        self._file = <FILE *> address

    def readinto(self, unsigned char[::1] target not None):
        if not target.shape[0]:
            return 0
        return self._fill(<char *> &target[0], target.shape[0])

    def read(self, Py_ssize_t size):
        if size < 0:
            raise ValueError(f"{size} bytes cannot be read")
        data = PyBytes_FromStringAndSize(NULL, size)
        got = self._fill(PyBytes_AS_STRING(data), size)
        return data if got == size else data[:got]

    def close(self):
        cdef FILE *file = self._file
        if file != NULL:
            self._file = NULL
            with nogil:
                fclose(file)

    cdef size_t _fill(self, char *target, size_t size) except? 0:
        cdef size_t done = 0
        cdef int error = 0
        if self._file == NULL:
            raise OSError("the recording's file is closed")
        with nogil:
            while True:
                done += fread(target + done, 1, size - done, self._file)
                if done == size or not ferror(self._file):
                    break
                error = errno
                clearerr(self._file)
                if error != EINTR:  # one of the host's signals
                    break
                error = 0
        if error:
            raise OSError(error, os.strerror(error))
        return done
