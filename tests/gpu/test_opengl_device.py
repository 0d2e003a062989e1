"""The OpenGL device: which one is opened, drivers that lack things, and what is left when the context is lost."""

import ctypes
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gspice.errors import ConfigError, GpuLostError, GpuMemoryError
from gspice.gpu.compute.device import ComputeDevice, DeviceLimits
from tests.gpu.devices import (
    SOFTWARE,
    content,
    device_class,
    filled,
    numbers,
    open_device,
    use_test_shaders,
    words,
)

GL_GUILTY_CONTEXT_RESET, GL_OUT_OF_MEMORY, GL_INVALID_OPERATION = 0x8253, 0x0505, 0x0502
GL_TIMEOUT_EXPIRED, GL_WAIT_FAILED = 0x911B, 0x911D


@pytest.fixture(name="device")
def fixture_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    use_test_shaders(monkeypatch)
    with open_device("opengl") as device:
        yield device


def test_lists_devices_and_opens_them_by_number_and_name() -> None:
    kind = device_class("opengl")
    open_device("opengl").close()
    from gspice.gpu.opengl.device import devices

    listed = devices()
    assert [adapter.index for adapter in listed] == list(range(len(listed)))
    (software,) = [adapter for adapter in listed if adapter.software]
    for word in (str(software.index), SOFTWARE, "software"):
        with kind.open(word) as device:
            assert device.info.software
    for word in ("99", "no such GPU", "renderD999"):
        with pytest.raises(ConfigError, match="finds no device"):
            kind.open(word)
    if listed == [software]:
        with pytest.raises(ConfigError, match="finds no GPU"):
            kind.open(None)


def test_without_egl_says_what_to_install() -> None:
    device_class("opengl")
    from gspice.gpu.opengl.egl import Egl

    with pytest.raises(ConfigError, match="libegl1"):
        Egl("libno-such-EGL.so.1")


def test_a_driver_that_gives_no_context_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = device_class("opengl")
    open_device("opengl").close()
    from gspice.gpu.opengl import egl

    monkeypatch.setattr(egl, "_VERSIONS", ((9, 9),))
    with pytest.raises(ConfigError, match=r"no context of OpenGL 4\.3"):
        kind.open(SOFTWARE)


@pytest.mark.parametrize("robustness", range(3))
def test_contexts_of_all_kinds_can_be_had(robustness: int, monkeypatch: pytest.MonkeyPatch) -> None:
    device_class("opengl")
    from gspice.gpu.opengl import egl

    monkeypatch.setattr(egl, "_ROBUSTNESS", egl._ROBUSTNESS[robustness:])
    with open_device("opengl") as device:
        assert content(device, filled(device, 3)) == [3]


def test_memory_that_is_not_shared_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    # As drivers of OpenGL 4.3 have it.
    use_test_shaders(monkeypatch)
    open_device("opengl").close()
    from gspice.gpu.opengl.device import OpenGLDevice
    from gspice.gpu.opengl.egl import EglContext

    with OpenGLDevice(EglContext.open(SOFTWARE), mapped=False) as device:
        buffer = filled(device, *range(5000))
        device.dispatch(device.program("grow"), (buffer,), (79, 1, 1), words(5000, 1))
        readback = device.read(buffer, 0, 20000)
        device.upload(buffer, 0, bytes(20000))
        assert numbers(readback.take()) == [3 * number + 1 for number in range(5000)]
        assert content(device, buffer) == [0] * 5000


def test_another_context_of_the_thread_is_no_matter(device: ComputeDevice) -> None:
    from gspice.gpu.opengl.egl import EglContext

    buffer = filled(device, 1, 2)
    other = EglContext.open(SOFTWARE)
    other.make_current()
    assert content(device, buffer) == [1, 2]
    other.make_current()
    other.close()
    assert content(device, buffer) == [1, 2]


