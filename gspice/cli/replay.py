"""``gspice replay``: what a guest drew once, drawn again."""

import itertools
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gspice.cli.metrics_option import metrics_option
from gspice.cli.renderer_options import renderer_options
from gspice.cli.replay_progress import ReplayProgress
from gspice.cli.shown import FileName, show
from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.select import check_renderer, select_canvas
from gspice.hosts.png import write_png
from gspice.hosts.replay import ReplayHost
from gspice.hosts.replay_canvas import CanvasReplay, OpCount
from gspice.hosts.replay_picture import bgrx, picture_hash
from gspice.hosts.viewer_file import Address, command_line
from gspice.hosts.whole_file import check_apart, check_target
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedEvent
from gspice.server.metrics_address import MetricsAddress
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer

REAL, MAX = "real", "max"
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 0.5
"""A signal that comes sooner is the first once more: `timeout` and terminals send it to the process and its group."""
SHOWN_REASONS = 3
"""Reasons that are told for each kind of command that was not drawn."""


@click.command()
@click.argument("file", type=FileName())
@click.option(
    "--speed",
    type=click.Choice([REAL, MAX]),
    help="Commands when they came (real, with --port the default) or as fast as possible (max).",
)
@renderer_options()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Serve it to clients on this TCP port of this machine; 0: any free one.",
)
@click.option("--wait", is_flag=True, help="With --port: wait for a client before the first command.")
@click.option("--stay", is_flag=True, help="With --port: serve the last picture until Ctrl-C.")
@metrics_option()
@click.option("--until", type=click.IntRange(min=0), metavar="N", help="Stop after the event with number N.")
@click.option(
    "--hash",
    "show_hash",
    is_flag=True,
    help="Print the sha256 of the last picture: B, G, R, 0 bytes, top row first.",
)
@click.option("--png", type=FileName(), help="Write the last picture to this file.")
@click.option(
    "--stats", is_flag=True, help="Print how often each kind of command came, and how long it took."
)
def replay(
    *,
    file: Path,
    speed: str | None,
    renderer: str,
    renderer_device: str | None,
    port: int | None,
    wait: bool,
    stay: bool,
    metrics: MetricsAddress | None,
    until: int | None,
    show_hash: bool,
    png: Path | None,
    stats: bool,
) -> None:
    """Replay FILE, a recording of a QXL device.

    FILE is what libspice-server writes where SPICE_WORKER_RECORD_FILENAME is set, or `gspice serve --record`; plain,
    or compressed with zstd or gzip. Without --port it is drawn straight on a canvas, without a server. Ctrl-C ends it
    with the picture that it has come to; a second Ctrl-C at once.
    """
    if port is None and (wait or stay or speed == REAL or metrics is not None):
        raise click.UsageError("--wait, --stay, --metrics and --speed real are for clients: give --port")
    check_apart(recording=file, picture=png)
    if png is not None:
        check_target(png, "the picture")
    check_renderer(renderer, renderer_device)
    stop = Stop()
    start = time.perf_counter()
    try:
        with stop:
            reader = RecordingReader(file)
            progress = ReplayProgress(reader, file)
            wanted = itertools.takewhile(lambda event: until is None or event.counter <= until, reader)
            events = progress.follow(wanted)
            try:
                if port is None:
                    with reader:
                        outcome = _draw(stop.guarded(events), renderer, renderer_device, stats)
                else:
                    # The thread that reads may still be at it in the end, so the file is left open.
                    outcome = _serve(
                        events,
                        stop,
                        renderer=renderer,
                        renderer_device=renderer_device,
                        port=port,
                        real_time=speed != MAX,
                        wait=wait,
                        stay=stay,
                        metrics=metrics,
                    )
            finally:
                progress.end()
    except KeyboardInterrupt:
        click.echo("stopped at the beginning: nothing was drawn", err=True)
        sys.exit(128 + (stop.number or signal.SIGINT))
    seconds = time.perf_counter() - start
    if stop.number is not None and not outcome.ended:
        click.echo(
            f"stopped at {reader.position} bytes of text, before the end: the picture is that of then",
            err=True,
        )
    if png is not None and outcome.picture is not None:
        write_png(png, _rgb(outcome.picture))
    if stats:
        show("\n".join([*outcome.lines, f"{seconds:.2f} s in all, reading included"]))
    if show_hash and outcome.picture is not None:
        show(picture_hash(outcome.picture))
    if outcome.error is not None:
        raise outcome.error
    if stop.number is not None and not outcome.ended:
        sys.exit(128 + stop.number)
    if outcome.picture is None and (show_hash or png):
        why = outcome.refused or "no event up to there makes one"
        raise ConfigError(f"the recording has no primary surface, so there is no picture: {why}")


