"""Python's packages: there, missing, too old, broken."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_packages import PACKAGES, Package, look_at, probe

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = Package("absent-thing", "absent_thing", "2", "no such thing", Status.NOTE)
NEEDED = Package("absent-thing", "absent_thing", "2", "no such thing")


def only(package: Package) -> Finding:
    (found,) = look_at(package)
    return found


def test_the_list_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = [
        line for name, lines in project["optional-dependencies"].items() if name != "dev" for line in lines
    ]
    wanted = [re.match(r"([\w-]+)>=([\d.]+)", line) for line in (*project["dependencies"], *extra)]
    declared = {match[1]: match[2] for match in wanted if match}
    ours = {package.name: package.minimum for package in PACKAGES}
    assert ours.items() >= declared.items()
    # Those of the GPU are installed everywhere, and nothing but a GPU needs them.
    needed = {package.name for package in PACKAGES if package.missing is not Status.NOTE}
    installed = {match[1] for match in wanted[: len(project["dependencies"])] if match}
    assert installed - needed == {"moderngl", "wgpu"} and needed < installed


def test_this_very_python() -> None:
    found = {finding.name: finding for finding in ask("python")}
    assert set(found) == {"Python", *(package.name for package in PACKAGES)}
    assert all(found[name].status is Status.OK for name in ("Python", "numpy", "click", "av"))
    assert found["numpy"].facts["version"] == importlib.metadata.version("numpy")
    assert found["numpy"].group == found["click"].group


@pytest.mark.parametrize(("package", "status"), [(OPTIONAL, Status.NOTE), (NEEDED, Status.FAIL)])
def test_a_missing_one(package: Package, status: Status) -> None:
    found = only(package)
    assert found.status is status and "no such thing" in found.text and found.facts["version"] is None
    assert found.mend.endswith("-m pip install 'absent-thing>=2'")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import absent_other", "absent_other"),
        ("raise ImportError('libmoon.so.1: cannot open')", "libmoon.so.1"),
        ("raise OSError('driver')", "driver"),
    ],
)
@pytest.mark.parametrize(("package", "status"), [(OPTIONAL, Status.WARN), (NEEDED, Status.FAIL)])
def test_a_broken_one_is_worse_than_a_missing_one(
    source: str, words: str, package: Package, status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "absent_thing.py").write_text(source)
    (tmp_path / "absent_thing-3.0.dist-info").mkdir()
    (tmp_path / "absent_thing-3.0.dist-info" / "METADATA").write_text("Name: absent-thing\nVersion: 3.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = only(package)
    assert found.status is status and words in found.text
    assert "--force-reinstall" in found.mend


@pytest.mark.parametrize(
    ("version", "status"), [("1.9.9", Status.WARN), ("2", Status.OK), ("10.0", Status.OK)]
)
def test_one_that_is_too_old(
    version: str, status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "absent_thing.py").touch()
    (tmp_path / f"absent_thing-{version}.dist-info").mkdir()
    metadata = f"Name: absent-thing\nVersion: {version}\n"
    (tmp_path / f"absent_thing-{version}.dist-info" / "METADATA").write_text(metadata)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "absent_thing", raising=False)
    found = only(NEEDED)
    assert found.status is status and version in found.text and bool(found.mend) is (status is Status.WARN)


def test_another_python_than_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    step = next(iter(probe()))
    monkeypatch.setattr("gspice.hosts.doctor_packages.MIN_PYTHON", (4, 0))
    (found,) = step.look()
    assert found.status is Status.FAIL and "4.0" in found.mend
