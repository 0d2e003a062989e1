"""The same commands on every canvas that opens here: frames of a desktop and of a film, pixels back, recordings.

Each frame ends with one pixel that is read, so that the work is done, and its picture must be the CPU canvas's.
``BENCH_RENDERERS`` names the canvases as ``gspice compare`` takes them (cpu,opengl:0,vulkan); the CPU's is always
among them. ``BENCH_RUNS`` is the number of interleaved runs, 3 by default.
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.gpu_canvas_frames import SCREEN, Frame, Scene
from bench.gpu_canvas_replay import replayed
from bench.machine import describe
from bench.replay_recordings import recordings, short_name
from gspice.errors import GSpiceError
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.select import CPU, open_canvas

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
RENDERERS = "cpu,opengl,vulkan"
SIZES = ((1920, 1080), (3840, 2160))
SECONDS = 0.5
"""A run draws frames of a kind for so long, but one at least."""
CYCLE = 4
"""Frames of a kind before the first one comes again."""
COLORS = 0x00FFFFFF
"""The high byte of XRGB32 is nobody's."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A canvas that takes part."""

    name: str
    device: str | None

    @property
    def label(self) -> str:
        return self.name if self.device is None else f"{self.name}:{self.device}"

    def open(self) -> Canvas:
        """The canvas, which the caller closes; GSpiceError where it cannot be had."""
        return open_canvas(self.name, self.device)


@dataclass(slots=True)
class Figure:
    """A line of the table: what every run took, by canvas."""

    what: str
    unit: str
    more_is_faster: bool
    runs: dict[str, list[float]] = field(default_factory=dict)

    def add(self, label: str, value: float) -> None:
        self.runs.setdefault(label, []).append(value)

    def median(self, label: str) -> float:
        return statistics.median(self.runs[label])

    def speed(self, label: str) -> float:
        """How many times as fast as the CPU canvas: the median of the runs' ratios."""
        pairs = zip(self.runs[label], self.runs[CPU], strict=True)
        ratios = [value / reference for value, reference in pairs]
        return statistics.median(ratio if self.more_is_faster else 1 / ratio for ratio in ratios)


def main(files: list[str]) -> None:
    """Print one table. ``files``: recordings. RuntimeError: a canvas failed, or drew another picture than the CPU."""
    paths = recordings(files) if files else []
    print(f"{describe()}; {RUNS} interleaved runs, medians", flush=True)
    figures: list[Figure] = []
    try:
        entrants = found(os.environ.get("BENCH_RENDERERS"))
        for width, height in SIZES:
            figures += screen(entrants, width, height)
        figures += [recording(entrants, path) for path in paths]
    except GSpiceError as error:
        raise RuntimeError(str(error)) from error
    for line in table(figures, [entrant.label for entrant in entrants]):
        print(line)


def found(named: str | None) -> list[Entrant]:
    """The CPU canvas and those that open; each is described. ConfigError: one that was ``named`` does not."""
    wanted = [part.strip().partition(":") for part in (named or RENDERERS).split(",")]
    entrants = dict.fromkeys(
        [Entrant(CPU, None), *(Entrant(name, device or None) for name, _, device in wanted)]
    )
    opened = []
    for entrant in entrants:
        try:
            with closing(entrant.open()) as canvas:
                print(f"  {entrant.label}: {canvas.caps.device}{_remark(canvas)}", flush=True)
        except GSpiceError as error:
            if named:
                raise
            print(f"  {entrant.label}: left out: {error}", flush=True)
        else:
            opened.append(entrant)
    return opened


def _remark(canvas: Canvas) -> str:
    if not isinstance(canvas, ComputeCanvas):
        return ""
    if canvas.device.info.software:
        return ": SOFTWARE, no GPU: it computes on this processor, and its figures say nothing of a GPU"
    return ": a GPU"


# Frames


def screen(entrants: list[Entrant], width: int, height: int) -> list[Figure]:
    """The figures of a screen of this size."""
    size = f"{width}x{height}"
    desktop = Figure(f"{size}: desktop frame", "ms", False)
    film = Figure(f"{size}: film frame of 1080p", "ms", False)
    upload = Figure(f"{size}: upload, by the film", "MB/s", True)
    back = Figure(f"{size}: whole frame read back", "ms", False)
    download = Figure(f"{size}: readback", "MB/s", True)
    scene = Scene(width, height)
    with ExitStack() as stack:
        canvases = {entrant.label: stack.enter_context(closing(entrant.open())) for entrant in entrants}
        runner = _Runner(scene, canvases[CPU])
        for canvas in canvases.values():
            scene.prepare(canvas)
        for label, canvas in canvases.items():  # shaders and buffers are made, and caches filled
            runner.drawn(label, canvas, scene.desktop, 0)
            runner.drawn(label, canvas, scene.film, 0)
        for number in range(RUNS):
            for label, canvas in _in_turn(canvases, number):
                frame_s, back_s = runner.run(label, canvas, scene.desktop, number)
                film_s, _ = runner.run(label, canvas, scene.film, number)
                desktop.add(label, frame_s * 1e3)
                film.add(label, film_s * 1e3)
                upload.add(label, scene.film_bytes / film_s / 1e6)
                back.add(label, back_s * 1e3)
                download.add(label, 4 * width * height / back_s / 1e6)
            print(f"  {size}: {number + 1} of {RUNS}", file=sys.stderr, flush=True)
    return [desktop, film, upload, back, download]