class Stop:
    """While it is entered, the first signal asks for the end, and the next ends the process."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The signal that came."""
        self.call: Callable[[], None] | None = None
        """What is to be done about it, where the main thread does not read itself."""
        self._came_at = 0.0
        self._reading = True
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in STOPS:
            # `nohup`, and jobs in the background of a shell, are not to be ended by what they are told to ignore.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._come)

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _come(self, number: int, frame: object) -> None:
        now = time.monotonic()
        if self.number is not None:
            if now - self._came_at > AGAIN_S:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            return
        self.number, self._came_at = number, now
        if self.call is not None:
            self.call()
        elif self._reading:
            raise KeyboardInterrupt  # out of a read that may never return

    def guarded(self, events: Iterator[RecordedEvent]) -> Iterator[RecordedEvent]:
        """The events up to the signal; between two of them it waits."""
        while self.number is None:
            self._reading = True
            try:
                event = next(events, None)
            except KeyboardInterrupt:
                return
            finally:
                self._reading = False
            if event is None:
                return
            yield event


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to."""

    picture: Pixels | None
    lines: list[str]
    """Statistics."""
    error: GSpiceError | None
    """Why the recording was not replayed to its end."""
    refused: str | None
    """Why there is no primary surface."""
    ended: bool
    """Whether all was replayed, whatever came after."""


def _draw(events: Iterator[RecordedEvent], renderer: str, device: str | None, stats: bool) -> Outcome:
    canvas = select_canvas(renderer, device=device)
    try:
        drawing = CanvasReplay(canvas, time.perf_counter, by_kind=stats)
        error: GSpiceError | None = None
        try:
            for event in events:
                drawing.event(event)
        except GSpiceError as failure:
            error = failure  # what came before is good
        drawing.finish()
        lines = [*_count_lines(drawing.counts), *_reason_lines("bad", drawing.bad)]
        return Outcome(drawing.picture, lines, error, drawing.primary_refused, ended=False)
    finally:
        canvas.close()


def _serve(
    events: Iterator[RecordedEvent],
    stop: Stop,
    *,
    renderer: str,
    renderer_device: str | None,
    port: int,
    real_time: bool,
    wait: bool,
    stay: bool,
    metrics: MetricsAddress | None,
) -> Outcome:
    server = SpiceServer(
        ServerOptions(
            host="127.0.0.1",
            port=port,
            name="GSpice replay",
            renderer=renderer,
            renderer_device=renderer_device,
            metrics=metrics,
        )
    )
    server.tickets.set_noauth()  # nobody but this machine's users can reach it
    host = ReplayHost(
        server,
        events,
        real_time=real_time,
        wait=wait,
        stay=stay,
        note=lambda line: click.echo(line, err=True),
    )
    try:
        stop.call = host.stop
        address = Address(host="127.0.0.1", port=server.port, tls_port=None, unix_path=None, ca_file=None)
        click.echo(f"connect with:\n  {command_line(address)}", err=True)
        if server.metrics_address is not None:
            click.echo(f"its metrics:\n  gspice stats {server.metrics_address}", err=True)
        host.run()
        lines = [f"{name:24} {count:8}" for name, count in sorted(server.statistics(host.device).items())]
        lines += _reason_lines("skipped", host.guest.skipped)
        return Outcome(host.picture, lines, host.error, host.guest.primary_refused, ended=host.ended)
    finally:
        stop.call = _nothing
        host.close()


def _nothing() -> None:
    """It is ending already."""


def _count_lines(counts: dict[str, OpCount]) -> list[str]:
    lines = [f"{'':16} {'commands':>9} {'not drawn':>9} {'megapixels':>10} {'seconds':>8}"]
    for name, count in sorted(counts.items(), key=lambda item: -item[1].commands):
        lines.append(
            f"{name:16} {count.commands:9} {count.not_drawn:9} {count.pixels / 1e6:10.1f} {count.seconds:8.3f}"
        )
        lines += _reason_lines("not drawn", count.reasons)
    return lines


def _reason_lines(what: str, reasons: Counter[str]) -> list[str]:
    lines = [f"  {number} {what}: {reason}" for reason, number in reasons.most_common(SHOWN_REASONS)]
    rest = reasons.total() - sum(number for _, number in reasons.most_common(SHOWN_REASONS))
    return [*lines, f"  {rest} {what} for other reasons"] if rest else lines


def _rgb(picture: Pixels) -> Pixels:
    """What ``write_png`` takes; pictures of 32 bits are large, and taken as they are."""
    return picture if picture.format in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32) else bgrx(picture)
