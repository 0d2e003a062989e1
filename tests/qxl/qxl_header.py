"""Asks a C compiler what spice-protocol's headers say about structures and numbers."""

import ctypes
import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

INCLUDE = Path("/usr/include/spice-1")

needs_headers = pytest.mark.skipif(
    not os.environ.get("CI")
    and (shutil.which("gcc") is None or not (INCLUDE / "spice" / "qxl_dev.h").exists()),
    reason="needs gcc and spice-protocol's headers: apt-get install gcc libspice-protocol-dev",
)
"""In CI nothing is skipped: the compiler then says what is missing."""


@functools.cache
def c_values(expressions: tuple[str, ...]) -> Mapping[str, int]:
    """What integer C expressions come to."""
    lines = "".join(f'printf("%lld\\n", (long long)({expression}));\n' for expression in expressions)
    source = (
        f"#include <stdio.h>\n#include <stddef.h>\n#include <spice/qxl_dev.h>\nint main(void){{{lines}}}\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "layout")
        subprocess.run(
            ["gcc", "-x", "c", "-O0", "-I", INCLUDE, "-o", program, "-"], input=source.encode(), check=True
        )
        output = subprocess.run([program], capture_output=True, check=True).stdout.split()
    return dict(zip(expressions, map(int, output), strict=True))


def layout(kind: type[ctypes.Structure] | type[ctypes.Union], name: str) -> dict[str, int]:
    """C expressions for the layout of a structure, with what ours say."""
    ours = {f"sizeof({name})": ctypes.sizeof(kind)}
    for path, offset, size in _fields(kind, "", 0):
        ours[f"offsetof({name}, {path})"] = offset
        ours[f"sizeof((({name} *)0)->{path})"] = size
    return ours


def _fields(kind: object, prefix: str, base: int) -> Iterator[tuple[str, int, int]]:
    for field, field_type in kind._fields_:  # type: ignore[attr-defined]
        offset = base + getattr(kind, field).offset
        # The union in QXLImage has no name in C.
        path = prefix if kind.__name__ == "QXLImage" and field == "u" else f"{prefix}{field}"  # type: ignore[attr-defined]
        if path:
            yield path, offset, ctypes.sizeof(field_type)
        if hasattr(field_type, "_fields_"):
            yield from _fields(field_type, f"{path}." if path else "", offset)


def numbers(enum: type[IntEnum] | type[IntFlag], prefix: str) -> dict[str, int]:
    """C names of an enumeration's members, with our values."""
    names = {"QXL_DRAW_COPY_BITS": "QXL_COPY_BITS"}
    return {names.get(prefix + name, prefix + name): int(value) for name, value in enum.__members__.items()}


def structures_of(module: object) -> dict[str, type[ctypes.Structure]]:
    """The structures that a module defines itself and that the header has under the same name."""
    return {
        name: kind
        for name, kind in vars(module).items()
        if re.match("QXL[A-Z]", name) and kind.__module__ == module.__name__  # type: ignore[attr-defined]
    }


def check(module: object, enums: Mapping[type[IntEnum] | type[IntFlag], str]) -> None:
    """Every structure and number of a module is what the header says."""
    ours: dict[str, int] = {}
    for name, kind in structures_of(module).items():
        ours |= layout(kind, name)
    for enum, prefix in enums.items():
        ours |= numbers(enum, prefix)
    theirs = c_values(tuple(ours))
    assert {key: value for key, value in ours.items() if theirs[key] != value} == {}
    assert len(ours) > 20
