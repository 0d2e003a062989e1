"""The OpenGL functions that are called by ctypes, which lets go of the GIL: moderngl keeps it, whatever it waits for.

To compile the canvas takes a driver seconds the first time, in which the threads of the host must not stand still.
"""

import ctypes
from typing import Any

from gspice.errors import ConfigError, GpuError
from gspice.gpu.opengl.egl import EglContext

GL_NO_ERROR, GL_OUT_OF_MEMORY, GL_CONTEXT_LOST = 0, 0x0505, 0x0507
GL_VENDOR, GL_RENDERER, GL_VERSION = 0x1F00, 0x1F01, 0x1F02
GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER = 0x8F36, 0x8F37
GL_SHADER_STORAGE_BUFFER, GL_UNIFORM_BUFFER = 0x90D2, 0x8A11
GL_MAX_SHADER_STORAGE_BLOCK_SIZE = 0x90DE
GL_DEDICATED_MEMORY_NVX = 0x9047
GL_COMPUTE_SHADER, GL_COMPILE_STATUS, GL_LINK_STATUS = 0x91B9, 0x8B81, 0x8B82
GL_STREAM_READ, GL_DYNAMIC_DRAW, GL_STREAM_DRAW = 0x88E1, 0x88E8, 0x88E0
GL_R32UI, GL_RED_INTEGER, GL_UNSIGNED_INT = 0x8236, 0x8D94, 0x1405
GL_MAP_READ, GL_MAP_WRITE, GL_MAP_PERSISTENT, GL_MAP_COHERENT = 1, 2, 0x40, 0x80
GL_CLIENT_STORAGE = 0x200
GL_SYNC_GPU_COMMANDS_COMPLETE, GL_SYNC_FLUSH = 0x9117, 1
GL_ALREADY_SIGNALED, GL_TIMEOUT_EXPIRED, GL_CONDITION_SATISFIED, GL_WAIT_FAILED = (
    0x911A,
    0x911B,
    0x911C,
    0x911D,
)
GL_AFTER_DISPATCH = 0x2000 | 0x200 | 0x20 | 0x4
"""Barriers: for shader storage, buffer updates and copies, fetches from images, uniforms."""

LOG_BYTES = 4096
"""Of what a compiler says."""

_Int, _Uint, _Size, _Pointer = ctypes.c_int, ctypes.c_uint, ctypes.c_ssize_t, ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "glGetError": (_Uint,),
    "glGetString": (ctypes.c_char_p, _Uint),
    "glGetInteger64v": (None, _Uint, _Pointer),
    "glGenBuffers": (None, _Int, _Pointer),
    "glDeleteBuffers": (None, _Int, _Pointer),
    "glBindBuffer": (None, _Uint, _Uint),
    "glBindBufferBase": (None, _Uint, _Uint, _Uint),
    "glBufferData": (None, _Uint, _Size, _Pointer, _Uint),
    "glBufferSubData": (None, _Uint, _Size, _Size, _Pointer),
    "glGetBufferSubData": (None, _Uint, _Size, _Size, _Pointer),
    "glClearBufferData": (None, _Uint, _Uint, _Uint, _Uint, _Pointer),
    "glCopyBufferSubData": (None, _Uint, _Uint, _Size, _Size, _Size),
    "glCreateShader": (_Uint, _Uint),
    "glShaderSource": (None, _Uint, _Int, _Pointer, _Pointer),
    "glCompileShader": (None, _Uint),
    "glGetShaderiv": (None, _Uint, _Uint, _Pointer),
    "glGetShaderInfoLog": (None, _Uint, _Int, _Pointer, _Pointer),
    "glDeleteShader": (None, _Uint),
    "glCreateProgram": (_Uint,),
    "glAttachShader": (None, _Uint, _Uint),
    "glLinkProgram": (None, _Uint),
    "glGetProgramiv": (None, _Uint, _Uint, _Pointer),
    "glGetProgramInfoLog": (None, _Uint, _Int, _Pointer, _Pointer),
    "glDeleteProgram": (None, _Uint),
    "glUseProgram": (None, _Uint),
    "glDispatchCompute": (None, _Uint, _Uint, _Uint),
    "glMemoryBarrier": (None, _Uint),
    "glFenceSync": (_Pointer, _Uint, _Uint),
    "glClientWaitSync": (_Uint, _Pointer, _Uint, ctypes.c_uint64),
    "glDeleteSync": (None, _Pointer),
    "glFlush": (None,),
}
"""What each gives, and what it takes."""
_OPTIONAL: dict[str, tuple[Any, ...]] = {
    "glBufferStorage": (None, _Uint, _Size, _Pointer, _Uint),
    "glMapBufferRange": (_Pointer, _Uint, _Size, _Size, _Uint),
    "glGetGraphicsResetStatus": (_Uint,),
}
"""Newer than 4.3; None where there is none."""


class GL:
    """The functions of one context's driver."""

    def __init__(self, context: EglContext) -> None:
        """ConfigError: the driver lacks one that OpenGL 4.3 has."""
        for name, (result, *arguments) in (_FUNCTIONS | _OPTIONAL).items():
            address = context.address(name)
            if not address and name in _FUNCTIONS:
                raise ConfigError(f"the driver of {context.adapter} lacks {name}: it needs OpenGL 4.3")
            setattr(self, name, ctypes.CFUNCTYPE(result, *arguments)(address) if address else None)

    def __getattr__(self, name: str) -> Any:
        # Only for what __init__ did not set: for the type checker, and for mistakes.
        raise AttributeError(name)

    def text(self, name: int) -> str:
        """A string of the driver's."""
        value: bytes | None = self.glGetString(name)
        return (value or b"").decode(errors="replace")

    def number(self, name: int) -> int:
        """A limit of the driver's."""
        value = ctypes.c_int64()
        self.glGetInteger64v(name, ctypes.byref(value))
        return value.value

    def make_buffer(self) -> int:
        """A new name of a buffer."""
        name = ctypes.c_uint()
        self.glGenBuffers(1, ctypes.byref(name))
        return name.value

    def delete_buffer(self, name: int) -> None:
        """Free a buffer when the GPU is done with it."""
        self.glDeleteBuffers(1, ctypes.byref(ctypes.c_uint(name)))

    def compile(self, text: str) -> int:
        """A program of one compute shader; delete it. GpuError, with the compiler's words."""
        shader = self.glCreateShader(GL_COMPUTE_SHADER)
        source = ctypes.c_char_p(text.encode())
        self.glShaderSource(shader, 1, ctypes.byref(source), None)
        self.glCompileShader(shader)
        program = self.glCreateProgram()
        try:
            self._done(shader, self.glGetShaderiv, GL_COMPILE_STATUS, self.glGetShaderInfoLog)
            self.glAttachShader(program, shader)
            self.glLinkProgram(program)
            self._done(program, self.glGetProgramiv, GL_LINK_STATUS, self.glGetProgramInfoLog)
        except GpuError:
            self.glDeleteProgram(program)
            raise
        finally:
            self.glDeleteShader(shader)
        return int(program)

    @staticmethod
    def _done(name: int, get: Any, status: int, get_log: Any) -> None:
        done, log = ctypes.c_int(), ctypes.create_string_buffer(LOG_BYTES)
        get(name, status, ctypes.byref(done))
        if not done.value:
            get_log(name, LOG_BYTES, None, log)
            raise GpuError(" ".join(log.value.decode(errors="replace").split()) or "no reason given")

    def forget_errors(self) -> None:
        """Drop what earlier calls left, so that the next error is that of the next call."""
        for _ in range(8):
            if self.glGetError() == GL_NO_ERROR:
                return
