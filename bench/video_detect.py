"""Where videos are found: in the labelled scenes of the tests, and in recordings.

Scenes are measured against what truly plays in them: frames until a video is found, what part of its pixels is in a
region, what part of them as much again is streamed that is none, and how many regions were made and how often they
changed. Recordings are drawn on the CPU canvas and looked at 30 times in each second of when they were made.
``BENCH_SECONDS``: of each scene, as long as it is without. With files, scenes are left out.
"""

import os
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.gpu_looks import WatchedCanvas
from bench.machine import describe
from bench.replay_recordings import recordings, short_name
from gspice.errors import GSpiceError
from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.qxl.recording import RecordingReader
from gspice.stream.detect.video_detector import VideoDetector, VideoRegion
from gspice.stream.screen import Look, Screen
from tests.stream.video_desktops import STILLS, VIDEOS
from tests.stream.video_scenes import measure

SECONDS = float(os.environ.get("BENCH_SECONDS", "0")) or None
LOOK_NS = 1_000_000_000 // 30


@dataclass(slots=True)
class Stay:
    """A region for as long as its rectangle was the same."""

    number: int
    rect: Rect
    begin: float
    end: float
    rate: float = 0.0


@dataclass(slots=True)
class Found:
    """What a recording had."""

    looks: int = 0
    first: float = 0.0
    last: float = 0.0
    stays: list[Stay] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Seconds that each look took the detector."""
    _detector: VideoDetector | None = None
    _screen: Screen | None = None

    def looked(self, screen: Screen, look: Look, now: float) -> None:
        if self._screen is not screen or self._detector is None:
            self._screen, self._detector = screen, VideoDetector(screen)
        start = time.perf_counter()
        regions = self._detector.looked(look, now)
        self.costs.append(time.perf_counter() - start)
        self._note(regions, now)

    def passed(self, now: float) -> None:
        """Time goes by."""
        if (
            self._detector is not None
            and (deadline := self._detector.deadline()) is not None
            and now >= deadline
        ):
            self._note(self._detector.expire(now), deadline)

    def _note(self, regions: Sequence[VideoRegion], now: float) -> None:
        self.looks += 1
        self.first, self.last = self.first or now, now
        for region in regions:
            mine = [stay for stay in self.stays if stay.number == region.id]
            if not mine or mine[-1].rect != region.rect:
                mine = [Stay(region.id, region.rect, now, now)]
                self.stays += mine
            mine[-1].end, mine[-1].rate = now, region.frames_per_second


def watched(path: Path) -> Found:
    """Draw a recording, and look at it."""
    found = Found()
    with closing(CpuCanvas()) as canvas, RecordingReader(path) as reader:
        under = WatchedCanvas(canvas, asked=False)
        replay = CanvasReplay(under, time.perf_counter)
        next_look = 0
        for event in reader:
            if event.time_ns >= next_look:
                replay.flush()
                now = event.time_ns * 1e-9
                found.passed(now)
                look = under.look(now)
                if look is not None and under.screen is not None:
                    found.looked(under.screen, look, now)
                    next_look = event.time_ns + LOOK_NS
            replay.event(event)
    return found


def main(files: list[str]) -> None:
    """Print the tables. RuntimeError: a recording cannot be drawn."""
    print(describe(), flush=True)
    if not files:
        print(
            "| scene | frames until it is found | cover | too much | regions | rectangles changed | streamed |"
        )
        print("|---|---|---|---|---|---|---|")
        for scene in [*VIDEOS, *STILLS]:
            result = measure(scene, seconds=SECONDS)
            truth = scene in VIDEOS
            cells = [
                scene.name,
                f"{result.delay:.0f}" if truth else "-",
                f"{result.cover:.1%}" if truth else "-",
                f"{result.excess:.1%}" if truth else "-",
                str(result.created),
                str(result.changed),
                f"{result.streamed:.0%}",
            ]
            print("| " + " | ".join(cells) + " |", flush=True)
        print()
    print(
        "| recording | s | looks | detector, ms a look: median, worst | regions: rectangle, from, to, frames/s |"
    )
    print("|---|---|---|---|---|")
    try:
        for path in recordings(files):
            print(_line(short_name(path), watched(path)), flush=True)
    except GSpiceError as error:
        raise RuntimeError(str(error)) from error


def _line(name: str, found: Found) -> str:
    costs = [1e3 * cost for cost in found.costs] or [0.0]
    stays = [
        f"{stay.number}: {stay.rect.width}x{stay.rect.height}+{stay.rect.left}+{stay.rect.top}"
        f" {stay.begin - found.first:.1f}-{stay.end - found.first:.1f} s, {stay.rate:.0f}/s"
        for stay in found.stays
    ]
    cells = [
        name,
        f"{found.last - found.first:.1f}",
        str(found.looks),
        f"{statistics.median(costs):.3f}, {max(costs):.2f}",
        "; ".join(stays) or "none",
    ]
    return "| " + " | ".join(cells) + " |"
