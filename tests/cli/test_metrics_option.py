"""``--metrics`` in the commands that have a server."""

import click
import pytest
from click.testing import CliRunner

from gspice.cli.main import cli
from gspice.cli.metrics_option import metrics_option
from gspice.errors import ConfigError
from gspice.server.metrics_address import MetricsAddress


@pytest.mark.parametrize("words", [[], ["--metrics", ":1"], ["--metrics", "unix:/a"]])
def test_the_address_arrives(words: list[str]) -> None:
    got: list[MetricsAddress | None] = []

    @click.command()
    @metrics_option()
    def command(metrics: MetricsAddress | None) -> None:
        got.append(metrics)

    assert CliRunner().invoke(command, words).exit_code == 0
    expected = {":1": MetricsAddress(port=1), "unix:/a": MetricsAddress(unix_path="/a")}
    assert got == [expected[words[1]] if words else None]


@pytest.mark.parametrize("command", ["serve", "replay", "qemu", "xorg"])
def test_what_is_no_address_is_a_usage_error(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--metrics", "nowhere", "--", "x"])
    assert result.exit_code == 2 and "HOST:PORT" in result.output


def test_a_replay_without_a_server_has_none() -> None:
    result = CliRunner().invoke(cli, ["replay", "some.rec", "--metrics", ":0"])
    assert result.exit_code == 2 and "give --port" in result.output


def test_the_systems_library_in_xorg_has_none() -> None:
    result = CliRunner().invoke(cli, ["xorg", "--library", "system", "--metrics", ":0", "true"])
    assert isinstance(result.exception, ConfigError) and "no metrics" in str(result.exception)
