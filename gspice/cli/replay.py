"""``gspice replay``: what a guest drew once, drawn again."""

import itertools
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.select import select_canvas
from gspice.hosts.png import write_png
from gspice.hosts.replay import ReplayHost
from gspice.hosts.replay_canvas import CanvasReplay, OpCount
from gspice.hosts.replay_picture import bgrx, picture_hash
from gspice.hosts.viewer_file import Address, command_line
from gspice.pixels import Pixels
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedEvent
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer

REAL, MAX = "real", "max"
PROGRESS_STEPS = 200
"""How often the progress bar is drawn, at most."""
PROGRESS_EVENTS = 32
"""Events between two looks at how far the file is read."""
SHOWN_REASONS = 3
"""Reasons that are told for each kind of command that was not drawn."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed",
    type=click.Choice([REAL, MAX]),
    help="Commands when they came (real, with --port the default) or as fast as possible (max).",
)
@click.option("--renderer", default="auto", show_default=True, help="What draws: auto or cpu.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Serve it to clients on this TCP port of this machine; 0: any free one.",
)
@click.option("--wait", is_flag=True, help="With --port: wait for a client before the first command.")
@click.option("--stay", is_flag=True, help="With --port: serve the last picture until Ctrl-C.")
@click.option("--until", type=click.IntRange(min=0), metavar="N", help="Stop after the event with number N.")
@click.option(
    "--hash",
    "show_hash",
    is_flag=True,
    help="Print the sha256 of the last picture: B, G, R, 0 bytes, top row first.",
)
@click.option("--png", type=click.Path(path_type=Path), help="Write the last picture to this file.")
@click.option(
    "--stats", is_flag=True, help="Print how often each kind of command came, and how long it took."
)
def replay(
    *,
    file: Path,
    speed: str | None,
    renderer: str,
    port: int | None,
    wait: bool,
    stay: bool,
    until: int | None,
    show_hash: bool,
    png: Path | None,
    stats: bool,
) -> None:
    """Replay FILE, a recording of a QXL device.

    FILE is what libspice-server writes where SPICE_WORKER_RECORD_FILENAME is set, or `gspice serve --record`; plain,
    or compressed with zstd or gzip. Without --port it is drawn straight on a canvas, without a server.
    """
    if port is None and (wait or stay or speed == REAL):
        raise click.UsageError("--wait, --stay and --speed real are for clients: give --port")
    picture: Pixels | None
    with RecordingReader(file) as reader, _events(reader, file, until) as events:
        start = time.perf_counter()
        if port is None:
            picture, lines, error = _draw(events, renderer, stats)
        else:
            picture, lines, error = _serve(
                events, renderer=renderer, port=port, real_time=speed != MAX, wait=wait, stay=stay
            )
        seconds = time.perf_counter() - start
    if stats:
        click.echo("\n".join([*lines, f"{seconds:.2f} s in all, reading included"]))
    _results(picture, show_hash, png)
    if error is not None:
        raise error


@contextmanager
def _events(reader: RecordingReader, file: Path, until: int | None) -> Iterator[Iterator[RecordedEvent]]:
    """The events that are asked for; on a terminal with a bar that follows the file."""
    events = itertools.takewhile(lambda event: until is None or event.counter <= until, reader)
    if not sys.stderr.isatty():
        yield events
        return
    size = file.stat().st_size
    with click.progressbar(
        length=size, label=file.name, file=sys.stderr, update_min_steps=max(1, size // PROGRESS_STEPS)
    ) as bar:

        def counted() -> Iterator[RecordedEvent]:
            done = 0
            for number, event in enumerate(events):
                if number % PROGRESS_EVENTS == 0:
                    bar.update(reader.file_position - done)
                    done = reader.file_position
                yield event
            bar.update(reader.file_position - done)

        yield counted()


Outcome = tuple[Pixels | None, list[str], GSpiceError | None]
"""The last picture, lines of statistics, and why the recording was not replayed to its end."""


def _draw(events: Iterator[RecordedEvent], renderer: str, stats: bool) -> Outcome:
    canvas = select_canvas(renderer)
    try:
        drawing = CanvasReplay(canvas, time.perf_counter, by_kind=stats)
        error: GSpiceError | None = None
        try:
            for event in events:
                drawing.event(event)
        except GSpiceError as failure:
            error = failure  # what came before is good
        drawing.finish()
        return drawing.picture, [*_count_lines(drawing.counts), *_reason_lines("bad", drawing.bad)], error
    finally:
        canvas.close()


def _serve(
    events: Iterator[RecordedEvent], *, renderer: str, port: int, real_time: bool, wait: bool, stay: bool
) -> Outcome:
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=port, name="GSpice replay", renderer=renderer))
    server.tickets.set_noauth()  # nobody but this machine's users can reach it
    host = ReplayHost(server, events, real_time=real_time, wait=wait, stay=stay)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: host.stop())
        address = Address(host="127.0.0.1", port=server.port, tls_port=None, unix_path=None, ca_file=None)
        click.echo(f"connect with:\n  {command_line(address)}", err=True)
        host.run()
        lines = [f"{name:24} {count:8}" for name, count in sorted(server.statistics(host.device).items())]
        return host.picture, [*lines, *_reason_lines("skipped", host.guest.skipped)], host.error
    finally:
        host.close()


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


def _results(picture: Pixels | None, show_hash: bool, png: Path | None) -> None:
    if not (show_hash or png):
        return
    if picture is None:
        raise ConfigError("the recording has no primary surface up to there, so there is no picture")
    if png is not None:
        write_png(png, bgrx(picture))
    if show_hash:
        click.echo(picture_hash(picture))
