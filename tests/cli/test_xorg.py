"""``gspice xorg``: what it refuses before an X server starts, and one start for real where there is one."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gspice.cli.xorg import xorg
from gspice.errors import ConfigError
from tests.peers.xorg import need_xorg


def invoke(*words: str) -> Result:
    return CliRunner().invoke(xorg, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "-2", "true"], "a port is 0 to 65535, or -1 for none"),
        (["--port", "70000", "true"], "port 70000"),
        (["--port", "-1", "true"], "nothing to listen on"),
        (["--no-auth", "--password-file", "x", "true"], "contradict each other"),
        (["--unix", "/tmp/s", "--library", "system", "true"], "listens on TCP alone"),
        (["--addr", "0.0.0.0", "true"], "anybody who reaches 0.0.0.0"),
        (["--addr", "192.0.2.1", "--port", "0", "--no-auth", "true"], "192.0.2.1: cannot listen there"),
        (["--library", "/no/such/place", "true"], "no libspice-server.so.1 in it"),
        (["--tls-port", "5999", "--library", "system", "true"], "needs certificates"),
        (["--size", "100x100", "--library", "system", "true"], "320x200 to 8192x8192"),
        (["--library", "system"], "name a program after --"),
        (["--library", "system", "--", "no-such-program"], "no-such-program: there is no such program"),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(words: list[str], message: str) -> None:
    result = invoke(*words)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)


@pytest.mark.parametrize("size", ["800", "800x", "-1x600", "800x600x1", "axb"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    result = invoke("--size", size, "true")
    assert result.exit_code == 2
    assert "1280x800" in result.output


def test_a_library_path_that_the_loader_cannot_take_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "a:b"
    directory.mkdir()
    (directory / "libspice-server.so.1").touch()
    result = invoke("--library", str(directory), "true")
    assert "with a colon in it" in str(result.exception)


@pytest.mark.peer
def test_a_command_runs_on_a_real_one(tmp_path: Path) -> None:
    need_xorg()
    viewer, password = tmp_path / "desktop.vv", tmp_path / "password"
    password.write_text("word\n")
    password.chmod(0o600)
    line = "from gspice.cli.xorg import xorg; xorg.main()"
    options = ["--library", "system", "--port", "0", "--password-file", str(password), "--vv", str(viewer)]
    done = subprocess.run(
        [sys.executable, "-c", line, *options, "--", "sh", "-c", 'echo "$DISPLAY"; exit 9'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("sh on display :")
    assert said[1].strip().startswith("remote-viewer spice://127.0.0.1:")
    assert said[-1] in said[0]
    assert "word" not in done.stdout.replace("password", "")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(viewer)
    assert parser["virt-viewer"]["password"] == "word"
    assert parser["virt-viewer"]["port"] == said[1].rpartition(":")[2]


@pytest.mark.peer
def test_gspice_shows_it_on_a_unix_socket(tmp_path: Path) -> None:
    need_xorg()
    path, picture = tmp_path / "s", tmp_path / "picture.png"
    line = "from gspice.cli.main import cli; cli.main()"
    # The command is a client of its own desktop: what it sees is the root window that it coloured before.
    command = (
        f'import subprocess, sys; subprocess.run(["xsetroot", "-solid", "#204060"], check=True);'
        f'sys.argv[1:] = ["screenshot", "spice+unix://{path}", {str(picture)!r}]; {line}'
    )
    done = subprocess.run(
        [sys.executable, "-c", line, "xorg", "--unix", str(path), "--", sys.executable, "-c", command],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Image.open(picture) as image:
        assert image.size == (1280, 800)
        assert image.convert("RGB").getpixel((3, 3)) == (0x20, 0x40, 0x60)
    assert not path.exists(), "the socket goes with the server"
