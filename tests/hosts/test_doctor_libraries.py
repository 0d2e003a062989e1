"""Libraries of the system, and the drop-in for hosts."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts import doctor_libraries
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Status
from gspice.hosts.libspice.installed import LIBRARY_FILE, library_directory

PROBE = """
from pathlib import Path
from gspice.hosts.doctor_findings import Step
from gspice.hosts.doctor_libraries import drop_in

def probe():
    yield Step("drop-in", lambda: drop_in(lambda: Path({folder!r})))
"""


def test_this_machine() -> None:
    found = {finding.name: finding for finding in ask("libraries")}
    assert {name: found[name].status for name in ("pixman", "zstd", "libpython", "drop-in")} == {
        name: Status.OK for name in ("pixman", "zstd", "libpython", "drop-in")
    }
    assert found["drop-in"].facts == {"path": str(library_directory() / LIBRARY_FILE), "soname": LIBRARY_FILE}
    assert found["pixman"].facts["version"].count(".") == 2


def test_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (("moon", "libmoon.so.1", str, "apt-get install libmoon"),)
    monkeypatch.setattr(doctor_libraries, "LIBRARIES", table)
    (found,) = next(iter(doctor_libraries.probe())).look()
    assert found.status is Status.FAIL and "libmoon.so.1" in found.text and found.mend == table[0][3]


def test_no_libpython(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise ConfigError(
            "p has no l, which a host needs: install it (Debian: apt-get install libp), or use a Python"
        )

    monkeypatch.setattr(doctor_libraries, "libpython", none)
    step = next(step for step in doctor_libraries.probe() if step.name == "libpython")
    (found,) = step.look()
    assert found.status is Status.WARN and found.mend == "apt-get install libp"
    assert "p has no l" in found.text and "gspice qemu" in found.text


@pytest.fixture
def drop_in_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    def at(folder: Path) -> str:
        (tmp_path / "made_drop_in.py").write_text(PROBE.format(folder=str(folder)))
        monkeypatch.syspath_prepend(tmp_path)
        (found,) = ask("made_drop_in")
        assert found.status is Status.WARN and found.mend and "gspice qemu" in found.text
        return found.text

    return at


@pytest.mark.parametrize(
    ("flags", "source", "words"),
    [
        (["-Wl,-soname,libother.so.1"], "int spice_server_new;", "its SONAME is not libspice-server.so.1"),
        ([f"-Wl,-soname,{LIBRARY_FILE}"], "int other;", "undefined symbol: spice_server_new"),
    ],
)
def test_another_library_of_that_file_name(
    drop_in_at: Callable[[Path], str], tmp_path: Path, flags: list[str], source: str, words: str
) -> None:
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", *flags, "-o", str(tmp_path / LIBRARY_FILE)]
    subprocess.run(command, input=source.encode(), check=True)
    assert words in drop_in_at(tmp_path)


def test_a_file_that_is_no_library(drop_in_at: Callable[[Path], str], tmp_path: Path) -> None:
    (tmp_path / LIBRARY_FILE).write_text("text")
    assert os.fspath(tmp_path) in drop_in_at(tmp_path)


def test_it_was_not_built() -> None:
    def none() -> Path:
        raise ConfigError("not there")

    (found,) = doctor_libraries.drop_in(none)
    assert found.status is Status.WARN and "not built" in found.text and found.mend


def test_a_broken_library_that_a_variable_names(tmp_path: Path) -> None:
    (tmp_path / "libpixman-1.so.0").write_text("no library")
    found = {
        finding.name: finding for finding in ask("libraries", environment={"LD_LIBRARY_PATH": str(tmp_path)})
    }
    assert found["pixman"].status is Status.FAIL and found["zstd"].status is Status.OK
    assert found["pixman"].mend.startswith("unset LD_LIBRARY_PATH")
