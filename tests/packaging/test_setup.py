"""packaging/setup.sh on machines that lack something, and where nothing or a little has changed."""

import subprocess
from pathlib import Path

import pytest

from tests.packaging.fake_machine import APT_GET, SUDO, FakeMachine


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """All packages are there, and everything works."""
    return FakeMachine(tmp_path)


def failure(result: tuple[int, str, str]) -> str:
    """The one line on standard error with which it failed."""
    code, _, err = result
    assert code == 1, err
    lines = err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("setup: "), err
    return lines[0]


def builds(machine: FakeMachine) -> list[str]:
    """What a run called, without the question what Python this is."""
    kinds = {"-m venv": "venv", "-m pip": "pip", "packaging/develop.py": "develop"}
    return [kind for call in machine.calls() for text, kind in kinds.items() if text in call]


def test_everything_from_nothing_and_nothing_the_second_time(machine: FakeMachine) -> None:
    code, out, err = machine.setup()
    assert (code, err) == (0, "")
    assert builds(machine) == ["venv", "pip", "develop"]
    assert all(line.startswith("setup: ") for line in out.splitlines()), "a tool's own output comes through"
    assert machine.setup() == (0, "", "")
    assert builds(machine) == []


# What is missing: one line that names it


def test_no_apt_get(machine: FakeMachine) -> None:
    machine.install()
    line = failure(machine.setup())
    assert "no apt-get" in line and "libpixman-1-dev" in line and "xvfb" not in line
    assert machine.setup(GSPICE_SKIP_PACKAGES="1")[0] == 0, "there is no way on for other systems"


def test_neither_root_nor_sudo(machine: FakeMachine) -> None:
    machine.install()
    machine.program("apt-get", APT_GET)
    machine.user(1000)
    line = failure(machine.setup())
    assert "sudo" in line and "apt-get install build-essential" in line
    assert not [call for call in machine.calls() if "apt-get" in call]


def test_only_what_is_missing_is_installed_by_sudo(machine: FakeMachine) -> None:
    machine.install(*(name for name in machine.packages() if name not in ("python3-dev", "xvfb")))
    machine.program("apt-get", APT_GET)
    machine.program("sudo", SUDO)
    machine.user(1000)
    assert machine.setup()[0] == 0
    installs = [call for call in machine.calls() if call.startswith("apt-get install")]
    assert len(installs) == 1 and installs[0].endswith(" python3-dev"), installs
    assert machine.setup("test")[0] == 0
    installs = [call for call in machine.calls() if call.startswith("apt-get install")]
    assert len(installs) == 1 and installs[0].endswith(" python3-dev xvfb"), (
        "the group's package is not there"
    )


def test_a_repository_out_of_reach_matters_only_if_packages_cannot_be_had(machine: FakeMachine) -> None:
    machine.install()
    machine.program("apt-get", APT_GET)
    machine.user(0)
    assert machine.setup(FAKE_APT_OFFLINE="1")[0] == 0
    says = "Reading package lists...\nE: Unable to locate package build-essential"
    line = failure(machine.setup(FAKE_APT_OFFLINE="1", FAKE_APT_SAYS=says))
    assert "network" in line and line.endswith("E: Unable to locate package build-essential")


def test_python_too_old_or_absent(machine: FakeMachine) -> None:
    line = failure(machine.setup(FAKE_PYTHON="/usr/bin/python3.9 3.9 False"))
    assert "older than Python 3.11" in line and "PYTHON=" in line
    line = failure(machine.setup(PYTHON="/nowhere/python3"))
    assert "cannot run /nowhere/python3" in line


def test_pip_without_network(machine: FakeMachine) -> None:
    says = "WARNING: Retrying (Retry(total=1))\nERROR: No matching distribution found for click>=8.1"
    line = failure(machine.setup(FAKE_PIP_SAYS=says))
    assert "network" in line and "No matching distribution found for click>=8.1" in line
    assert says.splitlines()[0] in (machine.root / ".venv" / "pip.log").read_text()
    machine.calls()
    assert machine.setup()[0] == 0
    assert builds(machine) == ["venv", "pip", "develop"], "half of an environment was trusted"


def test_a_build_that_fails_shows_why_and_is_tried_again(machine: FakeMachine) -> None:
    code, _, err = machine.setup(FAKE_BUILD_SAYS="gspice/region.pyx:1:1: undeclared name")
    assert code == 1
    assert err.splitlines()[0] == "gspice/region.pyx:1:1: undeclared name"
    assert err.splitlines()[-1].startswith("setup: the build failed")
    machine.calls()
    assert machine.setup()[0] == 0
    assert builds(machine) == ["develop"]


# What has changed


def test_a_changed_source_is_built(machine: FakeMachine) -> None:
    machine.setup()
    machine.calls()
    (machine.root / "gspice" / "region.pyx").write_text("x = 2\n")
    assert machine.setup()[0] == 0
    assert builds(machine) == ["develop"]


def test_a_changed_python_source_is_not(machine: FakeMachine) -> None:
    machine.setup()
    machine.calls()
    (machine.root / "gspice" / "errors.py").write_text("x = 2\n")
    assert machine.setup()[0] == 0
    assert builds(machine) == []


def test_a_compiled_module_that_is_gone_is_built(machine: FakeMachine) -> None:
    machine.setup()
    machine.calls()
    (machine.root / "gspice" / "region.so").unlink()
    assert machine.setup()[0] == 0
    assert builds(machine) == ["develop"]


def test_changed_requirements_are_installed(machine: FakeMachine) -> None:
    machine.setup()
    machine.calls()
    with (machine.root / "pyproject.toml").open("a") as file:
        file.write("\n# another dependency\n")
    assert machine.setup(FAKE_REQUIREMENTS="click>=9")[0] == 0
    assert builds(machine) == ["pip", "develop"]


@pytest.mark.parametrize("what", ["moved", "another Python", "half made", "cleaned"])
def test_an_environment_that_is_not_good_here_is_made_again(machine: FakeMachine, what: str) -> None:
    machine.setup()
    machine.calls()
    mark = machine.root / ".venv" / "left over"
    mark.touch()
    environment = {}
    match what:
        case "moved":
            machine.move("elsewhere")
            mark = machine.root / ".venv" / "left over"
        case "another Python":
            environment["FAKE_PYTHON"] = "/opt/python3.12 3.12 True"
        case "half made":
            (machine.root / ".venv" / ".made").unlink()
        case "cleaned":
            subprocess.run(["rm", "-r", str(machine.root / ".venv")], check=True)
            (machine.root / "gspice" / "region.so").unlink()
    assert machine.setup(**environment)[0] == 0
    assert builds(machine) == ["venv", "pip", "develop"]
    assert not mark.exists()
    assert machine.setup(**environment) == (0, "", "")


def test_two_at_a_time_build_once(machine: FakeMachine) -> None:
    running = [machine.start(FAKE_BUILD_S="0.3") for _ in range(3)]
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert builds(machine) == ["venv", "pip", "develop"]
