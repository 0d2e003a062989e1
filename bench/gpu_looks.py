"""What looks at a screen take on every canvas that opens, and what a GPU canvas reads back for them.

Recordings are drawn, and their primary surface is looked at up to 60 times in each second of when they were made, as a
server does for a client that takes everything. On a GPU canvas that is done twice: by reading back what was declared,
and by asking the canvas what of it has changed. What looks say must be what they say on the CPU canvas.
``BENCH_RENDERERS`` as for ``gpu-canvas``; ``BENCH_LOOKS`` (400) looks of each recording are enough.
"""

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.gpu_canvas import found
from bench.machine import describe
from bench.replay_recordings import recordings, short_name
from gspice.errors import GSpiceError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.select import CPU
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_surfaces import PRIMARY
from gspice.pixels import Pixels, SurfaceSpec
from gspice.qxl.ops import CopyBits, Drawable
from gspice.qxl.recording import RecordingReader
from gspice.stream.screen import Look, Screen

LOOKS = int(os.environ.get("BENCH_LOOKS", "400"))
FRAME_NS = 1_000_000_000 // 60
TITLES = (
    "",
    "canvas",
    "looks",
    "declared, 1000 pixels a look",
    "changed",
    "read back, KB a look",
    "ms a look",
)


class Readable:
    """A canvas that is not asked what has changed."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return self._canvas.read(surface_id, rect)

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        return self._canvas.view(surface_id)


@dataclass(slots=True)
class Watch:
    """What the looks of one pass gave."""

    looks: int = 0
    declared: int = 0
    changed: int = 0
    """Pixels, as ``declared``."""
    read_back: int = 0
    seconds: float = 0.0
    said: str = ""
    """sha256 of all that looks said, and of the last picture."""


class WatchedCanvas(Canvas):
    """Passes everything on to a canvas, and keeps a screen of its primary surface; the canvas stays its owner's."""

    def __init__(self, canvas: Canvas, *, asked: bool) -> None:
        """``asked``: the canvas is asked what has changed."""
        self.caps = canvas.caps
        self.watch = Watch()
        self._canvas, self._asked = canvas, asked
        self._screen: Screen | None = None
        self._said = hashlib.sha256()

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        self._canvas.create_surface(surface_id, spec, data, stride)
        if surface_id == PRIMARY:
            self._screen = Screen(spec, self._canvas if self._asked else Readable(self._canvas))

    def destroy_surface(self, surface_id: int) -> None:
        if surface_id == PRIMARY:
            self._screen = None
        self._canvas.destroy_surface(surface_id)

    def surfaces(self) -> dict[int, SurfaceSpec]:
        return self._canvas.surfaces()

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        outcomes = self._canvas.submit(batch)
        if self._screen is not None:
            for drawable, outcome in zip(batch, outcomes, strict=True):
                if drawable.surface_id == PRIMARY:
                    self._screen.declare(outcome.rects)
                    if type(drawable.op) is CopyBits:
                        src = drawable.op.src
                        self._screen.hint(drawable.bbox.left - src.x, drawable.bbox.top - src.y)
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return self._canvas.read(surface_id, rect)

    @property
    def screen(self) -> Screen | None:
        return self._screen

    def look(self, now: float) -> Look | None:
        """Look at the screen, if there is one and something was declared."""
        screen, watch = self._screen, self.watch
        if screen is None or not screen.dirty:
            return None
        # What is drawn is no matter here: let it be done.
        self._canvas.read(PRIMARY, Rect(0, 0, 1, 1))
        watch.declared += screen.declared_pixels
        before, start = _read_back(self._canvas), time.perf_counter()
        look = screen.look(now)
        watch.seconds += time.perf_counter() - start
        watch.read_back += _read_back(self._canvas) - before
        watch.looks += 1
        watch.changed += sum([rect.area for rect in look.changed])
        self._said.update(repr(look).encode())
        watch.said = self._said.hexdigest()
        return look


def _read_back(canvas: Canvas) -> int:
    return canvas.bytes_read_back if isinstance(canvas, ComputeCanvas) else 0


def watched(path: Path, canvas: Canvas, *, asked: bool) -> Watch:
    """Draw a recording, and look at it."""
    under = WatchedCanvas(canvas, asked=asked)
    replay = CanvasReplay(under, time.perf_counter)
    next_look = 0
    with RecordingReader(path) as reader:
        for event in reader:
            if event.time_ns >= next_look:
                replay.flush()
                under.look(event.time_ns * 1e-9)
                next_look = event.time_ns + FRAME_NS
                if under.watch.looks >= LOOKS:
                    break
            replay.event(event)
    return under.watch


def main(files: list[str]) -> None:
    """Print one table. RuntimeError: a canvas failed, or its looks are not those of the CPU canvas."""
    paths = recordings(files)
    print(f"{describe()}; up to {LOOKS} looks of each recording", flush=True)
    try:
        entrants = found(os.environ.get("BENCH_RENDERERS"))
        lines = ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
        for path in paths:
            expected = ""
            for entrant in entrants:
                for asked in (False, True) if entrant.name != CPU else (False,):
                    with closing(entrant.open()) as canvas:
                        watch = watched(path, canvas, asked=asked)
                    expected = expected or watch.said
                    if watch.said != expected:
                        raise RuntimeError(f"{entrant.label}: looks at {path.name} are not the CPU canvas's")
                    how = "" if entrant.name == CPU else ", asked" if asked else ", read"
                    lines.append(_line(short_name(path), entrant.label + how, watch))
                    print(f"  {lines[-1]}", file=sys.stderr, flush=True)
    except GSpiceError as error:
        raise RuntimeError(str(error)) from error
    for line in lines:
        print(line)


def _line(name: str, how: str, watch: Watch) -> str:
    looks = max(1, watch.looks)
    cells = [
        name, how, str(watch.looks), f"{watch.declared / looks / 1e3:.0f}", f"{watch.changed / looks / 1e3:.1f}",
        f"{watch.read_back / looks / 1e3:.0f}", f"{watch.seconds / looks * 1e3:.2f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"
