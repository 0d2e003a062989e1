"""What the display channel costs: libspice-server and GSpice in one host program, to spice-gtk, from recordings.

Each recording is played at its own times and as fast as it is taken. Environment variables: ``BENCH_RUNS``, the
interleaved runs (3); ``BENCH_SPEEDS``, of ``real full``; ``BENCH_MODES``, GSpice's compressions (``auto``), each alone,
against libspice-server's auto_glz, or as OURS:THEIRS; ``BENCH_REPLAY=1`` measures ``gspice replay`` too;
``BENCH_PATIENCE``, the seconds that a run may take.
"""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.libspice.build import replay_host, version
from bench.machine import describe
from bench.replay_recordings import recordings, short_name
from bench.traffic_clients import TrafficRun, by_library, by_replay
from bench.traffic_host import AUTO, HOST_DEFAULT, Library, knows_auto, unpacked
from bench.traffic_tables import Pair, tables

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
SPEEDS = {"real": True, "full": False}
"""And whether commands come at their recorded times."""
REPLAY = "gspice replay"


@dataclass(frozen=True, slots=True)
class Mode:
    """What is measured against what."""

    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"GSpice {self.ours} to libspice-server {self.theirs}"


@dataclass(slots=True)
class Turns:
    """The runs of one recording at one speed, by server: one for each turn, None where it failed."""

    runs: dict[Library | str, list[TrafficRun | None]] = field(default_factory=dict)


def main(arguments: list[str]) -> None:
    """Print a table for each mode and speed. ``arguments``: recordings, by default those of the tests.

    RuntimeError in the end where runs failed.
    """
    paths = recordings(arguments)
    replay_host()
    speeds = chosen_speeds(os.environ.get("BENCH_SPEEDS", " ".join(SPEEDS)))
    with tempfile.TemporaryDirectory() as directory:
        modes = chosen_modes(os.environ.get("BENCH_MODES", AUTO), Path(directory))
        print(f"{describe()}; libspice-server {version()}; {RUNS} interleaved runs, medians", flush=True)
        traffic = Traffic(modes, Path(directory), with_replay=bool(os.environ.get("BENCH_REPLAY")))
        results: dict[tuple[Path, str], Turns] = {}
        hashes: dict[Path, str] = {}
        for path in paths:
            with unpacked(path, Path(directory)) as text:
                hashes[path] = picture_hash(text)
                for speed in speeds:
                    results[path, speed] = traffic.measured(text, hashes[path], speed)
    for mode in modes:
        for speed in speeds:
            for name, ours in compared(mode, with_replay=traffic.with_replay).items():
                pairs = {
                    short_name(path): Pair(
                        ours=results[path, speed].runs[ours],
                        theirs=results[path, speed].runs[Library("stock", mode.theirs)],
                        expected=hashes[path],
                    )
                    for path in paths
                }
                print(f"\n### {name}, {'recorded times' if SPEEDS[speed] else 'full speed'}\n")
                print("\n".join(tables(pairs, real_time=SPEEDS[speed])), flush=True)
    if traffic.failures:
        raise RuntimeError(f"{len(traffic.failures)} runs failed: {'; '.join(traffic.failures)}")


def compared(mode: Mode, *, with_replay: bool) -> dict[str, Library | str]:
    """What is held against libspice-server, by the title of its table."""
    replay: dict[str, Library | str] = {f"{REPLAY} to libspice-server {mode.theirs}": REPLAY}
    return {str(mode): Library("gspice", mode.ours), **(replay if with_replay else {})}


def chosen_speeds(words: str) -> list[str]:
    """RuntimeError where one is unknown."""
    unknown = set(words.split()) - set(SPEEDS)
    if unknown or not words.split():
        raise RuntimeError(f"BENCH_SPEEDS={words}: of {' '.join(SPEEDS)}")
    return words.split()


def chosen_modes(words: str, directory: Path) -> list[Mode]:
    """Where GSpice has no AUTO yet, what its host's default does is measured instead."""
    modes = [
        Mode(ours, theirs or HOST_DEFAULT) for ours, _, theirs in (w.partition(":") for w in words.split())
    ]
    if not modes:
        raise RuntimeError(f"BENCH_MODES is empty: name compressions, {AUTO} or {HOST_DEFAULT} for instance")
    if any(mode.theirs == AUTO for mode in modes):
        raise RuntimeError(f"BENCH_MODES={words}: libspice-server has no compression {AUTO}")
    if any(mode.ours == AUTO for mode in modes) and not knows_auto(directory):
        print(f"note: this GSpice has no image-compression {AUTO!r}: {HOST_DEFAULT} is measured instead")
        modes = [Mode(HOST_DEFAULT if mode.ours == AUTO else mode.ours, mode.theirs) for mode in modes]
    return list(dict.fromkeys(modes))


def picture_hash(path: Path) -> str:
    """The sha256 of a recording's last picture, as GSpice's canvas draws it without a server."""
    command = [sys.executable, "-m", "gspice.cli.main", "replay", "--hash", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{path}: {done.stderr.strip()}")
    return done.stdout.strip()


class Traffic:
    """The runs of all recordings."""

    def __init__(self, modes: list[Mode], directory: Path, *, with_replay: bool) -> None:
        self.with_replay = with_replay
        self.failures: list[str] = []
        self._directory = directory
        theirs = dict.fromkeys(Library("stock", mode.theirs) for mode in modes)
        ours = dict.fromkeys(Library("gspice", mode.ours) for mode in modes)
        self._libraries = [*theirs, *ours]

    def measured(self, text: Path, expected: str, speed: str) -> Turns:
        """All turns of one recording; what fails is noted in ``failures``."""
        turns = Turns()
        for number in range(RUNS):
            span_s = 0.0
            for server in self._servers():
                run: TrafficRun | None = None
                try:
                    run = self._run(server, text, expected, SPEEDS[speed], span_s)
                except (RuntimeError, OSError) as error:
                    self.failures.append(f"{text.name}, {speed}, {title(server)}: {error}")
                turns.runs.setdefault(server, []).append(run)
                if run is not None and run.fed is not None:
                    span_s = run.fed.span_s
                print(
                    f"  {short_name(text)}, {speed}, {number + 1} of {RUNS}, {title(server)}: {in_short(run)}",
                    file=sys.stderr,
                    flush=True,
                )
        return turns

    def _servers(self) -> Iterator[Library | str]:
        yield from self._libraries
        if self.with_replay:
            yield REPLAY

    def _run(
        self, server: Library | str, text: Path, expected: str, real_time: bool, span_s: float
    ) -> TrafficRun:
        if isinstance(server, Library):
            return by_library(server, text, expected, self._directory, real_time=real_time)
        return by_replay(text, expected, self._directory, real_time=real_time, span_s=span_s)


def title(server: Library | str) -> str:
    return server if isinstance(server, str) else f"{server.name} {server.compression}"


def in_short(run: TrafficRun | None) -> str:
    if run is None:
        return "FAILED"
    guest = "" if math.isnan(run.guest_s) else f" and {run.guest_s:.2f} s for the guest"
    late = "" if run.fed is None else f", the recording up to {run.fed.late_s * 1e3:.0f} ms late"
    return (
        f"{run.received_bytes / 1e6:.2f} MB, CPU {run.server_s:.2f} s{guest}, client {run.client_s:.2f} s, "
        f"{run.wall_s:.2f} s, {run.commands} commands, the last picture after {run.late_s * 1e3:.0f} ms{late}"
    )
