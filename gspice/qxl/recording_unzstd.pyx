# cython: auto_pickle=False
"""Reads the text of zstd frames in bounded memory, whatever their windows are; see recording_unzstd.pyi.

Up to SMALL_WINDOW, libzstd keeps the window itself. For larger ones it is told that its output stays where it is
written (``ZSTD_d_stableOutBuffer``), so that it needs no window of its own, and the output is a FileWindow.
"""

import resource

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from gspice.qxl.recording_window cimport FileWindow

cdef extern from * nogil:
    """
    #define ZSTD_STATIC_LINKING_ONLY
    #include <zstd.h>
    """
    ctypedef struct ZSTD_DCtx:
        pass
    ctypedef struct ZSTD_inBuffer:
        const void *src
        size_t size
        size_t pos
    ctypedef struct ZSTD_outBuffer:
        void *dst
        size_t size
        size_t pos
    ctypedef enum ZSTD_frameType_e:
        ZSTD_frame
        ZSTD_skippableFrame
    ctypedef struct ZSTD_frameHeader:
        unsigned long long frameContentSize
        unsigned long long windowSize
        ZSTD_frameType_e frameType
    ctypedef enum ZSTD_dParameter:
        ZSTD_d_windowLogMax
        ZSTD_d_stableOutBuffer
    ctypedef enum ZSTD_ResetDirective:
        ZSTD_reset_session_and_parameters
    unsigned long long ZSTD_CONTENTSIZE_UNKNOWN
    int ZSTD_FRAMEHEADERSIZE_MAX
    ZSTD_DCtx *ZSTD_createDCtx()
    size_t ZSTD_freeDCtx(ZSTD_DCtx *context)
    size_t ZSTD_DCtx_reset(ZSTD_DCtx *context, ZSTD_ResetDirective directive)
    size_t ZSTD_DCtx_setParameter(ZSTD_DCtx *context, ZSTD_dParameter parameter, int value)
    size_t ZSTD_decompressStream(ZSTD_DCtx *context, ZSTD_outBuffer *output, ZSTD_inBuffer *input)
    size_t ZSTD_getFrameHeader(ZSTD_frameHeader *header, const void *src, size_t size)
    unsigned ZSTD_isError(size_t code)
    const char *ZSTD_getErrorName(size_t code)

cdef enum:
    WINDOW_LOG = 31
    INPUT_BYTES = 1 << 17
    # With what a frame begins at the least.
    FIRST_BYTES = 5
    # The pages of the file are let go after so much text, or so much of the packed file: a reference far back
    # takes three bytes of it or more, and may bring in new pages.
    FORGET_TEXT = 2 << 20
    FORGET_INPUT = 1 << 14
    BLOCK_BYTES = 1 << 17
    # Of a process's addresses, where they are limited, a frame of unknown size gets one part of so many.
    LIMITED_PART = 4

SMALL_WINDOW = 64 << 20
MAX_TEXT = 1 << 40
CUT = "the file ends inside a zstd frame"
MAX_WINDOW = <uint64_t>1 << WINDOW_LOG


class ZstdError(Exception):
    pass


