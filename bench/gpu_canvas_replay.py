"""A recording on a canvas, by the clock on the wall: what a device does beside the processor counts too."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_picture import picture_hash
from gspice.pixels import Pixels, SurfaceSpec
from gspice.qxl.ops import Drawable
from gspice.qxl.recording import RecordingReader


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one pass gave."""

    commands: int
    """Drawing operations, surfaces made and destroyed."""
    seconds: float
    """Spent in the canvas: until it took the commands, and until it gave the pictures."""
    picture: str
    """sha256 of the last primary surface."""


class TimedCanvas(Canvas):
    """Passes everything on to a canvas, and takes the time; the canvas stays its owner's."""

    def __init__(self, canvas: Canvas) -> None:
        self.caps = canvas.caps
        self._canvas = canvas
        self.commands = 0
        self.seconds = 0.0

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        start = time.perf_counter()
        self._canvas.create_surface(surface_id, spec, data, stride)
        self._count(start, 1)

    def destroy_surface(self, surface_id: int) -> None:
        start = time.perf_counter()
        self._canvas.destroy_surface(surface_id)
        self._count(start, 1)

    def surfaces(self) -> dict[int, SurfaceSpec]:
        return self._canvas.surfaces()

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        start = time.perf_counter()
        outcomes = self._canvas.submit(batch)
        self._count(start, len(batch))
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        start = time.perf_counter()
        pixels = self._canvas.read(surface_id, rect)
        self._count(start, 0)
        return pixels

    def _count(self, start: float, commands: int) -> None:
        self.seconds += time.perf_counter() - start
        self.commands += commands


def replayed(path: Path, canvas: Canvas) -> Replayed:
    """Draw a recording in the batches that the server makes; GSpiceError where file or canvas fail."""
    timed = TimedCanvas(canvas)
    replay = CanvasReplay(timed, time.perf_counter)
    with RecordingReader(path) as reader:
        for event in reader:
            replay.event(event)
    replay.finish()
    if replay.picture is None or not timed.seconds:
        raise RuntimeError(f"{path.name} draws no picture: name a recording of a guest's display")
    return Replayed(timed.commands, timed.seconds, picture_hash(replay.picture))
