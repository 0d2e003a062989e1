"""The GPU by OpenGL 4.3 or newer, on a context without a window.

moderngl sets the context up and says what it has; what takes time is called by ctypes (see functions.py).
"""

import logging
from collections.abc import Sequence
from typing import Any, NoReturn, Self

import moderngl

from gspice.errors import ConfigError, GpuError, GpuLostError, GpuMemoryError
from gspice.gpu.compute.adapters import Adapter, is_software
from gspice.gpu.compute.bytes import as_bytes
from gspice.gpu.compute.device import (
    PUSH_BYTES,
    WORD,
    ComputeDevice,
    DeviceBuffer,
    DeviceInfo,
    DeviceLimits,
    Program,
    Readback,
    check_copy,
    check_dispatch,
    check_range,
)
from gspice.gpu.compute.shaders import ShaderSource, load_shader
from gspice.gpu.opengl import functions as names
from gspice.gpu.opengl.egl import Egl, EglContext
from gspice.gpu.opengl.functions import GL
from gspice.gpu.opengl.transfer import Fences, MappedBuffer, PlainBuffer, Readbacks, UploadRing

log = logging.getLogger(__name__)

PREAMBLE = """#version 430
#define STORAGE(n) layout(std430, binding = n)
#define STORAGE_READ(n) layout(std430, binding = n) readonly
#define PUSH(n) layout(std140, binding = n) uniform Push
#line 1
"""
_CLOSED = "the device is closed"


def devices() -> list[Adapter]:
    """What EGL lists, in the order of the numbers that ``OpenGLDevice.open`` takes. ConfigError: there is no EGL."""
    return [adapter for adapter, _ in Egl().devices()]


