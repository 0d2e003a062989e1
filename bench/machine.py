"""What machine figures were taken on: they mean nothing without it."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor, cores and kernel, in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    system = f"{platform.system()} {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}"
