"""Says whether this host is fit for GSpice, and what GSpice would use on it.

Nothing here or imported from here needs more than Python itself: it must run where everything else is missing. What
could crash or hang is looked at in processes of its own (``doctor_child``).
"""

import json
import os
import resource
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, NamedTuple

from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Report, Section, Status
from gspice.hosts.doctor_text import render
from gspice.version import VERSION

WORKERS = 4
"""Probes at the same time; most of them wait for the disk, or for a driver."""
FEW_FILES = 64
"""With fewer descriptors than this they are taken one after the other, lest they run out."""
UNPRINTED = 2
"""Exit code where there is nowhere to print to, as for a command line that is not understood."""
CLOSED = "standard output is closed: there is nowhere to print to"


class Topic(NamedTuple):
    """A section of the report; its probe has the same key."""

    key: str
    title: str
    failing: Status = Status.WARN
    """What it means that nothing of it can be found out."""


TOPICS = (
    Topic("python", "Python and its packages", Status.FAIL),
    Topic("modules", "Compiled modules", Status.FAIL),
    Topic("libraries", "Libraries"),
    Topic("opengl", "OpenGL without a screen (EGL)"),
    Topic("vulkan", "Vulkan"),
    Topic("canvas", "Canvas", Status.FAIL),
    Topic("encoders", "Video encoders"),
    Topic("hosts", "Hosts and clients"),
    Topic("configuration", "Configuration"),
    Topic("system", "System"),
)

Ask = Callable[[Topic], list[Finding]]


def _ask(topic: Topic) -> list[Finding]:
    return ask(topic.key, failing=topic.failing)


def examine(ask_about: Ask = _ask, topics: Sequence[Topic] = TOPICS) -> Report:
    """Look at everything. It takes seconds, and with drivers that hang up to minutes; it raises nothing of its own."""
    few = 0 <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FEW_FILES
    with ThreadPoolExecutor(1 if few else WORKERS) as pool:
        found = list(pool.map(ask_about, topics))
    sections = (
        Section(key=topic.key, title=topic.title, findings=tuple(findings))
        for topic, findings in zip(topics, found, strict=True)
    )
    return Report(version=VERSION, sections=tuple(sections))


def shown(report: Report, *, as_json: bool, stream: IO[str], environ: Mapping[str, str] = os.environ) -> str:
    """The report as it goes to that stream: colours and the width of the window on a terminal alone."""
    if as_json:
        return json.dumps(report.as_json(), indent=2)
    terminal = stream.isatty()
    colour = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    return render(report, width=width, colour=colour)


def main(arguments: Sequence[str]) -> int:
    """``gspice doctor`` for a Python that lacks what the command line needs; the exit code."""
    if set(arguments) - {"--json"}:
        print("usage: gspice doctor [--json]", file=sys.stderr)
        return UNPRINTED
    if sys.stdout is None:
        return _unprinted(CLOSED)
    report = examine()
    try:
        print(shown(report, as_json="--json" in arguments, stream=sys.stdout), flush=True)
    except OSError as error:
        # At exit Python would try to write it once more, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _unprinted(f"cannot write to standard output: {error.strerror}")
    return 0 if report.fit else 1


def _unprinted(reason: str) -> int:
    if sys.stderr is not None:
        print(f"gspice: {reason}", file=sys.stderr)
    return UNPRINTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