def test_another_thread_has_a_device_of_its_own(device: ComputeDevice) -> None:
    got: list[list[int]] = []

    def work() -> None:
        with open_device("opengl") as other:
            got.append(content(other, filled(other, 5)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert got == [[5]] and content(device, filled(device, 6)) == [6]


def reset(device: Any) -> None:
    device.gl.glGetGraphicsResetStatus = lambda: GL_GUILTY_CONTEXT_RESET


def refuse(device: Any) -> None:
    device.gl.glGetError = lambda: GL_INVALID_OPERATION


def not_current(device: Any) -> None:
    """As a context is that the driver has given up."""
    egl = device._context.egl
    egl.eglGetCurrentContext = lambda: None
    egl.eglMakeCurrent = lambda *_: 0


def no_answer(device: Any) -> None:
    device._fences._patience = 100
    device.gl.glClientWaitSync = lambda *_: GL_TIMEOUT_EXPIRED


def no_waiting(device: Any) -> None:
    device.gl.glClientWaitSync = lambda *_: GL_WAIT_FAILED


@pytest.mark.parametrize(
    ("fail", "call"),
    [
        (reset, "flush"),
        (reset, "take"),
        (reset, "ready"),
        (refuse, "flush"),
        (refuse, "buffer"),
        (refuse, "read"),
        (not_current, "upload"),
        (not_current, "dispatch"),
        (not_current, "copy"),
        (no_answer, "take"),
        (no_waiting, "take"),
        (no_waiting, "ready"),
    ],
)
def test_a_lost_context_ends_in_one_error(device: Any, fail: Callable[[Any], None], call: str) -> None:
    buffer, other = filled(device, 1), device.buffer(4)
    readback = device.read(buffer, 0, 4)
    grow = device.program("grow")
    calls: dict[str, Callable[[], object]] = {
        "flush": device.flush,
        "take": readback.take,
        "ready": readback.ready,
        "buffer": lambda: device.buffer(4),
        "read": lambda: device.read(buffer, 0, 4),
        "upload": lambda: device.upload(buffer, 0, words(1)),
        "dispatch": lambda: device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 1)),
        "copy": lambda: device.copy(buffer, 0, other, 0, 4),
    }
    fail(device)
    with pytest.raises(GpuLostError) as first:
        calls.pop(call)()
    # And all that comes after it says the same, whatever the driver says then.
    del_overrides(device)
    for again in calls.values():
        with pytest.raises(GpuLostError, match=str(first.value)[:20].replace("(", ".")):
            again()
    device.close()
    assert device.live_objects == 0


def del_overrides(device: Any) -> None:
    """Let the driver speak for itself again."""
    from gspice.gpu.opengl.egl import Egl
    from gspice.gpu.opengl.functions import GL

    device._context.egl.__dict__.update(Egl().__dict__)
    device.gl.__dict__.update(GL(device._context).__dict__)


def test_want_of_memory_is_no_end(device: Any) -> None:
    device.info = dataclasses.replace(device.info, max_buffer_bytes=1 << 50)
    before = device.live_objects
    with pytest.raises(GpuMemoryError, match="no memory"):
        device.buffer(1 << 46)
    assert device.live_objects == before
    assert content(device, filled(device, 1, 2)) == [1, 2]


def test_want_of_memory_between_is_no_end(device: Any) -> None:
    buffer = filled(device, 1, 2)
    mapped, device.gl.glMapBufferRange = device.gl.glMapBufferRange, lambda *_: None
    before = device.live_objects
    with pytest.raises(GpuMemoryError, match="between CPU and GPU"):
        device.read(buffer, 0, 8)
    device.gl.glMapBufferRange = mapped
    assert device.live_objects == before
    assert content(device, buffer) == [1, 2]


def test_spare_readbacks_are_bounded() -> None:
    with open_device("opengl", DeviceLimits(spare_readback_bytes=1 << 16)) as device:
        buffer = device.buffer(1 << 15)
        for readback in [device.read(buffer, 0, 1 << 15) for _ in range(6)]:
            readback.take()
        assert len(device._readbacks._spare) == 2  # type: ignore[attr-defined]


def test_the_ring_waits_for_the_gpu_before_it_writes_again(device: Any) -> None:
    waits: list[int] = []
    wait = device._fences.wait

    def watched(fence: int) -> None:
        waits.append(fence)
        wait(fence)

    device._fences.wait = watched
    size = device.limits.staging_bytes
    buffer = device.buffer(size)
    device.upload(buffer, 0, b"\1" * size)
    assert not waits
    device.upload(buffer, 0, b"\2" * size)
    assert len(waits) == 4
    assert device.read(buffer, size - 4, 4).take() == b"\2" * 4


def test_a_ring_that_is_never_emptied_loses_the_context(device: Any) -> None:
    size = device.limits.staging_bytes
    buffer = device.buffer(size)
    device.upload(buffer, 0, bytes(size))
    no_answer(device)
    for _ in range(2):
        with pytest.raises(GpuLostError, match="did not answer within"):
            device.upload(buffer, 0, bytes(size))


def test_functions_that_a_driver_lacks_are_named(device: Any) -> None:
    from gspice.gpu.opengl.functions import GL

    class Poor:
        adapter = device._context.adapter

        def address(self, name: str) -> int:
            return 0 if name == "glDispatchCompute" else ctypes.addressof(ctypes.c_int())

    poor: Any = Poor()
    with pytest.raises(ConfigError, match="lacks glDispatchCompute"):
        GL(poor)
