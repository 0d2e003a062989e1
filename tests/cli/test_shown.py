"""Names and results on a terminal."""

import sys

import pytest

from gspice.cli.shown import flush_output, printable, show
from gspice.errors import ConfigError


def test_nothing_steers_the_terminal() -> None:
    assert printable("a\x1b[2J\x07\udcff\u00e9\nb") == "a\\x1b[2J\\x07\\udcff\u00e9\nb"


def test_output_that_is_closed_or_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show("fine")
    assert capsys.readouterr().out == "fine\n"

    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("click.echo", full)
    with pytest.raises(ConfigError, match="No space left"):
        show("lost")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ConfigError, match="closed"):
        show("lost")


def test_a_closed_stream_has_nothing_to_write_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    flush_output()
    monkeypatch.setattr(sys, "stderr", None)
    flush_output()
