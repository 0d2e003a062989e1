"""The import law of CONTRIBUTING.md, checked on the syntax trees of all modules."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gspice"
NOUNS = {"errors", "geometry", "pixels", "region", "version"}
ROOMS: dict[str, set[str]] = {
    "wire": set(),
    "vdi": set(),
    "qxl": {"vdi"},
    "gpu": {"qxl", "codec"},
    "codec": set(),
    "stream": {"qxl", "gpu", "codec"},
    "input": {"vdi"},
    "channels": {"wire", "stream", "gpu", "qxl", "input", "vdi", "codec"},
    "client": {"wire", "gpu", "qxl", "codec"},
    "server": {"wire", "vdi", "qxl", "gpu", "codec", "stream", "input", "channels"},
    "hosts": {"wire", "vdi", "qxl", "gpu", "codec", "stream", "input", "channels", "client", "server"},
    "cli": {"wire", "vdi", "qxl", "gpu", "codec", "stream", "input", "channels", "client", "server", "hosts"},
}
BACKENDS: dict[str, set[str]] = {
    "plans": set(),
    "cpu": {"plans"},
    "compute": {"plans"},
    "opengl": {"plans", "compute"},
    "vulkan": {"plans", "compute"},
}
"""The folders of ``gpu``: what each may import of the others."""
BRIDGES = {"select.py", "detour.py"}
"""Modules beside them that know several: what chooses, and what lets one backend draw for another."""
IMPURE = {"threading", "socket", "selectors", "select", "asyncio", "ssl", "time", "concurrent", "subprocess"}
IMPURE_ROOMS = {"server", "hosts", "cli"}
IMPURE_FILES = {"client/connection.py"}
"""The client's socket driver."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py*") if path.suffix in {".py", ".pyi"})
COMPILED = sorted(path for path in (PACKAGE / "gpu").rglob("*.p*") if path.suffix in {".pyx", ".pxd"})


def imports(path: Path) -> Iterator[str]:
    """Every dotted name that a module imports, wherever in it; ``from a import b`` gives ``a`` and ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_keeps_the_law(path: Path) -> None:
    room = room_of(path)
    allowed = NOUNS | {room} | ROOMS.get(room, set())
    name = str(path.relative_to(PACKAGE))
    for dotted in imports(path):
        parts = dotted.split(".")
        if parts[0] == "gspice" and len(parts) > 1:
            assert parts[1] in allowed, f"{name} imports {dotted}: {room} may only see {sorted(allowed)}"
            if room == "gpu":
                check_backend(path, dotted)
        elif parts[0] in IMPURE and room not in IMPURE_ROOMS:
            assert name in IMPURE_FILES, (
                f"{name} imports {dotted}: threads, sockets and clocks live in server"
            )


def check_backend(path: Path, dotted: str) -> None:
    """One backend never imports another, and what all share imports none."""
    parts, folder = dotted.split("."), path.relative_to(PACKAGE / "gpu").parts[0]
    other = parts[2] if parts[:2] == ["gspice", "gpu"] and len(parts) > 2 else ""
    if other in BACKENDS and other != folder and folder not in BRIDGES:
        assert other in BACKENDS.get(folder, set()), f"gpu/{folder} imports {dotted}"


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_compiled_module_keeps_to_its_backend(path: Path) -> None:
    for dotted in re.findall(r"^\s*(?:from|c?import)\s+(gspice\.[\w.]+)", path.read_text(), re.MULTILINE):
        check_backend(path, dotted)


def test_every_backend_is_in_the_law() -> None:
    folders = {path.parent.name for path in (PACKAGE / "gpu").glob("*/__init__.py")}
    assert folders <= set(BACKENDS)


def test_every_room_is_in_the_law() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(ROOMS)


def test_no_room_for_odds_and_ends() -> None:
    banned = {"utils", "util", "common", "manager", "helpers", "misc"}
    assert not [path for path in MODULES if path.stem in banned]
