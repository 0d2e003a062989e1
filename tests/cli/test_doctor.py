"""``gspice doctor``: its exit code, its output, and that it runs where nothing else does."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.cli import doctor as command
from gspice.cli.main import cli
from gspice.errors import ConfigError
from gspice.hosts.doctor import Topic, examine
from gspice.hosts.doctor_findings import Finding, Report, Status

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"


def report(status: Status) -> Report:
    def ask_about(topic: Topic) -> list[Finding]:
        return [Finding(name=topic.key, status=status, text="\x1b[2J")]

    return examine(ask_about)


def run(*arguments: str) -> int:
    try:
        cli.main(["doctor", *arguments], standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize(
    ("status", "code"), [(Status.OK, 0), (Status.NOTE, 0), (Status.WARN, 0), (Status.FAIL, 1)]
)
def test_exit_code_and_output(
    status: Status, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "examine", lambda: report(status))
    assert run() == code
    out = capsys.readouterr().out
    assert "\x1b" not in out and out.splitlines()[-1].startswith("fit" if code == 0 else "not fit")
    assert run("--json") == code
    assert json.loads(capsys.readouterr().out)["fit"] is (code == 0)


def test_nowhere_to_print_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "examine", lambda: report(Status.OK))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(command, "show", nowhere)
    assert run() == 2
    assert capsys.readouterr().err == "gspice: standard output is closed\n"
    monkeypatch.setattr(command, "show", gone)
    monkeypatch.setattr(command, "drop_output", lambda: None)
    assert run() == 2


def test_a_closed_standard_output_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(command, "examine", lambda: pytest.fail("it looked first"))
    assert run() == 2
    assert "standard output is closed" in capsys.readouterr().err


def gone(text: str) -> None:
    """As ``show`` where nobody reads any more."""
    raise BrokenPipeError


def nowhere(text: str) -> None:
    """As ``show`` where standard output is closed."""
    raise ConfigError("standard output is closed")


def gspice(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, where modules of that folder come first."""
    return subprocess.run(
        [sys.executable, "-m", "gspice.cli.main", *arguments],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("missing", ["click", "numpy"])
def test_it_runs_where_the_command_line_cannot(missing: str, tmp_path: Path) -> None:
    (tmp_path / f"{missing}.py").write_text(HIDDEN)
    done = gspice(tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        f"pip install '{missing}>=" in done.stdout
        or f"pip install --force-reinstall '{missing}>=" in done.stdout
    )
    assert done.stdout.splitlines()[-1].startswith("not fit: ") and missing in done.stdout.splitlines()[-1]
    assert "ok    Python" in done.stdout


def test_other_commands_say_what_is_missing_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(HIDDEN)
    done = gspice(tmp_path, "serve")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "gspice: No module named 'numpy'; gspice doctor says how to mend it\n"


def test_on_this_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gspice.cli.main", "doctor"],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    lines = done.stdout.splitlines()
    assert done.stderr == "" and done.returncode == (0 if lines[-1].startswith("fit: ") else 1)
    assert "\x1b" not in done.stdout
    assert {"Compiled modules", "Canvas", "Video encoders", "System"} <= set(lines)