class OpenGLDevice(ComputeDevice):
    """See ComputeDevice."""

    def __init__(
        self, context: EglContext, limits: DeviceLimits | None = None, *, mapped: bool = True
    ) -> None:
        """Of a context that is current, and the device's own from now on.

        ``mapped``: whether memory is shared with the GPU where it can be; False is for tests.
        """
        self._context, self.limits = context, limits or DeviceLimits()
        self._gone: str | None = None
        self._objects: set[OpenGLBuffer | OpenGLReadback] = set()
        self._programs: dict[str, OpenGLProgram] = {}
        self.gl = GL(context)
        try:
            # Its stubs know settings for its own loaders only.
            loader: Any = context
            self._moderngl = moderngl.create_context(require=430, standalone=True, context=loader)
        except Exception as error:
            # moderngl raises whatever its C++ came upon.
            raise ConfigError(f"{context.adapter} has no OpenGL 4.3: {error}") from error
        self.info = self._describe()
        mapped = mapped and bool(self.gl.glBufferStorage and self.gl.glMapBufferRange)
        self._fences = Fences(self.gl, self.check, self._lose, self.limits.patience_ms)
        self._ring = UploadRing(self.gl, self._fences, self.limits.staging_bytes, self.check, mapped=mapped)
        self._readbacks = Readbacks(self.gl, self.check, self.limits.spare_readback_bytes, mapped=mapped)
        self._push = self.gl.make_buffer()
        self.gl.glBindBuffer(names.GL_UNIFORM_BUFFER, self._push)
        self.gl.glBufferData(names.GL_UNIFORM_BUFFER, PUSH_BYTES, None, names.GL_DYNAMIC_DRAW)

    @classmethod
    def open(cls, device: str | None = None, limits: DeviceLimits | None = None) -> Self:
        """The device of a number, a device file or a part of a name; None: the first GPU.

        ConfigError: there is none, or its driver is too old.
        """
        context = EglContext.open(device)
        try:
            return cls(context, limits)
        except GpuError as error:
            context.close()
            raise ConfigError(f"{context.adapter} cannot be used: {error}") from error
        except BaseException:
            context.close()
            raise

    def _describe(self) -> DeviceInfo:
        gl = self.gl
        name = gl.text(names.GL_RENDERER)
        memory = None
        if "GL_NVX_gpu_memory_info" in self._moderngl.extensions:
            memory = gl.number(names.GL_DEDICATED_MEMORY_NVX) << 10
        return DeviceInfo(
            api="opengl",
            name=name,
            vendor=gl.text(names.GL_VENDOR),
            driver=gl.text(names.GL_VERSION),
            software=is_software(name),
            max_buffer_bytes=gl.number(names.GL_MAX_SHADER_STORAGE_BLOCK_SIZE) // WORD * WORD,
            memory_bytes=memory,
        )

    # What it knows of itself

    @property
    def live_objects(self) -> int:
        return len(self._objects) + len(self._programs)

    def check(self) -> None:
        """GpuLostError where the context is lost."""
        status = self.gl.glGetGraphicsResetStatus
        if status is not None and (code := status()):
            self._lose(f"{self.info.name} was reset ({code:#x})")

    def _lose(self, reason: str) -> NoReturn:
        self._gone = reason
        log.error("opengl: %s", reason)
        raise GpuLostError(reason)

    def _begin(self) -> None:
        """What every call does first: this context is current, and not lost."""
        if self._gone is not None:
            raise GpuLostError(self._gone)
        try:
            self._context.make_current()
        except GpuLostError as error:
            self._lose(str(error))

    def _end(self, doing: str, *, allocating: bool = False) -> None:
        """What a call does last that the driver may refuse. GpuMemoryError only where memory was asked for."""
        code = self.gl.glGetError()
        if code == names.GL_NO_ERROR:
            return
        if code == names.GL_OUT_OF_MEMORY and allocating:
            raise GpuMemoryError(f"{self.info.name} has no memory: {doing}")
        self._lose(f"OpenGL error {code:#x} of {self.info.name}: {doing}")

    # What it does

    def buffer(self, size: int) -> DeviceBuffer:
        if size <= 0 or size % WORD:
            raise ValueError(f"a buffer of {size} bytes: a multiple of {WORD}, and not none")
        if size > self.info.max_buffer_bytes:
            raise GpuMemoryError(
                f"{size} bytes: {self.info.name} has buffers of up to {self.info.max_buffer_bytes}"
            )
        self._begin()
        gl = self.gl
        self._end("what it was told last")
        made = OpenGLBuffer(self, size)
        try:
            gl.glBindBuffer(names.GL_SHADER_STORAGE_BUFFER, made.name)
            gl.glBufferData(names.GL_SHADER_STORAGE_BUFFER, size, None, names.GL_DYNAMIC_DRAW)
            self._end(f"a buffer of {size} bytes", allocating=True)
            gl.glClearBufferData(
                names.GL_SHADER_STORAGE_BUFFER,
                names.GL_R32UI,
                names.GL_RED_INTEGER,
                names.GL_UNSIGNED_INT,
                None,
            )
            self._end(f"clearing {size} bytes", allocating=True)
        except GpuError:
            gl.delete_buffer(made.name)
            gl.forget_errors()
            raise
        self._objects.add(made)
        return made

    def program(self, name: str) -> Program:
        self._begin()
        if name not in self._programs:
            source = load_shader(name)
            try:
                number = self.gl.compile(PREAMBLE + source.text)
            except GpuError as error:
                self.check()
                raise GpuError(f"{self.info.name} cannot compile shader {name}: {error}") from error
            self._programs[name] = OpenGLProgram(source, number)
        return self._programs[name]

    def upload(self, buffer: DeviceBuffer, offset: int, data: bytes | bytearray | memoryview) -> None:
        mine = self._mine(buffer)
        content = as_bytes(data)
        check_range(mine.size, offset, content.size)
        self._begin()
        if content.size:
            self._ring.write(mine.name, offset, content)

    def dispatch(
        self,
        program: Program,
        buffers: Sequence[DeviceBuffer],
        groups: tuple[int, int, int],
        push: bytes = b"",
    ) -> None:
        self._begin()
        if not isinstance(program, OpenGLProgram) or self._programs.get(program.name) is not program:
            raise ValueError("the program is none of this device's")
        check_dispatch(len(program.source.read_only), len(buffers), groups, push)
        mine = [self._mine(buffer) for buffer in buffers]
        gl = self.gl
        for binding, buffer in enumerate(mine):
            gl.glBindBufferBase(names.GL_SHADER_STORAGE_BUFFER, binding, buffer.name)
        if program.source.push:
            gl.glBindBufferBase(names.GL_UNIFORM_BUFFER, len(mine), self._push)
            gl.glBufferSubData(names.GL_UNIFORM_BUFFER, 0, PUSH_BYTES, push.ljust(PUSH_BYTES, b"\0"))
        gl.glUseProgram(program.number)
        gl.glDispatchCompute(*groups)
        gl.glMemoryBarrier(names.GL_AFTER_DISPATCH)

    def copy(
        self, source: DeviceBuffer, source_offset: int, target: DeviceBuffer, target_offset: int, size: int
    ) -> None:
        one, other = self._mine(source), self._mine(target)
        check_range(one.size, source_offset, size)
        check_range(other.size, target_offset, size)
        if one is other:
            check_copy(source_offset, target_offset, size)
        self._begin()
        self._copy(one.name, source_offset, other.name, target_offset, size)

    def _copy(self, source: int, source_offset: int, target: int, target_offset: int, size: int) -> None:
        gl = self.gl
        if size:
            gl.glBindBuffer(names.GL_COPY_READ_BUFFER, source)
            gl.glBindBuffer(names.GL_COPY_WRITE_BUFFER, target)
            gl.glCopyBufferSubData(
                names.GL_COPY_READ_BUFFER, names.GL_COPY_WRITE_BUFFER, source_offset, target_offset, size
            )

    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        mine = self._mine(buffer)
        check_range(mine.size, offset, size)
        if not size:
            raise ValueError("nothing to read")
        self._begin()
        self._end("what it was told last")
        memory = self._readbacks.take(size)
        try:
            self._copy(mine.name, offset, memory.name, 0, size)
            fence = self._fences.place()
        except BaseException:
            self._readbacks.give_back(memory)
            raise
        self.gl.glFlush()
        readback = OpenGLReadback(self, memory, fence, size)
        self._objects.add(readback)
        return readback

    def flush(self) -> None:
        self._begin()
        self.gl.glFlush()
        self.check()
        self._end("what it was told last")

    def close(self) -> None:
        if self._context.handle is None:
            return
        try:
            self._context.make_current()
        except GpuLostError:
            log.warning("opengl: a lost context goes with all that it holds")
        else:
            for thing in list(self._objects):
                thing.close()
            for program in self._programs.values():
                self.gl.glDeleteProgram(program.number)
            self._ring.close()
            self._readbacks.close()
            self.gl.delete_buffer(self._push)
        self._objects.clear()
        self._programs.clear()
        self._gone = self._gone or _CLOSED
        self._moderngl.release()
        self._context.close()

    # What its objects call

    def _mine(self, buffer: DeviceBuffer) -> "OpenGLBuffer":
        if not isinstance(buffer, OpenGLBuffer) or buffer not in self._objects:
            if self._gone is not None:
                raise GpuLostError(self._gone)
            raise ValueError("the buffer is closed, or none of this device's")
        return buffer

    def free_buffer(self, buffer: "OpenGLBuffer") -> None:
        """Of a buffer that is closed."""
        if buffer in self._objects:
            self._objects.remove(buffer)
            if self._is_current():
                self.gl.delete_buffer(buffer.name)

    def free_readback(self, readback: "OpenGLReadback") -> None:
        """Of a readback that was taken or given up."""
        if readback in self._objects:
            self._objects.remove(readback)
            if self._is_current():
                self._fences.delete(readback.fence)
                self._readbacks.give_back(readback.memory)

    def passed(self, readback: "OpenGLReadback", *, wait: bool) -> bool:
        """Whether a readback's bytes are there. GpuLostError."""
        self._begin()
        if readback not in self._objects:
            raise ValueError("the readback was taken, or given up")
        if wait:
            self._fences.wait(readback.fence)
            return True
        return self._fences.passed(readback.fence)

    def _is_current(self) -> bool:
        """Whether things can be freed; a lost context frees them itself."""
        try:
            self._context.make_current()
        except GpuLostError:
            return False
        return self._context.handle is not None


class OpenGLBuffer(DeviceBuffer):
    """See DeviceBuffer."""

    def __init__(self, device: OpenGLDevice, size: int) -> None:
        self._device, self.size = device, size
        self.name = device.gl.make_buffer()

    def close(self) -> None:
        self._device.free_buffer(self)


class OpenGLProgram(Program):
    """See Program."""

    def __init__(self, source: ShaderSource, number: int) -> None:
        self.name, self.source, self.number = source.name, source, number


class OpenGLReadback(Readback):
    """See Readback."""

    def __init__(
        self, device: OpenGLDevice, memory: MappedBuffer | PlainBuffer, fence: int, size: int
    ) -> None:
        self._device, self.memory, self.fence, self.size = device, memory, fence, size

    def ready(self) -> bool:
        return self._device.passed(self, wait=False)

    def take(self) -> bytes:
        try:
            self._device.passed(self, wait=True)
            return self.memory.bytes[: self.size].tobytes()
        finally:
            self.close()

    def close(self) -> None:
        self._device.free_readback(self)
