"""What OpenGL can do: on Mesa's software device, and with drivers that are made up."""

import ctypes
from typing import Any

import pytest

from gspice.errors import InterfaceError
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_gl import LIMITS, SOFTWARE, OpenGL, measure, text
from tests.gpu.devices import open_device

DISPLAY = 77


class Driver:
    """An EGL whose contexts and strings are told to it."""

    def __init__(self, contexts: list[int | None], current: int = 1, functions: bool = True) -> None:
        self.contexts, self.current, self.functions = contexts, current, functions
        self.asked: list[list[int]] = []
        self.destroyed: list[int | None] = []
        self._strings = {
            0x1F00: ctypes.c_char_p(b"Maker"),
            0x1F01: ctypes.c_char_p(b"Card 9"),
            0x1F02: ctypes.c_char_p(b"4.6"),
        }
        self._kept: list[Any] = []

    def eglBindAPI(self, api: int) -> int:
        return 1

    def eglChooseConfig(self, *arguments: Any) -> int:
        return 1

    def eglCreateContext(self, display: Any, config: Any, share: Any, attributes: Any) -> int | None:
        self.asked.append(list(attributes))
        return self.contexts.pop(0)

    def eglMakeCurrent(self, display: Any, draw: Any, read: Any, context: Any) -> int:
        return self.current

    def eglDestroyContext(self, display: Any, context: Any) -> int:
        self.destroyed.append(context.value)
        return 1

    def eglGetError(self) -> int:
        return 0x3009

    def eglGetProcAddress(self, name: bytes) -> int | None:
        if not self.functions:
            return None

        def get_string(number: int) -> int | None:
            return ctypes.cast(self._strings[number], ctypes.c_void_p).value

        def get_limit(number: int, target: int) -> None:
            ctypes.c_int64.from_address(target).value = number

        kinds: dict[bytes, Any] = {
            b"glGetString": ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint)(get_string),
            b"glGetInteger64v": ctypes.CFUNCTYPE(None, ctypes.c_uint, ctypes.c_void_p)(get_limit),
        }
        self._kept.append(kinds[name])
        return ctypes.cast(kinds[name], ctypes.c_void_p).value


def test_a_driver_that_can() -> None:
    driver = Driver([5])
    gl = measure(driver, DISPLAY)
    assert (gl.vendor, gl.renderer, gl.version, gl.compute, gl.software) == (
        "Maker", "Card 9", "4.6", True, False,
    )  # fmt: skip
    assert gl.limits == LIMITS and gl.enough
    assert driver.asked[0][:4] == [0x3098, 4, 0x30FB, 3] and driver.destroyed == [5]


def test_a_driver_that_is_too_old_still_says_what_it_is() -> None:
    driver = Driver([None, 6])
    gl = measure(driver, DISPLAY)
    assert gl.renderer == "Card 9" and not gl.compute and not gl.enough and gl.limits == {}
    assert driver.asked[1] == [0x3038] and driver.destroyed == [6]


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        (Driver([None, None]), "no OpenGL context"),
        (Driver([5], current=0), "without a screen"),
        (Driver([5], functions=False), "no glGetString"),
    ],
)
def test_a_driver_that_cannot(driver: Driver, words: str) -> None:
    with pytest.raises(InterfaceError, match=words):
        measure(driver, DISPLAY)


@pytest.mark.parametrize("blocks", [0, 7, 8])
def test_our_shaders_need_storage_buffers(blocks: int) -> None:
    gl = OpenGL("v", "r", "4.5", True, False, {"storage_blocks": blocks})
    assert gl.enough is (blocks >= 8)


def test_a_string_that_the_driver_does_not_give() -> None:
    assert text(None) == "" and text(0) == ""


def test_mesa_on_this_machine() -> None:
    open_device("opengl").close()
    device = next(finding for finding in ask("opengl") if finding.facts.get("software"))
    facts = device.facts
    assert facts["usable"] and any(name in facts["renderer"].lower() for name in SOFTWARE)
    assert facts["limits"]["storage_block_bytes"] >= 1 << 24 and facts["limits"]["group_invocations"] >= 1024
