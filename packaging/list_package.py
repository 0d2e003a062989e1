"""Prints what of gspice/ goes into the wheel as it is, one path a line: the Python sources, their types and the data.

Run by meson.build, so that a new module needs no line there. Compiled modules are meson's own.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_SHIPPED = {".pyx", ".pxd", ".pxi", ".c", ".h", ".def", ".syms", ".so", ".pyc"}
BUILT = "gspice/hosts/libspice/dropin/"
"""What the build puts there is no source."""


def shipped(path: Path) -> bool:
    """Whether a file under gspice/ is part of the package; caches and what is built beside the sources are not."""
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    built = path.is_relative_to(ROOT / BUILT)
    return path.is_file() and not hidden and not built and path.suffix not in NOT_SHIPPED


if __name__ == "__main__":
    for path in sorted(filter(shipped, (ROOT / "gspice").rglob("*"))):
        print(path.relative_to(ROOT).as_posix())
