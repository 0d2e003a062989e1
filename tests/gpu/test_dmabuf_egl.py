"""Importing buffers through EGL: what is asked of the driver, and why it says no. The driver here is made of Python."""

import ctypes
from collections.abc import Callable
from typing import Any

import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.gpu import dmabuf_egl as egl
from gspice.gpu.dmabuf_egl import EglImporter

DISPLAY, CONTEXT, IMAGE = 0x7000, 0x7100, 0x7200
CARD = b"/nowhere/renderD128"
ALL_DISPLAY = b"EGL_EXT_image_dma_buf_import EGL_KHR_image_base EGL_KHR_surfaceless_context EGL_EXT_x"
BUFFER: dict[str, Any] = {
    "fds": (11,),
    "width": 64,
    "height": 32,
    "offsets": (128,),
    "strides": (256,),
    "fourcc": 0x34325258,
    "modifier": None,
}


class FakeDriver:
    """libEGL and libGLESv2 in one: keeps what it is asked, and answers as the test wants."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "devices": [b"EGL_EXT_device_drm EGL_EXT_device_drm_render_node"],
            "display": DISPLAY,
            "initialize": 1,
            "extensions": ALL_DISPLAY,
            "configs": 1,
            "context": CONTEXT,
            "current": 1,
            "image": IMAGE,
            "complete": egl.GL_FRAMEBUFFER_COMPLETE,
            "gl_error": 0,
            "missing": None,
        } | answers
        self.loaded: list[str] = []
        self.attributes: list[int] = []
        self.destroyed: list[int] = []
        self.deleted: list[str] = []
        self.read_rects: list[tuple[int, ...]] = []
        extensions: dict[str, Callable[..., Any]] = {
            "eglQueryDevicesEXT": self._query_devices,
            "eglQueryDeviceStringEXT": self._device_string,
            "eglGetPlatformDisplayEXT": lambda platform, device, attributes: self.answers["display"],
            "eglCreateImageKHR": self._create_image,
            "eglDestroyImageKHR": self._destroy_image,
            "glEGLImageTargetTexture2DOES": lambda target, image: None,
        }
        self._texts: list[Any] = []
        self._functions = {name: egl._SIGNATURES[name](call) for name, call in extensions.items()}
        self.eglGetProcAddress = self._Function(self._address)
        self.eglQueryString = self._Function(lambda display, name: self._text(self.answers["extensions"]))
        self.eglCreateContext = self._Function(lambda *arguments: self.answers["context"])

    class _Function:
        """A function of a library as ctypes has it: its result type can be set."""

        def __init__(self, call: Callable[..., Any]) -> None:
            self._call = call
            self.restype: Any = None

        def __call__(self, *arguments: Any) -> Any:
            return self._call(*arguments)

    def load(self, name: str) -> "FakeDriver":
        self.loaded.append(name)
        return self

    def _address(self, name: bytes) -> int | None:
        if name.decode() == self.answers["missing"]:
            return None
        return ctypes.cast(self._functions[name.decode()], ctypes.c_void_p).value

    def _query_devices(self, limit: int, devices: int, count: int) -> int:
        found = len(self.answers["devices"])
        (ctypes.c_void_p * found).from_address(devices)[:] = list(range(1, found + 1))
        ctypes.c_int.from_address(count).value = found
        return 1

    def _text(self, text: bytes) -> int:
        """A string of the driver's own."""
        self._texts.append(ctypes.create_string_buffer(text))
        return ctypes.addressof(self._texts[-1])

    def _device_string(self, device: int, name: int) -> int:
        return self._text(self.answers["devices"][device - 1] if name == egl.EGL_EXTENSIONS else CARD)

    def _create_image(
        self, display: int, context: int | None, target: int, buffer: int | None, attributes: int
    ) -> int:
        assert (display, context, target, buffer) == (DISPLAY, None, egl.EGL_LINUX_DMA_BUF, None)
        self.attributes = []
        for place in range(0, 400, 4):
            self.attributes.append(ctypes.c_int.from_address(attributes + place).value)
            if self.attributes[-1] == egl.EGL_NONE and len(self.attributes) % 2:
                break
        image: int = self.answers["image"]
        return image

    def _destroy_image(self, display: int, image: int) -> int:
        self.destroyed.append(image)
        return 1

    # Plain functions

    def eglInitialize(self, *arguments: Any) -> int:
        return int(self.answers["initialize"])

    def eglBindAPI(self, api: int) -> int:
        return 1

    def eglChooseConfig(self, display: Any, wanted: Any, config: Any, size: int, count: Any) -> int:
        count._obj.value = self.answers["configs"]
        return 1

    def eglMakeCurrent(self, *arguments: Any) -> int:
        return int(self.answers["current"])

    def eglGetError(self) -> int:
        return 0x3009

    def glCheckFramebufferStatus(self, target: int) -> int:
        return int(self.answers["complete"])

    def glGetError(self) -> int:
        return int(self.answers["gl_error"])

    def glReadPixels(
        self, x: int, y: int, width: int, height: int, format: int, type: int, data: Any
    ) -> None:
        self.read_rects.append((x, y, width, height))
        data[:] = bytes(range(len(data)))

    def glDeleteFramebuffers(self, count: int, names: Any) -> None:
        self.deleted.append("framebuffer")

    def glDeleteTextures(self, count: int, names: Any) -> None:
        self.deleted.append("texture")

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith("gl"):
            raise AttributeError(name)
        return lambda *arguments: None