cdef class Unzstd:
    cdef object _read
    cdef object _small_window
    cdef ZSTD_DCtx *_context
    cdef bytes _input
    cdef ZSTD_inBuffer _in
    cdef ZSTD_outBuffer _out
    cdef size_t _taken
    """How much of ``_out`` the caller has, where a window is in a file."""
    cdef size_t _wanted
    """Bytes that complete the next block; 0: a frame is to begin."""
    cdef FileWindow _window
    cdef bint _guessed
    """Whether ``_out`` is as large as there was room for, and not as large as the text."""
    cdef size_t _forgot_at
    cdef size_t _read_since

    def __cinit__(self, read, small_window=SMALL_WINDOW):
        self._read = read
        self._small_window = small_window
        self._input = b""
        self._context = ZSTD_createDCtx()
        if self._context == NULL:
            raise MemoryError("no zstd decoder")

    def __dealloc__(self):
        ZSTD_freeDCtx(self._context)

    def readinto(self, unsigned char[::1] target not None):
        cdef size_t done = 0
        cdef bint ended
        if not target.shape[0]:
            return 0
        while not done:
            if self._window is not None and self._taken < self._out.pos:
                done = min(<size_t>target.shape[0], self._out.pos - self._taken)
                memcpy(&target[0], self._window.base + self._taken, done)
                self._taken += done
                break
            if not self._wanted and not self._begin():
                break
            ended = self._in.pos == self._in.size and not self._fill()
            if self._window is None:
                # At the end too: the decoder may hold text that did not fit before.
                self._out.dst, self._out.size, self._out.pos = &target[0], target.shape[0], 0
                self._wanted = self._decode(self._in.size)
                done = self._out.pos
            elif not ended:
                self._next_block()
            if ended:
                if not done and self._wanted:
                    raise ZstdError(CUT)
                break
        return done

    cdef bint _fill(self) except -1:
        """Read more, after what is left; whether there was more."""
        more = self._read(INPUT_BYTES)
        self._input = self._input[self._in.pos:] + more
        self._in.src = PyBytes_AS_STRING(self._input)
        self._in.size, self._in.pos = PyBytes_GET_SIZE(self._input), 0
        return bool(more)

    cdef bint _begin(self) except -1:
        """Make ready for the frame that comes; False: there is none."""
        cdef ZSTD_frameHeader header
        cdef const char *start
        cdef size_t missing
        while self._in.size - self._in.pos < <size_t>ZSTD_FRAMEHEADERSIZE_MAX and self._fill():
            pass
        if self._in.pos == self._in.size:
            return False
        start = <const char *>self._in.src + self._in.pos
        missing = checked(ZSTD_getFrameHeader(&header, start, self._in.size - self._in.pos))
        if missing:
            raise ZstdError(CUT)
        self._window = None
        self._guessed = False
        checked(ZSTD_DCtx_reset(self._context, ZSTD_reset_session_and_parameters))
        checked(ZSTD_DCtx_setParameter(self._context, ZSTD_d_windowLogMax, WINDOW_LOG))
        if header.frameType == ZSTD_frame and self._small_window < header.windowSize <= MAX_WINDOW:
            self._begin_window(header.frameContentSize, header.windowSize)
        self._wanted = FIRST_BYTES
        return True

    cdef int _begin_window(self, uint64_t text, uint64_t window) except -1:
        self._guessed = text == ZSTD_CONTENTSIZE_UNKNOWN
        if self._guessed:
            text = room()
        elif text > MAX_TEXT:
            raise ZstdError(f"a frame of {text} bytes is larger than {MAX_TEXT}")
        checked(ZSTD_DCtx_setParameter(self._context, ZSTD_d_stableOutBuffer, 1))
        self._window = FileWindow(text, window)
        self._out.dst, self._out.size, self._out.pos = self._window.base, text, 0
        self._taken = self._forgot_at = self._read_since = 0
        return 0

    cdef int _next_block(self) except -1:
        """Decode to the end of a block at most, so that it is known how far the decoder writes."""
        cdef size_t before = self._in.pos
        self._window.make_room(self._out.pos)
        self._wanted = self._decode(min(self._in.size, self._in.pos + self._wanted))
        self._read_since += self._in.pos - before
        if self._out.pos - self._forgot_at >= FORGET_TEXT or self._read_since >= FORGET_INPUT:
            self._window.forget()
            self._forgot_at, self._read_since = self._out.pos, 0
        return 0

    cdef size_t _decode(self, size_t end) except? 0:
        """Decode the input up to ``end``; bytes that the frame still wants at least, 0 where it has ended."""
        cdef ZSTD_inBuffer part = self._in
        cdef size_t code
        part.size = end
        with nogil:
            code = ZSTD_decompressStream(self._context, &self._out, &part)
        self._in.pos = part.pos
        if self._guessed and ZSTD_isError(code) and self._out.size - self._out.pos < BLOCK_BYTES:
            raise ZstdError(
                f"a frame that does not tell its size has more than {self._out.size} bytes of text, for which there"
                " are no addresses (ulimit -v sets how many there are)"
            )
        return checked(code)


def room():
    """Addresses to reserve for a frame that does not tell its size: of few, other parts need most."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return MAX_TEXT if limit == resource.RLIM_INFINITY else min(MAX_TEXT, limit // LIMITED_PART)


cdef size_t checked(size_t code) except? 0:
    if ZSTD_isError(code):
        raise ZstdError(f"zstd: {ZSTD_getErrorName(code).decode()}")
    return code
