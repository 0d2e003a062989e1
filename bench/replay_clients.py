"""A recording served to a real spice-gtk client at full speed: by libspice-server, and by ``gspice replay``."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.libspice.build import replay_host
from bench.replay_recordings import cpu_seconds, peak_bytes, thread_seconds, unpacking
from tests.peers.peers import START_TIMEOUT_S, Lines, SpiceGtk

QUIET_S = 1.0
"""After so long without a change the client is taken to have all there will be."""
PATIENCE_S = float(os.environ.get("BENCH_PATIENCE", "120"))
"""How long a recording may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """What one run measured, from just before the client connects to its last change."""

    wall_s: float
    server_s: float
    """CPU seconds of the serving process, and of the one that unpacks for it."""
    worker_s: float
    """Of ``server_s``: the busiest thread but the first, which reads the recording and plays the guest. What draws,
    compresses and sends.
    """
    client_s: float
    received_bytes: int
    """On the display channel."""
    server_peak_bytes: int
    client_picture: str
    server_picture: str = ""
    """What the server itself holds; libspice-server draws nothing as long as nobody asks."""


Served = Callable[[Path, str, Path], ClientRun]
"""Recording, the sha256 that its last picture should have, and a directory for logs."""


def by_libspice(path: Path, expected: str, directory: Path, compression: str = "off") -> ClientRun:
    """Without video streams."""
    with unpacking(path) as unpacker, (directory / "libspice.log").open("wb") as log:
        host = subprocess.Popen(
            [replay_host(), compression], stdin=unpacker.stdout, stdout=subprocess.PIPE, stderr=log
        )
        assert host.stdout is not None
        try:
            line = Lines(host.stdout).read(START_TIMEOUT_S)
            if line is None:
                raise RuntimeError(
                    f"the host for libspice-server ended: {(directory / 'libspice.log').read_text()}"
                )
            port = int(line.removeprefix("port "))
            return watch([host.pid, unpacker.pid], port, expected, directory)
        finally:
            host.terminate()
            host.wait()
            host.stdout.close()


def by_gspice(path: Path, expected: str, directory: Path) -> ClientRun:
    """``gspice replay`` as it is; it unpacks in its own process."""
    options = ["--port=0", "--wait", "--stay", "--speed=max", "--hash"]
    log_path = directory / "gspice.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gspice.cli.main", "replay", str(path), *options],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        port = connect_port(process, log_path)
        run = watch([process.pid], port, expected, directory)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    return replace(run, server_picture=output.decode().strip())


def watch(pids: list[int], port: int, expected: str, directory: Path) -> ClientRun:
    """A client connects to the server, the first of ``pids``, until it has the picture, or patience ends."""
    client = SpiceGtk(directory)
    try:
        client.do("wait", seconds=0.1)  # now it has started up
        client_pid = client._process.pid
        client_before, server_before = cpu_seconds(client_pid), sum(map(cpu_seconds, pids))
        threads_before, start = thread_seconds(pids[0]), time.monotonic()
        answer = client.do("connect", uri=f"spice://127.0.0.1:{port}")
        if not answer["ok"]:
            raise RuntimeError(f"spice-gtk did not get in: {answer['events']}")
        while True:
            client.do("wait_quiet", patience=PATIENCE_S + 30, quiet=QUIET_S, timeout=PATIENCE_S)
            stop = time.monotonic()
            client_s = cpu_seconds(client_pid) - client_before
            server_s = sum(map(cpu_seconds, pids)) - server_before
            threads = thread_seconds(pids[0])
            worker_s = max(threads[tid] - threads_before.get(tid, 0.0) for tid in threads)
            picture = shown(client)
            if picture == expected or stop > start + PATIENCE_S:
                break
        return ClientRun(
            wall_s=stop - QUIET_S - start,
            server_s=server_s,
            worker_s=worker_s,
            client_s=client_s,
            received_bytes=client.do("status")["bytes"]["display"],
            server_peak_bytes=peak_bytes(pids[0]),
            client_picture=picture,
        )
    finally:
        client.close()


def shown(client: SpiceGtk) -> str:
    if not client.do("wait_primary", timeout=1.0)["ok"]:
        return "none"
    return hashlib.sha256(client.grab().tobytes()).hexdigest()


def connect_port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Where ``gspice replay`` listens, once it does."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"spice://[^:\s]+:(\d+)", log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"gspice replay did not begin to listen: {log.read_text()}")
