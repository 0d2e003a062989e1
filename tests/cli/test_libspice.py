"""``gspice libspice``."""

import subprocess
import sys

import pytest

from gspice.cli.main import cli
from gspice.hosts.libspice import installed


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gspice.cli.main", "libspice", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_path_alone() -> None:
    done = run("--print-path")
    assert (done.returncode, done.stdout) == (0, f"{installed.library_directory()}\n")


def test_a_shell_can_evaluate_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/a b'c\"$d")
    done = run("--env")
    shell = subprocess.run(
        ["sh", "-c", 'eval "$1"; printf "%s\\n" "$LD_LIBRARY_PATH" "$GSPICE_PYTHON"', "sh", done.stdout],
        env={},
        check=True,
        capture_output=True,
        text=True,
    )
    assert shell.stdout.splitlines() == [
        f"{installed.library_directory()}:/a b'c\"$d",
        sys.executable,
    ]


@pytest.mark.parametrize("option", ["--print-path", "--env"])
def test_what_is_not_printed_is_an_error(option: str) -> None:
    command = ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "gspice.cli.main", "libspice", option]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (
        done.returncode == 1 and "standard output is closed" in done.stderr and done.stderr.count("\n") == 1
    )


@pytest.mark.parametrize("options", [[], ["--env", "--print-path"]])
def test_one_thing_at_a_time(options: list[str]) -> None:
    done = run(*options)
    assert done.returncode == 2 and "one of --print-path and --env" in done.stderr and done.stdout == ""


def test_it_is_a_command_of_gspice() -> None:
    assert "libspice" in cli.commands
