"""``gspice qemu``: what it runs, and with what in the environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from gspice.cli.main import cli
from gspice.errors import ConfigError
from gspice.hosts.libspice.installed import library_directory

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = f"""#!{sys.executable}
import json, os, sys
print(json.dumps([sys.argv, dict(os.environ)]))
sys.exit(9)
"""


class Executed(BaseException):
    """In the place of os.execve, which does not come back."""

    def __init__(self, path: str, argv: list[str], environment: dict[str, str]) -> None:
        self.path, self.argv, self.environment = path, argv, environment


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is all of PATH, with QEMUs in it."""
    for name in ("qemu-system-x86_64", "qemu-system-aarch64", "disk.img"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def gspice(*arguments: str) -> Executed:
    """What the command would run."""

    def execute(path: str, argv: list[str], environment: dict[str, str]) -> NoReturn:
        raise Executed(path, argv, environment)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Executed) as caught:
        patch.setattr(os, "execve", execute)
        cli.main(["qemu", *arguments], standalone_mode=False)
    assert caught.value.argv[0] == caught.value.path
    return caught.value


def test_qemu_takes_the_place_of_the_command(machine: Path) -> None:
    command = [sys.executable, "-m", "gspice.cli.main", "qemu", "--", "-vga", "qxl", "--help"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (9, "")
    argv, got = json.loads(done.stdout)
    assert argv == [str(machine / "qemu-system-x86_64"), "-vga", "qxl", "--help"]
    assert got["LD_LIBRARY_PATH"].split(":")[0] == str(library_directory())
    closed = ["/bin/sh", "-c", '"$@" >&-', "sh", *command]
    done = subprocess.run(closed, env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 9 and "Traceback" not in done.stderr


def test_qemu_gets_its_options_and_our_library(machine: Path) -> None:
    run = gspice("--", "-vga", "qxl", "--help", "disk.img")
    environment = run.environment
    assert run.argv == [str(machine / "qemu-system-x86_64"), "-vga", "qxl", "--help", "disk.img"]
    assert environment["LD_LIBRARY_PATH"].split(":")[0] == str(library_directory())
    assert environment["GSPICE_PYTHON"] == sys.executable and "GSPICE_LIBPYTHON" in environment
    assert not {"GSPICE_CONFIG", "GSPICE_RENDERER", "GSPICE_RECORD"} & set(environment)


@pytest.mark.parametrize(
    ("arguments", "program", "rest"),
    [
        (["qemu-system-aarch64", "-M", "virt"], "qemu-system-aarch64", ["-M", "virt"]),
        (["--", "./qemu-system-aarch64"], "qemu-system-aarch64", []),
        (["--", "./disk.img"], "qemu-system-x86_64", ["./disk.img"]),
        (["--qemu", "qemu-system-aarch64", "--", "qemu-system-x86_64"], "qemu-system-aarch64",
         ["qemu-system-x86_64"]),
        (["--qemu", "./disk.img"], "disk.img", []),
        ([], "qemu-system-x86_64", []),
    ],
)  # fmt: skip
def test_which_program_runs(machine: Path, arguments: list[str], program: str, rest: list[str]) -> None:
    argv = gspice(*arguments).argv
    assert Path(argv[0]).name == program and argv[1:] == rest


def test_our_options_become_variables_with_whole_paths(machine: Path) -> None:
    (machine / "my.toml").write_text("log-level = 'error'\n")
    options = ["--config", "my.toml", "--renderer", "cpu", "--log-level", "debug", "--log-file", "log"]
    environment = gspice(*options, "--record", "r.zst", "--", "-m", "64").environment
    assert environment["GSPICE_CONFIG"] == str(machine / "my.toml")
    assert (environment["GSPICE_RENDERER"], environment["GSPICE_LOG_LEVEL"]) == ("cpu", "debug")
    assert environment["GSPICE_LOG_FILE"] == str(machine / "log")
    assert environment["GSPICE_RECORD"] == str(machine / "r.zst")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--qemu", "no-such-qemu"], "no program no-such-qemu"),
        (["--record", "/nowhere/x"], "cannot write the recording"),
        (["--config", "missing.toml"], "missing.toml: there is no such file"),
        (["--config", "wrong.toml"], "no key wrong"),
        (["--renderer", "crayon"], "GSPICE_RENDERER=crayon: it must be one of cpu, opengl, vulkan, auto"),
        (["--renderer-device", "1"], "renderer auto takes no device"),
    ],
)
def test_what_is_wrong_is_said_and_no_qemu_runs(machine: Path, arguments: list[str], words: str) -> None:
    (machine / "wrong.toml").write_text("wrong = 1\n")
    with pytest.raises(ConfigError) as caught:
        cli.main(["qemu", *arguments], standalone_mode=False)
    assert words in str(caught.value)


def test_a_program_that_cannot_run(machine: Path) -> None:
    (machine / "qemu-system-x86_64").write_text("#!/nowhere/interpreter\n")
    with pytest.raises(ConfigError, match="cannot run it"):
        cli.main(["qemu"], standalone_mode=False)
