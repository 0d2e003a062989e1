"""Libraries of the system, and our own that hosts load in place of libspice-server."""

import ctypes
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gspice.errors import ConfigError
from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step
from gspice.hosts.doctor_modules import PACKAGE, rebuild
from gspice.hosts.libspice.installed import LIBRARY_FILE, libpython, library_directory

ENTRY = "spice_server_new"
"""A function that every host calls."""


def _pixman(library: Any) -> str:
    library.pixman_version_string.restype = ctypes.c_char_p
    return str(library.pixman_version_string().decode())


def _zstd(library: Any) -> str:
    library.ZSTD_versionString.restype = ctypes.c_char_p
    return str(library.ZSTD_versionString().decode())


LIBRARIES: tuple[tuple[str, str, Callable[[Any], str], str], ...] = (
    ("pixman", "libpixman-1.so.0", _pixman, "apt-get install libpixman-1-0"),
    ("zstd", "libzstd.so.1", _zstd, "apt-get install libzstd1"),
)
"""Name, file, how it says its version, and what installs it."""


def probe() -> Iterator[Step]:
    """Each library."""
    for name, file, version, mend in LIBRARIES:
        yield Step(name, partial(_library, name, file, version, mend), Status.FAIL)
    yield Step("libc", _libc)
    yield Step("libpython", _libpython)
    yield Step("drop-in", drop_in)


def _library(name: str, file: str, version: Callable[[Any], str], mend: str) -> Iterable[Finding]:
    try:
        text = version(ctypes.CDLL(file))
    except (OSError, AttributeError) as error:
        text = f"cannot be loaded: {error}"
        yield Finding(name=name, status=Status.FAIL, text=text, mend=doctor_loader.mend(error, mend))
    else:
        yield Finding(
            name=name, status=Status.OK, text=text, group="system", facts={"version": text, "file": file}
        )


def _libc() -> Iterable[Finding]:
    name, version = platform.libc_ver()
    text = f"{version} ({name})" if name else "not glibc"
    yield Finding(name="libc", status=Status.OK, text=text, group="system", facts={"version": version})


def _libpython() -> Iterable[Finding]:
    try:
        path = libpython()
    except ConfigError as error:
        text, _, mend = str(error).partition(": install it ")
        yield Finding(
            name="libpython",
            status=Status.WARN,
            text=f"{text}; gspice qemu and gspice xorg cannot work",
            mend=mend.removeprefix("(Debian: ").partition(")")[0],
        )
    else:
        yield Finding(name="libpython", status=Status.OK, text=str(path), facts={"path": str(path)})


def drop_in(find: Callable[[], Path] = library_directory) -> Iterable[Finding]:
    """The library for QEMU and Xorg: whether the loader takes it, and hosts find it by its name."""

    def bad(text: str) -> Finding:
        text += "; gspice qemu and gspice xorg cannot work"
        return Finding(name="drop-in", status=Status.WARN, text=text, mend=rebuild(PACKAGE))

    try:
        path = find() / LIBRARY_FILE
    except ConfigError:
        yield bad("not built")
        return
    try:
        getattr(ctypes.CDLL(str(path)), ENTRY)
    except (OSError, AttributeError) as error:
        yield bad(f"{path}: hosts cannot use it: {error}")
        return
    try:
        # The loader knows what it has loaded by SONAME, so that this finds it under no other one.
        ctypes.CDLL(LIBRARY_FILE, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
    except OSError:
        yield bad(f"{path}: its SONAME is not {LIBRARY_FILE}, by which hosts ask for it")
    else:
        facts = {"path": str(path), "soname": LIBRARY_FILE}
        yield Finding(name="drop-in", status=Status.OK, text=str(path), facts=facts)
