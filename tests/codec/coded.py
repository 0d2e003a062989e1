"""The encoded images of tests/data/codec, and what they must come to."""

import ctypes
import faulthandler
import hashlib
import json
import mmap
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent.parent / "data" / "codec"
PAGE = mmap.PAGESIZE


class Coded(NamedTuple):
    """One file and its entry in index.json."""

    name: str
    data: bytes
    entry: dict[str, Any]

    @property
    def size(self) -> tuple[int, int]:
        return self.entry["width"], self.entry["height"]


def coded(prefix: str) -> list[Coded]:
    """The files whose names begin so."""
    entries = json.loads((DATA / "index.json").read_text())
    return [
        Coded(entry["file"].removesuffix(".bin"), (DATA / entry["file"]).read_bytes(), entry)
        for entry in entries
        if entry["file"].startswith(prefix)
    ]


def named(name: str) -> Coded:
    (found,) = [one for one in coded(name) if one.name == name]
    return found


def digest(rows: bytes, stride: int, top_down: bool) -> str:
    """The sha256 of rows, turned top-down."""
    lines = [rows[at : at + stride] for at in range(0, len(rows), stride)]
    return hashlib.sha256(b"".join(lines if top_down else lines[::-1])).hexdigest()


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Fenced:
    """Memory that ends (``at_end``) or begins at a page which no one may touch: doing so kills the process."""

    def __init__(self, size: int, *, at_end: bool = True) -> None:
        pages = max(1, -(-size // PAGE)) * PAGE
        self._size = pages + 2 * PAGE
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        start = _libc.mmap(None, self._size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        assert start not in (None, ctypes.c_void_p(-1).value), os.strerror(ctypes.get_errno())
        self._start: int = start
        for fence in (start, start + PAGE + pages):
            assert _libc.mprotect(fence, PAGE, 0) == 0
        self.address = start + PAGE + (pages - size if at_end else 0)
        self.view = memoryview((ctypes.c_uint8 * size).from_address(self.address)).cast("B")

    def holding(self, data: bytes) -> memoryview:
        self.view[: len(data)] = data
        return self.view[: len(data)]

    def close(self) -> None:
        self.view.release()
        assert _libc.munmap(self._start, self._size) == 0


def kills(act: Callable[[], object]) -> bool:
    """Whether doing it in a child process ends that with a segmentation fault."""
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        try:
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV
