"""spice-gtk processes that are killed in the middle of whatever they do, and what a host still holds afterwards."""

import random
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Qemu, wait_until

SETTLED_VISITS = 3
"""The first visits may leave something that every later one uses."""
LONGEST_VISIT_S = 0.6
GONE_TIMEOUT_S = 10.0
SPARE_THREADS = 4
"""QEMU's own threads for work come and go."""


@dataclass(frozen=True)
class Usage:
    """What a host without clients holds."""

    files: int
    threads: int
    resident: int
    """Bytes."""

    @classmethod
    def of(cls, process: psutil.Process) -> "Usage":
        return cls(process.num_fds(), process.num_threads(), process.memory_info().rss)

    def more_than(self, before: "Usage") -> bool:
        """Whether it holds more descriptors or threads than it did; memory is for those who look on for long."""
        return self.files > before.files or self.threads > before.threads + SPARE_THREADS


class KilledClients:
    """Clients of one QEMU, each killed at a moment of its own."""

    def __init__(self, qemu: Qemu, directory: Path, moments: random.Random) -> None:
        """``directory`` takes the clients' logs."""
        self._qemu = qemu
        self._directory = directory
        self._moments = moments

    def visit(self) -> None:
        """One client comes, and is killed. TimeoutError where its channels stay."""
        client = SpiceGtk(self._directory)
        try:
            # It must be up: a moment of its start would be none of the connection's.
            client.do("disconnect")
            come = threading.Thread(target=self._come, args=(client,))
            come.start()
            come.join(self._moments.uniform(0, LONGEST_VISIT_S))
            client.kill()
            come.join()
        finally:
            client.close()
        wait_until(self._alone, GONE_TIMEOUT_S, "the end of a killed client's channels")

    def _come(self, client: SpiceGtk) -> None:
        try:
            self._qemu.try_connect(client)
            client.do("wait", seconds=LONGEST_VISIT_S)
        except (RuntimeError, BrokenPipeError):
            return  # killed

    def _alone(self) -> bool:
        return bool(self._qemu.qmp.execute("query-spice")["channels"] == [])


def start_drawing(qemu: Qemu) -> None:
    """Have the guest write to its screen without end."""
    loop = "while [ -e /tmp/draw ]; do seq 100 >/dev/tty1; done; rm /tmp/drawing"
    qemu.serial.run(f"touch /tmp/draw /tmp/drawing; ({loop}) &")


def stop_drawing(qemu: Qemu) -> None:
    """The end of it; when this returns the guest draws no more."""
    qemu.serial.run("rm /tmp/draw; while [ -e /tmp/drawing ]; do sleep 0.1; done")
