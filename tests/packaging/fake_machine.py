"""A machine made of shell scripts: what packaging/setup.sh finds there, what it calls, and what that answers."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = "awk cat cmp dirname env find flock grep id mktemp mv rm sed sh sha256sum sleep sort tail touch mkdir cp chmod"

PYTHON = """#!/bin/sh
echo "python $*" | head -n 1 >>"$CALLS"
case $1,$2 in
  -c,*) echo "${FAKE_PYTHON:-/usr/bin/python3.11 3.11 True}" ;;
  -m,venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  -,*) echo "${FAKE_REQUIREMENTS:-click>=8.1}" ;;
  -m,pip) shift 2; if [ -n "${FAKE_PIP_SAYS:-}" ]; then echo "$FAKE_PIP_SAYS"; exit 1; fi ;;
  packaging/develop.py,*)
    if [ -n "${FAKE_BUILD_SAYS:-}" ]; then echo "$FAKE_BUILD_SAYS" >&2; exit 1; fi
    sleep "${FAKE_BUILD_S:-0}"
    touch .venv/bin/gspice gspice/region.so; chmod +x .venv/bin/gspice ;;
esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$CALLS"
case $1 in
  update) [ -z "${FAKE_APT_OFFLINE:-}" ] || { echo "W: Some index files failed to download."; exit 100; } ;;
  install) if [ -n "${FAKE_APT_SAYS:-}" ]; then echo "$FAKE_APT_SAYS"; exit 100; fi ;;
esac
"""
SUDO = '#!/bin/sh\necho "sudo $*" >>"$CALLS"\nexec "$@"\n'


class FakeMachine:
    """A copy of what setup.sh reads, in a directory with a space in its name, and a PATH of its own."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "a tree"
        self.bin = directory / "bin"
        self.calls_path = directory / "calls"
        (self.root / "gspice").mkdir(parents=True)
        for name in ("pyproject.toml", "meson.build"):
            shutil.copy(ROOT / name, self.root)
        shutil.copytree(
            ROOT / "packaging", self.root / "packaging", ignore=shutil.ignore_patterns("__pycache__")
        )
        (self.root / "gspice" / "region.pyx").write_text("x = 1\n")
        self.bin.mkdir()
        for tool in [*TOOLS.split(), "head"]:
            real = shutil.which(tool)
            assert real, tool
            (self.bin / tool).symlink_to(real)
        self.program("python3", PYTHON)
        self.install(*self.packages())

    def packages(self, *groups: str) -> list[str]:
        """The packages of groups; of all without one."""
        lines = (self.root / "packaging" / "debian-packages.txt").read_text().splitlines()
        pairs = [line.split() for line in lines if not line.startswith("#")]
        return [package for group, package in pairs if not groups or group in groups]

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def install(self, *packages: str) -> None:
        """Let dpkg know these packages, and no others; python3-dev is there but not wholly, where it is not named."""
        lines = "".join(f"installed={name} " for name in packages) or "config-files=python3-dev "
        self.program("dpkg-query", f"#!/bin/sh\nprintf '%s' '{lines}'\n")

    def user(self, uid: int) -> None:
        self.program("id", f"#!/bin/sh\ncase $1 in -u) echo {uid} ;; *) echo nobody ;; esac\n")

    def start(self, *groups: str, **environment: str) -> "subprocess.Popen[str]":
        """setup.sh in a process, from another directory."""
        return subprocess.Popen(
            [str(self.root / "packaging" / "setup.sh"), *groups],
            cwd="/",
            env={
                "PATH": str(self.bin),
                "CALLS": str(self.calls_path),
                "PYTHON": str(self.bin / "python3"),
                "TMPDIR": str(self.bin.parent),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def setup(self, *groups: str, **environment: str) -> tuple[int, str, str]:
        """The exit code, and what it said on standard output and standard error."""
        process = self.start(*groups, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def calls(self) -> list[str]:
        """What was called since the last time this was asked."""
        lines = self.calls_path.read_text().splitlines() if self.calls_path.exists() else []
        self.calls_path.unlink(missing_ok=True)
        return lines

    def move(self, name: str) -> None:
        new = self.root.with_name(name)
        os.rename(self.root, new)
        self.root = new
