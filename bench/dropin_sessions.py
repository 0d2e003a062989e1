"""Scripted work on an X server, the same amount of it each time, with one spice-gtk client looking on."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from bench.dropin_calls import CallCounts, Durations, grouped
from bench.dropin_hosts import environment, timed_xspice
from bench.replay_recordings import cpu_seconds, thread_seconds
from tests.peers.guest_kernel import guest_kernel
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Library, Qemu
from tests.peers.xorg import Xspice, connect

XTERM = ("xterm", "-geometry", "100x40+10+10", "-fn", "fixed", "-e", "sh", "-c")
PATIENCE_S = 120.0
NOISES = 150
NOISE = "dd if=/dev/urandom of=/dev/fb0 bs=1500000 count=1 2>/dev/null"


def x11perf(test: str, reps: int) -> tuple[str, ...]:
    return ("x11perf", "-repeat", "1", "-reps", str(reps), f"-{test}")


SESSIONS: dict[str, tuple[str, ...]] = {
    "xterm scroll": (*XTERM, "seq 1 12000"),
    "x11perf rect10": x11perf("rect10", 60),
    "x11perf rect100": x11perf("rect100", 20),
    "x11perf copywinwin100": x11perf("copywinwin100", 4000),
    "x11perf putimage100": x11perf("putimage100", 800),
    "x11perf ftext": x11perf("ftext", 800),
}


@dataclass(frozen=True, slots=True)
class SessionRun:
    """One program from its start until the client shows all of it."""

    wall_s: float
    host_s: float
    """CPU seconds of the X server, library included."""
    worker_s: float
    """Of those, the busiest thread but the first."""
    client_s: float
    display_bytes: int
    rate: float
    """Operations a second, as x11perf says; 0 for what is not x11perf."""
    calls: dict[str, Durations]


@dataclass(frozen=True, slots=True)
class DesktopRun:
    """All sessions of one X server."""

    sessions: dict[str, SessionRun]


@dataclass(frozen=True, slots=True)
class GuestRun:
    """A guest of QEMU's that boots, and then draws."""

    calls: dict[str, Durations]


def desktop(library: str, directory: Path, names: list[str]) -> DesktopRun:
    """The sessions of these names, one after the other, on one X server."""
    with timed_xspice(library, directory) as (xspice, calls):
        xspice.start("openbox")
        client = SpiceGtk(directory)
        try:
            connect(client, xspice)
            client.do("wait_quiet", patience=60, quiet=0.5, timeout=30.0)
            return DesktopRun({name: session(xspice, client, calls, name) for name in names})
        finally:
            client.close()


def session(xspice: Xspice, client: SpiceGtk, calls: CallCounts, name: str) -> SessionRun:
    pid, client_pid = xspice.server.pid, client._process.pid
    counts = calls.read()
    host_before, client_before, threads = cpu_seconds(pid), cpu_seconds(client_pid), thread_seconds(pid)
    bytes_before = client.do("status")["bytes"]["display"]
    start = time.monotonic()
    output = xspice.ask(*SESSIONS[name], timeout=PATIENCE_S)
    wall = time.monotonic() - start
    client.do("wait_quiet", patience=60, quiet=0.3, timeout=30.0)
    now = thread_seconds(pid)
    found = re.search(r"\(\s*([\d.]+)/sec\)", output)
    return SessionRun(
        wall_s=wall,
        host_s=cpu_seconds(pid) - host_before,
        worker_s=max(now[tid] - threads.get(tid, 0.0) for tid in now),
        client_s=cpu_seconds(client_pid) - client_before,
        display_bytes=client.do("status")["bytes"]["display"] - bytes_before,
        rate=float(found[1]) if found else 0.0,
        calls={group: Durations.of(c) for group, c in grouped(counts, calls.read()).items()},
    )


def guest(library: str, directory: Path) -> GuestRun:
    """The calls of its whole life but for the first moments, in which the library itself starts."""
    directory.mkdir()
    calls = CallCounts(directory / "calls")
    chosen = environment(library)
    path = chosen.pop("LD_LIBRARY_PATH", None)
    wanted = Library(Path(path) if path else None, {**chosen, **calls.environment})
    client = SpiceGtk(directory)
    try:
        with Qemu(directory, library=wanted, guest=guest_kernel()) as qemu:
            before = calls.read()
            qemu.connect(client)
            qemu.serial.wait_ready()
            for _ in range(NOISES):
                qemu.serial.run(NOISE)
                # QEMU asks the library for what is new since the last picture.
                qemu.qmp.execute("screendump", filename=str(directory / "picture.ppm"))
            client.do("wait_quiet", patience=60, quiet=0.5, timeout=30.0)
            after = calls.read()
    finally:
        client.close()
    return GuestRun({group: Durations.of(counts) for group, counts in grouped(before, after).items()})
