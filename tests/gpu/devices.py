"""The software devices that stand for GPUs in tests, and shaders that only tests use."""

import importlib
import os
import struct
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gspice.errors import ConfigError
from gspice.gpu.compute import shaders
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, DeviceLimits

APIS = ("opengl", "vulkan")
SOFTWARE = "llvmpipe"
SHADERS = Path(__file__).parent / "shaders"
NEEDED = {
    "opengl": "the Debian packages libegl1, libegl-mesa0 and libgl1-mesa-dri, and moderngl of PyPI",
    "vulkan": "the Debian packages libvulkan1 and mesa-vulkan-drivers, and wgpu of PyPI",
}
CLASSES = {
    "opengl": "gspice.gpu.opengl.device:OpenGLDevice",
    "vulkan": "gspice.gpu.vulkan.device:VulkanDevice",
}


def missing(api: str, reason: object) -> NoReturn:
    """End the test: skipped, or failed where nothing may be missing."""
    text = f"no software device for {api}, which needs {NEEDED[api]}: {reason}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def device_class(api: str) -> Any:
    """The class of an API's devices."""
    module, _, name = CLASSES[api].partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        missing(api, error)


def open_device(api: str, limits: DeviceLimits | None = None) -> ComputeDevice:
    """A software device; the caller closes it."""
    kind = device_class(api)
    try:
        device: ComputeDevice = kind.open(SOFTWARE, limits)
    except ConfigError as error:
        missing(api, error)
    return device


def use_test_shaders(patch: pytest.MonkeyPatch) -> None:
    """Let programs come from the tests' own folder."""
    patch.setattr(shaders, "FOLDER", SHADERS)


def words(*numbers: int) -> bytes:
    """Numbers as a buffer holds them."""
    return struct.pack(f"<{len(numbers)}I", *(number & 0xFFFFFFFF for number in numbers))


def numbers(content: bytes) -> list[int]:
    """What a buffer holds, as numbers."""
    return list(struct.unpack(f"<{len(content) // 4}I", content))


def filled(device: ComputeDevice, *values: int) -> DeviceBuffer:
    """A buffer of these words."""
    buffer = device.buffer(4 * len(values))
    device.upload(buffer, 0, words(*values))
    return buffer


def content(device: ComputeDevice, buffer: DeviceBuffer) -> list[int]:
    """All that a buffer holds now."""
    return numbers(device.read(buffer, 0, buffer.size).take())
