"""The ``gspice`` command as a whole: its subcommands, exit codes, and one line for what went wrong."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from gspice.cli.main import cli, main
from gspice.errors import ConfigError, GuestError, InterfaceError, ProtocolError
from gspice.version import VERSION

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Run":
    return Run(monkeypatch, capsys)


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["gspice", *arguments])
        code = main()
        out, err = self._capsys.readouterr()
        return code, out, err


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A subcommand that fails."""

    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setitem(cli.commands, "fail", fail)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(run: Run, option: str) -> None:
    code, out, err = run(option)
    assert (code, err) == (0, "")
    assert all(name in out for name in cli.commands) and "serve" in cli.commands
    for name in cli.commands:
        assert run(name, option)[0] == 0


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"gspice, version {VERSION}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["serve", "--nonsense"], "--nonsense"),
        (["serve", "argument"], "argument"),
        (["serve", "--port", "x"], "--port"),
    ],
)
def test_usage_errors_are_2(run: Run, arguments: list[str], words: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and words in err and "Traceback" not in err


@pytest.mark.parametrize("kind", [ConfigError, GuestError, InterfaceError, ProtocolError])
def test_our_own_errors_are_1_and_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    failing(monkeypatch, kind("the moon is too full"))
    assert run("fail") == (1, "", "gspice: the moon is too full\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [(click.exceptions.Abort(), 130), (KeyboardInterrupt(), 130), (click.ClickException("no"), 1)],
    ids=repr,
)
def test_other_ends(run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    failing(monkeypatch, error)
    assert run("fail")[0] == code


def test_a_reader_that_went_away_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, BrokenPipeError())
    code, _, err = run("fail")
    assert code == 1 and "Traceback" not in err


def test_errors_of_the_program_are_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        run("fail")


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gspice.cli.main", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"gspice, version {VERSION}\n")


def test_an_interrupt_while_it_is_imported_is_130_and_silent(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-c", "import gspice.cli.main"],
        capture_output=True,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, b"")


def test_errors_do_not_steer_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ConfigError("\x1b[2J: no such file"))
    assert run("fail") == (1, "", "gspice: \\x1b[2J: no such file\n")
