"""Unmodified hosts with either SPICE library in them: how they are started, and what a started one costs."""

import contextlib
import functools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.dropin_calls import CallCounts
from gspice.hosts.xorg.config import XorgConfig
from gspice.hosts.xorg.server import find_xorg
from tests.peers.qemu import base_options, qemu_program
from tests.peers.xorg import Xspice, free_port

LIBRARIES = ("stock", "gspice")
START_S = 30.0
STEP_S = 0.0005
SIZE = (1280, 800)


def environment(library: str) -> dict[str, str]:
    """What makes a host load that library; asked once, for it takes longer than a host takes to start."""
    return dict(_environment(library))


@functools.cache
def _environment(library: str) -> dict[str, str]:
    if library == "stock":
        return {}
    command = [sys.executable, "-m", "gspice.cli.main", "libspice"]
    path = subprocess.run([*command, "--print-path"], capture_output=True, text=True, check=True).stdout
    return {
        "LD_LIBRARY_PATH": path.strip(),
        "GSPICE_PYTHON": sys.executable,
        "GSPICE_LOG_LEVEL": "warning",
    }


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in bytes."""

    resident: int
    private_dirty: int

    @classmethod
    def of(cls, pid: int) -> "Memory":
        fields: dict[str, int] = {}
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, value, *_ = line.split()
            fields[name] = int(value) * 1024
        return cls(fields["Rss:"], fields["Private_Dirty:"])


def wait_listening(port: int, process: subprocess.Popen[bytes]) -> float:
    """The moment at which somebody listens there. RuntimeError where the process ends before that."""
    # Not by connecting: that would be a client already.
    wanted = f":{port:04X} 00000000:0000 0A"
    end = time.monotonic() + START_S
    while wanted not in Path("/proc/net/tcp").read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the host did not begin to listen")
        time.sleep(STEP_S)
    return time.monotonic()


def qemu_command(directory: Path, port: int) -> list[str]:
    """A machine whose firmware shows that there is nothing to boot."""
    spice = f"addr=127.0.0.1,port={port},disable-ticketing=on"
    return [qemu_program(), *base_options(directory), "-vga", "qxl", "-spice", spice]


def xorg_command(directory: Path, port: int) -> list[str]:
    """An X server without a window."""
    config = directory / "xorg.conf"
    config.write_text(XorgConfig(size=SIZE, port=port).render())
    files = ["-config", str(config), "-logfile", str(directory / "Xorg.log")]
    display = f":{port % 5000 + 100}"  # any that nobody has
    return [str(find_xorg()), *files, "-noreset", "-nolisten", "tcp", "-seat", "seat-gspice", display]


COMMANDS = {"QEMU": qemu_command, "Xorg": xorg_command}


@contextlib.contextmanager
def started(host: str, library: str, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """A host's process, its port, and the seconds from its start until it listened."""
    directory.mkdir(exist_ok=True)
    port = free_port()
    command = COMMANDS[host](directory, port)
    variables = {**os.environ, **environment(library)}
    with (directory / "log").open("wb") as log:
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=variables,
        )
    try:
        yield process, port, wait_listening(port, process) - start
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for name in ("qmp", "serial"):
            with contextlib.suppress(FileNotFoundError):
                (directory / name).unlink()


@contextlib.contextmanager
def timed_xspice(library: str, directory: Path) -> Iterator[tuple[Xspice, CallCounts]]:
    """An X server whose calls into its SPICE library are timed."""
    directory.mkdir()
    calls = CallCounts(directory / "calls")
    xspice = Xspice(directory, environment={**environment(library), **calls.environment}, size=SIZE)
    try:
        yield xspice, calls
    finally:
        xspice.close()
