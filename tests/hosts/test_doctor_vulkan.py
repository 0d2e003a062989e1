"""Vulkan: Mesa's software adapter, made-up ones, no loader, no driver; and wgpu, or none."""

from types import SimpleNamespace
from typing import Any

import pytest

from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_vulkan import STORAGE_BYTES, describe, from_loader, from_wgpu
from gspice.hosts.doctor_vulkan_loader import Adapter
from tests.gpu.devices import open_device

GPU = Adapter("RX 1", "discrete GPU", 0x1002, "1.3.1", "radv Mesa 25", 8 << 30, 1 << 30, 16, 65536, 1024)


def adapter_of_wgpu(backend: str, name: str) -> SimpleNamespace:
    info = {"backend_type": backend, "device": name, "adapter_type": "DiscreteGPU", "description": "d"}
    return SimpleNamespace(info=info, limits={STORAGE_BYTES: 1 << 27})


def wgpu_with(*adapters: SimpleNamespace) -> Finding:
    module = SimpleNamespace(gpu=SimpleNamespace(enumerate_adapters_sync=lambda: list(adapters)))
    (found,) = from_wgpu(lambda name: module)
    return found


def test_mesa_on_this_machine() -> None:
    open_device("vulkan").close()
    found = [finding for finding in ask("vulkan") if finding.name.startswith("adapter")]
    software = [finding for finding in found if finding.facts["software"]]
    assert software and software[0].status is Status.NOTE and software[0].facts["vendor"] == "Mesa"
    assert "llvmpipe" in software[0].facts["device"] and "Mesa" in software[0].facts["driver"]


def test_a_gpu() -> None:
    found = describe(3, GPU)
    assert (found.name, found.status) == ("adapter 3", Status.OK)
    assert "RX 1 (discrete GPU); Vulkan 1.3.1; radv Mesa 25; buffers of 1024 MiB" in found.text
    assert found.facts["vendor"] == "AMD" and found.facts["memory_bytes"] == 8 << 30
    assert describe(0, GPU._replace(vendor=0xABC)).facts["vendor"] == "0x0abc"


def test_no_loader() -> None:
    def load(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    (found,) = from_loader(load)
    assert found.status is Status.NOTE and "libvulkan.so.1" in found.text and "libvulkan1" in found.mend


@pytest.mark.parametrize("result", [-9, 0])
def test_no_driver_or_none_with_an_adapter(result: int) -> None:
    def enumerate_none(instance: Any, count: Any, handles: Any) -> int:
        count._obj.value = 0
        return 0

    library = SimpleNamespace(
        vkCreateInstance=lambda *arguments: result,
        vkEnumeratePhysicalDevices=enumerate_none,
        vkDestroyInstance=lambda *arguments: None,
    )
    (found,) = from_loader(lambda name: library)
    assert found.status is Status.NOTE and "driver" in found.text and "mesa-vulkan-drivers" in found.mend


def test_no_wgpu() -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    (found,) = from_wgpu(missing)
    assert (found.name, found.status) == ("wgpu", Status.NOTE) and "not installed" in found.text


def test_wgpu_counts_vulkan_alone() -> None:
    found = wgpu_with(adapter_of_wgpu("OpenGL", "other"), adapter_of_wgpu("Vulkan", "RX 1"))
    assert found.status is Status.OK and found.text == "sees RX 1"
    assert found.facts["adapters"][0]["storage_buffer_bytes"] == 1 << 27
    software = adapter_of_wgpu("Vulkan", "pipe")
    software.info["adapter_type"] = "CPU"
    assert wgpu_with(software).text == "sees pipe (software)"
    found = wgpu_with(adapter_of_wgpu("OpenGL", "other"))
    assert found.status is Status.NOTE and found.facts["adapters"] == []
