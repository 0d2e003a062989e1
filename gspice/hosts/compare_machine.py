"""What a comparison ran on: figures mean nothing without it."""

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import Any

from gspice.hosts import doctor_system
from gspice.hosts.doctor_findings import Finding
from gspice.version import VERSION

PACKAGES = ("numpy", "moderngl", "wgpu")
"""Whose versions bear on pixels and times."""


def facts() -> dict[str, Any]:
    """Processor, system, Python and packages; what is not installed is null."""
    found: dict[str, Any] = {}
    looks: Iterable[Iterable[Finding]] = (doctor_system.processors(), doctor_system.kernel())
    for finding in chain.from_iterable(looks):
        found |= finding.facts
    return {
        "cpu": found.get("model", ""),
        "cores": found.get("count", 0),
        "usable_cores": found.get("usable", 0),
        "system": found.get("system", ""),
        "kernel": found.get("release", ""),
        "machine": found.get("machine", ""),
        "python": platform.python_version(),
        "gspice": VERSION,
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
