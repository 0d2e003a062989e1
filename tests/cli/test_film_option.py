"""``--record-video`` in the commands that have a server."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gspice.cli.film_option import film_option
from gspice.cli.main import cli
from gspice.errors import ConfigError


def test_the_file_arrives(tmp_path: Path) -> None:
    got: list[Path | None] = []

    @click.command()
    @film_option()
    def command(record_video: Path | None) -> None:
        got.append(record_video)

    assert CliRunner().invoke(command, ["--record-video", str(tmp_path / "a.mp4")]).exit_code == 0
    assert CliRunner().invoke(command, []).exit_code == 0
    assert got == [tmp_path / "a.mp4", None]


@pytest.mark.parametrize("command", ["serve", "qemu", "xorg"])
@pytest.mark.parametrize(
    ("name", "words"), [("film.avi", "must end in .mp4 or .mkv"), ("none/film.mp4", "there is no directory")]
)
def test_what_cannot_be_a_film_is_said_before_anything_starts(
    command: str, name: str, words: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(cli, [command, "--record-video", str(tmp_path / name), "--", "true"])
    assert isinstance(result.exception, ConfigError) and words in str(result.exception)


def test_the_systems_library_in_xorg_makes_none(tmp_path: Path) -> None:
    words = ["xorg", "--library", "system", "--record-video", str(tmp_path / "a.mp4"), "true"]
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, ConfigError) and "no films" in str(result.exception)
