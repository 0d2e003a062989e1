"""Which of the devices that are listed is meant."""

import pytest

from gspice.errors import ConfigError
from gspice.gpu.compute.adapters import Adapter, chosen, is_software, preferred

SOFT = Adapter("opengl", 0, "llvmpipe (software)", True)
CARD = Adapter("opengl", 1, "NVIDIA GeForce", False, "/dev/dri/renderD128")
OTHER = Adapter("opengl", 2, "AMD Radeon", False, "/dev/dri/renderD129")


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (None, CARD),
        ("0", SOFT),
        ("2", OTHER),
        ("radeon", OTHER),
        ("NVIDIA", CARD),
        ("/dev/dri/renderD129", OTHER),
        ("software", SOFT),
    ],
)
def test_a_device_is_meant_by_number_name_or_file(device: str | None, expected: Adapter) -> None:
    assert chosen([SOFT, CARD, OTHER], device, "EGL", "install it") is expected


@pytest.mark.parametrize("device", ["3", "-1", "Intel", "/dev/dri/renderD1"])
def test_what_is_not_there_is_told_with_what_is(device: str) -> None:
    with pytest.raises(ConfigError, match=r"1: NVIDIA GeForce \(/dev/dri/renderD128\)"):
        chosen([SOFT, CARD], device, "EGL", "install it")


def test_software_is_taken_only_when_it_is_asked_for() -> None:
    with pytest.raises(ConfigError, match="by name: 0: llvmpipe"):
        chosen([SOFT], None, "EGL", "install it")


def test_where_nothing_is_it_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match="install it"):
        chosen([], "0", "EGL", "install it")


def test_a_gpu_is_preferred() -> None:
    assert preferred([SOFT, CARD, OTHER]) == "1"
    assert preferred([SOFT]) == "0"
    assert preferred([]) is None


def test_software_is_known_by_its_name() -> None:
    assert is_software("llvmpipe (LLVM 15.0.6, 256 bits)") and is_software("SwiftShader Device")
    assert not is_software("NVIDIA H100 PCIe")
