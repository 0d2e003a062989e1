"""``gspice stats`` against a server in this process."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from gspice.cli.stats import stats
from gspice.errors import ConfigError
from gspice.server.metrics_address import MetricsAddress
from gspice.server.options import ServerOptions
from tests.server.server_rig import ServerRig, server_rig


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig(ServerOptions(host="127.0.0.1", port=0, metrics=MetricsAddress(port=0))) as rig:
        yield rig


def run(*words: object) -> Result:
    return CliRunner().invoke(stats, [str(word) for word in words])


def test_it_shows_the_clients_of_a_server(rig: ServerRig) -> None:
    rig.add_qxl()
    rig.main()
    result = run(rig.server.metrics_address)
    assert result.exit_code == 0, result.exception
    assert "1 client\n" in result.stdout and "client 1  127.0.0.1:" in result.stdout
    assert "display device 0, drawn by" in result.stdout


def test_json_is_one_line(rig: ServerRig) -> None:
    result = run(rig.server.metrics_address, "--json")
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["clients"] == []


def test_it_watches_until_it_is_told_to_stop(rig: ServerRig) -> None:
    command = [sys.executable, "-m", "gspice.cli.main", "stats", str(rig.server.metrics_address)]
    with subprocess.Popen([*command, "--json", "--watch", "0.5"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(2):
            assert json.loads(process.stdout.readline())["version"]
        process.send_signal(2)
        assert process.wait(20) == 130


@pytest.mark.parametrize("words", [["nowhere"], ["--watch", "0.1"]])
def test_what_it_does_not_take(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_without_a_server_it_says_how_to_have_one(rig: ServerRig) -> None:
    address = rig.server.metrics_address
    rig.do(rig.server.close)
    result = run(address)
    assert isinstance(result.exception, ConfigError)
    assert f"start the server with --metrics {address}" in str(result.exception)


def test_the_port_of_clients_is_not_that_of_metrics(rig: ServerRig) -> None:
    result = run(f"127.0.0.1:{rig.server.port}")
    assert isinstance(result.exception, ConfigError)


def test_a_command_that_shows_no_metrics_does_not_wait_for_them() -> None:
    line = "import sys, gspice.cli.main; print([m for m in ('h11', 'prometheus_client') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
