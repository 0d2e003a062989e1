"""GPUs as the kernel shows them: render nodes, who may open them, and NVIDIA's own driver."""

import grp
import os
import re
from pathlib import Path
from typing import NamedTuple

DRM = Path("/sys/class/drm")
NODES = Path("/dev/dri")
NVIDIA = Path("/proc/driver/nvidia/version")
VENDORS = {
    "0x10de": "NVIDIA",
    "0x1002": "AMD",
    "0x8086": "Intel",
    "0x1af4": "virtio",
    "0x1b36": "Red Hat",
    "0x10005": "Mesa",
}
"""By their number on the PCI bus; Mesa's is the one that Vulkan gives it."""


class RenderNode(NamedTuple):
    """One GPU's device file."""

    path: Path
    vendor: str
    driver: str
    there: bool
    """False: the kernel has the GPU, and its file is not in this (container's) /dev."""
    allowed: bool
    """This user may open it."""
    group: str
    """Whose members may."""

    @property
    def mend(self) -> str:
        """The line that lets this user open it; empty where nothing is wrong."""
        if not self.there:
            return f"give the container the device: --device {self.path}"
        if self.allowed:
            return ""
        return f'usermod -aG {self.group} "$USER"   # as root; then log in anew'


def render_nodes(drm: Path = DRM, nodes: Path = NODES) -> list[RenderNode]:
    """All of this machine's, in order."""
    names = {path.name for folder in (drm, nodes) for path in folder.glob("renderD*")}
    return [_node(name, drm, nodes) for name in sorted(names)]


def nvidia_driver(path: Path = NVIDIA) -> str | None:
    """The version of NVIDIA's kernel driver; None where it is not loaded."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return None
    match = re.search(r"\b\d{3}\.\d[\d.]*", text)
    return match[0] if match else "of an unknown version"


def _node(name: str, drm: Path, nodes: Path) -> RenderNode:
    device, path = drm / name / "device", nodes / name
    try:
        vendor = (device / "vendor").read_text().strip()
    except OSError:
        vendor = ""
    try:
        driver = os.readlink(device / "driver").rpartition("/")[2]
    except OSError:
        driver = ""
    try:
        gid = path.stat().st_gid
    except OSError:
        return RenderNode(path, VENDORS.get(vendor, vendor), driver, False, False, "")
    try:
        group = grp.getgrgid(gid).gr_name
    except KeyError:
        group = str(gid)
    return RenderNode(
        path, VENDORS.get(vendor, vendor), driver, True, os.access(path, os.R_OK | os.W_OK), group
    )
