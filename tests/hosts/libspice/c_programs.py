"""C for tests: compiling a program, and a fake Python package that fills the shim's table."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LIBSPICE = ROOT / "gspice" / "hosts" / "libspice"
SYMBOLS: list[tuple[str, str]] = re.findall(
    r"^GSPICE_SYMBOL\((\w+), [^,]+, (\w+),", (LIBSPICE / "symbols.def").read_text(), re.MULTILINE
)
"""The rows of symbols.def: version node and name."""

BOOT = """\
import ctypes, os, sys
NAMES = {names!r}
ANSWER = ctypes.CFUNCTYPE(ctypes.c_void_p)(lambda: 0x1234)
LEAVE = ctypes.CFUNCTYPE(None)(lambda: os.write(1, b"left\\n") and None)
def boot(address):
    os.write(1, f"booted by {{sys.executable}}\\n".encode())
    table = (ctypes.c_void_p * (len(NAMES) + 1)).from_address(address)
    for i in range(len(NAMES)):
        table[i] = ctypes.cast(ANSWER, ctypes.c_void_p).value
    table[len(NAMES)] = ctypes.cast(LEAVE, ctypes.c_void_p).value
"""


def compile_c(source: str, target: Path, *options: str) -> Path:
    """Build a program, with no warning let pass; it is returned as it was named."""
    command = [
        "gcc",
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-x",
        "c",
        "-",
        "-o",
        str(target),
        *options,
    ]
    done = subprocess.run(command, input=source, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return target


def fake_package(directory: Path, more: str = "") -> Path:
    """A package ``gspice`` whose boot fills the table with one function; ``more`` is run at its end.

    Returned is what PYTHONPATH must be.
    """
    libspice = directory / "gspice" / "hosts" / "libspice"
    libspice.mkdir(parents=True)
    for folder in (libspice, libspice.parent, libspice.parent.parent):
        (folder / "__init__.py").touch()
    (libspice / "boot.py").write_text(BOOT.format(names=[name for _, name in SYMBOLS]) + more)
    return directory


def environment(**more: str) -> dict[str, str]:
    """A host's environment in which nothing but this Python is named."""
    return {"PATH": "/usr/bin:/bin", "GSPICE_PYTHON": sys.executable, **more}
