"""What happens at the host's first call: the log, the configuration, and a table without a hole."""

import ctypes as c
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.libspice import boot
from gspice.hosts.libspice.configuration import Configuration
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.display import DisplayMark
from gspice.wire.messages.main import MainInit
from tests.hosts.libspice.c_host import Table
from tests.hosts.libspice.c_programs import ROOT, SYMBOLS
from tests.peers.raw_link import RawChannel
from tests.server.worker_rig import INIT

BOOT = """
import ctypes, sys
from gspice.hosts.libspice import boot
table = (ctypes.c_void_p * 120)()
boot.boot(ctypes.addressof(table))
"""


def environment(tmp_path: Path, config: str = "") -> dict[str, str]:
    """What a host has in its environment that follows this configuration."""
    (tmp_path / "gspice.toml").write_text(config)
    return {**os.environ, "PYTHONPATH": str(ROOT), "GSPICE_CONFIG": str(tmp_path / "gspice.toml")}


def run(script: str, tmp_path: Path, config: str = "") -> "subprocess.CompletedProcess[str]":
    """A process that boots as a host's does."""
    environ = environment(tmp_path, config)
    return subprocess.run(
        [sys.executable, "-c", BOOT + script],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_entry_is_filled() -> None:
    table = Table()
    boot.fill(c.addressof(table))
    holes = [name for (_, name), entry in zip(SYMBOLS, table[:-1], strict=True) if not entry]
    assert not holes
    assert table[-1], "at_exit"
    entries = table[:-1]
    assert len(set(entries)) == len(entries), "each symbol has a function of its own"


def test_boot_says_who_serves_and_where(tmp_path: Path) -> None:
    done = run("print(round(sys.getswitchinterval(), 9))", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0.0001\n"
    assert done.stderr.startswith("gspice: INFO: GSpice ") and sys.executable in done.stderr


def test_level_and_file_of_the_log(tmp_path: Path) -> None:
    file = tmp_path / "log"
    script = (
        "import logging; logging.getLogger('gspice.x').info('no'); logging.getLogger('gspice.x').error('yes')"
    )
    done = run(script, tmp_path, f'log-level = "error"\nlog-file = "{file}"\n')
    assert done.stderr == "", done.stderr
    lines = file.read_text().splitlines()
    assert len(lines) == 1 and lines[0].endswith("ERROR gspice.x: yes")


def test_a_log_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"log-file .*/no/log: "):
        boot.start_log(Configuration(log_file=tmp_path / "no" / "log"))
    assert not logging.getLogger("gspice").handlers


def test_a_host_without_standard_error(tmp_path: Path) -> None:
    script = "import logging\nlogging.getLogger('gspice').error('unheard')\nprint(sys.stderr)"
    environ = environment(tmp_path)
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, BOOT + script],
        env=environ,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stdout == "None\n"


def test_wrong_configuration_is_for_the_operator(tmp_path: Path) -> None:
    done = run("", tmp_path, "colour = 3\n")
    assert done.returncode == 1 and "ConfigError" in done.stderr and "colour" in done.stderr


TOO_HEAVY = [
    "PIL",
    "asyncio",
    "av",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.x509",
    "email",
    "gspice.hosts.libspice.replay",
    "h11",
    "http",
    "moderngl",
    "multiprocessing",
    "numba",
    "numpy",
    "prometheus_client",
    "subprocess",
    "unittest",
    "wgpu",
]
"""What a host would wait for, or pay memory for, without ever using it; or what would fork in it."""


def test_a_host_does_not_wait_for_what_it_may_never_use(tmp_path: Path) -> None:
    done = run(f"print([name for name in {TOO_HEAVY} if name in sys.modules])", tmp_path)
    assert done.stdout == "[]\n", done.stderr


SERVE = """
from gspice.hosts.libspice import library
from gspice.hosts.libspice.hosted import servers
handle = library.new()
library.command(handle, "set_noauth")
library.command(handle, "set_addr", "localhost", 1)
library.command(handle, "set_port", 0)
from gspice.geometry import Rect
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from tests.hosts.libspice import c_display, c_host
core = c_host.Core()
functions = c_host.Library()
model = QXLDevice()
display = c_display.Display(model, functions)

class Chroot:
    tried = []
    def find_spec(self, name, path=None, target=None):
        self.tried.append(name)

sys.meta_path[:] = [Chroot()]
assert library.init(handle, core.address) == 0
assert library.add_interface(handle, display.address) == 0
library.command(handle, "vm_start")
driver = GuestDriver(model)
driver.set_mode(64, 64)
driver.fill(Rect(0, 0, 9, 9), 5)
print(servers[handle].server.port, flush=True)
core.run(lambda: [event for event, *_ in core.events].count(3) == 2)
library.destroy(handle)
print(Chroot.tried, flush=True)
"""


def test_nothing_is_imported_after_boot(tmp_path: Path) -> None:
    """Hosts go into a chroot, or become another user, soon afterwards."""
    environ = environment(tmp_path)
    host = subprocess.Popen(
        [sys.executable, "-c", BOOT + SERVE], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    try:
        port = int(host.stdout.readline())
        peer = RawChannel(port, ChannelType.MAIN, 0)
        init = peer.receive_type(MainInit)
        assert isinstance(init, MainInit)
        display = RawChannel(port, ChannelType.DISPLAY, init.session_id)
        display.send(INIT)
        display.receive_type(DisplayMark)
        peer.close()
        display.close()
        assert host.communicate(timeout=30)[0] == "[]\n"
        assert host.returncode == 0
    finally:
        host.kill()
        host.wait()
