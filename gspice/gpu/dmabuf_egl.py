"""Reading other drivers' buffers through EGL: a dma-buf becomes a texture, and its pixels are read back.

For buffers whose pixels lie as only their GPU knows. libEGL and libGLESv2 are loaded by name, when the first buffer
comes: nothing here looks for libraries, which would start a process. An importer belongs to the thread that uses it.
"""

import ctypes
import logging
from collections.abc import Callable, Sequence
from typing import Any

from gspice.errors import InterfaceError
from gspice.geometry import Rect

log = logging.getLogger(__name__)

LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2")
MAX_DEVICES = 16
PLANES = 4

EGL_NONE = 0x3038
EGL_EXTENSIONS = 0x3055
EGL_HEIGHT, EGL_WIDTH = 0x3056, 0x3057
EGL_RENDERABLE_TYPE, EGL_OPENGL_ES2_BIT = 0x3040, 4
EGL_SURFACE_TYPE, EGL_PBUFFER_BIT = 0x3033, 1
EGL_CONTEXT_CLIENT_VERSION = 0x3098
EGL_OPENGL_ES_API = 0x30A0
EGL_PLATFORM_DEVICE = 0x313F
EGL_DRM_DEVICE_FILE, EGL_DRM_RENDER_NODE_FILE = 0x3233, 0x3377
EGL_LINUX_DMA_BUF = 0x3270
EGL_LINUX_DRM_FOURCC = 0x3271
_PLANE = (
    (0x3272, 0x3273, 0x3274),
    (0x3275, 0x3276, 0x3277),
    (0x3278, 0x3279, 0x327A),
    (0x3440, 0x3441, 0x3442),
)
"""EGL_DMA_BUF_PLANEn_FD, _OFFSET and _PITCH."""
_PLANE_MODIFIER = ((0x3443, 0x3444), (0x3445, 0x3446), (0x3447, 0x3448), (0x3449, 0x344A))
"""EGL_DMA_BUF_PLANEn_MODIFIER_LO and _HI."""
GL_TEXTURE_2D, GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0 = 0x0DE1, 0x8D40, 0x8CE0
GL_FRAMEBUFFER_COMPLETE, GL_RGBA, GL_UNSIGNED_BYTE, GL_PACK_ALIGNMENT = 0x8CD5, 0x1908, 0x1401, 0x0D05

_DEVICE_EXTENSIONS = ("EGL_EXT_device_drm_render_node", "EGL_EXT_device_drm")
_DISPLAY_EXTENSIONS = ("EGL_EXT_image_dma_buf_import", "EGL_KHR_image_base", "EGL_KHR_surfaceless_context")

_Pointer = ctypes.c_void_p
_SIGNATURES: dict[str, Any] = {
    "eglQueryDevicesEXT": ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, _Pointer, _Pointer),
    "eglQueryDeviceStringEXT": ctypes.CFUNCTYPE(_Pointer, _Pointer, ctypes.c_int),
    "eglGetPlatformDisplayEXT": ctypes.CFUNCTYPE(_Pointer, ctypes.c_uint, _Pointer, _Pointer),
    "eglCreateImageKHR": ctypes.CFUNCTYPE(_Pointer, _Pointer, _Pointer, ctypes.c_uint, _Pointer, _Pointer),
    "eglDestroyImageKHR": ctypes.CFUNCTYPE(ctypes.c_uint, _Pointer, _Pointer),
    "glEGLImageTargetTexture2DOES": ctypes.CFUNCTYPE(None, ctypes.c_uint, _Pointer),
}
"""Functions of extensions: what they give, and what they take."""

Load = Callable[[str], Any]


