"""``python -m bench.soak_qemu [MINUTES [SEED]]``: clients killed at random moments while a guest of QEMU's draws.

QEMU must live, serve, and hold no more descriptors and threads at the end than at the beginning; what it holds is
printed twice a minute. The last line says whether that was so, and the exit code is 1 where it was not.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.machine import describe
from tests.peers.guest_kernel import guest_kernel
from tests.peers.killed_clients import SETTLED_VISITS, KilledClients, Usage, start_drawing, stop_drawing
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Qemu, find_library
from tests.peers.qemu_pictures import true_picture

MINUTES = 10.0
REPORT_S = 30.0


def main(minutes: float, seed: int) -> bool:
    """Whether all went well. An error of the harness, with QEMU's own words, where QEMU ended or hung."""
    print(f"{describe()}, seed {seed}", flush=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        Qemu(Path(directory), library=find_library("gspice"), guest=guest_kernel()) as qemu,
    ):
        qemu.serial.wait_ready()
        start_drawing(qemu)
        process = psutil.Process(qemu.pid)
        clients = KilledClients(qemu, Path(directory), random.Random(seed))
        visit(clients, SETTLED_VISITS)
        start = now = Usage.of(process)
        report(0, start)
        visits = soak(clients, process, minutes * 60)
        stop_drawing(qemu)
        serves(qemu, Path(directory))
        visit(clients, 1)
        now = Usage.of(process)
        grown = now.more_than(start)
        report(visits, now)
        print(
            f"{visits} clients killed, {'MORE than before is held' if grown else 'nothing is left of them'}"
        )
        return not grown


def soak(clients: KilledClients, process: psutil.Process, seconds: float) -> int:
    """Kill clients for so long; how many."""
    begin = reported = time.monotonic()
    visits = 0
    while time.monotonic() - begin < seconds:
        visit(clients, 1)
        visits += 1
        if time.monotonic() - reported >= REPORT_S:
            reported = time.monotonic()
            report(visits, Usage.of(process))
    return visits


def visit(clients: KilledClients, count: int) -> None:
    for _ in range(count):
        clients.visit()


def serves(qemu: Qemu, directory: Path) -> None:
    """One more client, which must see what the guest shows."""
    client = SpiceGtk(directory)
    try:
        qemu.connect(client)
        true_picture(qemu, client.grab)
    finally:
        client.close()


def report(visits: int, usage: Usage) -> None:
    print(
        f"{visits:5} clients: {usage.files} descriptors, {usage.threads} threads, "
        f"{usage.resident / 2**20:.1f} MiB resident",
        flush=True,
    )


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(not main(float(words[0]) if words else MINUTES, int(words[1]) if words[1:] else 1))
