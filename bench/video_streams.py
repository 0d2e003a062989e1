"""Which video is streamed by libspice-server and by GSpice, in labelled scenes, as a client sees it.

Each scene is written as a recording, one C host with either library plays it at its times, and our client notes which
streams come, where and when. Environment variables: ``BENCH_SCENES``, beginnings of scenes' names with semicolons
between, or ``all``; ``BENCH_SECONDS``, of each scene.
"""

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.libspice.build import replay_host, version
from bench.machine import describe
from bench.replay import header, row
from bench.traffic_host import AUTO, HOST_DEFAULT, Library, host
from bench.video_streams_client import NotedDisplay, connected
from bench.video_streams_figures import Figures, figures
from bench.video_streams_recording import Truth, written
from gspice.errors import GSpiceError
from tests.stream.video_desktops import STILLS, VIDEOS
from tests.stream.video_scenes import Scene

LIBRARIES = {
    "theirs": Library("stock", HOST_DEFAULT, ("filter",)),
    "ours": Library("gspice", AUTO, ("filter",)),
}
SHORT_S, LONG_S = 6.0, 10.0
"""Of scenes in which nothing happens but what always does, and of the others, where it does after six seconds."""
CHOSEN = {
    "window, same-size copies": SHORT_S,
    "window, slivers": SHORT_S,
    "window, whole screen declared": SHORT_S,
    "full screen": SHORT_S,
    "60 frames/s": SHORT_S,
    "dragged while playing, copies": LONG_S,
    "jumps elsewhere": LONG_S,
    "to full screen": LONG_S,
    "two side by side": SHORT_S,
    "half covered by a window": LONG_S,
    "paused for two seconds, thrice": LONG_S,
    "over a photograph, while typing": SHORT_S,
    "typing": SHORT_S,
    "caret": SHORT_S,
    "terminal, jump scroll": SHORT_S,
    "article with photographs, smooth scroll": SHORT_S,
    "window over a photograph": SHORT_S,
    "large spinner": SHORT_S,
    "slides, fades of 0.5 s": LONG_S,
}
"""The scenes of the table, where none are named, and their seconds: six minutes in all."""
AFTER_S = 0.5
"""After a scene's end its last bytes come."""
END_S = 10.0
"""Later than that the host has not read all, even of a busy machine."""
LATE_S = 0.1
"""A recording whose events came later is not what the scene is."""
MOST_DELAY, LEAST_COVER, MOST_EXCESS = 5, 0.95, 0.05
"""The goals."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scene, played through both."""

    scene: Scene
    figures: dict[str, Figures]
    """By the names of LIBRARIES; one that failed is missing."""


def main() -> None:
    """Print the table and the goals. RuntimeError in the end where runs failed."""
    scenes = chosen(os.environ.get("BENCH_SCENES", ""))
    seconds = float(os.environ.get("BENCH_SECONDS", "0"))
    replay_host()
    print(f"{describe()}; libspice-server {version()}", flush=True)
    played: list[Played] = []
    failures: list[str] = []
    codecs: dict[str, set[str]] = {name: set() for name in LIBRARIES}
    with tempfile.TemporaryDirectory() as directory:
        for scene in scenes:
            path = Path(directory) / "scene.rec"
            with path.open("wb") as file:
                truth = written(scene, file, seconds or CHOSEN.get(scene.name, LONG_S))
            results: dict[str, Figures] = {}
            for name, library in LIBRARIES.items():
                try:
                    results[name], used = play(library, path, truth, Path(directory))
                    codecs[name].update(used)
                    told = in_short(results[name])
                except (RuntimeError, OSError, GSpiceError) as error:
                    failures.append(f"{scene.name}, {name}: {error}")
                    told = f"FAILED: {error}"
                print(f"  {scene.name}, {name}: {told}", file=sys.stderr, flush=True)
            path.unlink()
            played.append(Played(scene, results))
    print("\n".join([*table(played), "", *goals(played), ""]))
    for name, all_used in codecs.items():
        print(f"- codecs, {name}: {', '.join(sorted(all_used)) or 'none'}")
    if failures:
        raise RuntimeError(f"{len(failures)} runs failed: {'; '.join(failures)}")


