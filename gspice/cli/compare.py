"""``gspice compare``: recordings drawn on several canvases, and whether they come to the same pixels."""

import contextlib
import itertools
import json
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from gspice.cli.replay import Stop
from gspice.cli.replay_progress import ReplayProgress
from gspice.cli.shown import FileName, drop_output, printable, show
from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.canvas import Canvas
from gspice.gpu.select import CPU, open_canvas
from gspice.hosts.compare import EVERY, Factory
from gspice.hosts.compare_findings import FIRST, SUFFIX, Result, compare_file
from gspice.hosts.compare_json import finding_words, one_line
from gspice.hosts.compare_json import report as as_report
from gspice.hosts.compare_machine import facts
from gspice.hosts.compare_page import page
from gspice.hosts.no_wayland import keep_quiet
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
        if any(name == CPU and device for name, _, device in parts):
            self.fail(f"{value!r}: {CPU} takes no device", param, ctx)
        named = [(name, device or None) for name, _, device in parts]
        if len(set(named)) < len(named):
            self.fail(f"{value!r}: a canvas has nothing to tell about itself: name each once", param, ctx)
        return named


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

    The exit code is 0 where all is equal, 1 where something differs, and 2 where nothing is known to differ and a file
    or a canvas could not be used, or the result could not be printed.
    """
    keep_quiet(os.environ)
    opener: OpenCanvas = context.obj if callable(context.obj) else open_canvas
    stop = Stop()
    try:
        if sys.stdout is None:  # said before the comparison, which takes its time
            raise ConfigError("standard output is closed: there is nowhere to print to")
        code = _compare(files, renderers, every, folder, opener, stop)
    except KeyboardInterrupt:
        code = 128 + (stop.number or signal.SIGINT)
    except BrokenPipeError:
        drop_output()
        code = UNUSABLE
    except (GSpiceError, ImportError, MemoryError, OSError) as error:
        code = _unusable(f"gspice: {one_line(str(error) or type(error).__name__)}")
    except Exception:
        # Whatever it is, it is no difference, which is what Python's own exit code would say.
        code = _unusable(traceback.format_exc().rstrip())
    sys.exit(code)


def _unusable(text: str) -> int:
    with contextlib.suppress(OSError):
        click.echo(printable(text), err=True)
    return UNUSABLE


def _compare(
    files: Sequence[Path],
    renderers: Sequence[tuple[str, str | None]] | None,
    every: int,
    folder: Path | None,
    opener: OpenCanvas,
    stop: Stop,
) -> int:
    """Compare, write and print; the exit code."""
    if folder is not None:
        _make(folder)
    with stop:
        factories, devices, missing = _opened(renderers, opener)
        results = list(_compared(files, factories, every, folder, stop))
    whole = as_report(results, devices, missing, every, facts(), stop.number is not None)
    whole["made"] = datetime.now().astimezone().isoformat(" ", "seconds")
    if folder is not None:
        write_whole(folder / "report.json", json.dumps(whole, indent=1).encode(), "the report")
        html = page(whole, results).encode("utf-8", "backslashreplace")
        write_whole(folder / "report.html", html, "the report")
    show("\n".join([*_lines(results), one_line(whole["verdict"])]))
    if not whole["equal"]:
        return DIFFERENT
    if stop.number is not None:
        return 128 + stop.number
    return EQUAL if whole["complete"] else UNUSABLE


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
        label = name if device is None else f"{name}:{device}"
        factories[label], devices[label] = factory, where
    if len(factories) < 2:
        there = f"only {', '.join(factories)}" if factories else "no canvas"
        why = "".join(f"; {name}: {reason}" for name, reason in missing.items())
        raise ConfigError(f"there is {there}, and nothing to compare it with{why}")
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


def _compared(
    files: Sequence[Path], factories: dict[str, Factory], every: int, folder: Path | None, stop: Stop
) -> Iterator[Result]:
    names = (FIRST + SUFFIX if number == 1 else f"{FIRST}-{number}{SUFFIX}" for number in itertools.count(1))

    passes: list[ReplayProgress] = []

    def follow(reader: RecordingReader, file: Path) -> Iterator[RecordedEvent]:
        progress = ReplayProgress(reader, file)
        passes.append(progress)
        return stop.guarded(progress.follow(iter(reader)))

    for file in files:
        if stop.number is not None:
            return
        try:
            result = compare_file(
                file,
                factories,
                every,
                follow=follow,
                target=None if folder is None else lambda: folder / next(names),
                go_on=lambda: stop.number is None,
            )
        finally:
            # All passes over a file are told on one line, which the first of them has begun.
            for progress in passes[:1]:
                progress.end()
            passes.clear()
        yield result


def _lines(results: Sequence[Result]) -> Iterator[str]:
    names = Counter(result.file.name for result in results)
    for result in results:
        file = result.file
        name = one_line(file.name if names[file.name] == 1 else file)
        for finding in result.findings:
            yield f"{name}: {printable(finding_words(finding))}"
            for what, words in finding.words:
                yield f"  {what}: {printable(words)}"
            if finding.recording is not None and finding.again is not None:
                yield f"  {printable(str(finding.recording))}: {finding.again.value}"
            if finding.problem:
                yield f"  {printable(finding.problem)}"
        if result.run.error is not None:
            yield f"{name}: {one_line(str(result.run.error).removeprefix(f'{file}: '))}"
        elif result.equal:
            yield f"{name}: equal"
