"""OpenGL contexts without a window: the devices that EGL lists, and a context on one of them.

libEGL is loaded by its name, and all of OpenGL comes from it: nothing here looks for libraries, which would start a
process. Displays are never terminated: EGL has one for each device and process, and others may use it.
"""

import ctypes
from collections.abc import Iterator
from typing import Any, Self

from gspice.errors import ConfigError, GpuLostError
from gspice.gpu.compute.adapters import Adapter, chosen

LIBRARY = "libEGL.so.1"
INSTALL = (
    "install libegl1 and the driver of the GPU (Mesa: libegl-mesa0 and libgl1-mesa-dri; NVIDIA: libnvidia-gl)"
)
MAX_DEVICES = 32

EGL_NONE = 0x3038
EGL_VENDOR, EGL_EXTENSIONS = 0x3053, 0x3055
EGL_SURFACE_TYPE, EGL_PBUFFER_BIT = 0x3033, 1
EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT = 0x3040, 8
EGL_OPENGL_API = 0x30A2
EGL_CONTEXT_MAJOR, EGL_CONTEXT_MINOR = 0x3098, 0x30FB
EGL_CONTEXT_PROFILE_MASK, EGL_CORE_PROFILE = 0x30FD, 1
EGL_CONTEXT_ROBUST_ACCESS = 0x31B2
EGL_CONTEXT_RESET_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET = 0x31BD, 0x31BF
EGL_PLATFORM_DEVICE, EGL_PLATFORM_SURFACELESS = 0x313F, 0x31DD
EGL_DRM_DEVICE_FILE, EGL_DRM_RENDER_NODE_FILE, EGL_RENDERER = 0x3233, 0x3377, 0x335F

_Pointer = ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "eglGetError": (ctypes.c_int,),
    "eglInitialize": (ctypes.c_uint, _Pointer, _Pointer, _Pointer),
    "eglQueryString": (ctypes.c_char_p, _Pointer, ctypes.c_int),
    "eglBindAPI": (ctypes.c_uint, ctypes.c_uint),
    "eglChooseConfig": (ctypes.c_uint, _Pointer, _Pointer, _Pointer, ctypes.c_int, _Pointer),
    "eglCreateContext": (_Pointer, _Pointer, _Pointer, _Pointer, _Pointer),
    "eglDestroyContext": (ctypes.c_uint, _Pointer, _Pointer),
    "eglMakeCurrent": (ctypes.c_uint, _Pointer, _Pointer, _Pointer, _Pointer),
    "eglGetCurrentContext": (_Pointer,),
    "eglGetProcAddress": (_Pointer, ctypes.c_char_p),
    "eglQueryDevicesEXT": (ctypes.c_uint, ctypes.c_int, _Pointer, _Pointer),
    "eglQueryDeviceStringEXT": (ctypes.c_char_p, _Pointer, ctypes.c_int),
    "eglGetPlatformDisplayEXT": (_Pointer, ctypes.c_uint, _Pointer, _Pointer),
}
"""What each gives, and what it takes."""
_CORE = 10
"""So many of them are in the library itself; those of extensions are asked for."""
_VERSIONS = ((4, 5), (4, 3))
_ROBUSTNESS = (
    (EGL_CONTEXT_ROBUST_ACCESS, 1, EGL_CONTEXT_RESET_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET),
    (EGL_CONTEXT_RESET_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET),
    (),
)
"""Drivers without robustness refuse its attributes, so the best comes first."""


class Egl:
    """The functions of libEGL."""

    def __init__(self, library: str = LIBRARY) -> None:
        try:
            loaded = ctypes.CDLL(library)
        except OSError as error:
            raise ConfigError(f"EGL cannot be loaded ({error}): {INSTALL}") from error
        for number, (name, (result, *arguments)) in enumerate(_FUNCTIONS.items()):
            if number < _CORE:
                function = getattr(loaded, name)
                function.restype, function.argtypes = result, arguments
            else:
                address = self.eglGetProcAddress(name.encode())
                function = ctypes.CFUNCTYPE(result, *arguments)(address) if address else None
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        # Only for what __init__ did not set: for the type checker, and for mistakes.
        raise AttributeError(name)

    def error(self) -> str:
        """What went wrong last, in EGL's number."""
        return f"EGL error {self.eglGetError():#x}"

    def devices(self) -> list[tuple[Adapter, int | None]]:
        """What EGL lists, with its handles; without the extension for it, the default of the installed driver."""
        if self.eglQueryDevicesEXT is None or self.eglQueryDeviceStringEXT is None:
            # Of no display: what EGL itself can do. Without a driver it can do next to nothing.
            if b"EGL_MESA_platform_surfaceless" not in (self.eglQueryString(None, EGL_EXTENSIONS) or b""):
                return []
            return [(Adapter("opengl", 0, "the default of EGL (software, perhaps)", True), None)]
        handles, count = (ctypes.c_void_p * MAX_DEVICES)(), ctypes.c_int()
        if not self.eglQueryDevicesEXT(MAX_DEVICES, handles, ctypes.byref(count)):
            raise ConfigError(f"EGL lists no devices ({self.error()}): {INSTALL}")
        found = list(filter(None, handles[: count.value]))
        return [(self._adapter(index, handle), handle) for index, handle in enumerate(found)]

    def _adapter(self, index: int, handle: int) -> Adapter:
        extensions = self._device_string(handle, EGL_EXTENSIONS).split()
        path = ""
        for extension, key in (
            ("EGL_EXT_device_drm_render_node", EGL_DRM_RENDER_NODE_FILE),
            ("EGL_EXT_device_drm", EGL_DRM_DEVICE_FILE),
        ):
            if not path and extension in extensions:
                path = self._device_string(handle, key)
        software = "EGL_MESA_device_software" in extensions
        name = "llvmpipe (software)" if software else ""
        if not name and "EGL_EXT_device_query_name" in extensions:
            words = (self._device_string(handle, EGL_VENDOR), self._device_string(handle, EGL_RENDERER))
            name = " ".join(filter(None, words))
        if not name and any(word.startswith("EGL_NV_device") for word in extensions):
            name = "NVIDIA"
        return Adapter("opengl", index, name or f"GPU {path or index}", software, path)

    def _device_string(self, handle: int, key: int) -> str:
        value: bytes | None = self.eglQueryDeviceStringEXT(handle, key)
        return (value or b"").decode(errors="replace")


