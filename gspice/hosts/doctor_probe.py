"""The child's side of a look at this host: takes the steps of one probe, and writes what each found as lines of JSON.

``python -m gspice.hosts.doctor_probe NAME FD [FIRST]``. A driver may write to the standard streams, crash or stand
still: what was found before it got here is with the parent by then, which starts again behind that step.
"""

import contextlib
import importlib
import json
import os
import resource
import sys
from collections.abc import Sequence
from typing import Any

from gspice.hosts.doctor_findings import Finding, Probe, Step

PROBES = {
    "python": "gspice.hosts.doctor_packages",
    "modules": "gspice.hosts.doctor_modules",
    "libraries": "gspice.hosts.doctor_libraries",
    "opengl": "gspice.hosts.doctor_egl",
    "vulkan": "gspice.hosts.doctor_vulkan",
    "canvas": "gspice.hosts.doctor_canvas",
    "encoders": "gspice.hosts.doctor_encoders",
    "hosts": "gspice.hosts.doctor_hosts",
    "configuration": "gspice.hosts.doctor_configuration",
    "system": "gspice.hosts.doctor_system",
}
"""The module of each, whose ``probe`` gives the steps; another name is a module's own."""


def run(probe: Probe, fd: int, first: int = 0) -> None:
    """Take the steps from number ``first`` on; what is wrong with one is a finding of it."""
    for number, step in enumerate(probe()):
        if number < first:
            continue
        _write(fd, {"step": number, "name": step.name, "failing": str(step.failing), "mend": step.mend})
        found = [finding.as_json() for finding in _take(step)]
        _write(fd, {"step": number, "findings": found})
    _write(fd, {"end": True})


def _take(step: Step) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in step.look():
            found.append(finding)
    except Exception as error:
        # Whatever a library of the host raises: nothing of it may hide what else there is to say.
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        found.append(
            Finding(
                name=step.name, status=step.failing, text=f"could not be looked at: {reason}", mend=step.mend
            )
        )
    return found


def _write(fd: int, line: dict[str, Any]) -> None:
    data = json.dumps(line, default=str).encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]


def main(arguments: Sequence[str]) -> int:
    """Run one probe as the arguments say; the exit code."""
    name, fd, *first = arguments
    # A driver that crashes is expected here: it must not fill the disk.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    module = importlib.import_module(PROBES.get(name, name))
    run(module.probe, int(fd), int(first[0]) if first else 0)
    # Not through exit handlers: drivers crash in theirs, and all is said.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
