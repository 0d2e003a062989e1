"""Whether there can be a GPU, found out by nothing but a look."""

import os
from pathlib import Path

import pytest

from gspice.gpu.backends import GPU_BACKENDS, Backend, load, no_device_file, why_missing


@pytest.mark.parametrize("name", ["dri/renderD128", "dri/renderD129", "nvidia0", "nvidia3", "dxg"])
def test_files_that_a_gpu_may_be_behind(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert no_device_file(tmp_path) is None


@pytest.mark.parametrize("name", ["dri/card0", "nvidiactl", "nvidia-uvm", "fb0"])
def test_files_that_say_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert no_device_file(tmp_path) == "no render node in /dev/dri, and no NVIDIA device file"


def test_a_device_that_this_user_may_not_open_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dri").mkdir()
    node = tmp_path / "dri" / "renderD128"
    node.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    reason = no_device_file(tmp_path)
    assert reason is not None and str(node) in reason and "group render" in reason


def test_what_is_missing_is_told() -> None:
    assert why_missing(Backend("json.decoder:JSONDecoder", "", "json")) is None
    assert (
        why_missing(Backend("gspice.nowhere.canvas:X", "", "json"))
        == "this installation of GSpice is without it"
    )
    assert why_missing(Backend("json.nowhere:X", "", "json")) == "this installation of GSpice is without it"
    reason = why_missing(Backend("json.decoder:JSONDecoder", "", "no_such_package"))
    assert reason is not None and "pip install no_such_package" in reason


def test_places_are_loaded() -> None:
    assert load("json.decoder:JSONDecoder").__name__ == "JSONDecoder"
    assert list(GPU_BACKENDS) == ["opengl", "vulkan"]