def chosen(words: str) -> list[Scene]:
    """RuntimeError where none is named so."""
    scenes = [*VIDEOS, *STILLS]
    if not words:
        return [scene for scene in scenes if scene.name in CHOSEN]
    starts = [word.strip() for word in words.split(";")]
    found = [scene for scene in scenes if words == "all" or scene.name.startswith(tuple(starts))]
    if not found:
        raise RuntimeError(f"BENCH_SCENES={words}: of {'; '.join(scene.name for scene in scenes)}")
    return found


def play(library: Library, path: Path, truth: Truth, directory: Path) -> tuple[Figures, list[str]]:
    """One run, and the codecs that were used. RuntimeError, GSpiceError: host or client failed."""
    display = NotedDisplay()
    with host(library, path, directory, real_time=True) as server, connected(server.port, display) as client:
        server.begin()
        client.run_for(truth.samples[-1].time + AFTER_S)
        received, now = display.received_bytes, time.monotonic()
        server.end(END_S)
        fed = server.fed()
        assert fed is not None
        if now - fed.begun_s < truth.samples[-1].time:
            raise RuntimeError("the recording began late")
        if fed.late_s > LATE_S:
            print(f"  note: commands came up to {fed.late_s * 1e3:.0f} ms late", file=sys.stderr)
        return figures(truth, display.log, fed.begun_s, received), display.log.codecs()


def in_short(run: Figures) -> str:
    return (
        f"streamed after {run.delay:.0f} frames, cover {run.cover:.1%}, too much {run.excess:.1%}, "
        f"{run.streamed:.0%} of the time, {run.created} streams for {run.places} places, "
        f"{run.frames} frames of {run.drawn}, {run.received_bytes / 1e6:.2f} MB"
    )


CELLS: dict[str, Callable[[Figures], str]] = {
    "start, frames": lambda run: "never" if math.isinf(run.delay) else known(run.delay, ".0f"),
    "cover": lambda run: known(run.cover, ".1%"),
    "too much": lambda run: known(run.excess, ".1%"),
    "streams": lambda run: str(run.created),
    "frames": lambda run: str(run.frames),
    "MB": lambda run: f"{run.received_bytes / 1e6:.2f}",
}


def known(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def table(played: list[Played]) -> list[str]:
    """Lines: theirs first, ours beside it."""
    names = [f"{cell}, {name}" for cell in CELLS for name in LIBRARIES]
    lines = header("scene", "streams needed", "frames drawn", *names)
    for one in played:
        some = next(iter(one.figures.values()), None)
        needed = ("", "") if some is None else (some.places, some.drawn)
        cells = [
            cell(one.figures[name]) if name in one.figures else "failed"
            for cell in CELLS.values()
            for name in LIBRARIES
        ]
        lines.append(row(one.scene.name, *needed, *cells))
    return lines


GOALS: dict[str, Callable[[Figures], bool]] = {
    f"streamed within {MOST_DELAY} frames": lambda run: math.isnan(run.delay) or run.delay <= MOST_DELAY,
    f"cover {LEAST_COVER:.0%} at least": lambda run: math.isnan(run.cover) or run.cover >= LEAST_COVER,
    f"too much {MOST_EXCESS:.0%} at most": lambda run: math.isnan(run.excess) or run.excess <= MOST_EXCESS,
    "no more streams than needed": lambda run: run.created <= run.places,
}


def goals(played: list[Played]) -> list[str]:
    """Lines: each goal, and which scenes miss it."""
    lines = []
    for words, met in GOALS.items():
        for name in LIBRARIES:
            runs = {one.scene.name: one.figures[name] for one in played if name in one.figures}
            missed = [scene for scene, run in runs.items() if not met(run)]
            verdict = f"missed in {'; '.join(missed)}" if missed else "met"
            lines.append(f"- {words}, {name}: {len(runs) - len(missed)} of {len(runs)} scenes, {verdict}")
    return lines
