"""Bytes to the GPU and back, without waiting for it: a ring that uploads pass through, and readbacks behind fences."""

import ctypes
from collections.abc import Callable
from typing import NoReturn

import numpy as np

from gspice.errors import GpuMemoryError
from gspice.gpu.compute.bytes import Bytes
from gspice.gpu.opengl import functions as names
from gspice.gpu.opengl.functions import GL

SLICE_MS = 50
"""A wait looks this often whether the context is lost."""
PARTS = 4
MIN_READBACK = 1 << 12


class Fences:
    """Marks in the GPU's work, and waiting for them with the GIL released."""

    def __init__(
        self, gl: GL, check: Callable[[], None], lose: Callable[[str], NoReturn], patience_ms: int
    ) -> None:
        """``check`` raises where the context is lost, ``lose`` notes that it is, and raises."""
        self._gl, self._check, self._lose, self._patience = gl, check, lose, patience_ms

    def place(self) -> int:
        """Mark the end of what was told so far; delete the mark."""
        fence: int | None = self._gl.glFenceSync(names.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        if not fence:
            self._check()
            self._lose("the driver makes no fences any more")
        return fence

    def passed(self, fence: int, wait_ms: int = 0) -> bool:
        """Whether the GPU has got there, after a wait at most. GpuLostError."""
        result = self._gl.glClientWaitSync(fence, names.GL_SYNC_FLUSH, wait_ms * 1_000_000)
        if result in (names.GL_ALREADY_SIGNALED, names.GL_CONDITION_SATISFIED):
            # A lost context's fences are all passed.
            self._check()
            return True
        self._check()
        if result != names.GL_TIMEOUT_EXPIRED:
            self._lose("the driver waits for its own work no more")
        return False

    def wait(self, fence: int) -> None:
        """Until the GPU has got there. GpuLostError: it does not."""
        for _ in range(0, self._patience, SLICE_MS):
            if self.passed(fence, SLICE_MS):
                return
        self._lose(f"the GPU did not answer within {self._patience / 1000:g} s")

    def delete(self, fence: int) -> None:
        """Free a mark."""
        self._gl.glDeleteSync(fence)


class MappedBuffer:
    """Memory that the CPU and the GPU see, for as long as it lives."""

    def __init__(self, gl: GL, size: int, access: int, check: Callable[[], None]) -> None:
        """GpuMemoryError."""
        self._gl, self.size = gl, size
        self.name = gl.make_buffer()
        flags = access | names.GL_MAP_PERSISTENT | names.GL_MAP_COHERENT
        extra = names.GL_CLIENT_STORAGE if access == names.GL_MAP_READ else 0
        gl.forget_errors()
        gl.glBindBuffer(names.GL_COPY_WRITE_BUFFER, self.name)
        gl.glBufferStorage(names.GL_COPY_WRITE_BUFFER, size, None, flags | extra)
        address = gl.glMapBufferRange(names.GL_COPY_WRITE_BUFFER, 0, size, flags)
        if not address:
            gl.delete_buffer(self.name)
            check()
            gl.forget_errors()
            raise GpuMemoryError(f"no memory for {size} bytes between CPU and GPU")
        self.bytes: Bytes = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def close(self) -> None:
        """Unmaps, too."""
        del self.bytes
        self._gl.delete_buffer(self.name)


class UploadRing:
    """Where uploads wait for the GPU: parts in turn, each written again when the GPU is through with it."""

    def __init__(self, gl: GL, fences: Fences, size: int, check: Callable[[], None], *, mapped: bool) -> None:
        self._gl, self._fences = gl, fences
        self._part = max(size // PARTS // 4096 * 4096, 4096)
        self._memory = MappedBuffer(gl, self._part * PARTS, names.GL_MAP_WRITE, check) if mapped else None
        self._passed: list[int | None] = [None] * PARTS
        self._number = self._used = 0

    def write(self, target: int, offset: int, data: Bytes) -> None:
        """Copy bytes into a GL buffer; waits only where the ring is full."""
        self._gl.glBindBuffer(names.GL_COPY_WRITE_BUFFER, target)
        if self._memory is None:
            # The driver keeps its own copy.
            self._gl.glBufferSubData(names.GL_COPY_WRITE_BUFFER, offset, data.size, data.ctypes.data)
            return
        self._gl.glBindBuffer(names.GL_COPY_READ_BUFFER, self._memory.name)
        start = 0
        while start < data.size:
            if self._used == self._part:
                self._next_part()
            count = min(data.size - start, self._part - self._used)
            place = self._number * self._part + self._used
            self._memory.bytes[place : place + count] = data[start : start + count]
            self._gl.glCopyBufferSubData(
                names.GL_COPY_READ_BUFFER, names.GL_COPY_WRITE_BUFFER, place, offset + start, count
            )
            self._used += count
            start += count

    def _next_part(self) -> None:
        self._passed[self._number] = self._fences.place()
        self._number, self._used = (self._number + 1) % PARTS, 0
        fence, self._passed[self._number] = self._passed[self._number], None
        if fence is not None:
            try:
                self._fences.wait(fence)
            finally:
                self._fences.delete(fence)

    def close(self) -> None:
        """Free its memory and fences."""
        for fence in filter(None, self._passed):
            self._fences.delete(fence)
        self._passed = [None] * PARTS
        if self._memory is not None:
            self._memory.close()
            self._memory = None


class Readbacks:
    """Memory for readbacks, used again."""

    def __init__(self, gl: GL, check: Callable[[], None], spare_bytes: int, *, mapped: bool) -> None:
        self._gl, self._check, self._most, self._mapped = gl, check, spare_bytes, mapped
        self._spare: list[MappedBuffer | PlainBuffer] = []

    def take(self, size: int) -> "MappedBuffer | PlainBuffer":
        """A buffer of at least this size; ``give_back`` it. GpuMemoryError."""
        for index, buffer in enumerate(self._spare):
            if size <= buffer.size <= max(4 * size, MIN_READBACK):
                return self._spare.pop(index)
        room = max(1 << (size - 1).bit_length(), MIN_READBACK)
        if self._mapped:
            return MappedBuffer(self._gl, room, names.GL_MAP_READ, self._check)
        return PlainBuffer(self._gl, room)

    def give_back(self, buffer: "MappedBuffer | PlainBuffer") -> None:
        """For the next one, or to be freed where there is enough of it."""
        self._spare.append(buffer)
        while sum(spare.size for spare in self._spare) > self._most:
            self._spare.pop(0).close()

    def close(self) -> None:
        """Free all that is spare."""
        while self._spare:
            self._spare.pop().close()


class PlainBuffer:
    """A buffer to read from, for drivers older than OpenGL 4.4: the copy waits for the GPU."""

    def __init__(self, gl: GL, size: int) -> None:
        self._gl, self.size = gl, size
        self.name = gl.make_buffer()
        gl.forget_errors()
        gl.glBindBuffer(names.GL_COPY_WRITE_BUFFER, self.name)
        gl.glBufferData(names.GL_COPY_WRITE_BUFFER, size, None, names.GL_STREAM_READ)
        if gl.glGetError() == names.GL_OUT_OF_MEMORY:
            gl.delete_buffer(self.name)
            raise GpuMemoryError(f"no memory to read {size} bytes back")

    @property
    def bytes(self) -> Bytes:
        """What is in it now."""
        out = np.empty(self.size, np.uint8)
        self._gl.glBindBuffer(names.GL_COPY_READ_BUFFER, self.name)
        self._gl.glGetBufferSubData(names.GL_COPY_READ_BUFFER, 0, self.size, out.ctypes.data)
        return out

    def close(self) -> None:
        """Free it."""
        self._gl.delete_buffer(self.name)
