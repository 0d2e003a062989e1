"""What a film looks like and costs, full screen, streamed by libspice-server and by GSpice.

One C host with either library plays the same recording. Our client keeps the frames of video as
they come; afterwards they are decoded, and each is held against the source frame whose number it shows. Environment
variables: ``BENCH_SECONDS`` of film (10); ``BENCH_CODECS``, of ``mjpeg h264 vp8 vp9``; ``BENCH_SIZE`` (1920x1080), 704
pixels wide at least, of which the host reads all as they are: a busy machine cannot, and the table tells;
``BENCH_RATE``, of frames a second (24).
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.libspice.build import replay_host, version
from bench.machine import describe
from bench.replay import header, row
from bench.traffic_feeder import Fed
from bench.traffic_host import AUTO, HOST_DEFAULT, Figures, Library, host
from bench.video_quality_film import (
    HEIGHT,
    WIDTH,
    frame,
    number_of,
    shown_at,
    ssim,
    written,
)
from bench.video_streams_client import NotedDisplay, connected
from gspice.client.errors import UnsupportedError
from gspice.client.video_decoders import VideoDecoder, open_decoder
from gspice.errors import GSpiceError
from gspice.wire.enums import StreamFlags, VideoCodec
from gspice.wire.message import Message
from gspice.wire.messages import display as wire
from tests.stream.video_scenes import Picture

SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
CODECS = {
    "mjpeg": "spice:mjpeg",
    "h264": "gstreamer:h264",
    "vp8": "gstreamer:vp8",
    "vp9": "gstreamer:vp9",
}
"""As hosts name them."""
SETTLED_S = 3.0
"""After the recording's first event: by then either has found the film and an encoder its rate."""
BEFORE_END_S = 0.5
"""The last moments are left out: a host that has read all says so, and not what it has used."""
END_S = 20.0
"""Later than that after its time, the host has not read the recording's end, even of a busy machine."""
LOOKED_AT = 6
"""One in so many frames is held against its source, which takes longer than decoding it."""


@dataclass(slots=True)
class Kept:
    """One frame of video as it came."""

    time: float
    stream: int
    """Counted from the session's beginning."""
    codec: int
    top_down: bool
    width: int
    height: int
    data: bytes


@dataclass(slots=True)
class KeptStream:
    number: int
    create: wire.DisplayStreamCreate


class KeepingDisplay(NotedDisplay):
    """A display channel that keeps all frames of video."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Kept] = []
        self._open: dict[int, KeptStream] = {}
        self._made = 0

    def receive(self, message: Message, serial: int) -> None:
        if isinstance(message, wire.DisplayStreamCreate):
            self._open[message.id] = KeptStream(self._made, message)
            self._made += 1
        elif isinstance(message, wire.DisplayStreamData | wire.DisplayStreamDataSized):
            self._keep(message, time.monotonic())
        super().receive(message, serial)

    def _keep(self, message: wire.DisplayStreamData | wire.DisplayStreamDataSized, now: float) -> None:
        stream = self._open.get(message.id)
        if stream is None:
            return
        create = stream.create
        width, height = create.stream_width, create.stream_height
        if isinstance(message, wire.DisplayStreamDataSized):
            width, height = message.width, message.height
        top_down = bool(create.flags & StreamFlags.TOP_DOWN)
        data = bytes(message.data)
        self.kept.append(Kept(now, stream.number, create.codec, top_down, width, height, data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run came to, once it had settled."""

    seconds: float
    received_bytes: int
    cpu_s: float
    """Of the host, without what its guest took."""
    numbers: set[int]
    """Source frames that were shown."""
    ssims: list[float]
    lateness: list[float]
    """Seconds from when the guest drew a frame until it had come."""
    unknown: int
    """Frames that did not say which they are, or could not be decoded."""
    codecs: list[str]
    read_late_s: float
    """How late at most the recording was read: much more than a frame's time, and the machine is too slow for it."""


@dataclass(slots=True)
class Window:
    """What was so at the beginning, and then at the end, of what is measured."""

    times: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)

    def note(self, display: NotedDisplay, figures: Figures) -> None:
        self.times.append(time.monotonic())
        self.received.append(display.received_bytes)
        self.figures.append(figures)


