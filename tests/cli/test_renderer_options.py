"""The options that say what draws, as each command takes and refuses them."""

import os

import click
import pytest
from click.testing import CliRunner

from gspice.cli.renderer_options import renderer_options
from gspice.cli.replay import replay
from gspice.cli.serve import serve
from gspice.cli.xorg import _renderer, xorg
from gspice.errors import ConfigError
from gspice.gpu.select import backend_names
from gspice.hosts.no_wayland import NOWHERE


@pytest.mark.parametrize(("default", "want"), [("auto", "auto None"), (None, "None None")])
def test_what_is_given_arrives(default: str | None, want: str) -> None:
    @click.command()
    @renderer_options(default)
    def command(renderer: str | None, renderer_device: str | None) -> None:
        click.echo(f"{renderer} {renderer_device}")

    def run(*words: str) -> str:
        return CliRunner().invoke(command, words).output.strip()

    assert run() == want
    assert run("--renderer", "vulkan", "--renderer-device", "llvm") == "vulkan llvm"
    assert all(name in run("--help") for name in backend_names())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--renderer", "crayon"], "crayon.*cpu, opengl, vulkan, auto"),
        (["--renderer", "cpu", "--renderer-device", "1"], "renderer cpu takes no device"),
        (["--renderer-device", "1"], "renderer auto takes no device"),
    ],
)
@pytest.mark.parametrize("command", [serve, replay, xorg], ids=lambda command: command.name)
def test_what_cannot_be_is_refused(command: click.Command, words: list[str], message: str) -> None:
    rest = {"serve": ["--port", "0"], "replay": ["nowhere.rec"], "xorg": ["--", "true"]}[str(command.name)]
    result = CliRunner().invoke(command, [*words, *rest])
    assert isinstance(result.exception, ConfigError)
    with pytest.raises(ConfigError, match=message):
        raise result.exception


def test_xorg_tells_our_library_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GSPICE_RENDERER", "GSPICE_RENDERER_DEVICE", "GSPICE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    assert _renderer("gspice", "cpu", None) == {"GSPICE_RENDERER": "cpu"}
    assert _renderer("/some/place", "opengl", "2") == {
        "GSPICE_RENDERER": "opengl",
        "GSPICE_RENDERER_DEVICE": "2",
    }
    assert _renderer("system", None, None) == {}
    with pytest.raises(ConfigError, match="always draws by software"):
        _renderer("system", "cpu", None)


@pytest.mark.parametrize("device", ["", "  "])
@pytest.mark.parametrize("command", [serve, replay, xorg], ids=lambda command: command.name)
def test_an_empty_device_is_none(command: click.Command, device: str) -> None:
    rest = {"serve": ["--port", "0"], "replay": ["nowhere.rec"], "xorg": ["--", "true"]}[str(command.name)]
    result = CliRunner().invoke(command, ["--renderer", "vulkan", "--renderer-device", device, *rest])
    assert result.exit_code == 2 and "the device is empty" in result.output


@pytest.mark.parametrize(("default", "want"), [("auto", NOWHERE), (None, None)])
def test_only_what_draws_here_changes_the_environment(
    default: str | None, want: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @renderer_options(default)
    def command(renderer: str | None, renderer_device: str | None) -> None:
        pass

    monkeypatch.setenv("XDG_RUNTIME_DIR", "/r")
    CliRunner().invoke(command, [])
    assert os.environ["XDG_RUNTIME_DIR"] == "/r"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    CliRunner().invoke(command, [])
    assert os.environ.get("XDG_RUNTIME_DIR") == want
