"""What one EGL device's OpenGL can do: a context on it without a screen, its names and its compute limits."""

import ctypes
from typing import Any, NamedTuple

from gspice.errors import InterfaceError

EGL_NONE = 0x3038
EGL_OPENGL_API, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT = 0x30A2, 0x3040, 8
EGL_SURFACE_TYPE, EGL_PBUFFER_BIT = 0x3033, 1
EGL_MAJOR, EGL_MINOR, EGL_PROFILE, EGL_CORE = 0x3098, 0x30FB, 0x30FD, 1
GL_VENDOR, GL_RENDERER, GL_VERSION = 0x1F00, 0x1F01, 0x1F02
WANTED = (4, 3)
"""The first OpenGL with compute shaders and storage buffers."""
STORAGE_BLOCKS = 8
"""Storage buffers that a dispatch of ours binds."""
LIMITS = {
    "storage_block_bytes": 0x90DE,
    "storage_blocks": 0x90DB,
    "shared_bytes": 0x8262,
    "group_invocations": 0x90EB,
}
"""GL_MAX_SHADER_STORAGE_BLOCK_SIZE, _COMPUTE_SHADER_STORAGE_BLOCKS, _COMPUTE_SHARED_MEMORY_SIZE and
_COMPUTE_WORK_GROUP_INVOCATIONS."""
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software rasterizer")
_Pointer = ctypes.c_void_p


class OpenGL(NamedTuple):
    """One device's OpenGL."""

    vendor: str
    renderer: str
    version: str
    compute: bool
    """It is at least ``WANTED``."""
    software: bool
    limits: dict[str, int]

    @property
    def enough(self) -> bool:
        """Our shaders run on it."""
        return self.compute and self.limits["storage_blocks"] >= STORAGE_BLOCKS


def text(address: int | None) -> str:
    """A driver's string, which stays the driver's; empty where it gave none."""
    return ctypes.string_at(address).decode("utf-8", "replace") if address else ""


def measure(egl: Any, display: int) -> OpenGL:
    """Make a context on an initialized display, and ask it. InterfaceError: there is no OpenGL at all."""
    egl.eglBindAPI(EGL_OPENGL_API)
    context, compute = _context(egl, display, WANTED), True
    if not context:
        context, compute = _context(egl, display, None), False
    if not context:
        raise InterfaceError(f"the driver gives no OpenGL context ({egl.eglGetError():#x})")
    if not egl.eglMakeCurrent(_Pointer(display), None, None, _Pointer(context)):
        raise InterfaceError(f"the driver's context cannot be used without a screen ({egl.eglGetError():#x})")
    try:
        get_string = _function(egl, "glGetString", _Pointer, ctypes.c_uint)
        vendor, renderer, version = (text(get_string(name)) for name in (GL_VENDOR, GL_RENDERER, GL_VERSION))
        return OpenGL(
            vendor=vendor,
            renderer=renderer,
            version=version,
            compute=compute,
            software=any(name in renderer.lower() for name in SOFTWARE),
            limits=_limits(egl) if compute else {},
        )
    finally:
        egl.eglMakeCurrent(_Pointer(display), None, None, None)
        egl.eglDestroyContext(_Pointer(display), _Pointer(context))


def _context(egl: Any, display: int, version: tuple[int, int] | None) -> int | None:
    """A core context of at least that version, or of any; None where there is none."""
    wanted = (EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE)
    config, count = _Pointer(), ctypes.c_int()
    egl.eglChooseConfig(_Pointer(display), _ints(*wanted), ctypes.byref(config), 1, ctypes.byref(count))
    asked = (EGL_MAJOR, version[0], EGL_MINOR, version[1], EGL_PROFILE, EGL_CORE) if version else ()
    context: int | None = egl.eglCreateContext(
        _Pointer(display), config if count.value else None, None, _ints(*asked, EGL_NONE)
    )
    return context


def _limits(egl: Any) -> dict[str, int]:
    get = _function(egl, "glGetInteger64v", None, ctypes.c_uint, _Pointer)
    value = ctypes.c_int64()
    limits = {}
    for name, number in LIMITS.items():
        value.value = 0
        get(number, ctypes.byref(value))
        limits[name] = value.value
    return limits


def _function(egl: Any, name: str, result: Any, *arguments: Any) -> Any:
    address = egl.eglGetProcAddress(name.encode())
    if not address:
        raise InterfaceError(f"OpenGL has no {name}")
    return ctypes.CFUNCTYPE(result, *arguments)(address)


def _ints(*values: int) -> ctypes.Array[ctypes.c_int]:
    return (ctypes.c_int * len(values))(*values)
