"""The GPUs that Vulkan offers, as its loader names them and as wgpu sees them."""

import ctypes
import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from gspice.errors import InterfaceError
from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step
from gspice.hosts.doctor_nodes import VENDORS
from gspice.hosts.doctor_vulkan_loader import LIBRARY, Adapter, adapters

INSTALL_LOADER = "apt-get install libvulkan1"
REINSTALL = "install the GPU's driver anew, or another version of it"
INSTALL_DRIVER = "apt-get install mesa-vulkan-drivers"
STORAGE_BYTES = "max-storage-buffer-binding-size"
"""The limit of wgpu that a canvas's surfaces must fit in."""


def probe(load: Callable[[str], Any] = ctypes.CDLL) -> Iterator[Step]:
    """The loader with its adapters, then wgpu; drivers are loaded by the first of them."""
    yield Step("Vulkan", partial(from_loader, load), Status.WARN, REINSTALL)
    yield Step("wgpu", from_wgpu, Status.WARN, REINSTALL)


def from_loader(load: Callable[[str], Any]) -> Iterable[Finding]:
    """One finding for each adapter."""
    try:
        library = load(LIBRARY)
    except OSError as error:
        text = f"cannot be loaded ({error}): no canvas on Vulkan"
        mend = doctor_loader.mend(error, INSTALL_LOADER)
        yield Finding(name="Vulkan", status=Status.NOTE, text=text, mend=mend)
        return
    try:
        found = adapters(library)
    except InterfaceError as error:
        text = f"{error}: no canvas on Vulkan"
        yield Finding(name="Vulkan", status=Status.NOTE, text=text, mend=INSTALL_DRIVER)
        return
    if not found:
        text = "no driver has an adapter: no canvas on Vulkan"
        yield Finding(name="Vulkan", status=Status.NOTE, text=text, mend=INSTALL_DRIVER)
    for index, adapter in enumerate(found):
        yield describe(index, adapter)


def describe(index: int, adapter: Adapter) -> Finding:
    """One adapter; software is of no use to a server."""
    software = adapter.kind == "software"
    parts = [
        f"{adapter.name} ({adapter.kind})",
        f"Vulkan {adapter.version}",
        adapter.driver,
        f"buffers of {adapter.storage_bytes >> 20} MiB, groups of {adapter.group_invocations}",
    ]
    if software:
        parts.append("software: no GPU, and slower than the CPU canvas")
    return Finding(
        name=f"adapter {index}",
        status=Status.NOTE if software else Status.OK,
        text="; ".join(filter(None, parts)),
        facts={
            "index": index,
            "device": adapter.name,
            "kind": adapter.kind,
            "vendor": VENDORS.get(f"{adapter.vendor:#06x}", f"{adapter.vendor:#06x}"),
            "version": adapter.version,
            "driver": adapter.driver,
            "software": software,
            "memory_bytes": adapter.memory_bytes,
            "limits": {
                "storage_buffer_bytes": adapter.storage_bytes,
                "storage_buffers": adapter.storage_buffers,
                "shared_bytes": adapter.shared_bytes,
                "group_invocations": adapter.group_invocations,
            },
        },
    )


def from_wgpu(import_module: Callable[[str], Any] = importlib.import_module) -> Iterable[Finding]:
    """What a canvas on Vulkan could be opened on, if wgpu is installed."""
    try:
        wgpu = import_module("wgpu")
    except ModuleNotFoundError:
        text = "not installed: no canvas on Vulkan, whatever adapters there are"
        yield Finding(name="wgpu", status=Status.NOTE, text=text)
        return
    seen = [one for one in wgpu.gpu.enumerate_adapters_sync() if one.info["backend_type"] == "Vulkan"]
    yield wgpu_finding(
        [
            {
                "device": str(one.info["device"]),
                "kind": str(one.info["adapter_type"]),
                "driver": str(one.info["description"]),
                "storage_buffer_bytes": int(one.limits.get(STORAGE_BYTES, 0)),
            }
            for one in seen
        ]
    )


def wgpu_finding(seen: Sequence[dict[str, object]]) -> Finding:
    """One line for all that wgpu sees."""
    if not seen:
        text = "sees no adapter of Vulkan's"
        return Finding(name="wgpu", status=Status.NOTE, text=text, facts={"adapters": []})
    names = ", ".join(f"{one['device']}{' (software)' if one['kind'] == 'CPU' else ''}" for one in seen)
    return Finding(name="wgpu", status=Status.OK, text=f"sees {names}", facts={"adapters": list(seen)})
