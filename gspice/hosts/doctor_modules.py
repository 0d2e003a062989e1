"""The compiled modules of this very GSpice: whether each is there, was built for this Python, and can be imported."""

import importlib
import importlib.machinery
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step

PACKAGE = Path(__file__).resolve().parents[1]
WHOLE = ("gspice.server.spice_server", "gspice.hosts.embedded")
"""Modules that import most others: what they lack, a server lacks."""


def probe(package: Path = PACKAGE) -> Iterator[Step]:
    """Each compiled module, then the server as a whole."""
    for name in expected(package):
        yield Step(name, partial(_module, name, package), Status.FAIL)
    yield Step("the server", _server, Status.FAIL)


def expected(package: Path) -> list[str]:
    """Names of what must be there compiled: it has types and no source, or is there already for some Python."""
    compiled = list(package.rglob("*.cpython-*.so"))
    typed = [path for path in package.rglob("*.pyi") if not path.with_suffix(".py").exists()]
    stems = {path.with_name(path.name.partition(".")[0]) for path in (*compiled, *typed)}
    return sorted(".".join(stem.relative_to(package.parent).parts) for stem in stems)


def _module(name: str, package: Path) -> Iterable[Finding]:
    stem = package.parent.joinpath(*name.split("."))
    others = sorted(path.name for path in stem.parent.glob(f"{stem.name}.cpython-*.so"))
    try:
        importlib.import_module(name)
    except ImportError as error:
        suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
        if stem.name + suffix in others:
            yield _failed(name, error, package)
            return
        foreign = (
            f"built for another Python ({others[0].split('.')[1]}); this one wants {suffix}" if others else ""
        )
        yield Finding(
            name=name, status=Status.FAIL, text=foreign or "not built", mend=rebuild(package), group="modules"
        )
    else:
        yield Finding(name=name, status=Status.OK, text="can be imported", group="modules")


def _server() -> Iterable[Finding]:
    for name in WHOLE:
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield _failed("the server", error, PACKAGE)
            return
    yield Finding(name="the server", status=Status.OK, text=f"can be imported, from {PACKAGE}")


def _failed(name: str, error: ImportError, package: Path) -> Finding:
    """What is there and cannot be imported; a package that it lacks is mended in section python."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and missing.partition(".")[0] != package.name:
        text, mend = f"cannot be imported without {missing}", ""
    else:
        text, mend = f"cannot be imported: {error}", doctor_loader.mend(error, rebuild(package))
    return Finding(name=name, status=Status.FAIL, text=text, mend=mend, group="modules")


def rebuild(package: Path) -> str:
    """What makes the compiled modules anew: in a working tree, or where GSpice is installed."""
    if (package.parent / "packaging" / "develop.py").is_file():
        return f"make -C {package.parent} setup"
    return f"{sys.executable} -m pip install --force-reinstall gspice"
