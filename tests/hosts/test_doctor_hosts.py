"""QEMU, Xorg and viewers, on a made-up PATH and on this machine."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts import doctor_hosts
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_hosts import (
    MAX_QEMUS,
    find_qemus,
    other_qemus,
    package_version,
    probe,
    qemu,
    viewer,
    xorg,
)

Program = Callable[[str, str], Path]
QEMU = """case "$*" in
  --version) echo "QEMU emulator version 9.1.2 (Debian)" ;;
  "-spice help") {spice} ;;
  "-device help") {device} ;;
esac"""
SPICE, QXL = "echo 'spice options:'", "echo 'name \"qxl-vga\", bus PCI'"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes programs; with the first, PATH has no others."""
    monkeypatch.setattr(doctor_hosts, "OUTSIDE_PATH", ())
    monkeypatch.setattr(doctor_hosts, "PACKAGE_MANAGERS", "")

    def make(name: str, script: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return path

    return make


def only(found: list[Finding]) -> Finding:
    (one,) = found
    return one


def test_a_qemu(program: Program) -> None:
    found = only(list(qemu(program("qemu-system-x86_64", QEMU.format(spice=SPICE, device=QXL)))))
    assert (found.status, found.text) == (Status.OK, "9.1.2, with SPICE and QXL")
    assert found.facts["version"] == "9.1.2" and found.facts["spice"] and found.facts["qxl"]


@pytest.mark.parametrize(
    ("spice", "device", "words", "mends"),
    [
        ("echo 'There is no option group spice'; exit 1", QXL, "without SPICE", True),
        ("echo '-spice: invalid option'; exit 1", ":", "without SPICE and QXL", False),
        (SPICE, ":", "without QXL", False),
    ],
)
def test_a_qemu_that_lacks_something(
    spice: str, device: str, words: str, mends: bool, program: Program
) -> None:
    found = only(list(qemu(program("qemu-kvm", QEMU.format(spice=spice, device=device)))))
    assert found.status is Status.NOTE and found.text == f"9.1.2, {words}" and bool(found.mend) is mends


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 127", "exit code 127"),
        ("echo missing libfoo; exit 1", "missing libfoo"),
        ("exec /bin/sleep 100", "cannot be run: no answer within 0.3 s"),
        (
            "echo 'x: error while loading shared libraries: /opt/l/libz.so.1: oh' >&2; exit 127",
            "/opt/l/libz.so.1",
        ),
    ],
)
def test_a_qemu_that_cannot_run(
    script: str, words: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_hosts, "TIMEOUT_S", 0.3)
    found = only(list(qemu(program("qemu-system-arm", script))))
    assert found.status is Status.WARN and words in found.text and found.mend


def test_which_qemus(program: Program, tmp_path: Path) -> None:
    for name in (
        "qemu-system-zz",
        "qemu-kvm",
        f"qemu-system-{os.uname().machine}",
        "qemu-img",
        "qemu-system-a.txt",
    ):
        program(name, "")
    program("qemu-system-off", "").chmod(stat.S_IRUSR)
    found = find_qemus(f"{tmp_path}:{tmp_path}::/nonexistent")
    assert [path.name for path in found] == [
        f"qemu-system-{os.uname().machine}", "qemu-kvm", "qemu-system-zz",
    ]  # fmt: skip


def test_none_and_many(program: Program) -> None:
    none = only(list(other_qemus([])))
    assert none.status is Status.NOTE and "qemu-system-x86" in none.mend
    many = [program(f"qemu-system-{letter}", "") for letter in "abcdef"]
    assert len([step for step in probe() if step.name.startswith("qemu-system")]) == MAX_QEMUS
    rest = only(list(other_qemus(many)))
    assert rest.facts["programs"] == ["qemu-system-e", "qemu-system-f"] and rest.status is Status.OK
    assert list(other_qemus(many[:MAX_QEMUS])) == []


