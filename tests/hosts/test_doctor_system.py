"""The machine and its limits, as made-up files have them."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_system import kvm, memory, more_files, open_files, processors


def only(found: Iterable[Finding]) -> Finding:
    (one,) = found
    return one


def test_this_machine() -> None:
    found = {finding.name: finding for finding in ask("system")}
    assert set(found) == {"kernel", "processors", "memory", "open files", "KVM"}
    assert found["kernel"].facts["release"] == os.uname().release
    assert found["processors"].facts["usable"] == len(os.sched_getaffinity(0))
    assert found["memory"].facts["total_bytes"] > 1 << 28


def test_processors(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast 9000 \nprocessor\t: 1\n")
    assert only(processors(tmp_path)).text.endswith(", Fast 9000")
    assert only(processors(tmp_path / "none")).text.endswith(os.uname().machine)


@pytest.mark.parametrize(
    ("available", "limit", "status", "words"),
    [
        (8 << 20, None, Status.OK, "16.0 GiB, 8.0 GiB of it free"),
        (8 << 20, "max", Status.OK, "free"),
        (8 << 20, f"{2 << 30}", Status.OK, "may take 2.0 GiB"),
        (8 << 20, f"{100 << 20}", Status.WARN, "may take 100 MiB; less than 512 MiB"),
        (8 << 20, f"{64 << 30}", Status.OK, "free"),
        (300 << 10, None, Status.WARN, "300 MiB of it free; less than"),
    ],
)
def test_memory(available: int, limit: str | None, status: Status, words: str, tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/a/b\n")
    (tmp_path / "meminfo").write_text(f"MemTotal: {16 << 20} kB\nMemAvailable:  {available} kB\n")
    groups = tmp_path / "groups"
    (groups / "a" / "b").mkdir(parents=True)
    (groups / "a" / "b" / "memory.max").write_text("max\n")
    if limit is not None:
        (groups / "a" / "memory.max").write_text(f"{limit}\n")
    found = only(memory(tmp_path, groups))
    assert found.status is status and words in found.text
    assert ("may take" in found.text) is ("may take" in words)


def test_memory_that_nobody_tells(tmp_path: Path) -> None:
    assert only(memory(tmp_path, tmp_path)).status is Status.NOTE


@pytest.mark.parametrize(
    ("limits", "status", "text"),
    [
        ((1024, 4096), Status.OK, "1024, at most 4096"),
        ((-1, -1), Status.OK, "no limit, at most no limit"),
        ((64, 4096), Status.WARN, "64, at most 4096; clients need about ten each"),
    ],
)
def test_open_files(limits: tuple[int, int], status: Status, text: str) -> None:
    found = only(open_files(limits))
    assert (found.status, found.text) == (status, text)
    assert found.mend == ("ulimit -n 1024" if status is Status.WARN else "")
    assert found.facts["soft"] == (None if limits[0] < 0 else limits[0])


def test_a_hard_limit_below_what_we_would_like() -> None:
    assert only(open_files((64, -1))).mend == "ulimit -n 1024"
    assert more_files((64, 512), root=False) == "ulimit -n 512"
    assert more_files((64, 64), root=True) == "ulimit -n 1024", "root may go above"
    assert "nofile 1024" in more_files((64, 64), root=False), "no line that says what is so already"
    assert only(open_files((64, 64))).mend == more_files((64, 64))


def test_kvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kvm"
    assert only(kvm(file)).status is Status.NOTE and not only(kvm(file)).mend
    file.touch()
    assert only(kvm(file)).status is Status.OK
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert only(kvm(file)).status is Status.NOTE and "usermod" in only(kvm(file)).mend
