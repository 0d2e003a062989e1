"""Xorg under scripted use for minutes, clients coming and going: what its memory, descriptors and threads do.

``python -m bench.soak_xorg [MINUTES [LIBRARY]]``: one minute and every library by default. Exit code 1 where one grows.
"""

import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.machine import describe
from tests.peers.peers import SpiceGtk
from tests.peers.xorg import LIBRARIES, Xspice, assert_shown, connect, desktop

MINUTES = 1.0
WARM_UP = 1 / 4
"""Part of the time in which caches and pools may fill before anything counts."""
MAX_GROWTH_MIB, MAX_MORE_DESCRIPTORS, MAX_MORE_THREADS = 24.0, 4, 1
"""Between the first and the last third of what counts, by their medians."""
TYPED = [0x1E, 0x30, 0x2E, 0x20, 0x1C, 0x39, 0x0F]


@dataclass(slots=True)
class Samples:
    """What was seen of the X server, one entry for each look."""

    at_s: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def take(self, process: psutil.Process, now: float) -> None:
        """Look once; between clients, so that those who are there do not count as a leak."""
        with process.oneshot():
            self.at_s.append(now)
            self.mib.append(process.memory_info().rss / 2**20)
            self.descriptors.append(process.num_fds())
            self.threads.append(process.num_threads())


def main(words: list[str]) -> int:
    """Soak each library in turn and print a table; the exit code."""
    minutes = float(words[0]) if words else MINUTES
    print(describe())
    print(f"{'library':8} {'looks':>5} {'what':12} {'early':>8} {'late':>8} {'peak':>8}  verdict")
    good = True
    for name in words[1:] or sorted(LIBRARIES):
        with tempfile.TemporaryDirectory() as directory:
            good &= soak(name, Path(directory), minutes * 60)
    return 0 if good else 1


def soak(name: str, directory: Path, seconds: float) -> bool:
    """Use one X server for so long; whether nothing grew and it ended well."""
    dice = random.Random(1)
    xspice = Xspice(directory, environment=LIBRARIES[name]())
    samples, clients = Samples(), 0
    process = psutil.Process(xspice.server.pid)
    before = process.cpu_times()
    begun = time.monotonic()
    try:
        desktop(xspice)
        while (now := time.monotonic() - begun) < seconds:
            use(xspice, directory, dice)
            clients += 1
            samples.take(process, now)
        cpu = process.cpu_times()
    finally:
        status = xspice.close()
    spent = cpu.user + cpu.system - before.user - before.system
    good = report(name, samples, seconds) and status == 0
    print(
        f"{name:8} {clients} clients, {spent * 60 / seconds:.1f} CPU seconds a minute, Xorg ended with {status}"
    )
    return good


def use(xspice: Xspice, directory: Path, dice: random.Random) -> None:
    """One client's visit: it types, moves, watches windows come and go, and leaves or is killed."""
    client = SpiceGtk(directory)
    try:
        connect(client, xspice)
        output = f"seq {dice.randrange(200, 4000)}; sleep 0.3"
        xterm = xspice.start(
            "xterm", "-geometry", f"80x24+{dice.randrange(200)}+40", "-e", "sh", "-c", output
        )
        for _ in range(20):
            client.do("position", x=dice.randrange(800), y=dice.randrange(600))
            client.do("keys", scancodes=[dice.choice(TYPED)])
        xterm.end()
        xspice.programs.remove(xterm)
        if dice.random() < 0.3:
            client.kill()
        elif dice.random() < 0.5:
            assert_shown(client, xspice)
            client.do("disconnect")
    finally:
        client.close()


def report(name: str, samples: Samples, seconds: float) -> bool:
    """Print the verdicts; whether all are good."""
    counted = [i for i, at in enumerate(samples.at_s) if at >= seconds * WARM_UP]
    third = max(1, len(counted) // 3)
    good = True
    rows: list[tuple[str, list[float], float]] = [
        ("MiB resident", samples.mib, MAX_GROWTH_MIB),
        ("descriptors", [float(n) for n in samples.descriptors], MAX_MORE_DESCRIPTORS),
        ("threads", [float(n) for n in samples.threads], MAX_MORE_THREADS),
    ]
    for what, values, allowed in rows:
        if not counted:
            print(f"{name:8} {0:5} {what:12} {'':26}  too short to tell")
            return False
        early = middle([values[i] for i in counted[:third]])
        late = middle([values[i] for i in counted[-third:]])
        fine = late - early <= allowed
        good &= fine
        verdict = "steady" if fine else f"grew by {late - early:.1f}"
        print(f"{name:8} {len(counted):5} {what:12} {early:8.1f} {late:8.1f} {max(values):8.1f}  {verdict}")
    return good


def middle(values: list[float]) -> float:
    """The median, the upper one of two."""
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
