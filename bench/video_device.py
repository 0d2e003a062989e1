"""What a film of 1920x1080 takes before it is encoded: looks, detection and conversion, on every canvas that opens.

A film fills the screen. Each of its pictures is drawn, looked at, told to the video detector, and converted to the
planes that encoders take: by the CPU, and where the canvas can, on its device. ``BENCH_RENDERERS`` as for
``gpu-canvas``; ``BENCH_SIZE`` (1920x1080); ``BENCH_FRAMES`` (60). Medians, in milliseconds.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from statistics import median
from typing import NamedTuple, TypeVar

import numpy as np

from bench.gpu_canvas import found
from bench.machine import describe
from gspice.errors import GSpiceError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.planes import PlanesSpec
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Copy, Drawable, Mask
from gspice.stream.detect.video_detector import VideoDetector
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.screen import Screen
from gspice.stream.yuv_weights import matrix_for, weights

FRAMES = int(os.environ.get("BENCH_FRAMES", "60"))
FRAMES_PER_S = 30
PICTURES = 8
"""Different ones, in turn."""
TITLES = (
    "canvas",
    "look",
    "detection",
    "capture and conversion, CPU",
    "conversion, device",
    "read back for a look, MB",
    "for planes, MB",
    "regions",
)
Value = TypeVar("Value")


class Took(NamedTuple):
    """Seconds of each frame."""

    look: list[float]
    detect: list[float]
    convert: list[float]
    device: list[float]
    look_bytes: list[int]
    planes_bytes: list[int]
    regions: int


def main() -> None:
    """Print one table. RuntimeError: a canvas failed, or saw no film."""
    width, height = (int(side) for side in os.environ.get("BENCH_SIZE", "1920x1080").split("x"))
    print(f"{describe()}; {FRAMES} frames of {width}x{height}", flush=True)
    lines = ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    pictures = [picture(width, height, number) for number in range(PICTURES)]
    try:
        for entrant in found(os.environ.get("BENCH_RENDERERS")):
            with closing(entrant.open()) as canvas:
                took = watched(canvas, width, height, pictures)
            if not took.regions:
                raise RuntimeError(f"{entrant.label}: the film was not found")
            lines.append(line(entrant.label, took))
            print(f"  {lines[-1]}", file=sys.stderr, flush=True)
    except GSpiceError as error:
        raise RuntimeError(str(error)) from error
    print("\n".join(lines))


def picture(width: int, height: int, number: int) -> bytes:
    """Waves that move, with grain: B, G, R, X."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    grain = np.random.default_rng(number).integers(-6, 7, (height, width)).astype(np.float32)
    planes = [128 + 90 * np.sin((x + 9 * number) / 90) * np.cos(y / (60 + 9 * c)) + grain for c in range(3)]
    return np.stack([*planes, np.zeros_like(x)], axis=-1).astype(np.uint8).tobytes()


def watched(canvas: Canvas, width: int, height: int, pictures: list[bytes]) -> Took:
    """Play the film on a canvas."""
    canvas.create_surface(0, SurfaceSpec(width, height, SurfaceFormat.XRGB32))
    screen = Screen(SurfaceSpec(width, height, SurfaceFormat.XRGB32), canvas)
    detector = VideoDetector(screen)
    whole = screen.bounds
    made = weights(matrix_for(height), full_range=False)
    spec = PlanesSpec(width, height, False, False, (*made.y, *made.cb, *made.cr))
    luma = Plane(bytearray(width * height), width)
    half = (width + 1) // 2, (height + 1) // 2
    planes = [luma, *[Plane(bytearray(half[0] * half[1]), half[0]) for _ in range(2)]]

    def converted() -> None:
        pixels = screen.read(whole)
        convert(pixels.data, pixels.stride, whole, planes, width, height, Layout.YUV420, made)

    took = Took([], [], [], [], [], [], 0)
    for number in range(FRAMES):
        now = number / FRAMES_PER_S
        image = BitmapImage(
            id=0, flags=0, width=width, height=height, format=BitmapFormat.XRGB32, top_down=True,
            stride=4 * width, data=pictures[number % len(pictures)],
        )  # fmt: skip
        op = Copy(image, whole, 8, 0, Mask())
        (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=whole, op=op)])
        screen.declare(outcome.rects)
        canvas.read(0, Rect(0, 0, 1, 1))  # drawing is no matter here: let it be done
        before = read_back(canvas)
        look = timed(took.look, lambda now=now: screen.look(now))  # type: ignore[misc]
        took.look_bytes.append(read_back(canvas) - before)
        regions = timed(took.detect, lambda look=look, now=now: detector.looked(look, now))  # type: ignore[misc]
        timed(took.convert, converted)
        before = read_back(canvas)
        if isinstance(canvas, ComputeCanvas):
            canvas.converts = True  # also where servers would not
        if timed(took.device, lambda: screen.planes(whole, spec)) is None:
            took.device.clear()
        took.planes_bytes.append(read_back(canvas) - before)
    return took._replace(regions=len(regions))


def timed(seconds: list[float], job: Callable[[], Value]) -> Value:
    """Do it, and note how long it took."""
    start = time.perf_counter()
    value = job()
    seconds.append(time.perf_counter() - start)
    return value


def read_back(canvas: Canvas) -> int:
    """Bytes that have come back from a device."""
    return canvas.bytes_read_back if isinstance(canvas, ComputeCanvas) else 0


def line(label: str, took: Took) -> str:
    """A row of the table; the first frames are not counted, in which all is new."""
    cells = [label]
    for seconds in (took.look, took.detect, took.convert, took.device):
        cells.append(f"{median(seconds[PICTURES:]) * 1e3:.2f}" if seconds else "-")
    cells += [
        f"{median(sizes) / 1e6:.1f}" if any(sizes) else "-" for sizes in (took.look_bytes, took.planes_bytes)
    ]
    return "| " + " | ".join([*cells, str(took.regions)]) + " |"
