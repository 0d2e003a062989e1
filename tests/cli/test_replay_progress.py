"""The line that tells how far a recording is read."""

import os
from pathlib import Path

import pytest

from gspice.cli.replay_progress import ReplayProgress
from gspice.qxl.recording import RecordingReader

FIRMWARE = Path(__file__).parent.parent / "data" / "firmware.rec.zst"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Shown":
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return Shown(monkeypatch, capsys)


class Shown:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.terminal = True

    def __call__(self, file: Path = FIRMWARE) -> str:
        self._monkeypatch.setattr("sys.stderr.isatty", lambda: self.terminal, raising=False)
        with RecordingReader(FIRMWARE) as reader:
            progress = ReplayProgress(reader, file)
            assert sum(1 for _ in progress.follow(iter(reader))) == 2174
            progress.end()
            progress.end()
        return self._capsys.readouterr().err


def test_the_line_follows_the_file(shown: Shown) -> None:
    text = shown()
    assert text.startswith("\rfirmware.rec.zst ") and text.endswith(" 100%\n")
    assert text.isascii() and "\x1b" not in text, "nothing that would have to be undone"


@pytest.mark.parametrize(("variable", "value"), [("TERM", "dumb"), ("COLUMNS", "9")])
def test_terminals_that_cannot_show_it(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert shown() == ""


def test_pipes_have_no_length(shown: Shown, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert shown(tmp_path / "pipe") == ""


def test_no_terminal(shown: Shown) -> None:
    shown.terminal = False
    assert shown() == ""