class EglImporter:
    """Imports buffers on the first GPU whose driver can; it is looked for with the first buffer."""

    def __init__(self, load: Load = ctypes.CDLL) -> None:
        self._load = load
        self._failure: str | None = None
        self._display: int | None = None
        self.device = ""
        """The GPU's device file, once a buffer was imported."""
        self.egl: Any = None
        self.gl: Any = None
        self._context: int | None = None

    def import_buffer(
        self,
        *,
        fds: Sequence[int],
        width: int,
        height: int,
        offsets: Sequence[int],
        strides: Sequence[int],
        fourcc: int,
        modifier: int | None,
    ) -> "EglImage":
        """Make a buffer of one descriptor for each plane readable; the descriptors stay the caller's.

        ``modifier`` None: the driver knows how pixels lie. InterfaceError: there is no GPU that can, or this buffer
        is none of its own.
        """
        if not 1 <= len(fds) <= PLANES:
            raise InterfaceError(f"{len(fds)} planes: EGL imports 1 to {PLANES}")
        self._open()
        attributes = [EGL_WIDTH, width, EGL_HEIGHT, height, EGL_LINUX_DRM_FOURCC, fourcc]
        for plane, values in enumerate(zip(fds, offsets, strides, strict=False)):
            for name, value in zip(_PLANE[plane], values, strict=True):
                attributes += [name, value]
            if modifier is not None:
                low, high = _PLANE_MODIFIER[plane]
                attributes += [low, modifier & 0xFFFFFFFF, high, modifier >> 32]
        self.make_current()
        image = self._function("eglCreateImageKHR")(
            ctypes.c_void_p(self._display), None, EGL_LINUX_DMA_BUF, None, _int_array([*attributes, EGL_NONE])
        )
        if not image:
            raise InterfaceError(
                f"EGL on {self.device} does not take the buffer ({self.egl.eglGetError():#x})"
            )
        return EglImage(self, image)

    def make_current(self) -> None:
        """Let GL calls of this thread mean this importer's context: the host may have used another meanwhile."""
        if not self.egl.eglMakeCurrent(
            ctypes.c_void_p(self._display), None, None, ctypes.c_void_p(self._context)
        ):
            raise InterfaceError(f"the EGL context on {self.device} is lost ({self.egl.eglGetError():#x})")

    def destroy_image(self, image: int) -> None:
        """Undo ``eglCreateImageKHR``."""
        self._function("eglDestroyImageKHR")(ctypes.c_void_p(self._display), ctypes.c_void_p(image))

    def target_texture(self, image: int) -> None:
        """Let the bound texture show the image."""
        self._function("glEGLImageTargetTexture2DOES")(GL_TEXTURE_2D, ctypes.c_void_p(image))

    def _open(self) -> None:
        """Find a GPU, once; what was missing then is missing for good."""
        if self._failure is not None:
            raise InterfaceError(self._failure)
        if self._context is not None:
            return
        try:
            self._find()
        except InterfaceError as error:
            self._failure = str(error)
            raise

    def _find(self) -> None:
        try:
            self.egl, self.gl = (self._load(name) for name in LIBRARIES)
        except OSError as error:
            raise InterfaceError(f"EGL is not installed: {error}") from error
        self.egl.eglGetProcAddress.restype = ctypes.c_void_p
        self.egl.eglQueryString.restype = ctypes.c_void_p
        self.egl.eglCreateContext.restype = ctypes.c_void_p
        devices = (ctypes.c_void_p * MAX_DEVICES)()
        count = ctypes.c_int()
        self._function("eglQueryDevicesEXT")(MAX_DEVICES, devices, ctypes.byref(count))
        reasons = []
        for device in devices[: count.value]:
            try:
                self._try_device(device)
                log.info("EGL imports buffers on %s", self.device)
                return
            except InterfaceError as error:
                reasons.append(str(error))
        raise InterfaceError("; ".join(reasons) or "EGL knows no GPU")

    def _try_device(self, device: int | None) -> None:
        describe = self._function("eglQueryDeviceStringEXT")
        names = _text(describe(ctypes.c_void_p(device), EGL_EXTENSIONS)).split()
        if not any(name in names for name in _DEVICE_EXTENSIONS):
            raise InterfaceError("an EGL device without a device file")
        key = EGL_DRM_RENDER_NODE_FILE if _DEVICE_EXTENSIONS[0] in names else EGL_DRM_DEVICE_FILE
        path = _text(describe(ctypes.c_void_p(device), key)) or "an unnamed GPU"
        get_display = self._function("eglGetPlatformDisplayEXT")
        display = get_display(EGL_PLATFORM_DEVICE, ctypes.c_void_p(device), None)
        if not display or not self.egl.eglInitialize(ctypes.c_void_p(display), None, None):
            raise InterfaceError(f"EGL cannot open {path}")
        has = _text(self.egl.eglQueryString(ctypes.c_void_p(display), EGL_EXTENSIONS)).split()
        missing = [name for name in _DISPLAY_EXTENSIONS if name not in has]
        if missing:
            raise InterfaceError(f"the driver of {path} lacks {', '.join(missing)}")
        self._context = self._make_context(display, path)
        self._display, self.device = display, path

    def _make_context(self, display: int, path: str) -> int:
        self.egl.eglBindAPI(EGL_OPENGL_ES_API)
        wanted = (EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_ES2_BIT, EGL_NONE)
        config, count = ctypes.c_void_p(), ctypes.c_int()
        self.egl.eglChooseConfig(
            ctypes.c_void_p(display), _int_array(wanted), ctypes.byref(config), 1, ctypes.byref(count)
        )
        version = _int_array((EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE))
        context: int | None = None
        if count.value:
            context = self.egl.eglCreateContext(ctypes.c_void_p(display), config, None, version)
        if not context:
            raise InterfaceError(f"the driver of {path} gives no OpenGL ES context")
        return context

    def _function(self, name: str) -> Any:
        """A function of an extension."""
        address = self.egl.eglGetProcAddress(name.encode())
        if not address:
            raise InterfaceError(f"EGL has no {name}")
        return _SIGNATURES[name](address)


