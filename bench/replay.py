"""Recorded guests: the canvas against memcpy, the whole server against libspice-server, and memory."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.libspice.build import replay_host, version
from bench.machine import describe
from bench.replay_canvas import CanvasPass
from bench.replay_clients import ClientRun, Served, by_gspice, by_libspice
from bench.replay_recordings import recordings, short_name

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SERVERS: dict[str, Served] = {
    "libspice": by_libspice,
    "libspice lz": partial(by_libspice, compression="lz"),
    "gspice": by_gspice,
}
"""``libspice`` compresses nothing; ``gspice`` sends LZ4 to clients that take it, as spice-gtk does. Libspice's own LZ4
is not compared: images of 8-bit alpha, which it packs too, end spice-gtk.
"""
Run = TypeVar("Run")


@dataclass(slots=True)
class Results:
    """All runs of one recording, by mode and by server."""

    passes: dict[str, list[CanvasPass]] = field(default_factory=dict)
    served: dict[str, list[ClientRun]] = field(default_factory=dict)


def main(arguments: list[str]) -> None:
    """Print tables of medians. ``arguments``: recordings, by default those of the tests."""
    paths = recordings(arguments)
    replay_host()
    print(f"{describe()}; libspice-server {version()}; {RUNS} interleaved runs, medians", flush=True)
    results = {path: measured(path) for path in paths}
    for table in (canvas_table, server_table, ratio_table, memory_table, picture_table):
        print(f"\n{table.__doc__}\n")
        for line in table(results):
            print(line)


def measured(path: Path) -> Results:
    results = Results()
    with tempfile.TemporaryDirectory() as directory:
        for number in range(RUNS):
            modes = ["batch", "single"] if number else ["batch", "single", "memory", "plain"]
            for mode in modes:
                results.passes.setdefault(mode, []).append(canvas_pass(mode, path))
            expected = results.passes["batch"][0].picture
            for name, serve in SERVERS.items():
                try:
                    run = serve(path, expected, Path(directory))
                except RuntimeError as error:
                    raise RuntimeError(f"{path.name}, {name}: {error}") from error
                results.served.setdefault(name, []).append(run)
            print(f"  {path.name}: {number + 1} of {RUNS}", file=sys.stderr, flush=True)
    return results


def canvas_pass(mode: str, path: Path) -> CanvasPass:
    command = [sys.executable, "-m", "bench.replay_canvas", mode, str(path)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return CanvasPass(**json.loads(output))


def median(runs: list[Run], figure: Callable[[Run], float]) -> float:
    return statistics.median(figure(run) for run in runs)


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def header(*names: str) -> list[str]:
    return [row(*names), "|" + "---|" * len(names)]


def mib(number: float) -> str:
    return f"{number / 2**20:.0f}"


def canvas_table(results: dict[Path, Results]) -> list[str]:
    """The canvas alone, CPU time; "memcpy" copies the bytes of all images once."""
    lines = header(
        "recording", "commands", "image MB", "memcpy ms", "canvas ms", "canvas / memcpy", "µs a command",
        "one by one ms", "one by one / memcpy", "one by one µs a command",
    )  # fmt: skip
    for path, result in results.items():
        batch, single = result.passes["batch"], result.passes["single"]
        memcpy = median(batch, lambda p: p.memcpy_s)
        first = batch[0]
        lines.append(
            row(
                short_name(path),
                first.commands,
                f"{first.image_bytes / 1e6:.1f}",
                f"{memcpy * 1e3:.1f}",
                f"{median(batch, lambda p: p.canvas_s) * 1e3:.1f}",
                f"{median(batch, lambda p: p.canvas_s / p.memcpy_s):.2f}" if memcpy else "",
                f"{median(batch, lambda p: p.canvas_s / p.commands) * 1e6:.2f}",
                f"{median(single, lambda p: p.canvas_s) * 1e3:.1f}",
                f"{median(single, lambda p: p.canvas_s / p.memcpy_s):.2f}" if memcpy else "",
                f"{median(single, lambda p: p.canvas_s / p.commands) * 1e6:.2f}",
            )
        )
    return lines


def server_table(results: dict[Path, Results]) -> list[str]:
    """Full speed to one spice-gtk client. The worker thread draws, packs and sends; the first one plays the guest."""
    lines = header(
        "recording", "server", "wall s", "server CPU s", "of it worker thread", "client CPU s", "display MB"
    )
    for path, result in results.items():
        for name, runs in result.served.items():
            lines.append(
                row(
                    short_name(path),
                    name,
                    f"{median(runs, lambda r: r.wall_s):.2f}",
                    f"{median(runs, lambda r: r.server_s):.2f}",
                    f"{median(runs, lambda r: r.worker_s):.2f}",
                    f"{median(runs, lambda r: r.client_s):.2f}",
                    f"{median(runs, lambda r: r.received_bytes) / 1e6:.1f}",
                )
            )
    return lines


TICK_S = 0.01
"""The system counts the CPU time of processes in these."""
RATIOS: dict[str, Callable[[ClientRun], float]] = {
    "wall": lambda r: r.wall_s,
    "server CPU": lambda r: r.server_s,
    "worker CPU": lambda r: r.worker_s,
    "client CPU": lambda r: r.client_s,
    "both CPU": lambda r: r.server_s + r.client_s,
    "display bytes": lambda r: r.received_bytes,
}


def ratio_table(results: dict[Path, Results]) -> list[str]:
    """gspice by libspice, the two of a turn: medians of these ratios."""
    lines = header("recording", "to", *RATIOS)
    for path, result in results.items():
        ours = result.served["gspice"]
        for name, theirs in result.served.items():
            if theirs is not ours:
                pairs = [
                    zip(map(figure, ours), map(figure, theirs), strict=True) for figure in RATIOS.values()
                ]
                ratios = [
                    statistics.median(our / max(their, TICK_S) for our, their in pair) for pair in pairs
                ]
                lines.append(row(short_name(path), name, *(f"{ratio:.2f}" for ratio in ratios)))
    return lines


def memory_table(results: dict[Path, Results]) -> list[str]:
    """Peak resident memory, MiB. "above": peak less the surfaces. The last two serve a client, surfaces included."""
    lines = header(
        "recording",
        "surfaces",
        "at start",
        "plain text, above",
        "as packed, above",
        "gspice serving",
        "libspice serving",
    )
    for path, result in results.items():
        plain, packed = result.passes["plain"][0], result.passes["memory"][0]
        lines.append(
            row(
                short_name(path),
                mib(plain.surfaces_bytes),
                mib(plain.start_bytes),
                mib(plain.peak_bytes - plain.surfaces_bytes),
                mib(packed.peak_bytes - packed.surfaces_bytes),
                *(
                    mib(median(result.served[name], lambda r: r.server_peak_bytes))
                    for name in ("gspice", "libspice")
                ),
            )
        )
    return lines


def picture_table(results: dict[Path, Results]) -> list[str]:
    """sha256 of the last picture, the first 16 digits, of all runs."""
    lines = header("recording", "canvas", "libspice, spice-gtk", "gspice's canvas", "gspice, spice-gtk", "")
    for path, result in results.items():
        columns = [
            {p.picture for passes in result.passes.values() for p in passes},
            {r.client_picture for name in SERVERS if name != "gspice" for r in result.served[name]},
            {r.server_picture for r in result.served["gspice"]},
            {r.client_picture for r in result.served["gspice"]},
        ]
        same = "equal" if len(set.union(*columns)) == 1 else "DIFFERENT"
        lines.append(row(short_name(path), *(" ".join(p[:16] for p in sorted(c)) for c in columns), same))
    return lines
