"""Compiled modules: all that must be there, those of another Python, those that cannot be loaded."""

import importlib.machinery
import shutil
import sys
from pathlib import Path

import pytest

from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_modules import PACKAGE, expected, probe, rebuild

ROOT = Path(__file__).resolve().parents[2]
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own, with modules that are well, not built, of another Python, and broken."""
    folder = tmp_path / "madepackage"
    (folder / "room").mkdir(parents=True)
    for name in ("__init__.py", "room/__init__.py", "plain.py", "plain.pyi", "room/.hidden"):
        (folder / name).touch()
    shutil.copy(next(PACKAGE.glob("region.cpython-*.so")), folder / f"region{SUFFIX}")
    (folder / "region.pyi").touch()
    (folder / "room" / "unbuilt.pyi").touch()
    (folder / "room" / "foreign.cpython-39-x86_64-linux-gnu.so").touch()
    (folder / "room" / f"broken{SUFFIX}").write_bytes(b"no ELF")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def test_what_must_be_there(package: Path) -> None:
    names = ["region", "room.broken", "room.foreign", "room.unbuilt"]
    assert expected(package) == [f"madepackage.{name}" for name in names]


@pytest.mark.parametrize(
    ("name", "words"),
    [("room.broken", "cannot be imported"), ("room.foreign", "cpython-39"), ("room.unbuilt", "not built")],
)
def test_what_is_wrong_with_them(package: Path, name: str, words: str) -> None:
    step = next(step for step in probe(package) if step.name == f"madepackage.{name}")
    (found,) = step.look()
    assert found.status is Status.FAIL and step.failing is Status.FAIL
    assert words in found.text and found.mend


def test_a_package_that_one_lacks_is_not_its_own_fault(package: Path) -> None:
    for missing, mends in (("lz4", False), ("madepackage.other", True)):
        (package / "__init__.py").write_text(f"raise ModuleNotFoundError('no', name={missing!r})")
        (found,) = next(step for step in probe(package) if step.name == "madepackage.region").look()
        assert found.status is Status.FAIL and bool(found.mend) is mends


def test_ours_are_all_known_and_well() -> None:
    found = ask("modules")
    built = {path.name.partition(".")[0] for path in PACKAGE.rglob("*.cpython-*.so")}
    assert {finding.name.rpartition(".")[2] for finding in found} == {*built, "the server"}
    # Another's module may be half written; those of the small nouns are not.
    region = next(finding for finding in found if finding.name == "gspice.region")
    assert region == Finding(name="gspice.region", status=Status.OK, text="can be imported", group="modules")


def test_how_they_are_built_anew(tmp_path: Path) -> None:
    assert rebuild(PACKAGE) == f"make -C {ROOT} setup"
    assert rebuild(tmp_path / "gspice").endswith("-m pip install --force-reinstall gspice")