@pytest.mark.parametrize("what", ["xserver-xorg-core", "xserver-xspice"])
def test_no_xorg(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise ConfigError(f"it is not installed; install it with: apt-get install {what}")

    monkeypatch.setattr("gspice.hosts.xorg.server.find_xorg", missing)
    found = only(list(xorg()))
    assert found.status is Status.NOTE and found.mend == f"apt-get install {what}"


def test_an_xorg(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program("Xorg", "echo; echo 'X.Org X Server 21.1.7' >&2")
    program("dpkg-query", "echo 1.2-3")
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "spiceqxl_drv.so").touch()
    monkeypatch.setattr("gspice.hosts.xorg.server.MODULES", (tmp_path,))
    monkeypatch.setattr("gspice.hosts.xorg.server.find_xorg", lambda: path)
    found = only(list(xorg()))
    assert found.status is Status.OK and found.text == "21.1.7, spiceqxl 1.2-3"
    path.chmod(0)
    if os.getuid():
        assert only(list(xorg())).status is Status.WARN
    path.unlink()
    assert only(list(xorg())).status is Status.WARN


def test_viewers(program: Program) -> None:
    program("remote-viewer", "echo remote-viewer version 11.0")
    found = only(list(viewer("remote-viewer", "virt-viewer")))
    assert (found.status, found.text, found.group) == (Status.OK, "11.0", "viewers")
    found = only(list(viewer("spicy", "spice-client-gtk")))
    assert (found.status, found.mend) == (Status.NOTE, "apt-get install spice-client-gtk")
    program("dpkg-query", "echo 9.8-7")
    assert only(list(viewer("remote-viewer", "virt-viewer"))).text == "9.8-7 (by package version)"
    program("dpkg-query", "exit 1")
    program("spicy", "echo cannot open display; exit 1")
    assert only(list(viewer("spicy", "spice-client-gtk"))).text == "of an unknown version"


def test_versions_of_packages(program: Program) -> None:
    program("rpm", "printf 5.6-7")
    program("dpkg-query", "echo no such package >&2; exit 1")
    assert package_version("p") == "5.6-7"
    program("dpkg-query", "printf 8.9-1")
    assert package_version("p") == "8.9-1"
    program("dpkg-query", "exit 0")
    program("rpm", "exit 1")
    assert package_version("p") is None


NOISE = "echo \"ERROR: ld.so: object 'libnoise.so.9.9' from LD_PRELOAD cannot be preloaded: ignored.\" >&2\n"


def test_complaints_are_no_versions(program: Program) -> None:
    program("dpkg-query", NOISE + "printf 8.9-1")
    assert package_version("p") == "8.9-1"
    program("dpkg-query", NOISE + "exit 0")
    assert package_version("p") is None
    path = program("qemu-system-x86_64", NOISE + QEMU.format(spice=SPICE, device=QXL))
    assert only(list(qemu(path))).text == "9.1.2, with SPICE and QXL"
    program("spicy", NOISE + "exit 1")
    assert only(list(viewer("spicy", "spice-client-gtk"))).text == "of an unknown version"


def test_a_package_manager_is_found_without_path(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("dpkg-query", "printf 8.9-1")
    monkeypatch.setattr(doctor_hosts, "PACKAGE_MANAGERS", str(tmp_path))
    for path in ("", "/nonexistent"):
        monkeypatch.setenv("PATH", path)
        assert package_version("p") == "8.9-1"


def test_an_xorg_whose_driver_no_package_owns(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program("Xorg", "echo 'X.Org X Server 21.1.7' >&2")
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "spiceqxl_drv.so").touch()
    monkeypatch.setattr("gspice.hosts.xorg.server.MODULES", (tmp_path,))
    monkeypatch.setattr("gspice.hosts.xorg.server.find_xorg", lambda: path)
    assert only(list(xorg())).text == "21.1.7, spiceqxl of an unknown version"


def test_a_broken_library_that_a_variable_names(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(
        "qemu-kvm", "echo 'error while loading shared libraries: /opt/l/libz.so.1: no' >&2; exit 127"
    )
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/l")
    assert only(list(qemu(path))).mend.startswith("unset LD_LIBRARY_PATH")
