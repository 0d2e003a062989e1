"""What changed on the screen of a recording from one look to the next: what a server would have encoded."""

import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.codecs_images import Frame
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.select import select_canvas
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_surfaces import PRIMARY
from gspice.qxl.recording import RecordingReader

LOOKS = 32
"""At a recording: as many at most, and more than half as many of a long one."""
FIRST_STEP = 16
"""Events from one look to the next, until there are too many."""
BAND = 32
"""Rows that are looked at together."""
MOST_PIXELS = 8 << 20
"""Of the areas of one recording."""


@dataclass(slots=True)
class Looks:
    """Evenly spaced looks at a screen: where there are too many, each second one is forgotten."""

    step: int = FIRST_STEP
    frames: list[Frame] = field(default_factory=list)
    _next: int = 0

    def due(self, number: int) -> bool:
        """Whether a look is to be kept of the moment before this event."""
        return number >= self._next

    def keep(self, number: int, frame: Frame) -> None:
        self.frames.append(frame)
        if len(self.frames) >= LOOKS:
            self.thin()
        self._next = number + self.step

    def thin(self) -> None:
        del self.frames[::2]
        self.step *= 2


def recorded(path: Path) -> list[Frame]:
    """The areas, in the order in which they changed; GuestError, OSError where the recording is bad."""
    canvas = select_canvas("cpu")
    replay = CanvasReplay(canvas, time.perf_counter)
    looks = Looks()
    try:
        with RecordingReader(path) as reader:
            for number, event in enumerate(reader):
                if looks.due(number) and (frame := screen(canvas)) is not None:
                    looks.keep(number, frame)
                replay.event(event)
        replay.finish()
        if (frame := screen(canvas)) is not None:
            looks.frames.append(frame)
    finally:
        canvas.close()
    areas = changes(looks.frames)
    while sum(area.shape[0] * area.shape[1] for area in areas) > MOST_PIXELS and len(looks.frames) > 2:
        looks.thin()
        areas = changes(looks.frames)
    return areas


def screen(canvas: Canvas) -> Frame | None:
    """The primary surface where it is of 32 bits."""
    spec = canvas.surfaces().get(PRIMARY)
    if spec is None or spec.format.bits_per_pixel != 32:
        return None
    pixels = canvas.read(PRIMARY, Rect(0, 0, spec.width, spec.height))
    rows = np.frombuffer(pixels.data, np.uint8)[: pixels.stride * pixels.height].reshape(pixels.height, -1)
    return rows[:, : 4 * pixels.width].reshape(pixels.height, pixels.width, 4)


def changes(frames: list[Frame]) -> list[Frame]:
    """The first frame, and of each other what differs from the one before: a box for bands that follow each other."""
    areas = frames[:1]
    for before, after in itertools.pairwise(frames):
        if before.shape != after.shape:
            areas.append(after)
            continue
        differs = (before[:, :, :3] != after[:, :, :3]).any(axis=2)
        top = None
        for row in range(0, len(differs) + BAND, BAND):
            changed = differs[row : row + BAND].any()
            if changed and top is None:
                top = row
            elif not changed and top is not None:
                columns = np.flatnonzero(differs[top:row].any(axis=0))
                areas.append(after[top:row, columns[0] : columns[-1] + 1])
                top = None
    return areas
