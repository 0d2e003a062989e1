"""One recording, one server, one spice-gtk client: the bytes, CPU and time that it takes, and what is shown then."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.replay_clients import PATIENCE_S, QUIET_S, connect_port, shown
from bench.replay_recordings import cpu_seconds, peak_bytes
from bench.traffic_feeder import Fed
from bench.traffic_host import Library, host
from tests.peers.peers import SpiceGtk

SETTLE_S = min(PATIENCE_S, 30.0)
"""After the end of the recording, for the right picture."""
SLACK_S = 30.0
"""What an answer of the client may take longer than what it waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRun:
    """What one run measured."""

    received_bytes: int
    """On the display channel."""
    server_s: float
    """CPU seconds of the serving process from before the client connects, less ``guest_s``."""
    guest_s: float
    """CPU seconds of reading the recording and making commands; NaN where that cannot be told apart."""
    client_s: float
    wall_s: float
    """From the first command that is read to the client's last change."""
    late_s: float
    """From the last command that was read to the client's last change."""
    commands: int
    """That the library took of the host; -1 where it does not tell."""
    picture: str
    peak_bytes: int
    fed: Fed | None = None
    """How the recording was written, in real time."""


def by_library(
    library: Library, text: Path, expected: str, directory: Path, *, real_time: bool
) -> TrafficRun:
    """Played by the C host. RuntimeError where host or client fail."""
    with host(library, text, directory, real_time=real_time) as server:
        client = SpiceGtk(directory)
        try:
            client.do("wait", seconds=0.1)  # now it has started up
            client_pid = client._process.pid
            client_before, before = cpu_seconds(client_pid), server.figures()
            connect(client, server.port)
            begun = server.begin()
            ended = server.end(PATIENCE_S)
            patience = time.monotonic() + SETTLE_S
            while True:
                changed = last_change(client)
                before_look, figures = cpu_seconds(client_pid), server.figures()
                picture = shown(client)
                if picture == expected or time.monotonic() > patience:
                    break
                client_before += cpu_seconds(client_pid) - before_look
            fed = server.fed()
            if fed is not None and fed.commands != figures.read:
                raise RuntimeError(f"of {fed.commands} commands the host read {figures.read}: {server.log()}")
            guest_s = figures.guest_s - before.guest_s
            return TrafficRun(
                received_bytes=client.do("status")["bytes"]["display"],
                server_s=figures.cpu_s - before.cpu_s - guest_s,
                guest_s=guest_s,
                client_s=before_look - client_before,
                wall_s=changed - begun,
                late_s=max(changed - ended, 0.0),
                commands=figures.taken,
                picture=picture,
                peak_bytes=peak_bytes(server.pid),
                fed=fed,
            )
        finally:
            client.close()


def by_replay(text: Path, expected: str, directory: Path, *, real_time: bool, span_s: float) -> TrafficRun:
    """``gspice replay``, which plays the guest itself, as it is: with its own compression.

    ``span_s``: how long the recording takes.
    """
    speed = "real" if real_time else "max"
    options = ["--port=0", "--wait", "--stay", f"--speed={speed}"]
    log_path = directory / "replay.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gspice.cli.main", "replay", str(text), *options],
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    client = SpiceGtk(directory)
    try:
        port = connect_port(process, log_path)
        client.do("wait", seconds=0.1)
        client_pid = client._process.pid
        client_before, before = cpu_seconds(client_pid), cpu_seconds(process.pid)
        connect(client, port)
        begun = time.monotonic()
        end = begun + (span_s if real_time else 0.0)
        while True:
            changed = last_change(client)
            before_look, server_s = cpu_seconds(client_pid), cpu_seconds(process.pid) - before
            picture = shown(client)
            over = time.monotonic() > end
            if (over and picture == expected) or time.monotonic() > end + (
                SETTLE_S if real_time else PATIENCE_S
            ):
                break
            client_before += cpu_seconds(client_pid) - before_look
        return TrafficRun(
            received_bytes=client.do("status")["bytes"]["display"],
            server_s=server_s,
            guest_s=float("nan"),
            client_s=before_look - client_before,
            wall_s=changed - begun,
            late_s=max(changed - end, 0.0) if real_time else 0.0,
            commands=-1,
            picture=picture,
            peak_bytes=peak_bytes(process.pid),
        )
    finally:
        client.close()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def connect(client: SpiceGtk, port: int) -> None:
    answer = client.do("connect", uri=f"spice://127.0.0.1:{port}")
    if not answer["ok"]:
        raise RuntimeError(f"spice-gtk did not get in: {answer['events']}")


def last_change(client: SpiceGtk) -> float:
    """Wait until the client's picture has not changed for QUIET_S; when it last did, to 10 ms."""
    answer = client.do("wait_quiet", patience=PATIENCE_S + SLACK_S, quiet=QUIET_S, timeout=PATIENCE_S)
    if not answer["ok"]:
        raise RuntimeError(f"the client's picture went on changing for {PATIENCE_S:.0f} s")
    return time.monotonic() - QUIET_S
