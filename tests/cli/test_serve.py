"""``gspice serve``: what it refuses before it starts, what it says, and how it ends."""

import configparser
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from gspice.cli.main import main
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.main import MainInit
from tests.peers.raw_link import RawChannel
from tests.server.net import PATIENCE_S, write_certificates

SMALL = "--size=320x320"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "Serve"]]:
    running: list[Serve] = []

    def start(*options: str) -> Serve:
        running.append(Serve(tmp_path / f"log{len(running)}", *options))
        return running[-1]

    yield start
    for serve in running:
        serve.kill()


class Serve:
    """The command in a process of its own."""

    def __init__(self, log: Path, *options: str) -> None:
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gspice.cli.main", "serve", SMALL, *options],
                stdout=subprocess.PIPE,
                stderr=out,
                bufsize=0,  # what follows the lines read below is left to ``end``
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self.process.stdout is not None
        out_pipe: IO[bytes] = self.process.stdout
        self.said = [out_pipe.readline().decode(), out_pipe.readline().decode()]
        assert "connect with" in self.said[0], self.log()
        found = re.search(r":(\d+)$", self.said[1].strip())
        self.port = int(found[1]) if found else 0

    def log(self) -> str:
        return self._log.read_text()

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; the exit code and what it still said."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, rest.decode()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """Run ``serve`` with options that it must refuse; the line that it says."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in signals}

    def refused(*options: str, code: int = 1) -> str:
        monkeypatch.setattr(sys, "argv", ["gspice", "serve", SMALL, *options])
        assert main() == code
        out, err = capsys.readouterr()
        assert out == "" and "Traceback" not in err
        line = str(err).splitlines()[-1]
        assert code != 1 or line.startswith("gspice: ")
        return line

    yield refused
    for number, handler in before.items():
        signal.signal(number, handler)


# Refused


@pytest.mark.parametrize(
    "size", ["", "x", "1280", "1280x", "1280X800", "12.5x800", "-1x800", "1280x800x2", "a x b"]
)
def test_sizes_that_are_none(refused: Callable[..., str], size: str) -> None:
    line = refused(f"--size={size}", code=2)
    assert "is not WIDTHxHEIGHT, for example 1280x800" in line


@pytest.mark.parametrize("size", ["319x800", "800x319", "4097x800", "800x99999", "0x0"])
def test_sizes_that_are_too_small_or_too_large(refused: Callable[..., str], size: str) -> None:
    assert "each side must be 320 to 4096 pixels" in refused(f"--size={size}", code=2)


def test_a_size_that_the_device_has_no_memory_for(refused: Callable[..., str]) -> None:
    assert "3000x3000" in refused("--port=0", "--size=3000x3000")


@pytest.mark.parametrize("addr", ["0.0.0.0", "::", "", "192.0.2.1", "example.org"])
def test_a_desktop_for_everybody_must_be_asked_for(refused: Callable[..., str], addr: str) -> None:
    line = refused("--port=0", f"--addr={addr}")
    assert "anybody who reaches" in line and "--password-file" in line and "--no-auth" in line


OPTIONS: list[tuple[list[str], str]] = [
    (["--renderer=nonsense", "--port=0"], "no renderer 'nonsense': choose one of cpu"),
    (["--port=65536"], "65536 is not between 0 and 65535"),
    (["--port=-1"], "nothing to listen on: give --port"),
    (["--port=0", "--tls-port=0"], "--tls-dir"),
    (["--port=0", "--tls-dir=/nonexistent"], "/nonexistent is not a directory"),
    (["--port=0", "--secure-channel=nonsense"], "no channel named 'nonsense'; choose from: default, main"),
    (["--port=0", "--secure-channel=inputs"], "--tls-dir"),
    (["--port=0", "--password-lifetime=5"], "--password-file FILE"),
    (["--port=0", "--password-file=/nonexistent/pw"], "/nonexistent/pw: cannot read the password"),
    (["--port=0", "--video=/nonexistent.webm"], "/nonexistent.webm"),
    (["--port=0", "--addr=127.0.0.1", "--unix=" + "s" * 200], "UNIX socket name"),
    (["--port=0", "--vv=/nonexistent/x.vv"], "/nonexistent/x.vv"),
    (["--port=0", "--dump=/nonexistent/x.png"], "/nonexistent/x.png"),
]


@pytest.mark.parametrize(
    ("options", "words"), OPTIONS, ids=[" ".join(options)[:40] for options, _ in OPTIONS]
)
def test_options_that_cannot_be_met(refused: Callable[..., str], options: list[str], words: str) -> None:
    assert words in refused(*options)


def test_files_that_are_missing_from_the_tls_directory(refused: Callable[..., str], tmp_path: Path) -> None:
    write_certificates(tmp_path)
    (tmp_path / "server-key.pem").unlink()
    (tmp_path / "ca-cert.pem").unlink()
    line = refused("--port=0", "--tls-port=0", f"--tls-dir={tmp_path}")
    assert f"{tmp_path} lacks ca-cert.pem, server-key.pem" in line


def test_an_empty_password_file(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("\nsecret\n")
    assert "first line is empty" in refused("--port=0", f"--password-file={tmp_path / 'pw'}")


def test_a_port_in_use(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(f"--port={port}")
    assert f"address already in use: port {port}" in line and "--port" in line


@pytest.mark.parametrize("option", ["--password-lifetime=0", "--password-lifetime=x", "--log-level=loud"])
def test_values_that_are_none(refused: Callable[..., str], option: str) -> None:
    assert option.split("=", 1)[0] in refused("--port=0", option, code=2)


# Started


def test_ctrl_c_is_a_good_end(start: Callable[..., Serve], tmp_path: Path) -> None:
    secret, viewer = tmp_path / "pw", tmp_path / "desktop.vv"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    serve = start("--port=0", f"--password-file={secret}", f"--vv={viewer}", "--name=My desktop")
    assert serve.said[0] == "serving 'My desktop'; connect with:\n"
    assert serve.said[1] == f"  remote-viewer spice://127.0.0.1:{serve.port}\n"
    assert stat.S_IMODE(viewer.stat().st_mode) == 0o600
    parser = configparser.ConfigParser()
    parser.read(viewer)
    section = parser["virt-viewer"]
    assert (section["type"], section["host"], section["port"]) == ("spice", "127.0.0.1", str(serve.port))
    assert (section["password"], section["title"]) == ("s3cret", "My desktop")
    client = RawChannel(serve.port, ChannelType.MAIN, password="s3cret")
    client.receive_type(MainInit)
    client.close()
    code, rest = serve.end(signal.SIGINT)
    assert (code, rest) == (0, f"the password is the first line of {secret}\nstopped\n")
    assert "Traceback" not in serve.log() and "s3cret" not in serve.log()


def test_sigterm_is_a_good_end_and_the_unix_socket_goes(start: Callable[..., Serve], tmp_path: Path) -> None:
    path, dump = tmp_path / "spice.sock", tmp_path / "dump.png"
    serve = start("--port=-1", f"--unix={path}", f"--dump={dump}")
    assert serve.said[1] == f"  remote-viewer spice+unix://{path}\n"
    serve.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE_S
    while not dump.exists():
        assert time.monotonic() < deadline, serve.log()
        time.sleep(0.01)
    serve.process.send_signal(signal.SIGUSR2)
    assert serve.end(signal.SIGTERM) == (0, "stopped\n")
    assert not path.exists()
    assert "Traceback" not in serve.log()
