"""How many frames a second of a film that fills the screen reach a client, and what the server spends on them.

A guest in the server's process draws pictures that lie in memory, so that no file or decoder holds it up; a server of
its own for each size and codec, and our own client, which decodes nothing. ``BENCH_SIZES`` (1280x720 1920x1080),
``BENCH_RATE`` (60), ``BENCH_SECONDS`` (8), ``BENCH_CODECS`` (mjpeg h264 vp8).
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import psutil

from bench.machine import describe
from bench.video_device import picture
from bench.video_streams_client import NotedDisplay, connected
from gspice.client.connection import Client
from gspice.errors import GSpiceError
from gspice.geometry import Rect
from gspice.hosts.replay import ReplayHost
from gspice.pixels import BitmapFormat
from gspice.qxl.ops import BitmapImage, Copy, Drawable, Mask
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer

RATE = int(os.environ.get("BENCH_RATE", "60"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
SIZES = os.environ.get("BENCH_SIZES", "1280x720 1920x1080").split()
CODECS = os.environ.get("BENCH_CODECS", "mjpeg h264 vp8").split()
PICTURES = 8
"""Different ones, in turn."""
SETTLED_S = 3.0
"""By then the film is streamed, and its encoder has a rate."""
QXL_CMD_DRAW = 1
PRIMARY_XRGB = 32
"""As guests give a surface's format."""
TITLES = ("size", "codec", "drawn a second", "frames a second", "median, ms apart", "Mbit/s", "server, cores")


class Reached(NamedTuple):
    """What one run came to."""

    frames: float
    gap_ms: float
    mbits: float
    cores: float


def main() -> None:
    """Print one table. RuntimeError: a server failed, or streamed nothing."""
    print(f"{describe()}; {RATE} pictures a second drawn", flush=True)
    lines = ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    for size in SIZES:
        for codec in CODECS:
            got = run(size, codec)
            cells = [size, codec, str(RATE), f"{got.frames:.1f}", f"{got.gap_ms:.1f}", f"{got.mbits:.1f}"]
            lines.append("| " + " | ".join([*cells, f"{got.cores:.2f}"]) + " |")
            print(f"  {lines[-1]}", file=sys.stderr, flush=True)
    print("\n".join(lines))


def run(size: str, codec: str) -> Reached:
    """One server and one client."""
    command = [sys.executable, "-m", "bench.video_rate", size, codec]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip()
            if not port.isdigit():
                raise RuntimeError(f"{size}, {codec}: the server did not start")
            display = NotedDisplay()
            client = connected(int(port), display)
            try:
                return watched(client, display, psutil.Process(server.pid))
            finally:
                client.close()
        except GSpiceError as error:
            raise RuntimeError(f"{size}, {codec}: {error}") from error
        finally:
            server.terminate()


def watched(client: Client, display: NotedDisplay, server: psutil.Process) -> Reached:
    """Count what comes once it has settled."""
    start = time.monotonic()
    client.run_for(SETTLED_S)
    before, begun = sum(server.cpu_times()[:2]), time.monotonic()
    client.run_for(SECONDS - SETTLED_S)
    used, took = sum(server.cpu_times()[:2]) - before, time.monotonic() - begun
    frames = [
        frame for stream in display.log.streams for frame in stream.frames if frame[0] >= start + SETTLED_S
    ]
    if len(frames) < 2:
        raise RuntimeError("the film was not streamed")
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(frames)]
    mbits = sum([size for _, size in frames]) * 8e-6 / took
    return Reached(len(frames) / took, 1e3 * median(gaps), mbits, used / took)


def events(width: int, height: int) -> Iterator[RecordedEvent]:
    """A guest that draws for ever."""
    whole, stride = Rect(0, 0, width, height), 4 * width
    primary = RecordedPrimary(
        width=width, height=height, stride=stride, format=PRIMARY_XRGB, data=bytes(stride * height)
    )
    yield RecordedMessage(0, MessageNumber.CREATE_PRIMARY_ASYNC, 0, primary)
    pictures = [picture(width, height, number) for number in range(PICTURES)]
    number = 0
    while True:
        number += 1
        image = BitmapImage(
            id=0, flags=0, width=width, height=height, format=BitmapFormat.XRGB32, top_down=True, stride=stride,
            data=pictures[number % PICTURES],
        )  # fmt: skip
        op = Copy(image, whole, 8, 0, Mask())
        yield RecordedCommand(
            number, QXL_CMD_DRAW, int(number * 1e9 / RATE), Drawable(surface_id=0, bbox=whole, op=op)
        )


def serve(size: str, codec: str) -> None:
    """The server's process: its port on the first line, then until it is terminated."""
    width, height = (int(side) for side in size.split("x"))
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0, name="video-rate"))
    server.tickets.set_noauth()
    server.set_video_codecs(f"gstreamer:{codec}")
    host = ReplayHost(server, events(width, height), real_time=True, wait=True)
    print(server.port, flush=True)
    host.run()


if __name__ == "__main__":
    serve(*sys.argv[1:])
