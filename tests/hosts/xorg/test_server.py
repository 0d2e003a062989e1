"""Starting and ending an X server: what it is given, what is said where it fails, and what stays behind: nothing."""

import os
import signal
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.xorg import server
from gspice.hosts.xorg.config import XorgConfig
from gspice.hosts.xorg.server import XServer, XServerError, bound_to_parent, find_xorg

Fake = Callable[[str], None]
READY = 'printf "42\\n" >"/proc/self/fd/$FD"; exec sleep 100'


def private(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "private").iterdir())


def test_a_missing_server_or_driver_is_named_with_its_package(fake_xorg: Fake, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="apt-get install xserver-xorg-core"):
        find_xorg()
    fake_xorg("")
    assert find_xorg() == tmp_path / "lib" / "Xorg"
    (tmp_path / "modules" / server.DRIVER).unlink()
    with pytest.raises(ConfigError, match="apt-get install xserver-xspice"):
        find_xorg()


def test_it_is_ready_once_it_has_told_its_display(fake_xorg: Fake, tmp_path: Path) -> None:
    fake_xorg(f'cp "{tmp_path}"/private/*/xorg.conf {tmp_path}/seen; env >{tmp_path}/env; {READY}')
    with XServer(XorgConfig(password="word"), {"LD_LIBRARY_PATH": "/some/place"}) as xorg:
        assert xorg.display == ":42"
        assert xorg.environment == {"DISPLAY": ":42", "XAUTHORITY": str(xorg.authority)}
        assert xorg.poll() is None
        assert stat.S_IMODE(xorg.directory.stat().st_mode) == 0o700
        assert (tmp_path / "seen").read_text() == XorgConfig(password="word").render()
        environment = (tmp_path / "env").read_text().splitlines()
        assert {"LD_LIBRARY_PATH=/some/place", "XSPICE_PASSWORD=word"} <= set(environment)
        arguments = (tmp_path / "arguments").read_text()
        assert f"-auth {xorg.authority} -noreset -nolisten tcp -seat seat-gspice" in arguments
    assert xorg.poll() == -signal.SIGTERM
    assert private(tmp_path) == []


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "Xorg did not start$"),
        (
            "(process:7): Spice-WARNING **: 18:15:37.6: ../server/reds.cpp:2585:reds_init_socket: binding failed\n"
            "(EE) Caught signal 6 (Aborted). Server aborting",
            "did not start: binding failed$",
        ),
        (
            "gspice: INFO: hello\ngspice: ERROR: port 5930 is taken\nFatal server error:\n(EE) no",
            "start: port 5930 is",
        ),
        (
            "Xorg: error while loading shared libraries: libspice.so: no such file",
            "libspice.so: no such file",
        ),
        ("Fatal server error:\n(EE) no screens found(EE) ", "start: no screens found"),
    ],
)
def test_the_reason_of_a_failed_start_is_what_was_said_first(
    fake_xorg: Fake, tmp_path: Path, output: str, reason: str
) -> None:
    (tmp_path / "output").write_text(output + "\n")
    fake_xorg(f"cat {tmp_path}/output; exit 1")
    with pytest.raises(XServerError, match=reason):
        XServer(XorgConfig(), {})
    assert private(tmp_path) == []


def test_a_server_that_never_gets_ready_is_given_up(
    fake_xorg: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_TIMEOUT_S", 0.1)
    fake_xorg("exec sleep 100")
    with pytest.raises(XServerError, match="not ready after"):
        XServer(XorgConfig(), {})
    assert private(tmp_path) == []


def test_a_bad_configuration_starts_nothing(fake_xorg: Fake, tmp_path: Path) -> None:
    fake_xorg(READY)
    with pytest.raises(ConfigError):
        XServer(XorgConfig(port=0), {})
    assert not (tmp_path / "arguments").exists()


def test_a_server_that_does_not_end_is_killed(
    fake_xorg: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOP_TIMEOUT_S", 0.1)
    fake_xorg('trap "" TERM; printf "42\\n" >"/proc/self/fd/$FD"; while :; do sleep 0.01; done')
    xorg = XServer(XorgConfig(), {})
    assert xorg.stop() == -signal.SIGKILL
    assert xorg.stop() == -signal.SIGKILL
    assert private(tmp_path) == []


def abandoned_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(path))


@pytest.mark.parametrize("script", [READY, "exit 1"])
def test_its_socket_goes_with_it_and_others_stay(fake_xorg: Fake, tmp_path: Path, script: str) -> None:
    x11 = tmp_path / "x11"
    abandoned_socket(x11 / "X41")
    os.utime(x11 / "X41", (1, 1))  # left by somebody else, long ago
    abandoned_socket(x11 / "X43")
    (x11 / ".X43-lock").write_text("1")  # a server that is about to listen
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(x11 / "X44"))
        listening.listen()
        fake_xorg(f"{sys.executable} -c \"import socket; socket.socket(1).bind('{x11}/X42')\"; {script}")
        try:
            XServer(XorgConfig(), {}).stop()
        except XServerError:
            assert script == "exit 1"
        assert sorted(path.name for path in x11.iterdir()) == [".X43-lock", "X41", "X43", "X44"]


def test_a_child_is_bound_to_its_parent() -> None:
    line = bound_to_parent(["xterm", Path("/x")])
    assert line[-2:] == ["xterm", "/x"]
    assert line[:-2] in ([], [line[0], "--pdeathsig", "TERM"])