def main() -> None:
    """Print the table. RuntimeError in the end where runs failed, as where libspice has no encoder."""
    codecs = os.environ.get("BENCH_CODECS", "mjpeg h264").split()
    if unknown := set(codecs) - set(CODECS):
        raise RuntimeError(f"BENCH_CODECS: {' '.join(sorted(unknown))}: of {' '.join(CODECS)}")
    if SECONDS < SETTLED_S + 1.5:
        raise RuntimeError(f"BENCH_SECONDS={SECONDS:g}: {SETTLED_S + 1.5:g} at least")
    replay_host()
    print(f"{describe()}; libspice-server {version()}; {SECONDS:g} s", flush=True)
    failures = []
    lines = header(
        "codec", "server", "SSIM", "the worst", "frames/s", "KB a frame", "Mbit/s", "CPU ms a frame",
        "cores", "shown after ms", "read late ms",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "film.rec"
        with path.open("wb") as file:
            count = written(file, SECONDS)
        for codec in codecs:
            for name, compression in (("stock", HOST_DEFAULT), ("gspice", AUTO)):
                library = Library(name, compression, ("filter", f"codecs={CODECS[codec]}"))
                try:
                    run = play(library, path, count, Path(directory))
                    lines.append(row(codec, name, *cells(run)))
                except (RuntimeError, OSError, GSpiceError) as error:
                    failures.append(f"{codec}, {name}: {error}")
                    lines.append(row(codec, name, "failed", *[""] * 8))
                print(f"  {lines[-1]}", file=sys.stderr, flush=True)
    print("\n".join(lines))
    if failures:
        raise RuntimeError(f"{len(failures)} runs failed: {'; '.join(failures)}")


def play(library: Library, path: Path, count: int, directory: Path) -> Run:
    """One run. RuntimeError, GSpiceError: host or client failed, or nothing was streamed."""
    display, window = KeepingDisplay(), Window()
    with host(library, path, directory, real_time=True) as server, connected(server.port, display) as client:
        begun = server.begin()
        for until in (SETTLED_S, shown_at(count) - BEFORE_END_S):
            client.run_for(max(0.0, begun + until - time.monotonic()))
            window.note(display, server.figures())
        server.end(END_S)
        fed = server.fed()
    assert fed is not None
    run = judged(display, window, fed)
    if not run.ssims:
        raise RuntimeError(f"no frame of video in {run.seconds:.1f} s")
    return run


def judged(display: KeepingDisplay, window: Window, fed: Fed) -> Run:
    """Decode what came, and look at what came in the window."""
    (first, last), figures = window.times, window.figures
    numbers: set[int] = set()
    ssims: list[float] = []
    lateness: list[float] = []
    unknown = 0
    for place, (kept, picture) in enumerate(pictures(display.kept)):
        if not first <= kept.time <= last:
            continue
        number = None if picture is None or picture.shape != (HEIGHT, WIDTH, 4) else number_of(picture)
        if picture is None or number is None:
            unknown += 1
            continue
        lateness.append(kept.time - fed.begun_s - shown_at(number))
        numbers.add(number)
        if place % LOOKED_AT == 0:
            ssims.append(ssim(picture, frame(number)))
    return Run(
        seconds=last - first,
        received_bytes=window.received[1] - window.received[0],
        cpu_s=figures[1].cpu_s - figures[0].cpu_s - (figures[1].guest_s - figures[0].guest_s),
        numbers=numbers,
        ssims=ssims,
        lateness=lateness,
        unknown=unknown,
        codecs=display.log.codecs(),
        read_late_s=fed.late_s,
    )


def pictures(kept: list[Kept]) -> Iterator[tuple[Kept, Picture | None]]:
    """Each frame and its pixels; None: it cannot be decoded."""
    decoders: dict[int, VideoDecoder] = {}
    for one in kept:
        if one.stream not in decoders:
            decoders[one.stream] = open_decoder(VideoCodec(one.codec))
        try:
            decoded = decoders[one.stream].decode(one.data, one.width, one.height)
        except UnsupportedError:
            yield one, None
            continue
        shape = (decoded.height, decoded.width, 4)
        picture = np.frombuffer(decoded.data, np.uint8).reshape(shape)
        yield one, (picture if one.top_down else picture[::-1])[: one.height, : one.width]


def cells(run: Run) -> list[str]:
    shown = max(len(run.numbers), 1)
    return [
        f"{statistics.mean(run.ssims):.4f}",
        f"{min(run.ssims):.4f}",
        f"{len(run.numbers) / run.seconds:.1f}" + (f" ({run.unknown} unknown)" if run.unknown else ""),
        f"{run.received_bytes / shown / 1e3:.1f}",
        f"{run.received_bytes * 8e-6 / run.seconds:.1f}",
        f"{run.cpu_s * 1e3 / shown:.1f}",
        f"{run.cpu_s / run.seconds:.2f}",
        f"{statistics.median(run.lateness) * 1e3:.0f}",
        f"{run.read_late_s * 1e3:.0f}",
    ]
