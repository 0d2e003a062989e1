"""One pass of a recording over a canvas, in a process of its own: ``python -m bench.replay_canvas MODE FILE``.

Modes: ``batch`` times the canvas as the server uses it, ``single`` with one command at a time, so that nothing
is left out because a later command of the batch covers it; both against one memcpy of the same image bytes.
``memory`` and ``plain`` measure what the pass takes, from the file as it is and from its plain text. The answer
is one line of JSON, a ``CanvasPass``.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from bench.replay_recordings import peak_bytes, unpacking
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.select import select_canvas
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_picture import picture_hash
from gspice.pixels import Pixels, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, Drawable
from gspice.qxl.recording import RecordingReader

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CanvasPass:
    """What one pass measured; seconds are of CPU time, so that what else the machine does matters less."""

    picture: str
    """sha256 of the last primary surface."""
    commands: int
    """Drawing operations, surfaces made and destroyed."""
    not_drawn: int
    image_bytes: int
    canvas_s: float
    memcpy_s: float
    pass_s: float
    """All of the pass, reading included, the memcpy left out."""
    start_bytes: int
    """Resident before the first command."""
    surfaces_bytes: int
    """The most that the surfaces took at a time."""
    peak_bytes: int


class MeasuredCanvas(Canvas):
    """Passes everything on to a canvas, and measures."""

    def __init__(self, canvas: Canvas, mode: str) -> None:
        self.caps = canvas.caps
        self._canvas = canvas
        self._single = mode == "single"
        self._copies = mode in ("single", "batch")
        self._copy_first = False
        self._room: Bytes = np.empty(0, np.uint8)
        self._live: dict[int, int] = {}
        self.surfaces_bytes = 0
        self.commands = self.not_drawn = self.image_bytes = 0
        self.canvas_s = self.memcpy_s = 0.0

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        start = time.thread_time()
        self._canvas.create_surface(surface_id, spec, data, stride)
        self._count_time(start)
        self.commands += 1
        self._live[surface_id] = row_bytes(spec.width, spec.format.bits_per_pixel) * spec.height
        self.surfaces_bytes = max(self.surfaces_bytes, sum(self._live.values()))

    def destroy_surface(self, surface_id: int) -> None:
        start = time.thread_time()
        self._canvas.destroy_surface(surface_id)
        self._count_time(start)
        self.commands += 1
        del self._live[surface_id]

    def surfaces(self) -> dict[int, SurfaceSpec]:
        return self._canvas.surfaces()

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        # Who comes second finds the pixels in the processor's cache: both do in turn.
        self._copy_first = not self._copy_first
        if self._copies and self._copy_first:
            self._copy(batch)
        start = time.thread_time()
        if self._single:
            outcomes = [outcome for drawable in batch for outcome in self._canvas.submit((drawable,))]
        else:
            outcomes = self._canvas.submit(batch)
        self._count_time(start)
        if self._copies and not self._copy_first:
            self._copy(batch)
        self.commands += len(batch)
        self.not_drawn += sum(not outcome.drawn for outcome in outcomes)
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return self._canvas.read(surface_id, rect)

    def close(self) -> None:
        self._canvas.close()

    def _count_time(self, start: float) -> None:
        self.canvas_s += time.thread_time() - start

    def _copy(self, batch: Sequence[Drawable]) -> None:
        """All images of a batch one after another to the same place, as a canvas has one surface."""
        images = [getattr(drawable.op, "src", None) for drawable in batch]
        sources = [np.frombuffer(image.data, np.uint8) for image in images if isinstance(image, BitmapImage)]
        largest = max((len(source) for source in sources), default=0)
        if largest > len(self._room):
            self._room = np.ones(largest, np.uint8)  # written to, so that its pages are there
        pairs = [(self._room[: len(source)], source) for source in sources]
        start = time.thread_time()
        for room, source in pairs:
            np.copyto(room, source)
        self.memcpy_s += time.thread_time() - start
        self.image_bytes += sum(map(len, sources))


def measure(mode: str, path: Path, renderer: str = "auto") -> CanvasPass:
    """Carry out one pass in this process."""
    canvas = MeasuredCanvas(select_canvas(renderer), mode)
    start_bytes = peak_bytes()
    start = time.process_time()
    if mode == "plain":
        with unpacking(path) as process:
            assert process.stdout is not None
            picture = replayed(RecordingReader(cast(BinaryIO, process.stdout)), canvas)
    else:
        picture = replayed(RecordingReader(path), canvas)
    pass_s = time.process_time() - start
    peak = peak_bytes()
    canvas.close()
    return CanvasPass(
        picture=picture_hash(picture) if picture else "none",
        commands=canvas.commands,
        not_drawn=canvas.not_drawn,
        image_bytes=canvas.image_bytes,
        canvas_s=canvas.canvas_s,
        memcpy_s=canvas.memcpy_s,
        pass_s=pass_s - canvas.memcpy_s,
        start_bytes=start_bytes,
        surfaces_bytes=canvas.surfaces_bytes,
        peak_bytes=peak,
    )


def replayed(reader: RecordingReader, canvas: Canvas) -> Pixels | None:
    replay = CanvasReplay(canvas, time.perf_counter)
    with reader:
        for event in reader:
            replay.event(event)
    replay.finish()
    return replay.picture


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1], Path(sys.argv[2])))))
