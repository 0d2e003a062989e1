"""Vulkan without a Wayland session says nothing on standard error."""

import os
import subprocess
import sys

from gspice.hosts.no_wayland import NOWHERE, keep_quiet
from tests.gpu.devices import open_device


def test_what_is_set_stays() -> None:
    for before, after in (
        ({}, NOWHERE),
        ({"XDG_RUNTIME_DIR": ""}, NOWHERE),
        ({"XDG_RUNTIME_DIR": "/r"}, "/r"),
    ):
        environ: dict[str, str] = dict(before)
        keep_quiet(environ)
        assert environ == {"XDG_RUNTIME_DIR": after}


def test_nothing_is_said() -> None:
    open_device("vulkan").close()
    environ = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    code = (
        "import os; from gspice.hosts.no_wayland import keep_quiet; keep_quiet(os.environ)\n"
        "from gspice.gpu.vulkan.device import devices; print(len(devices()) > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
