"""What a Vulkan device makes: handles of wgpu-py, which the device frees."""

from typing import Any, Protocol

import wgpu

from gspice.gpu.compute.device import PUSH_BYTES, DeviceBuffer, Program, Readback
from gspice.gpu.compute.shaders import ShaderSource

PREAMBLE = """#version 450
#define STORAGE(n) layout(std430, set = 0, binding = n)
#define STORAGE_READ(n) layout(std430, set = 0, binding = n) readonly
#define PUSH(n) layout(push_constant) uniform Push
"""


class Owner(Protocol):
    """What a device does for its objects."""

    def free_buffer(self, buffer: "VulkanBuffer") -> None: ...
    def free_readback(self, readback: "VulkanReadback") -> None: ...
    def passed(self, readback: "VulkanReadback", *, wait: bool) -> bool: ...
    def content(self, readback: "VulkanReadback") -> bytes: ...


class VulkanBuffer(DeviceBuffer):
    """See DeviceBuffer."""

    def __init__(self, device: Owner, memory: Any, size: int) -> None:
        self._device, self.native, self.size = device, memory, size

    def close(self) -> None:
        self._device.free_buffer(self)


class VulkanProgram(Program):
    """See Program."""

    def __init__(self, device: Any, source: ShaderSource) -> None:
        self.name, self.source = source.name, source
        # wgpu takes GLSL for what the label says it is.
        module = device.create_shader_module(label=f"{source.name} comp", code=PREAMBLE + source.text)
        entries = [
            {
                "binding": binding,
                "visibility": wgpu.ShaderStage.COMPUTE,
                "buffer": {"type": "read-only-storage" if read_only else "storage"},
            }
            for binding, read_only in enumerate(source.read_only)
        ]
        self.layout = device.create_bind_group_layout(entries=entries)
        whole = device.create_pipeline_layout(
            bind_group_layouts=[self.layout], immediate_size=PUSH_BYTES if source.push else 0
        )
        self.pipeline = device.create_compute_pipeline(
            layout=whole, compute={"module": module, "entry_point": "main"}
        )
        self.parts = [module, self.layout, whole, self.pipeline]


class VulkanReadback(Readback):
    """See Readback."""

    def __init__(self, device: Owner, memory: Any, number: int, token: int, size: int) -> None:
        self._device, self.native, self.number, self.token, self.size = device, memory, number, token, size
        self.mapped: bool | None = None
        """None: not yet; False: it failed, for ``reason``."""
        self.reason = ""
        self.taken = False

    def ready(self) -> bool:
        return self._device.passed(self, wait=False)

    def take(self) -> bytes:
        try:
            self._device.passed(self, wait=True)
            content = self._device.content(self)
            self.taken = True
            return content
        finally:
            self.close()

    def close(self) -> None:
        self._device.free_readback(self)
