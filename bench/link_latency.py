"""From a key press in spice-gtk to the pixel that it changes there, over slow links, with either SPICE library.

``python -m bench link-latency``: an X server shows a busy desktop, a relay is the link. The libraries take turns; each
turn starts anew, for what a server has learnt of a link is no part of the next one's. ``BENCH_TURNS`` and
``BENCH_PRESSES`` (for each turn) are for longer and shorter runs.
"""

import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.dropin_hosts import LIBRARIES, environment
from bench.link_latency_desktop import SIZE, busy_desktop, colour
from bench.link_relay import LinkRelay, bits, seconds, size
from bench.machine import describe
from tests.peers.peers import SpiceGtk
from tests.peers.xorg import Xspice, connect

TURNS = int(os.environ.get("BENCH_TURNS", "3"))
PRESSES = int(os.environ.get("BENCH_PRESSES", "20"))
SETTLE_S = 3.0
"""For servers to find out what the link can do."""
PAUSE_S = (0.15, 0.45)
KEY_A = 0x1E
QUEUE = "256k"
COMPRESSION = "auto"


@dataclass(frozen=True, slots=True)
class Link:
    """Rate and one-way delay as the relay's command line takes them; goals in milliseconds."""

    rate: str
    delay: str
    goal_p50: float
    goal_p95: float | None


LINKS = (Link("10M", "40ms", 130.0, 250.0), Link("50M", "10ms", 40.0, None))


@dataclass(slots=True)
class Samples:
    """Of one library over one link."""

    times: list[float] = field(default_factory=list)
    """In milliseconds."""
    received: int = 0
    """Bytes of the display channel while these were taken."""
    seconds: float = 0.0

    def at(self, part: float) -> float:
        times = sorted(self.times)
        return times[min(int(part * len(times)), len(times) - 1)]


def main() -> None:
    """Print a table: a line for each link and library. RuntimeError where a key has no effect."""
    print(describe())
    print("load at the start: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))
    print("| link | library | p50 ms | p95 ms | longest ms | display kB/s | presses | goal p50, p95 |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for number, link in enumerate(LINKS):
            found = {library: Samples() for library in LIBRARIES}
            for turn in range(TURNS):
                for library in LIBRARIES if turn % 2 else reversed(LIBRARIES):
                    _measure(link, library, Path(directory) / f"{number}-{turn}-{library}", found[library])
            for library, samples in found.items():
                _print(link, library, samples)
    print("load at the end: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


def _print(link: Link, library: str, samples: Samples) -> None:
    goal = f"{link.goal_p50:.0f}, " + ("none" if link.goal_p95 is None else f"{link.goal_p95:.0f}")
    round_trip = 2000 * seconds(link.delay)
    print(
        f"| {round_trip:.0f} ms, {link.rate}bit/s | {library} | {samples.at(0.5):.0f} | {samples.at(0.95):.0f} "
        f"| {max(samples.times):.0f} | {samples.received / samples.seconds / 1000:.0f} "
        f"| {len(samples.times)} | {goal} |",
        flush=True,
    )


def _measure(link: Link, library: str, directory: Path, samples: Samples) -> None:
    directory.mkdir()
    config = directory / "gspice.toml"
    config.write_text(f'[server]\nimage-compression = "{COMPRESSION}"\n')
    xspice = Xspice(directory, environment={**environment(library), "GSPICE_CONFIG": str(config)}, size=SIZE)
    client = SpiceGtk(directory)
    try:
        place = busy_desktop(xspice, SETTLE_S + PRESSES * 2.0)
        with LinkRelay(
            ("127.0.0.1", xspice.port),
            rate=bits(link.rate),
            delay=seconds(link.delay),
            queue=size(QUEUE),
        ) as relay:
            _connect_over(relay.port, client, xspice)
            client.do("wait", seconds=SETTLE_S)
            before, start = _received(client), time.monotonic()
            _press(client, place, samples)
            samples.received += _received(client) - before
            samples.seconds += time.monotonic() - start
            client.do("disconnect")
    finally:
        client.close()
        xspice.close()


def _connect_over(port: int, client: SpiceGtk, xspice: Xspice) -> None:
    behind = xspice.port
    xspice.port = port
    try:
        connect(client, xspice)
    finally:
        xspice.port = behind


def _received(client: SpiceGtk) -> int:
    count: int = client.do("status")["bytes"]["display"]
    return count


def _press(client: SpiceGtk, place: tuple[int, int], samples: Samples) -> None:
    for press in range(PRESSES):
        wanted = colour(press + 1)
        answer = client.do("key_to_colour", code=KEY_A, x=place[0], y=place[1], colour=wanted)
        if answer["ms"] is None:
            raise RuntimeError("a key press had no effect within 5 s")
        samples.times.append(answer["ms"])
        client.do("wait", seconds=random.uniform(*PAUSE_S))
