"""A command on an X server of its own: exit codes, signals, and who ends whom."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.xorg import process
from gspice.hosts.xorg.config import XorgConfig

Fake = Callable[[str], None]
READY = 'printf "42\\n" >"/proc/self/fd/$FD"; exec sleep 1000'
PATIENCE_S = 30

LAUNCHER = """
import sys
from pathlib import Path
from gspice.errors import GSpiceError
from gspice.hosts.xorg import process, server
from gspice.hosts.xorg.config import XorgConfig
base = Path(sys.argv[1])
server.PREFIXES, server.MODULES = (base / "lib",), (base / "modules",)
server.X11_SOCKETS = server.X11_LOCKS = base / "x11"
process.GRACE_S = float(sys.argv[2])
try:
    sys.exit(process.run_command(XorgConfig(), sys.argv[3:], environment={},
                                 announce=lambda xorg: print("on", xorg.display, xorg.pid, flush=True)))
except GSpiceError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Run a command in a launcher of its own, for it takes over signals and children."""
    running: list[subprocess.Popen[str]] = []

    def start(*command: str, grace: float = 20) -> subprocess.Popen[str]:
        line = [sys.executable, "-c", LAUNCHER, str(tmp_path), str(grace), *command]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield start
    for launcher in running:
        launcher.kill()
        launcher.communicate()


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def read(launcher: subprocess.Popen[str]) -> str:
    assert launcher.stdout is not None
    return launcher.stdout.readline().strip()


def test_a_program_that_is_not_there_is_named_before_anything_starts() -> None:
    for command, words in (
        ([], "name a program after --"),
        (["no-such-program"], "no-such-program: there is no"),
    ):
        with pytest.raises(ConfigError, match=words):
            process.run_command(XorgConfig(), command, environment={}, announce=lambda _: None)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_the_exit_code_is_the_commands(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]], tmp_path: Path, script: str, code: int
) -> None:
    fake_xorg(READY)
    launcher = launch(
        "sh", "-c", f'echo "$DISPLAY $XDG_SESSION_TYPE"; [ -r "$XAUTHORITY" ] || exit 99; {script}'
    )
    out, err = launcher.communicate(timeout=PATIENCE_S)
    assert (launcher.returncode, err) == (code, "")
    announced, seen = out.splitlines()
    assert announced.startswith("on :42 ")
    assert seen == ":42 x11"
    assert gone(int(announced.split()[2]))
    assert list((tmp_path / "private").iterdir()) == []


def test_what_the_command_leaves_running_ends_with_it(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]]
) -> None:
    fake_xorg(READY)
    stubborn = 'setsid sh -c "trap : TERM; echo \\$\\$; sleep 1000; sleep 1000" &'
    launcher = launch("sh", "-c", f"sleep 1000 & echo $!; {stubborn} sleep 0.2; exit 3")
    out, _ = launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 3
    assert all(gone(int(pid)) for pid in out.splitlines()[1:])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_are_passed_on(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    fake_xorg(READY)
    name = number.name.removeprefix("SIG")
    launcher = launch("sh", "-c", f'trap "echo got; exit 5" {name}; echo ready; while :; do sleep 0.01; done')
    xorg = int(read(launcher).split()[2])
    assert read(launcher) == "ready"
    launcher.send_signal(number)
    out, _ = launcher.communicate(timeout=PATIENCE_S)
    assert (launcher.returncode, out) == (5, "got\n")
    assert gone(xorg)
    assert list((tmp_path / "private").iterdir()) == []


@pytest.mark.parametrize(("grace", "signals"), [(0.1, 1), (1000, 2)])
def test_a_command_that_will_not_end_is_killed(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]], grace: float, signals: int
) -> None:
    fake_xorg(READY)
    launcher = launch(
        "sh", "-c", 'trap "echo asked" TERM; echo $$; while :; do sleep 0.01; done', grace=grace
    )
    read(launcher)
    command = int(read(launcher))
    for i in range(signals):
        launcher.send_signal(signal.SIGTERM)
        if not i:
            assert read(launcher) == "asked"
    launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 128 + signal.SIGKILL
    assert gone(command)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_command_ends_with_its_x_server(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    fake_xorg(READY)
    launcher = launch("sh", "-c", "echo $$; exec sleep 1000", grace=0.1)
    xorg, command = int(read(launcher).split()[2]), int(read(launcher))
    os.kill(xorg, number)
    _, err = launcher.communicate(timeout=PATIENCE_S)
    assert f"XServerError: Xorg ended (signal {number.value}) while sh was running" in err
    assert launcher.returncode == 1
    assert gone(command)


def test_a_signal_during_the_start_ends_it(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    fake_xorg("echo $$ >&2; exec sleep 1000")
    launcher = launch("true")
    output = ""
    while not output:
        for path in (tmp_path / "private").glob("*/output"):
            output = path.read_text()
        assert launcher.poll() is None
    launcher.send_signal(signal.SIGTERM)
    launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 128 + signal.SIGTERM
    assert gone(int(output))
    assert list((tmp_path / "private").iterdir()) == []


def test_a_killed_launcher_takes_both_with_it(
    fake_xorg: Fake, launch: Callable[..., subprocess.Popen[str]]
) -> None:
    fake_xorg(READY)
    launcher = launch("sh", "-c", "echo $$; exec sleep 1000")
    pids = [int(read(launcher).split()[2]), int(read(launcher))]
    fds = [os.pidfd_open(pid) for pid in pids]
    launcher.kill()
    launcher.communicate(timeout=PATIENCE_S)
    for fd in fds:
        assert select.select([fd], [], [], PATIENCE_S)[0], "it outlived the launcher"
        os.close(fd)
