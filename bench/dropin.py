"""libspice-server and GSpice as the same library under the same hosts: start, memory, calls, and scripted work."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.dropin_calls import Durations
from bench.dropin_hosts import COMMANDS, LIBRARIES, Memory, started
from bench.dropin_sessions import SESSIONS, DesktopRun, GuestRun, desktop, guest
from bench.libspice.build import interposer, version
from bench.machine import describe
from tests.peers.peers import SpiceGtk

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
SETTLE_S = 1.5
"""Before memory is read: hosts go on starting after they listen."""

Starts = dict[tuple[str, str], list[tuple[float, Memory, Memory]]]
"""By host and library: seconds until it listened, its memory without a client, and with one."""


def main() -> None:
    """Print tables of medians of interleaved runs."""
    interposer()
    print(f"{describe()}; libspice-server {version()}; {RUNS} interleaved runs, medians", flush=True)
    starts: Starts = {}
    desktops: dict[str, list[DesktopRun]] = {}
    guests: dict[str, list[GuestRun]] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for number in range(RUNS):
            for library in LIBRARIES:
                place = directory / f"{library}{number}"
                place.mkdir()
                for host in COMMANDS:
                    starts.setdefault((host, library), []).append(start(host, library, place / host))
                guests.setdefault(library, []).append(guest(library, place / "guest"))
                desktops.setdefault(library, []).append(desktop(library, place / "desktop", list(SESSIONS)))
            print(f"  {number + 1} of {RUNS}", file=sys.stderr, flush=True)
    for title, lines in (
        ("Start and memory", start_table(starts)),
        ("Scripted work on Xorg, one client", session_table(desktops)),
        ("How long the host's calls take, µs", call_table(desktops, guests)),
    ):
        print(f"\n{title}\n")
        print("\n".join(lines))


def main_start() -> None:
    """Print how long hosts take to listen, and their memory: three times as many runs, for each is short."""
    print(f"{describe()}; libspice-server {version()}; {3 * RUNS} interleaved runs, medians", flush=True)
    starts: Starts = {}
    with tempfile.TemporaryDirectory() as name:
        for number in range(3 * RUNS):
            for library in LIBRARIES:
                for host in COMMANDS:
                    place = Path(name) / f"{host}{library}{number}"
                    starts.setdefault((host, library), []).append(start(host, library, place))
    print("\n".join(["", *start_table(starts)]))


def main_calls() -> None:
    """Print how long a guest's calls take under QEMU."""
    interposer()
    print(f"{describe()}; libspice-server {version()}; {RUNS} interleaved runs, medians", flush=True)
    guests: dict[str, list[GuestRun]] = {}
    with tempfile.TemporaryDirectory() as name:
        for number in range(RUNS):
            for library in LIBRARIES:
                guests.setdefault(library, []).append(guest(library, Path(name) / f"{library}{number}"))
    print("\n".join(["", *call_table({}, guests)]))


def start(host: str, library: str, directory: Path) -> tuple[float, Memory, Memory]:
    with started(host, library, directory) as (process, port, seconds):
        time.sleep(SETTLE_S)
        idle = Memory.of(process.pid)
        client = SpiceGtk(directory)
        try:
            answer = client.do("connect", 60.0, uri=f"spice://127.0.0.1:{port}")
            if not answer["ok"]:
                raise RuntimeError(f"spice-gtk did not get in: {answer['events']}")
            client.do("wait_quiet", patience=60, quiet=0.5, timeout=30.0)
            return seconds, idle, Memory.of(process.pid)
        finally:
            client.close()


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def header(*names: str) -> list[str]:
    return [row(*names), "|" + "---|" * len(names)]


def median(runs: Sequence[object], figure: Callable[..., float]) -> float:
    return statistics.median(figure(run) for run in runs)


def start_table(starts: Starts) -> list[str]:
    lines = header(
        "host", "library", "listens after ms",
        "idle: RSS MiB", "private dirty", "one client: RSS", "private dirty",
    )  # fmt: skip
    for (host, library), runs in starts.items():
        cells = [f"{median(runs, lambda r: r[0]) * 1e3:.0f}"]
        for which in (1, 2):
            cells.append(f"{median(runs, lambda r, w=which: r[w].resident) / 2**20:.0f}")
            cells.append(f"{median(runs, lambda r, w=which: r[w].private_dirty) / 2**20:.0f}")
        lines.append(row(host, library, *cells))
    return lines


def session_table(desktops: dict[str, list[DesktopRun]]) -> list[str]:
    lines = header(
        "work", "library", "wall s", "Xorg's CPU s", "of it the worker", "client CPU s", "display MB",
        "operations a second", "CPU by stock",
    )  # fmt: skip
    for name in SESSIONS:
        runs = {library: [run.sessions[name] for run in desktops[library]] for library in LIBRARIES}
        for library, mine in runs.items():
            pairs = zip(mine, runs["stock"], strict=True)
            ratio = statistics.median(a.host_s / max(b.host_s, 0.01) for a, b in pairs)
            rate = median(mine, lambda r: r.rate)
            lines.append(
                row(
                    name,
                    library,
                    *(
                        f"{median(mine, lambda r, f=figure: getattr(r, f)):.2f}"
                        for figure in ("wall_s", "host_s", "worker_s", "client_s")
                    ),
                    f"{median(mine, lambda r: r.display_bytes) / 1e6:.1f}",
                    f"{rate:.0f}" if rate else "",
                    f"{ratio:.2f}",
                )
            )
    return lines


def call_table(desktops: dict[str, list[DesktopRun]], guests: dict[str, list[GuestRun]]) -> list[str]:
    lines = header("host", "calls", "library", "how many", "median", "99th percentile", "longest")
    for host, runs in (
        (
            "Xorg, xterm scrolls",
            {k: [r.sessions["xterm scroll"].calls for r in v] for k, v in desktops.items()},
        ),
        ("QEMU, a guest boots and draws", {k: [r.calls for r in v] for k, v in guests.items()}),
    ):
        for group in next(iter(runs.values()))[0] if runs else ():
            for library, calls in runs.items():
                mine: list[Durations] = [call[group] for call in calls]
                lines.append(
                    row(
                        host,
                        group,
                        library,
                        f"{median(mine, lambda d: d.calls):.0f}",
                        *(
                            f"{median(mine, lambda d, f=figure: getattr(d, f)) * 1e6:.0f}"
                            for figure in ("median", "p99", "longest")
                        ),
                    )
                )
    return lines
