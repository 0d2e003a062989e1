"""The programs that GSpice works with: QEMU, Xorg with its SPICE driver, and viewers."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step

TIMEOUT_S = 5.0
"""Of each program's run; a step may take several."""
MAX_QEMUS = 4
"""That are asked; Debian has two dozen, all of one version."""
QEMU = re.compile(r"qemu-system-[\w-]+|qemu-kvm")
OUTSIDE_PATH = (Path("/usr/libexec"),)
"""Where Red Hat keeps qemu-kvm."""
PACKAGE_MANAGERS = os.defpath
"""Where they are looked for behind PATH, which may be empty."""
UNKNOWN = "of an unknown version"
INSTALL_QEMU = "apt-get install qemu-system-x86 qemu-system-modules-spice"
VIEWERS = {"remote-viewer": "virt-viewer", "spicy": "spice-client-gtk"}
"""Programs and Debian's packages of them; any one is enough, and it may be on another machine."""


def probe() -> Iterator[Step]:
    """Each kind of program."""
    found = find_qemus(os.environ.get("PATH", os.defpath))
    for path in found[:MAX_QEMUS]:
        yield Step(path.name, partial(qemu, path))
    yield Step("QEMU", partial(other_qemus, found))
    yield Step("Xorg", xorg)
    for program, package in VIEWERS.items():
        yield Step(program, partial(viewer, program, package))


class Said(NamedTuple):
    """What a program says of itself, apart from what it, and the loader, complain about."""

    code: int
    text: str
    complaints: str


def ask(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Said:
    """Run a program that says something about itself.

    OSError where it cannot be run, TimeoutExpired where it does not end.
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **(environment or {}), "LC_ALL": "C"},
        timeout=TIMEOUT_S,
        check=False,
    )
    text, complaints = (said[: 1 << 20].decode("utf-8", "replace") for said in (done.stdout, done.stderr))
    return Said(done.returncode, text, complaints)


def _reason(error: Exception) -> str:
    """Why a program said nothing, for people."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:g} s"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def find_qemus(path: str) -> list[Path]:
    """The QEMUs of PATH, that for this machine's own processor first."""
    found: dict[str, Path] = {}
    for folder in [*map(Path, filter(None, path.split(os.pathsep))), *OUTSIDE_PATH]:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if QEMU.fullmatch(name) and os.access(folder / name, os.X_OK):
                found.setdefault(name, folder / name)
    own = f"qemu-system-{platform.machine()}"
    return sorted(found.values(), key=lambda program: (program.name != own, program.name))


def other_qemus(found: Sequence[Path]) -> Iterable[Finding]:
    """Those that are not asked, or that there are none."""
    if not found:
        text = "none in PATH: gspice qemu has nothing to run"
        yield Finding(name="QEMU", status=Status.NOTE, text=text, mend=INSTALL_QEMU)
    if more := [program.name for program in found[MAX_QEMUS:]]:
        text = f"{len(more)} more: {', '.join(more)}"
        yield Finding(name="QEMU", status=Status.OK, text=text, facts={"programs": more})


def qemu(program: Path) -> Iterable[Finding]:
    """One QEMU's version, and whether it has SPICE and QXL."""
    facts: dict[str, object] = {"path": str(program)}
    try:
        said = ask([program, "--version"])
        match = re.search(r"version (\S+)", said.text)
        if said.code or match is None:
            last = (said.text + said.complaints).strip().splitlines()[-1:]
            raise ValueError(last[0] if last else f"exit code {said.code}")
        spice = ask([program, "-spice", "help"])
        has_qxl = '"qxl' in ask([program, "-device", "help"]).text
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        text = f"{program}: cannot be run: {_reason(error)}"
        mend = doctor_loader.mend(error, INSTALL_QEMU)
        yield Finding(name=program.name, status=Status.WARN, text=text, mend=mend, facts=facts)
        return
    has_spice = "options:" in spice.text
    facts |= {"version": match[1], "spice": has_spice, "qxl": has_qxl}
    # A QEMU that was built without does not even know the option.
    module = not has_spice and "invalid option" not in spice.text + spice.complaints
    lacks = [name for name, there in (("SPICE", has_spice), ("QXL", has_qxl)) if not there]
    yield Finding(
        name=program.name,
        status=Status.NOTE if lacks else Status.OK,
        text=f"{match[1]}, without {' and '.join(lacks)}" if lacks else f"{match[1]}, with SPICE and QXL",
        mend="apt-get install qemu-system-modules-spice" if module else "",
        facts=facts,
    )


def xorg() -> Iterable[Finding]:
    """The X server that ``gspice xorg`` would run, and the driver in it."""
    from gspice.errors import ConfigError  # noqa: PLC0415
    from gspice.hosts.xorg.server import DRIVER, MODULES, find_xorg  # noqa: PLC0415  it needs much

    try:
        program = find_xorg()
    except ConfigError as error:
        text, _, mend = str(error).partition("; install it with: ")
        yield Finding(name="Xorg", status=Status.NOTE, text=f"{text}: no gspice xorg", mend=mend)
        return
    driver = next(folder / DRIVER for folder in MODULES if (folder / DRIVER).exists())
    facts: dict[str, object] = {"path": str(program), "driver": str(driver)}
    try:
        said = ask([program, "-version"])
    except (OSError, subprocess.TimeoutExpired) as error:
        text = f"{program}: cannot be run: {_reason(error)}"
        yield Finding(name="Xorg", status=Status.WARN, text=text, facts=facts)
        return
    match = re.search(r"X\.Org X Server (\S+)", said.text + said.complaints)
    facts["version"] = match[1] if match else None
    facts["driver_version"] = package_version("xserver-xspice")
    text = f"{facts['version'] or UNKNOWN}, spiceqxl {facts['driver_version'] or UNKNOWN}"
    yield Finding(name="Xorg", status=Status.OK, text=text, facts=facts)


def viewer(program: str, package: str) -> Iterable[Finding]:
    """One client."""
    path = shutil.which(program)
    if path is None:
        text = "not on this machine"
        yield Finding(
            name=program, status=Status.NOTE, text=text, mend=f"apt-get install {package}", facts={}
        )
        return
    version = package_version(package)
    text = f"{version} (by package version)"
    if version is None:
        try:
            match = re.search(r"\d+\.[\d.]+", ask([path, "--version"]).text)
        except (OSError, subprocess.TimeoutExpired):
            match = None
        version = match[0] if match else None
        text = version or UNKNOWN
    facts = {"path": path, "version": version}
    yield Finding(name=program, status=Status.OK, text=text, group="viewers", facts=facts)


def package_version(package: str) -> str | None:
    """Of an installed package; None where there is none of that name, or no package manager that we know."""
    for manager in (("dpkg-query", "-W", "-f", "${Version}"), ("rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}")):
        places = os.pathsep.join(filter(None, (os.environ.get("PATH"), PACKAGE_MANAGERS)))
        program = shutil.which(manager[0], path=places) if places else None
        if program is None:
            continue
        try:
            said = ask([program, *manager[1:], package])
        except (OSError, subprocess.TimeoutExpired):
            continue
        if said.code == 0 and said.text.strip():
            return said.text.strip()
    return None
