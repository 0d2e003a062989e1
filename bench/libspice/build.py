"""Compiling the C host against the distribution's libspice-server."""

import shlex
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("core_loop", "recording_input")
SOURCES = [HERE / "replay_host.c", *(HERE / f"{part}.c" for part in PARTS)]
HEADERS = [HERE / f"{part}.h" for part in PARTS]
INTERPOSER_SOURCE = HERE / "interpose.c"
INTERPOSER = Path(__file__).parents[2] / "build" / "bench" / "interpose.so"
PROGRAM = Path(__file__).parents[2] / "build" / "bench" / "replay_host"
# The library's headers warn of its own old calls, the only ones for some of what is done here.
# Libraries that are loaded later are to find the host's fread, and nothing else of it.
FLAGS = ["-O2", "-Wall", "-Wno-deprecated-declarations", "-Wl,--export-dynamic-symbol=fread"]


def replay_host() -> Path:
    """The program, compiled again where a source is newer. RuntimeError says what is missing."""
    newest = max(path.stat().st_mtime for path in [*SOURCES, *HEADERS])
    if not PROGRAM.exists() or PROGRAM.stat().st_mtime < newest:
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        library = shlex.split(run("pkg-config", "--cflags", "--libs", "spice-server"))
        run("cc", *FLAGS, *map(str, SOURCES), "-o", str(PROGRAM), *library, "-lpthread", "-ldl")
    return PROGRAM


def interposer() -> Path:
    """The library for LD_PRELOAD that times calls, compiled again where its source is newer."""
    if not INTERPOSER.exists() or INTERPOSER.stat().st_mtime < INTERPOSER_SOURCE.stat().st_mtime:
        INTERPOSER.parent.mkdir(parents=True, exist_ok=True)
        run("cc", "-O2", "-Wall", "-shared", "-fPIC", str(INTERPOSER_SOURCE), "-o", str(INTERPOSER), "-ldl")
    return INTERPOSER


def version() -> str:
    """Of the library."""
    return run("pkg-config", "--modversion", "spice-server").strip()


def run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise RuntimeError(f"{command[0]} is not installed: packaging/setup.sh test bench") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{shlex.join(command)}: {error.stderr.strip()}") from error
