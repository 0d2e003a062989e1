"""Builds the compiled modules and puts them beside their sources, so that .venv runs the working tree itself.

Run by packaging/setup.sh with .venv's Python. Wheels and sdists do not come this way: `make sdist` uses meson-python.
"""

import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOABI = sysconfig.get_config_var("SOABI")
BUILD = ROOT / "build" / f"dev-{SOABI}"
BIN = Path(sys.executable).parent
DROPIN = Path("gspice/hosts/libspice/dropin")
"""Where libspice-server.so.1 lies, and nothing but what belongs to it."""


def build() -> int:
    """Compile what changed; the exit code of the build. What did compile is put in place either way."""
    if not configured():
        shutil.rmtree(BUILD, ignore_errors=True)
        if code := run(BIN / "meson", "setup", "--buildtype=release", BUILD, ROOT):
            return code
        (BUILD / "made-by").write_text(made_by())
    # -k 0: one module that does not compile must not keep the others from being built.
    code = run(BIN / "ninja", "-C", BUILD, "-k", "0")
    plan = json.loads((BUILD / "meson-info" / "intro-install_plan.json").read_text())
    for source, target in plan["targets"].items():
        if target["destination"].startswith("{py_platlib}/") and Path(source).exists():
            place(Path(source), ROOT / target["destination"].removeprefix("{py_platlib}/"))
    for module in (ROOT / "gspice").rglob(f"*.{SOABI}.so"):
        # Left over from a source that is gone, it would be imported in place of a .py of that name.
        if not module.with_name(module.name.removesuffix(f".{SOABI}.so") + ".pyx").exists():
            module.unlink()
    return code


def made_by() -> str:
    """What a build folder depends on and does not notice by itself: its place, and the tools that it calls."""
    tools = [f"{name} {version(name)}" for name in ("meson", "Cython")]
    return "\n".join([str(ROOT), sys.executable, *tools])


def configured() -> bool:
    mark = BUILD / "made-by"
    return (BUILD / "build.ninja").exists() and mark.exists() and mark.read_text() == made_by()


def run(*command: str | Path) -> int:
    """Run a command of .venv, and show what it says only if it fails."""
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr, end="")
    return done.returncode


def place(source: Path, target: Path) -> None:
    """Copy by rename, so that a process that has the old file mapped keeps it."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(f".new{os.getpid()}")
    shutil.copy2(source, new)
    new.rename(target)


def link() -> None:
    """Make .venv import the working tree, give it the gspice command, and make it the Python of the drop-in."""
    Path(sysconfig.get_path("purelib"), "gspice-tree.pth").write_text(f"{ROOT}\n")
    if (ROOT / DROPIN).is_dir():
        (ROOT / DROPIN / "gspice.conf").write_text(f"python = {sys.executable}\n")
    script = BIN / "gspice"
    # For the shell it is one exec, for Python a string: a `#!` line cannot name a path that is long or has spaces.
    script.write_text(
        f"#!/bin/sh\n'''exec' {shlex.quote(sys.executable)} \"$0\" \"$@\"\n' '''\n"
        "import sys\n\nfrom gspice.cli.main import main\n\nsys.exit(main())\n"
    )
    script.chmod(0o755)


def main() -> int:
    """Build and link; one at a time, for two builds in one folder spoil each other."""
    BUILD.parent.mkdir(exist_ok=True)
    with (BUILD.parent / f"{BUILD.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code = build()
        link()
    return code


if __name__ == "__main__":
    sys.exit(main())
