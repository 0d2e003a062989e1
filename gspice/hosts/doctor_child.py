"""The parent's side of a look at this host: each probe in a process of its own, with a time limit on every step.

A driver that crashes or hangs is so a finding, and what else the probe has to say is still said.
"""

import contextlib
import errno
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_system import more_files
from gspice.hosts.no_wayland import keep_quiet

STEP_TIMEOUT_S = 20.0
START_TIMEOUT_S = 30.0
"""Until the first step begins: Python starts, and libraries are loaded."""
MAX_RESTARTS = 32
MAX_OUTPUT = 4 << 20
"""Bytes that one process may say."""
MAX_REASON = 200
KILL_TIMEOUT_S = 2.0
"""A process that a driver holds in the kernel does not end even when it is killed: it is left behind."""

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from gspice.hosts.doctor_probe import main; sys.exit(main(sys.argv[2:]))"
)
"""Not ``-m``: the child must find the very packages that this process would, and no others. Neither must it look for
modules in the working directory, which may be anybody's, before it knows where: that is for ``-P``."""


@dataclass(slots=True)
class _Progress:
    """How far a process came."""

    next_step: int
    step: tuple[str, Status, str] | None = None
    """The one that is under way, what its failing means and what mends it; None: the probe looks for its steps."""
    ended: bool = False


def ask(
    probe: str,
    *,
    failing: Status = Status.WARN,
    step_timeout_s: float = STEP_TIMEOUT_S,
    environment: Mapping[str, str] | None = None,
) -> list[Finding]:
    """The findings of a probe; those of its steps that crash or exceed the limit are findings too.

    ``failing``: what it means that the probe as a whole cannot run. ``environment`` is added to this process's.
    """
    found: list[Finding] = []
    first = 0
    for _ in range(MAX_RESTARTS):
        progress = _Progress(first)
        try:
            reason = _run(probe, progress, found, step_timeout_s, environment or {})
        except OSError as error:
            found.append(_not_started(probe, failing, error))
            break
        if progress.ended:
            break
        name, status, mend = progress.step or (probe, failing, "")
        found.append(Finding(name=name, status=status, text=reason, mend=mend, facts={"failed": True}))
        if progress.step is None:
            break  # what looks for the steps fails: it would do so once more
        first = progress.next_step
    return found


def _not_started(probe: str, failing: Status, error: OSError) -> Finding:
    few = error.errno in (errno.EMFILE, errno.ENFILE)
    return Finding(
        name=probe,
        status=failing,
        text=f"cannot be looked at: {error.strerror}",
        mend=more_files() if few else "",
        facts={"failed": True},
    )


def _run(
    probe: str,
    progress: _Progress,
    found: list[Finding],
    step_timeout_s: float,
    environment: Mapping[str, str],
) -> str:
    """Run the probe once; why it did not come to its end, if so. OSError: there are no descriptors for that."""
    path = [os.path.abspath(entry) for entry in sys.path]
    if str(PACKAGE_ROOT) not in path:
        path.append(str(PACKAGE_ROOT))
    environ = {**os.environ, **environment}
    keep_quiet(environ)
    with contextlib.ExitStack() as stack:
        said = stack.enter_context(tempfile.TemporaryFile())
        selector = stack.enter_context(selectors.DefaultSelector())
        read_fd, write_fd = os.pipe()
        pipe = stack.enter_context(os.fdopen(read_fd, "rb", buffering=0))
        selector.register(pipe, selectors.EVENT_READ)
        command = [sys.executable, "-P", "-c", _START, json.dumps(path), probe, str(write_fd)]
        try:
            process = subprocess.Popen(
                [*command, str(progress.next_step)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[write_fd],
                env=environ,
                start_new_session=True,
            )
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise
            return f"cannot run {sys.executable}: {error.strerror}"
        finally:
            os.close(write_fd)
        stack.callback(_end, process)
        wrong = _follow(pipe, selector, progress, found, step_timeout_s)
        if progress.ended:
            return ""
        if wrong is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_TIMEOUT_S)
            wrong = _status(process.poll())
        _end(process)
        return wrong + _last_words(said)


def _follow(
    pipe: IO[bytes],
    selector: selectors.BaseSelector,
    progress: _Progress,
    found: list[Finding],
    step_timeout_s: float,
) -> str | None:
    """Take lines until the end; what is wrong, or None where the process itself stopped talking."""
    pending, total = b"", 0
    limit = START_TIMEOUT_S
    deadline = time.monotonic() + limit
    while True:
        if not selector.select(max(0.0, deadline - time.monotonic())):
            return f"hangs: no answer within {limit:g} s"
        data = os.read(pipe.fileno(), 1 << 16)
        if not data:
            return None
        total += len(data)
        if total > MAX_OUTPUT:
            return f"said more than {MAX_OUTPUT >> 20} MiB"
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            try:
                _note(json.loads(line), progress, found)
            except (ValueError, KeyError, TypeError) as error:
                return f"its answer cannot be read: {error}"
        if progress.ended:
            return None
        if lines:
            limit = step_timeout_s
            deadline = time.monotonic() + limit


def _note(line: Mapping[str, Any], progress: _Progress, found: list[Finding]) -> None:
    if "end" in line:
        progress.ended = True
    elif "findings" in line:
        found += [Finding.from_json(value) for value in line["findings"]]
        progress.step = None
    else:
        progress.step = (line["name"], Status(line["failing"]), line["mend"])
        # Should it end now, this step is not taken again.
        progress.next_step = line["step"] + 1


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(KILL_TIMEOUT_S)


def _status(code: int | None) -> str:
    if code is None:
        return "stopped answering"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"crashed ({signal.Signals(-code).name})"
    return f"ended with exit code {code}"


def _last_words(said: IO[bytes]) -> str:
    """The last line that the process wrote, which mostly has the reason."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4096))
    lines = re.split(r"[\r\n]+", said.read(4096).decode("utf-8", "replace").strip())
    return f": {lines[-1][:MAX_REASON]}" if lines[-1] else ""