class EglImage:
    """An imported buffer, behind a framebuffer to read from; close it."""

    def __init__(self, importer: EglImporter, image: int) -> None:
        self._importer = importer
        self._image: int | None = image
        self._texture, self._framebuffer = ctypes.c_uint(), ctypes.c_uint()
        gl = importer.gl
        gl.glGenTextures(1, ctypes.byref(self._texture))
        gl.glBindTexture(GL_TEXTURE_2D, self._texture)
        importer.target_texture(image)
        gl.glGenFramebuffers(1, ctypes.byref(self._framebuffer))
        gl.glBindFramebuffer(GL_FRAMEBUFFER, self._framebuffer)
        gl.glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, self._texture, 0)
        if gl.glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE:
            self.close()
            raise InterfaceError(f"OpenGL on {importer.device} cannot read the buffer's format")

    def read(self, rect: Rect) -> bytearray:
        """RGBA bytes of a rectangle inside, rows as they lie in the buffer. InterfaceError: the context is lost."""
        self._importer.make_current()
        gl = self._importer.gl
        data = bytearray(4 * rect.area)
        target = (ctypes.c_char * len(data)).from_buffer(data)
        gl.glBindFramebuffer(GL_FRAMEBUFFER, self._framebuffer)
        gl.glPixelStorei(GL_PACK_ALIGNMENT, 1)
        gl.glReadPixels(rect.left, rect.top, rect.width, rect.height, GL_RGBA, GL_UNSIGNED_BYTE, target)
        error = gl.glGetError()
        if error:
            raise InterfaceError(f"OpenGL on {self._importer.device} cannot read the buffer ({error:#x})")
        return data

    def close(self) -> None:
        """Let go of the buffer; calling it again does nothing."""
        image, self._image = self._image, None
        if image is None:
            return
        try:
            self._importer.make_current()
        except InterfaceError as error:
            log.debug("%s; its textures went with it", error)
        else:
            self._importer.gl.glDeleteFramebuffers(1, ctypes.byref(self._framebuffer))
            self._importer.gl.glDeleteTextures(1, ctypes.byref(self._texture))
        self._importer.destroy_image(image)


def _text(address: int | None) -> str:
    """A driver's string, which stays the driver's; empty where it gave none."""
    return ctypes.string_at(address).decode("ascii", "replace") if address else ""


def _int_array(values: Sequence[int]) -> ctypes.Array[ctypes.c_int]:
    """An attribute list; numbers beyond an EGLint keep their bits."""
    return (ctypes.c_int * len(values))(*(ctypes.c_int(value & 0xFFFFFFFF).value for value in values))
