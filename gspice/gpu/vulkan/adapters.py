"""The GPUs that wgpu reaches by Vulkan, and what they can do."""

from contextlib import suppress
from typing import Any

import wgpu
from wgpu.backends.wgpu_native.extras import set_instance_extras

from gspice.errors import ConfigError
from gspice.gpu.compute.adapters import Adapter, chosen, is_software
from gspice.gpu.compute.device import MAX_BINDINGS, PUSH_BYTES, WORD, DeviceInfo

INSTALL = "install libvulkan1 and the driver of the GPU (Mesa: mesa-vulkan-drivers; NVIDIA: its own)"
VENDORS = {
    0x1002: "AMD",
    0x10DE: "NVIDIA",
    0x8086: "Intel",
    0x13B5: "Arm",
    0x5143: "Qualcomm",
    0x10005: "Mesa",
}


def devices() -> list[Adapter]:
    """What the Vulkan loader lists, in the order of the numbers that ``VulkanDevice.open`` takes."""
    return [adapter for adapter, _ in _adapters()]


def adapter_of(device: str | None) -> Any:
    """The adapter of wgpu's that the operator means. ConfigError."""
    try:
        found = _adapters()
    except Exception as error:
        # wgpu-py has no one class for what it raises.
        raise ConfigError(f"Vulkan cannot be asked for its devices ({error}): {INSTALL}") from error
    return dict(found)[chosen([one for one, _ in found], device, "Vulkan", INSTALL)]


def _adapters() -> list[tuple[Adapter, Any]]:
    # Else wgpu asks every API that it knows. RuntimeError: there is an instance already, which serves as well.
    with suppress(RuntimeError):
        set_instance_extras(backends=["Vulkan"])
    found = [one for one in wgpu.gpu.enumerate_adapters_sync() if one.info["backend_type"] == "Vulkan"]
    return [
        (Adapter("vulkan", index, one.info["device"], one.info["adapter_type"] == "CPU"), one)
        for index, one in enumerate(found)
    ]


def describe(adapter: Any) -> DeviceInfo:
    """What a device of this adapter is. ConfigError: it cannot do what is needed."""
    info, limits = adapter.info, adapter.limits
    most = min(limits["max-buffer-size"], limits["max-storage-buffer-binding-size"])
    if (
        limits["max-storage-buffers-per-shader-stage"] < MAX_BINDINGS
        or limits["max-immediate-size"] < PUSH_BYTES
    ):
        raise ConfigError(f"{info['device']} binds too few buffers or parameters to one shader")
    return DeviceInfo(
        api="vulkan",
        name=info["device"],
        vendor=VENDORS.get(info["vendor_id"], info["vendor"]),
        driver=info["description"],
        software=info["adapter_type"] == "CPU" or is_software(info["device"]),
        max_buffer_bytes=most // WORD * WORD,
        # wgpu does not tell.
        memory_bytes=None,
    )
