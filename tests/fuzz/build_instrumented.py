"""Builds the compiled modules with clang's coverage and address checks, for ``fuzz_guided.py``.

    sudo apt install clang-14 libclang-rt-14-dev
    python tests/fuzz/build_instrumented.py

Everything lands in ``build/fuzz``, which holds a package ``gspice`` of its own: the modules that are beside the
sources stay as they are. Run it again after a change; only what changed is compiled.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
PACKAGE_ROOT = BUILD / "package"
"""What ``import gspice`` finds when this comes first in the path."""
COMPILERS = ("clang", "clang-14", "clang-15", "clang-16", "clang-17", "clang-18", "clang-19")
SANITIZE = "-fsanitize=fuzzer-no-link,address"
# Wrapping arithmetic is checked for nothing here: pixels and offsets wrap on purpose.
C_FLAGS = (SANITIZE, "-O1", "-g", "-fno-omit-frame-pointer")


def compiler() -> str:
    """The clang that there is."""
    for name in COMPILERS:
        if found := shutil.which(name):
            return found
    sys.exit("no clang here: sudo apt install clang-14 libclang-rt-14-dev")


def build() -> Path:
    """Compile, and lay the package out; where it is."""
    env = {**os.environ, "CC": compiler(), "CFLAGS": " ".join(C_FLAGS)}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    meson = BUILD / "meson"
    if not (meson / "build.ninja").exists():
        shutil.rmtree(meson, ignore_errors=True)
        # The sanitizers' functions are those of the fuzzer, which is loaded first: not there to link with.
        options = ("--buildtype=plain", "-Db_lundef=false")
        subprocess.run(["meson", "setup", *options, meson, ROOT], env=env, check=True)
    subprocess.run(["ninja", "-C", meson], env=env, check=True)
    shutil.rmtree(PACKAGE_ROOT, ignore_errors=True)
    shutil.copytree(
        ROOT / "gspice", PACKAGE_ROOT / "gspice", ignore=shutil.ignore_patterns("*.so", "__pycache__")
    )
    plan = json.loads((meson / "meson-info" / "intro-install_plan.json").read_text())
    for source, target in plan["targets"].items():
        place = PACKAGE_ROOT / target["destination"].removeprefix("{py_platlib}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, place)
    return PACKAGE_ROOT


if __name__ == "__main__":
    print(build())
