"""The canvases that draw on a GPU: where they are found, what they need, and whether there can be any.

Nothing of them is imported before one is to be opened: a host that draws on the CPU must not pay for it.
"""

import importlib
import importlib.util
import os
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

DEVICE_FILES = ("dri/renderD*", "nvidia[0-9]*", "dxg")
"""What a GPU's driver needs of the kernel: without one of these there is none to be found."""


class Adapter(Protocol):
    """What a backend says of a device before it is opened."""

    @property
    def index(self) -> int:
        """Its number, as ``open`` takes it."""

    @property
    def name(self) -> str: ...
    @property
    def software(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a GPU backend is found."""

    canvas: str
    """module:class; ``open(device)`` makes a canvas."""
    adapters: str
    """module:function, the devices that there are."""
    library: str
    """The package that it needs, as pip knows it."""


GPU_BACKENDS: dict[str, Backend] = {
    "opengl": Backend(
        "gspice.gpu.opengl.canvas:OpenGLCanvas", "gspice.gpu.opengl.device:devices", "moderngl"
    ),
    "vulkan": Backend("gspice.gpu.vulkan.canvas:VulkanCanvas", "gspice.gpu.vulkan.device:devices", "wgpu"),
}
"""In the order that ``auto`` tries them."""


def no_device_file(devices: Path) -> str | None:
    """Why there can be no GPU for this user, by a look at the device files; None: there may be one."""
    found = [path for pattern in DEVICE_FILES for path in sorted(devices.glob(pattern))]
    if not found:
        return "no render node in /dev/dri, and no NVIDIA device file"
    if not any(os.access(path, os.R_OK | os.W_OK) for path in found):
        return f"this user may not open {', '.join(map(str, found))}: the group render, often, may"
    return None


def why_missing(backend: Backend) -> str | None:
    """What is not installed that the backend needs; None: nothing. Imports nothing of it."""
    # Packages first: to look into one that is not there is an error.
    for name in accumulate(backend.canvas.partition(":")[0].split("."), "{}.{}".format):
        if importlib.util.find_spec(name) is None:
            return "this installation of GSpice is without it"
    if importlib.util.find_spec(backend.library) is None:
        return f"the Python package {backend.library} is not installed: pip install {backend.library}"
    return None


def load(place: str) -> Any:
    """What is at module:name, imported now. ImportError: one of the libraries behind it."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
