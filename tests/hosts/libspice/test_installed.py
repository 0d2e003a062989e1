"""Where the drop-in lies, and the environment of a host."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.libspice import installed
from gspice.hosts.libspice.installed import libpython, library_directory, libspice_environment


def test_the_library_is_built_and_found() -> None:
    assert (library_directory() / "libspice-server.so.1").is_file()


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installed, "DROPIN", tmp_path)
    with pytest.raises(ConfigError, match=r"make setup"):
        library_directory()


@pytest.mark.parametrize(("before", "kept"), [(None, ""), ("", ""), ("/one:/two", ":/one:/two")])
def test_what_the_loader_was_told_before_is_kept(
    monkeypatch: pytest.MonkeyPatch, before: str | None, kept: str
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH", before)
    # An empty entry would be the working directory.
    assert libspice_environment()["LD_LIBRARY_PATH"] == f"{library_directory()}{kept}"


def test_the_environment_names_this_python_and_its_library() -> None:
    variables = libspice_environment()
    assert variables["GSPICE_PYTHON"] == sys.executable
    code = (
        "import ctypes, sys; py = ctypes.CDLL(sys.argv[1]); py.Py_GetVersion.restype = ctypes.c_char_p;"
        "print(py.Py_GetVersion().decode().split()[0])"
    )
    command = [sys.executable, "-c", code, variables["GSPICE_LIBPYTHON"]]
    version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert version == ".".join(map(str, sys.version_info[:3]))


def test_a_python_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installed, "_library_folders", lambda: [tmp_path])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(ConfigError, match=rf"apt-get install libpython{version}\)"):
        libpython()


def test_a_path_that_the_loader_would_split_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    (folder / "libspice-server.so.1").touch()
    monkeypatch.setattr(installed, "DROPIN", folder)
    with pytest.raises(ConfigError, match="colon"):
        libspice_environment()


def test_the_loader_takes_it_in_place_of_the_systems() -> None:
    code = (
        "import ctypes; ctypes.CDLL('libspice-server.so.1');"
        "print([line.split()[-1] for line in open('/proc/self/maps') if 'libspice-server' in line][0])"
    )
    environment = {**os.environ, **libspice_environment()}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == str(library_directory() / "libspice-server.so.1")
