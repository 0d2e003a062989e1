"""A film that no codec finds easy and none impossible, each frame of which says its number."""

import os
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bench.video_streams_recording import LEAD_S, NS, XRGB32, Drawing
from gspice.geometry import Rect
from gspice.qxl.recording_events import MessageNumber, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter
from tests.stream.video_scenes import Picture, cut, grain, texture

WIDTH, HEIGHT = map(int, os.environ.get("BENCH_SIZE", "1920x1080").split("x"))
FRAMES_PER_SECOND = int(os.environ.get("BENCH_RATE", "24"))
BITS, BLOCK = 10, 32
"""A frame's number is in the upper left corner: so many blocks of so many pixels, white or black, and as many
inverted."""
MARK = Rect(0, 0, 2 * BITS * BLOCK, BLOCK)
WINDOW = 8
"""SSIM's, in pixels."""
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""Its constants, of 8 bits."""
Source = Callable[[int], Picture]


def frame(number: int) -> Picture:
    """Two fields that drift over each other, grain, and a disc that moves; cuts every four seconds."""
    s = number / FRAMES_PER_SECOND
    shot = int(s / 4)
    one = cut(texture(1 + shot % 3, 128), int(60 * s), int(90 * np.sin(s)) + 300 * shot, WIDTH, HEIGHT)
    two = cut(texture(2 + shot % 3, 64), int(70 * np.sin(0.7 * s)) + 200, int(40 * s), WIDTH, HEIGHT)
    picture = one + two
    across, down, radius = int(WIDTH / 2 + WIDTH / 4 * np.sin(1.3 * s)), HEIGHT // 2, HEIGHT // 7
    y, x = np.ogrid[-radius:radius, -radius:radius]
    part = picture[down - radius : down + radius, across - radius : across + radius]
    part[x * x + y * y < radius * radius] = (60, 90, 220, 0)
    mark(picture, number)
    # Over all: what keeps still in a film is a window before it.
    return picture + grain(number, WIDTH, HEIGHT)


def mark(picture: Picture, number: int) -> None:
    """Write a frame's number into it."""
    for place in range(BITS):
        bit = number >> place & 1
        for at, white in ((place, bit), (BITS + place, 1 - bit)):
            picture[:BLOCK, at * BLOCK : (at + 1) * BLOCK] = 235 if white else 16


def number_of(picture: Picture) -> int | None:
    """The number of the frame that it shows, however badly; None: it shows none."""
    if picture.shape[0] < MARK.height or picture.shape[1] < MARK.width:
        return None
    blocks = picture[: MARK.height, : MARK.width, :3].reshape(BLOCK, 2 * BITS, BLOCK, 3)
    inner = blocks[BLOCK // 4 : -BLOCK // 4, :, BLOCK // 4 : -BLOCK // 4].mean(axis=(0, 2, 3)) > 127
    bits, inverted = inner[:BITS], inner[BITS:]
    if np.any(bits == inverted):
        return None
    return int(sum(1 << place for place in range(BITS) if bits[place]))


def written(target: BinaryIO, seconds: float) -> int:
    """Write a guest that shows it full screen as a recording's text; how many frames. OSError."""
    whole = Rect(0, 0, WIDTH, HEIGHT)
    count = int(seconds * FRAMES_PER_SECOND)
    drawing = Drawing(np.zeros((HEIGHT, WIDTH, 4), np.uint8))
    with RecordingWriter(target) as writer:
        primary = RecordedPrimary(
            width=WIDTH, height=HEIGHT, stride=4 * WIDTH, format=XRGB32, data=bytes(4 * WIDTH * HEIGHT)
        )
        writer.message(MessageNumber.CREATE_PRIMARY_ASYNC, 0, primary)
        for number in range(count):
            writer.command(drawing.copy(frame(number), whole), int(shown_at(number) * NS))
    return count


def shown_at(number: int) -> float:
    """When the guest draws that frame, in seconds since the recording's first event."""
    return LEAD_S + number / FRAMES_PER_SECOND


def luma(picture: Picture) -> NDArray[Any]:
    """Of B, G, R, as BT.601 weighs them."""
    return np.asarray(picture[:, :, :3].astype(np.float32) @ np.array((0.114, 0.587, 0.299), np.float32))


def ssim(one: Picture, other: Picture) -> float:
    """Structural similarity of two pictures of one size: the mean of windows of 8x8 of luma, which do not overlap."""
    height, width = (size // WINDOW * WINDOW for size in one.shape[:2])
    a, b = (windows(luma(picture[:height, :width])) for picture in (one, other))
    mean_a, mean_b = a.mean(axis=(1, 3)), b.mean(axis=(1, 3))
    var_a, var_b = (a * a).mean(axis=(1, 3)) - mean_a**2, (b * b).mean(axis=(1, 3)) - mean_b**2
    cov = (a * b).mean(axis=(1, 3)) - mean_a * mean_b
    above = (2 * mean_a * mean_b + C1) * (2 * cov + C2)
    below = (mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2)
    return float(np.mean(above / below))


def windows(plane: NDArray[Any]) -> NDArray[Any]:
    height, width = plane.shape
    return plane.astype(np.float64).reshape(height // WINDOW, WINDOW, width // WINDOW, WINDOW)