class EglContext:
    """A context of one thread, current on it from now on; close it there. It is the loader that moderngl asks for."""

    def __init__(self, egl: Egl, adapter: Adapter, handle: int | None) -> None:
        """ConfigError: the device gives no context that can compute."""
        self.egl, self.adapter = egl, adapter
        self._display = self._open_display(handle)
        self.handle: int | None = self._create()
        try:
            self.make_current()
        except GpuLostError as error:
            self.close()
            raise ConfigError(f"{adapter.name} gives no context: {error}") from error

    @classmethod
    def open(cls, device: str | None) -> Self:
        """A context on the device that the operator means. ConfigError."""
        egl = Egl()
        found = egl.devices()
        adapter = chosen([one for one, _ in found], device, "EGL", INSTALL)
        return cls(egl, adapter, dict(found)[adapter])

    def _open_display(self, handle: int | None) -> int:
        if self.egl.eglGetPlatformDisplayEXT is None:
            raise ConfigError(f"this EGL opens no device without a window: {INSTALL}")
        platform = EGL_PLATFORM_SURFACELESS if handle is None else EGL_PLATFORM_DEVICE
        display: int | None = self.egl.eglGetPlatformDisplayEXT(platform, handle, None)
        if not display or not self.egl.eglInitialize(display, None, None):
            raise ConfigError(f"EGL cannot open {self.adapter} ({self.egl.error()}): may this user open it?")
        extensions = (self.egl.eglQueryString(display, EGL_EXTENSIONS) or b"").decode().split()
        if "EGL_KHR_surfaceless_context" not in extensions:
            raise ConfigError(f"the driver of {self.adapter} draws into windows only")
        self._needs_config = "EGL_KHR_no_config_context" not in extensions
        return display

    def _create(self) -> int:
        egl = self.egl
        if not egl.eglBindAPI(EGL_OPENGL_API):
            raise ConfigError(f"the driver of {self.adapter} has no OpenGL ({egl.error()}): {INSTALL}")
        config = ctypes.c_void_p()
        if self._needs_config:
            wanted = (EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT)
            count = ctypes.c_int()
            egl.eglChooseConfig(
                self._display, _attributes(wanted), ctypes.byref(config), 1, ctypes.byref(count)
            )
            if not count.value:
                raise ConfigError(f"the driver of {self.adapter} has no configuration for OpenGL")
        for attributes in _wanted():
            context: int | None = egl.eglCreateContext(self._display, config, None, _attributes(attributes))
            if context:
                return context
        raise ConfigError(
            f"{self.adapter} gives no context of OpenGL 4.3 or newer ({egl.error()}): its driver is too old"
        )

    def make_current(self) -> None:
        """Let this thread's GL calls mean this context. GpuLostError."""
        if self.egl.eglGetCurrentContext() != self.handle and not self.egl.eglMakeCurrent(
            self._display, None, None, self.handle
        ):
            raise GpuLostError(f"the context on {self.adapter.name} is lost ({self.egl.error()})")

    def address(self, name: str) -> int:
        """Where a GL function is; 0: there is none."""
        return self.egl.eglGetProcAddress(name.encode()) or 0

    def close(self) -> None:
        """Give the context up, on the thread that it is current on; again does nothing."""
        handle, self.handle = self.handle, None
        if handle is not None:
            if self.egl.eglGetCurrentContext() == handle:
                self.egl.eglMakeCurrent(self._display, None, None, None)
            self.egl.eglDestroyContext(self._display, handle)

    # As moderngl calls its loader.

    def load_opengl_function(self, name: str) -> int:
        """See ``address``."""
        return self.address(name)

    def release(self) -> None:
        """moderngl is done with it; its owner closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """moderngl's way to leave a context, which stays current here."""


def _wanted() -> Iterator[tuple[int, ...]]:
    for robustness in _ROBUSTNESS:
        for major, minor in _VERSIONS:
            yield (
                EGL_CONTEXT_MAJOR, major, EGL_CONTEXT_MINOR, minor, EGL_CONTEXT_PROFILE_MASK, EGL_CORE_PROFILE,
                *robustness,
            )  # fmt: skip


def _attributes(values: tuple[int, ...]) -> Any:
    return (ctypes.c_int * (len(values) + 1))(*values, EGL_NONE)
