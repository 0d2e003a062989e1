"""X servers that a test writes itself: shell scripts that take Xorg's place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.hosts.xorg import server


@pytest.fixture
def fake_xorg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a script as Xorg, and a driver; ``$FD`` in it is the descriptor that the display's number goes to."""
    prefix, modules, private = tmp_path / "lib", tmp_path / "modules", tmp_path / "private"
    for directory in (prefix, (modules / server.DRIVER).parent, private, tmp_path / "x11"):
        directory.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(server, "PREFIXES", (prefix,))
    monkeypatch.setattr(server, "MODULES", (modules,))
    monkeypatch.setattr(server, "X11_SOCKETS", tmp_path / "x11")
    monkeypatch.setattr(server, "X11_LOCKS", tmp_path / "x11")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))

    def install(script: str) -> None:
        (modules / server.DRIVER).touch()
        program = prefix / "Xorg"
        find_fd = 'while [ $# -gt 0 ]; do [ "$1" = -displayfd ] && FD=$2; shift; done\n'
        program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\n{find_fd}{script}\n')
        program.chmod(0o755)

    return install
