"""The Vulkan loader by ctypes: which adapters its drivers have, and their limits. No device is made."""

import ctypes
import struct
from typing import Any, NamedTuple

from gspice.errors import InterfaceError

LIBRARY = "libvulkan.so.1"
MAX_ADAPTERS = 32
SUCCESS, INCOMPLETE = 0, 5
ERRORS = {-1: "out of memory", -3: "initialization failed", -9: "no compatible driver is installed"}
KINDS = ("other", "integrated GPU", "discrete GPU", "virtual GPU", "software")
"""VkPhysicalDeviceType."""
_APPLICATION_INFO, _INSTANCE_CREATE_INFO = 0, 1
_DEVICE_PROPERTIES_2, _DRIVER_PROPERTIES = 1000059001, 1000196000
_API_1_1 = (1 << 22) | (1 << 12)
_LIMITS = 296
"""Of VkPhysicalDeviceLimits in VkPhysicalDeviceProperties."""
_PROPERTIES_BYTES, _MEMORY_BYTES = 824, 520
_HEAPS = 264
"""Of the heaps in VkPhysicalDeviceMemoryProperties."""
_DEVICE_LOCAL = 1
_Pointer = ctypes.c_void_p


class Adapter(NamedTuple):
    """A VkPhysicalDevice."""

    name: str
    kind: str
    vendor: int
    version: str
    driver: str
    memory_bytes: int
    """Of its own memory."""
    storage_bytes: int
    storage_buffers: int
    shared_bytes: int
    group_invocations: int


def adapters(vulkan: Any) -> list[Adapter]:
    """What the drivers have. InterfaceError: the loader finds no driver, or they fail."""
    # Without a version a driver of Vulkan 1.0 would be asked for what only later ones know.
    app = struct.pack("@iPPIPII", _APPLICATION_INFO, 0, 0, 0, 0, 0, _API_1_1)
    application = ctypes.create_string_buffer(app, len(app))
    info = struct.pack("@iPIPIPIP", _INSTANCE_CREATE_INFO, 0, 0, ctypes.addressof(application), 0, 0, 0, 0)
    instance = _Pointer()
    _check(vulkan.vkCreateInstance(info, None, ctypes.byref(instance)))
    try:
        count = ctypes.c_uint32(MAX_ADAPTERS)
        handles = (_Pointer * MAX_ADAPTERS)()
        _check(vulkan.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), handles))
        return [_adapter(vulkan, handle) for handle in handles[: count.value]]
    finally:
        vulkan.vkDestroyInstance(instance, None)


def _check(result: int) -> None:
    if result not in (SUCCESS, INCOMPLETE):
        raise InterfaceError(ERRORS.get(result, f"the loader fails with {result}"))


def _adapter(vulkan: Any, handle: int | None) -> Adapter:
    data = ctypes.create_string_buffer(_PROPERTIES_BYTES)
    vulkan.vkGetPhysicalDeviceProperties(_Pointer(handle), data)
    api, _, vendor, _, kind = struct.unpack_from("=5I", data)
    memory = ctypes.create_string_buffer(_MEMORY_BYTES)
    vulkan.vkGetPhysicalDeviceMemoryProperties(_Pointer(handle), memory)
    return Adapter(
        name=_text(data.raw[20:276]),
        kind=KINDS[kind] if kind < len(KINDS) else KINDS[0],
        vendor=vendor,
        version=f"{api >> 22 & 0x7F}.{api >> 12 & 0x3FF}.{api & 0xFFF}",
        driver=_driver(vulkan, handle, api),
        memory_bytes=device_memory(memory.raw),
        storage_bytes=_limit(data, 28),
        storage_buffers=_limit(data, 76),
        shared_bytes=_limit(data, 216),
        group_invocations=_limit(data, 232),
    )


def _limit(data: ctypes.Array[ctypes.c_char], offset: int) -> int:
    value: int = struct.unpack_from("=I", data, _LIMITS + offset)[0]
    return value


def device_memory(memory: bytes) -> int:
    """Bytes of the heaps that lie on the device itself."""
    heaps = min(struct.unpack_from("=I", memory, _HEAPS - 4)[0], 16)
    sizes = (struct.unpack_from("=QI4x", memory, _HEAPS + 16 * index) for index in range(heaps))
    return sum(size for size, flags in sizes if flags & _DEVICE_LOCAL)


def _driver(vulkan: Any, handle: int | None, api: int) -> str:
    """The driver's name and version; empty where it is too old to say."""
    if api < _API_1_1 + (1 << 12):
        return ""
    driver = ctypes.create_string_buffer(struct.pack("@iPI", _DRIVER_PROPERTIES, 0, 0), 16 + 4 + 512 + 4 + 8)
    properties = ctypes.create_string_buffer(
        struct.pack("@iP", _DEVICE_PROPERTIES_2, ctypes.addressof(driver)), 16 + _PROPERTIES_BYTES
    )
    vulkan.vkGetPhysicalDeviceProperties2(_Pointer(handle), properties)
    return f"{_text(driver.raw[20:276])} {_text(driver.raw[276:532])}".strip()


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace")
