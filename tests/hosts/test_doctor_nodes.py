"""Render nodes on made-up machines."""

import os
from pathlib import Path

import pytest

from gspice.hosts.doctor_nodes import nvidia_driver, render_nodes


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    device = tmp_path / "drm" / "renderD128" / "device"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x1002\n")
    os.symlink("../../bus/drivers/amdgpu", device / "driver")
    (tmp_path / "dri").mkdir()
    return tmp_path


def test_a_gpu_that_may_be_opened(machine: Path) -> None:
    (machine / "dri" / "renderD128").touch()
    (node,) = render_nodes(machine / "drm", machine / "dri")
    assert (node.vendor, node.driver, node.there, node.allowed, node.mend) == (
        "AMD",
        "amdgpu",
        True,
        True,
        "",
    )


def test_a_gpu_without_its_file(machine: Path) -> None:
    (node,) = render_nodes(machine / "drm", machine / "dri")
    assert not node.there and not node.allowed and f"--device {machine}/dri/renderD128" in node.mend


def test_a_gpu_that_may_not_be_opened(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "dri" / "renderD128").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (node,) = render_nodes(machine / "drm", machine / "dri")
    assert node.there and not node.allowed and node.group
    assert node.mend.startswith(f"usermod -aG {node.group} ")


def test_a_group_without_a_name(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "dri" / "renderD128").touch()

    def nameless(gid: int) -> None:
        raise KeyError(gid)

    monkeypatch.setattr("grp.getgrgid", nameless)
    (node,) = render_nodes(machine / "drm", machine / "dri")
    assert node.group == str((machine / "dri" / "renderD128").stat().st_gid)


def test_a_file_that_the_kernel_tells_nothing_of_and_order(machine: Path) -> None:
    (machine / "dri" / "renderD129").touch()
    one, two = render_nodes(machine / "drm", machine / "dri")
    assert (one.path.name, two.path.name) == ("renderD128", "renderD129")
    assert (two.vendor, two.driver, two.allowed) == ("", "", True)


def test_no_gpu_at_all(tmp_path: Path) -> None:
    assert render_nodes(tmp_path / "drm", tmp_path / "dri") == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\nGCC 12.3.0", "535.183.01"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release", "570.86.10"),
        ("something else", "of an unknown version"),
    ],
)
def test_the_driver_of_nvidia(text: str, version: str, tmp_path: Path) -> None:
    assert nvidia_driver(tmp_path / "version") is None
    (tmp_path / "version").write_text(text)
    assert nvidia_driver(tmp_path / "version") == version
