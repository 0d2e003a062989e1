"""Python and the packages that GSpice is built on: whether they are there, new enough, and can be imported."""

import importlib
import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step

MIN_PYTHON = (3, 11)


class Package(NamedTuple):
    """A package of PyPI; ``missing`` says how much it weighs that it is not there."""

    name: str
    module: str
    minimum: str
    without: str
    """What does not work without it."""
    missing: Status = Status.FAIL


PACKAGES = (
    Package("click", "click", "8.2", "no gspice command"),
    Package("cryptography", "cryptography", "42", "no server: links need RSA keys"),
    Package("h11", "h11", "0.14", "no metrics", Status.WARN),
    Package("lz4", "lz4.block", "4.3", "no server: images are sent as LZ4"),
    Package("numpy", "numpy", "1.26", "no server: pixels are its arrays"),
    Package("pillow", "PIL", "10", "no gspice command: its desktop draws text with it"),
    Package("prometheus-client", "prometheus_client", "0.20", "no metrics", Status.WARN),
    Package("xxhash", "xxhash", "3.2", "no server: what clients keep is known by its hashes"),
    Package("zstandard", "zstandard", "0.22", "no server: recordings are written with it"),
    Package("av", "av", "12", "no video", Status.WARN),
    Package("moderngl", "moderngl", "5.12", "no canvas on OpenGL", Status.NOTE),
    Package("glcontext", "glcontext", "3", "no canvas on OpenGL", Status.NOTE),
    Package("wgpu", "wgpu", "0.32", "no canvas on Vulkan", Status.NOTE),
)


def probe() -> Iterator[Step]:
    """Python, then each package."""
    yield Step("Python", _python, Status.FAIL)
    for package in PACKAGES:
        failing = package.missing if package.missing is not Status.NOTE else Status.WARN
        yield Step(package.name, partial(look_at, package), failing)


def _python() -> Iterable[Finding]:
    facts = {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
    }
    well = sys.version_info[:2] >= MIN_PYTHON and sys.implementation.name == "cpython"
    yield Finding(
        name="Python",
        status=Status.OK if well else Status.FAIL,
        text=f"{facts['implementation']} {facts['version']}, {sys.executable}",
        mend="" if well else f"install CPython {'.'.join(map(str, MIN_PYTHON))} or newer, and GSpice into it",
        facts=facts,
    )


def look_at(package: Package) -> Iterable[Finding]:
    """Whether it is there and new enough, and can be imported."""
    try:
        version = importlib.metadata.version(package.name)
    except importlib.metadata.PackageNotFoundError:
        version = None
    facts: dict[str, object] = {"version": version, "minimum": package.minimum}
    try:
        importlib.import_module(package.module)
    except ModuleNotFoundError as error:
        ours = error.name is not None and package.module.startswith(error.name)
        if version is None and ours:
            yield _finding(package, package.missing, f"not installed: {package.without}", facts)
            return
        yield _finding(package, _broken(package), f"cannot be imported: {error}: {package.without}", facts)
        return
    except Exception as error:
        # A package whose own libraries are missing raises what it likes.
        yield _finding(package, _broken(package), f"cannot be imported: {error}: {package.without}", facts)
        return
    if version is not None and _numbers(version) < _numbers(package.minimum):
        yield _finding(package, Status.WARN, f"{version} is older than {package.minimum}", facts)
        return
    yield Finding(
        name=package.name, status=Status.OK, text=version or "(of no version)", group="packages", facts=facts
    )


def _broken(package: Package) -> Status:
    """What is there and does not work is worth more than a note."""
    return Status.WARN if package.missing is Status.NOTE else package.missing


def _finding(package: Package, status: Status, text: str, facts: dict[str, object]) -> Finding:
    again = "--force-reinstall " if facts["version"] and "imported" in text else ""
    # Those that are for one thing are installed together.
    together = [] if again else [one for one in PACKAGES if one.without == package.without]
    wanted = " ".join(f"'{one.name}>={one.minimum}'" for one in together or [package])
    mend = doctor_loader.mend(text, f"{sys.executable} -m pip install {again}{wanted}")
    return Finding(name=package.name, status=status, text=text, mend=mend, group="packages", facts=facts)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
