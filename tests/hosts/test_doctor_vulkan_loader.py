"""The loader's structures, as bytes: lavapipe's through the real loader, and a made-up driver's."""

import ast
import ctypes
import os
import struct
import subprocess
import sys
from typing import Any

import pytest

from gspice.errors import InterfaceError
from gspice.hosts.doctor_vulkan_loader import KINDS, adapters, device_memory


class Loader:
    """One adapter of Vulkan 1.0, with limits that can be told apart."""

    def __init__(self, result: int = 0, kind: int = 2, api: int = 1 << 22) -> None:
        self.result, self.kind, self.api = result, kind, api
        self.destroyed = 0

    def vkCreateInstance(self, info: bytes, allocator: Any, instance: Any) -> int:
        kind, _, _, application = struct.unpack_from("@iPIP", info)
        assert (kind, len(info)) == (1, 64) and struct.unpack_from("@i", ctypes.string_at(application, 4))[
            0
        ] == 0
        assert struct.unpack_from("=I", ctypes.string_at(application, 48), 44)[0] >> 12 == (1 << 10) | 1
        return self.result

    def vkEnumeratePhysicalDevices(self, instance: Any, count: Any, handles: Any) -> int:
        handles[0], count._obj.value = 9, 1
        return 0

    def vkGetPhysicalDeviceProperties(self, handle: Any, data: Any) -> None:
        struct.pack_into("=5I", data, 0, self.api, 0, 0x10DE, 0, self.kind)
        struct.pack_into("256s", data, 20, b"Card 9")
        for offset, value in ((28, 11), (76, 12), (216, 13), (232, 14)):
            struct.pack_into("=I", data, 296 + offset, value)

    def vkGetPhysicalDeviceMemoryProperties(self, handle: Any, data: Any) -> None:
        struct.pack_into("=I", data, 260, 2)
        struct.pack_into("=QI4xQI", data, 264, 1 << 33, 1, 1 << 34, 0)

    def vkDestroyInstance(self, instance: Any, allocator: Any) -> None:
        self.destroyed += 1


def test_an_adapter() -> None:
    loader = Loader()
    (found,) = adapters(loader)
    assert found == ("Card 9", "discrete GPU", 0x10DE, "1.0.0", "", 1 << 33, 11, 12, 13, 14)
    assert loader.destroyed == 1


@pytest.mark.parametrize(("kind", "name"), [(4, "software"), (1, "integrated GPU"), (99, "other")])
def test_kinds(kind: int, name: str) -> None:
    assert adapters(Loader(kind=kind))[0].kind == name and name in KINDS


@pytest.mark.parametrize(
    ("result", "words"), [(-9, "no compatible driver"), (-3, "initialization"), (-77, "-77")]
)
def test_a_loader_that_fails(result: int, words: str) -> None:
    with pytest.raises(InterfaceError, match=words):
        adapters(Loader(result))


def test_heaps_beyond_what_there_can_be_are_not_read() -> None:
    assert device_memory(struct.pack("=I", 999).rjust(264, b"\0") + bytes(256)) == 0


def test_lavapipe() -> None:
    """In a process of its own: drivers stay loaded."""
    code = (
        "import ctypes; from gspice.hosts.doctor_vulkan_loader import adapters; "
        "print([tuple(one) for one in adapters(ctypes.CDLL('libvulkan.so.1')) if 'llvmpipe' in one.name])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    (found,) = ast.literal_eval(done.stdout)
    _, kind, vendor, version, driver, memory, storage, buffers, shared, invocations = found
    assert (kind, vendor) == ("software", 0x10005) and "Mesa" in driver and version.startswith("1.")
    assert (
        memory > 1 << 28 and storage >= 1 << 27 and buffers >= 8 and shared >= 1 << 14 and invocations >= 128
    )
