"""``gspice compare``: recordings drawn on several canvases, and whether they come to the same pixels."""

import itertools
import json
import signal
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from gspice.cli.replay import Stop
from gspice.cli.replay_progress import ReplayProgress
from gspice.cli.shown import FileName, printable, show
from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.canvas import Canvas
from gspice.gpu.select import open_canvas
from gspice.hosts.compare import EVERY, Factory, check_file
from gspice.hosts.compare_findings import FIRST, SUFFIX, Result, compare_file
from gspice.hosts.compare_json import finding_words
from gspice.hosts.compare_json import report as as_report
from gspice.hosts.compare_machine import facts
from gspice.hosts.compare_page import page
from gspice.hosts.whole_file import write_whole
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedEvent

RENDERERS = "cpu,opengl,vulkan"
OpenCanvas = Callable[[str, str | None], Canvas]
"""Makes the canvas of a renderer on a device of its."""
EQUAL, DIFFERENT, UNUSABLE = 0, 1, 2
"""Exit codes."""


class Renderers(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """NAME or NAME:DEVICE, with commas between them."""

    name = "renderers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[tuple[str, str | None]]:
        """Name and device of each."""
        if isinstance(value, list):
            return value
        parts = [part.strip().partition(":") for part in value.split(",")]
        if not all(name and (device or not colon) for name, colon, device in parts):
            self.fail(f"{value!r}: give names with commas between them, like cpu,opengl:0", param, ctx)
        return [(name, device or None) for name, _, device in parts]


@click.command()
@click.argument("files", type=FileName(), nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--renderers",
    type=Renderers(),
    metavar="NAMES",
    help="The canvases, with commas between them: cpu, opengl, vulkan, each perhaps with a device behind a colon. The "
    f"first is what the others are compared with. By default those of {RENDERERS} that can be opened.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=EVERY,
    show_default=True,
    metavar="N",
    help="Compare all surfaces that were drawn on every N commands.",
)
@click.option(
    "--report",
    "folder",
    type=FileName(),
    metavar="DIR",
    help="Write report.html and report.json there, and for each canvas that differs a small recording of its first "
    "difference.",
)
@click.pass_context
def compare(
    context: click.Context,
    files: tuple[Path, ...],
    renderers: list[tuple[str, str | None]] | None,
    every: int,
    folder: Path | None,
) -> None:
    """Draw recordings on several canvases, and compare their pixels.

    FILE is what `gspice replay` takes, but no pipe. Each is drawn in batches as a server makes them, and once more in
    batches of commands of one kind, whose times are told apart. A difference is narrowed down to one command. All
    pixels must be equal; only commands that scale or transform an image may be 1 off in a channel.

    The exit code is 0 where all is equal, 1 where something differs, and 2 where a file or a canvas cannot be used.
    """
    opener: OpenCanvas = context.obj if callable(context.obj) else open_canvas
    stop = Stop()
    try:
        for file in files:
            check_file(file)
        if folder is not None:
            _make(folder)
        with stop:
            factories, devices, missing = _opened(renderers, opener)
            results = list(_compared(files, factories, every, folder, stop))
        whole = as_report(results, devices, missing, every, facts(), stop.number is not None)
        whole["made"] = datetime.now().astimezone().isoformat(" ", "seconds")
        if folder is not None:
            write_whole(folder / "report.json", json.dumps(whole, indent=1).encode(), "the report")
            write_whole(folder / "report.html", page(whole, results).encode(), "the report")
    except KeyboardInterrupt:
        sys.exit(128 + (stop.number or signal.SIGINT))
    except GSpiceError as error:
        click.echo(f"gspice: {printable(str(error))}", err=True)
        sys.exit(UNUSABLE)
    show("\n".join([*_lines(results), printable(whole["verdict"])]))
    if not whole["equal"]:
        sys.exit(DIFFERENT)
    if stop.number is not None:
        sys.exit(128 + stop.number)
    if not whole["complete"]:
        sys.exit(UNUSABLE)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot make the directory: {error.strerror}") from error


def _opened(
    renderers: Sequence[tuple[str, str | None]] | None, opener: OpenCanvas
) -> tuple[dict[str, Factory], dict[str, str], dict[str, str]]:
    """What makes each canvas and what it draws on, by label; and why those that nobody asked for were left out.

    ConfigError: there are not two canvases.
    """
    wanted = renderers or [(name, None) for name in RENDERERS.split(",")]
    factories: dict[str, Factory] = {}
    devices: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, device in wanted:
        factory = partial(opener, name, device)
        try:
            where = _device(name, factory)
        except GSpiceError as error:
            if renderers is not None:
                raise
            missing[name] = str(error)
            continue
        label = _free(name if device is None else f"{name}:{device}", factories)
        factories[label], devices[label] = factory, where
    if len(factories) < 2:
        there = ", ".join(factories) or "no"
        why = "".join(f"; {name}: {reason}" for name, reason in missing.items())
        raise ConfigError(f"there is {there} canvas, and nothing to compare it with{why}")
    return factories, devices, missing


def _device(name: str, factory: Factory) -> str:
    try:
        canvas = factory()
    except GSpiceError:
        raise
    except Exception as error:
        # Drivers and their libraries fail in ways of their own.
        raise ConfigError(f"canvas {name} cannot be opened: {type(error).__name__}: {error}") from error
    device = canvas.caps.device
    canvas.close()
    return device


def _free(label: str, taken: Container[str]) -> str:
    """The label, with a number where the same canvas is there already."""
    numbered = (f"{label} ({number})" for number in itertools.count(2))
    return label if label not in taken else next(name for name in numbered if name not in taken)


def _compared(
    files: Sequence[Path], factories: dict[str, Factory], every: int, folder: Path | None, stop: Stop
) -> Iterator[Result]:
    names = (FIRST + SUFFIX if number == 1 else f"{FIRST}-{number}{SUFFIX}" for number in itertools.count(1))

    def follow(reader: RecordingReader, file: Path) -> Iterator[RecordedEvent]:
        progress = ReplayProgress(reader, file)
        try:
            yield from stop.guarded(progress.follow(iter(reader)))
        finally:
            progress.end()

    for file in files:
        if stop.number is not None:
            return
        yield compare_file(
            file,
            factories,
            every,
            follow=follow,
            target=None if folder is None else lambda: folder / next(names),
            go_on=lambda: stop.number is None,
        )


def _lines(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        name = printable(result.file.name)
        for finding in result.findings:
            yield f"{name}: {printable(finding_words(finding))}"
            for what, words in finding.words:
                yield f"  {what}: {printable(words)}"
            if finding.recording is not None and finding.again is not None:
                yield f"  {printable(str(finding.recording))}: {finding.again.value}"
            if finding.problem:
                yield f"  {printable(finding.problem)}"
        if result.run.error is not None:
            yield f"{name}: {printable(str(result.run.error))}"
        elif result.equal:
            yield f"{name}: equal"
