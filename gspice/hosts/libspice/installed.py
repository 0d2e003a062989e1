"""Where libspice-server.so.1 lies, and what a host must have in its environment to run it with this Python."""

import os
import sys
import sysconfig
from pathlib import Path

from gspice.errors import ConfigError

LIBRARY_FILE = "libspice-server.so.1"
LIBRARY_PATH = "LD_LIBRARY_PATH"
DROPIN = Path(__file__).parent / "dropin"


def library_directory() -> Path:
    """The folder to put into LD_LIBRARY_PATH; it holds the library and nothing that a host could take by mistake.

    ConfigError where the library was not built.
    """
    if not (DROPIN / LIBRARY_FILE).is_file():
        raise ConfigError(
            f"{DROPIN / LIBRARY_FILE} is not there: in a working tree, run make setup; otherwise install gspice again"
        )
    return DROPIN


def libspice_environment() -> dict[str, str]:
    """The variables, with what LD_LIBRARY_PATH holds already kept behind; a launcher adds them to the host's own.

    ConfigError where the library or this Python's libpython is missing.
    """
    directory = str(library_directory())
    if ":" in directory:
        raise ConfigError(
            f"{directory}: the loader cannot be told of a path with a colon in it; install gspice elsewhere"
        )
    before = os.environ.get(LIBRARY_PATH)
    return {
        LIBRARY_PATH: f"{directory}:{before}" if before else directory,
        "GSPICE_PYTHON": sys.executable,
        "GSPICE_LIBPYTHON": str(libpython()),
    }


def libpython() -> Path:
    """The shared library of this Python. ConfigError where it has none, as when its package is not installed."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"libpython{version}{sys.abiflags}.so.1.0"
    for folder in _library_folders():
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(
        f"{sys.executable} has no {name}, which a host needs: install it (Debian: apt-get install libpython{version}), "
        "or use a Python that was built with --enable-shared"
    )


def _library_folders() -> list[Path]:
    """Where a libpython may lie; the interpreter's own place first, for the system may have one of another build."""
    base = Path(sys.base_prefix)
    own = [
        sysconfig.get_config_var("LIBDIR"),
        base / "lib",
        base / "lib64",
        sysconfig.get_config_var("LIBPL"),
    ]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    system = [f"/usr/lib/{multiarch}"] if multiarch and base == Path("/usr") else []
    return [Path(folder) for folder in (*own, *system) if folder]