def test_a_buffer_is_imported_read_and_let_go() -> None:
    driver = FakeDriver()
    importer = EglImporter(driver.load)
    assert driver.loaded == [], "nothing is loaded before it is needed"
    image = importer.import_buffer(**BUFFER)
    assert driver.loaded == list(egl.LIBRARIES) and importer.device == CARD.decode()
    pairs = dict(zip(driver.attributes[::2], driver.attributes[1::2], strict=False))
    assert pairs == {0x3057: 64, 0x3056: 32, 0x3271: 0x34325258, 0x3272: 11, 0x3273: 128, 0x3274: 256}
    assert image.read(Rect(1, 2, 4, 7)) == bytes(range(60))
    assert driver.read_rects == [(1, 2, 3, 5)]
    image.close()
    image.close()
    assert driver.destroyed == [IMAGE] and driver.deleted == ["framebuffer", "texture"]


def test_planes_and_modifiers_are_passed_on() -> None:
    driver = FakeDriver()
    buffer = BUFFER | {
        "fds": (11, 12),
        "offsets": (0, 64),
        "strides": (256, 128),
        "modifier": 0x0200000012345678,
    }
    EglImporter(driver.load).import_buffer(**buffer)
    pairs = dict(zip(driver.attributes[::2], driver.attributes[1::2], strict=False))
    assert [pairs[name] for name in (0x3275, 0x3276, 0x3277)] == [12, 64, 128]
    assert [pairs[name] for name in (0x3443, 0x3444, 0x3445, 0x3446)] == [0x12345678, 0x02000000] * 2


def test_a_modifier_beyond_a_signed_number_keeps_its_bits() -> None:
    driver = FakeDriver()
    EglImporter(driver.load).import_buffer(**(BUFFER | {"modifier": 0xFFFFFFFF80000000}))
    pairs = dict(zip(driver.attributes[::2], driver.attributes[1::2], strict=False))
    assert pairs[0x3443] & 0xFFFFFFFF == 0x80000000 and pairs[0x3444] & 0xFFFFFFFF == 0xFFFFFFFF


def test_the_first_gpu_that_can_is_taken() -> None:
    driver = FakeDriver(devices=[b"EGL_MESA_device_software", b"EGL_EXT_device_drm"])
    importer = EglImporter(driver.load)
    importer.import_buffer(**BUFFER)
    assert importer.device == CARD.decode()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"devices": []}, "EGL knows no GPU"),
        ({"devices": [b"EGL_MESA_device_software"]}, "without a device file"),
        ({"display": 0}, "cannot open /nowhere/renderD128"),
        ({"initialize": 0}, "cannot open"),
        (
            {"extensions": b"EGL_KHR_image_base"},
            "lacks EGL_EXT_image_dma_buf_import, EGL_KHR_surfaceless_context",
        ),
        ({"configs": 0}, "no OpenGL ES context"),
        ({"context": 0}, "no OpenGL ES context"),
        ({"missing": "eglQueryDevicesEXT"}, "EGL has no eglQueryDevicesEXT"),
    ],
)
def test_machines_that_cannot_say_why_and_are_asked_once(answers: dict[str, Any], reason: str) -> None:
    driver = FakeDriver(**answers)
    importer = EglImporter(driver.load)
    for _ in range(3):
        with pytest.raises(InterfaceError, match=reason):
            importer.import_buffer(**BUFFER)
    assert len(driver.loaded) == 2


def test_a_machine_without_egl() -> None:
    def load(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    with pytest.raises(InterfaceError, match=r"EGL is not installed: libEGL\.so\.1"):
        EglImporter(load).import_buffer(**BUFFER)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"image": 0}, "does not take the buffer .0x3009"),
        ({"complete": 0}, "cannot read the buffer's format"),
        ({"current": 0}, "is lost"),
    ],
)
def test_buffers_that_are_refused_leave_the_next_a_chance(answers: dict[str, Any], reason: str) -> None:
    driver = FakeDriver(**answers)
    importer = EglImporter(driver.load)
    with pytest.raises(InterfaceError, match=reason):
        importer.import_buffer(**BUFFER)
    assert driver.destroyed == ([IMAGE] if "complete" in answers else [])
    driver.answers |= FakeDriver().answers
    importer.import_buffer(**BUFFER).close()


def test_a_read_that_fails() -> None:
    driver = FakeDriver()
    image = EglImporter(driver.load).import_buffer(**BUFFER)
    driver.answers["gl_error"] = 0x0505
    with pytest.raises(InterfaceError, match=r"cannot read the buffer .0x505"):
        image.read(Rect(0, 0, 1, 1))
    driver.answers["current"] = 0
    with pytest.raises(InterfaceError, match="is lost"):
        image.read(Rect(0, 0, 1, 1))
    image.close()
    assert driver.destroyed == [IMAGE] and driver.deleted == []


@pytest.mark.parametrize("planes", [0, 5])
def test_numbers_of_planes(planes: int) -> None:
    with pytest.raises(InterfaceError, match="EGL imports 1 to 4"):
        EglImporter(FakeDriver().load).import_buffer(**(BUFFER | {"fds": (1,) * planes}))
