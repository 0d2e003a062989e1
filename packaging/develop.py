"""Builds the compiled modules and puts them beside their sources, so that .venv runs the working tree itself.

Run by packaging/setup.sh with .venv's Python. Wheels and sdists do not come this way: `make sdist` uses meson-python.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / f"dev-{sysconfig.get_config_var('SOABI')}"


def build() -> int:
    """Compile what changed; the exit code of the build. What did compile is put in place either way."""
    bin_dir = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}"}
    if not (BUILD / "build.ninja").exists():
        subprocess.run([bin_dir / "meson", "setup", "--buildtype=release", BUILD, ROOT], env=env, check=True)
    # -k 0: one module that does not compile must not keep the others from being built.
    done = subprocess.run([bin_dir / "ninja", "-C", BUILD, "--quiet", "-k", "0"], env=env, check=False)
    plan = json.loads((BUILD / "meson-info" / "intro-install_plan.json").read_text())
    for source, target in plan["targets"].items():
        if target["destination"].startswith("{py_platlib}/") and Path(source).exists():
            place(Path(source), ROOT / target["destination"].removeprefix("{py_platlib}/"))
    return done.returncode


def place(source: Path, target: Path) -> None:
    """Copy by rename, so that a process that has the old file mapped keeps it."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    new = target.with_suffix(f".new{os.getpid()}")
    shutil.copy2(source, new)
    new.rename(target)


def link() -> None:
    """Make .venv import the working tree, and give it the gspice command."""
    Path(sysconfig.get_path("purelib"), "gspice-tree.pth").write_text(f"{ROOT}\n")
    script = Path(sys.executable).parent / "gspice"
    script.write_text(
        f"#!{sys.executable}\nimport sys\n\nfrom gspice.cli.main import main\n\nsys.exit(main())\n"
    )
    script.chmod(0o755)


if __name__ == "__main__":
    code = build()
    link()
    sys.exit(code)