class _Runner:
    """Draws frames on canvases, and compares what they show with what the reference shows."""

    def __init__(self, scene: Scene, reference: Canvas) -> None:
        self._scene, self._reference = scene, reference
        self._pictures: dict[tuple[str, int], bytes] = {}

    def run(
        self, label: str, canvas: Canvas, make: Callable[[int], Frame], number: int
    ) -> tuple[float, float]:
        """Median seconds for a frame and for its picture; the first one is not that of the run before."""
        times: list[tuple[float, float]] = []
        end = time.perf_counter() + SECONDS
        while not times or time.perf_counter() < end:
            times.append(self.drawn(label, canvas, make, (number + 1 + len(times)) % CYCLE))
        frame_s, back_s = zip(*times, strict=True)
        return statistics.median(frame_s), statistics.median(back_s)

    def drawn(
        self, label: str, canvas: Canvas, make: Callable[[int], Frame], number: int
    ) -> tuple[float, float]:
        """One frame, seconds for it and for its picture. RuntimeError: it is not the reference's."""
        frame = make(number)
        start = time.perf_counter()
        outcomes = [outcome for batch in frame.batches for outcome in canvas.submit(batch)]
        canvas.read(SCREEN, frame.spot)
        drawn = time.perf_counter()
        picture = canvas.read(SCREEN, frame.shown).data
        read = time.perf_counter()
        what = f"{self._scene.width}x{self._scene.height}, {frame.kind} frame {number}"
        if left := next((outcome for outcome in outcomes if not outcome.drawn), None):
            raise RuntimeError(f"{label} did not draw all of {what}: {left.reason}")
        key = frame.kind, number
        if canvas is self._reference:
            self._pictures.setdefault(key, picture)
        elif key not in self._pictures:
            self.drawn(CPU, self._reference, make, number)
        if off := differing(picture, self._pictures[key]):
            raise RuntimeError(
                f"{label} draws a wrong picture: {off} pixels of {what} are not the CPU canvas's"
            )
        return drawn - start, read - drawn


def differing(picture: bytes, reference: bytes) -> int:
    """How many XRGB32 pixels differ in their colours."""
    if picture == reference:
        return 0
    ours, theirs = np.frombuffer(picture, "<u4"), np.frombuffer(reference, "<u4")
    return int(np.count_nonzero((ours ^ theirs) & COLORS))


def _in_turn(canvases: dict[str, Canvas], number: int) -> Iterable[tuple[str, Canvas]]:
    """Every run begins with another one."""
    items = list(canvases.items())
    first = number % len(items)
    return items[first:] + items[:first]


# Recordings


def recording(entrants: list[Entrant], path: Path) -> Figure:
    """Commands a second of a recording, in the time that is spent in the canvas. RuntimeError: another last picture."""
    figure = Figure(short_name(path), "commands/s", True)
    expected = ""
    for number in range(RUNS):
        for entrant in entrants:
            with closing(entrant.open()) as canvas:
                done = replayed(path, canvas)
            expected = expected or done.picture
            if done.picture != expected:
                raise RuntimeError(
                    f"{entrant.label}: the last picture of {path.name} is not the CPU canvas's"
                )
            figure.add(entrant.label, done.commands / done.seconds)
        print(f"  {path.name}: {number + 1} of {RUNS}", file=sys.stderr, flush=True)
    return figure


# The table


def table(figures: list[Figure], labels: list[str]) -> list[str]:
    """Medians, and for each canvas but the CPU's how many times as fast it was."""
    others = [label for label in labels if label != CPU]
    names = ["", "", *labels, *(f"{label}: times as fast as {CPU}" for label in others)]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for figure in figures:
        cells = [figure.what, figure.unit]
        cells += [_short(figure.median(label)) for label in labels]
        cells += [_short(figure.speed(label)) for label in others]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _short(number: float) -> str:
    """Three digits that mean something."""
    digits = 2 - math.floor(math.log10(number)) if number > 0 else 0
    return f"{number:.{min(max(digits, 0), 4)}f}"
