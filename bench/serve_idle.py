"""CPU seconds and resident memory of ``gspice serve`` in a minute, with one spice-gtk client looking on."""

import os
import tempfile
from pathlib import Path

import psutil

from bench.machine import describe
from tests.peers.peers import Serve, SpiceGtk

SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))


def main() -> None:
    """Print one line for each phase: nobody connected, one client."""
    print(describe())
    with tempfile.TemporaryDirectory() as directory:
        serve = Serve("--size=1280x800", "--log-level=warning", log=Path(directory) / "serve.log")
        client = SpiceGtk(Path(directory))
        try:
            process = psutil.Process(serve.process.pid)
            client.do("wait", seconds=3)
            report("nobody connected", process, client)
            client.connect(serve)
            before = client.do("status")
            report("one client", process, client)
            after = client.do("status")
            sent = (after["bytes"]["display"] - before["bytes"]["display"]) / SECONDS
            pixels = (after["invalidated"] - before["invalidated"]) / SECONDS
            print(f"  display channel: {sent * 8e-6:.1f} Mbit/s for {pixels / 1e6:.2f} Mpixel/s drawn")
        finally:
            client.close()
            serve.stop()


def report(phase: str, process: psutil.Process, client: SpiceGtk) -> None:
    before = process.cpu_times()
    client.do("wait", patience=SECONDS + 30, seconds=SECONDS)
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    resident = process.memory_info().rss / 2**20
    print(f"{phase}: {cpu * 60 / SECONDS:.1f} CPU seconds a minute, {resident:.0f} MiB resident")
