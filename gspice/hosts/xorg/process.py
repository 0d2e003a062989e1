"""A command on an X server of its own: each ends with the other, and nothing of either stays behind."""

import contextlib
import ctypes
import logging
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gspice.errors import ConfigError
from gspice.hosts.xorg.config import XorgConfig
from gspice.hosts.xorg.server import XServer, XServerError, bound_to_parent

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""What a command may take to end, once it was asked to or has lost its display."""
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OF_ANOTHER_SESSION = ("WAYLAND_DISPLAY", "WAYLAND_SOCKET")
"""Variables that would take a program past the display that it was started for."""
PR_SET_CHILD_SUBREAPER = 36


def run_command(
    config: XorgConfig,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    announce: Callable[[XServer], None],
) -> int:
    """Start an X server, run the command on it, end both; the command's exit code, 128 and more for a signal.

    For the main thread of a process that does nothing else: it takes over signals, and ends every child of the
    process, those that the command left among them. ``environment`` is the X server's alone. ``announce`` is called
    once the X server is ready. ConfigError; XServerError where the X server was not there to the end.
    """
    program = _program(command)
    _adopt_orphans()
    with contextlib.ExitStack() as stack:
        wake = stack.enter_context(_signals())
        try:
            server = stack.enter_context(XServer(config, environment, give_up=wake.read_fd))
        except XServerError:
            if numbers := wake.take():
                return 128 + numbers[0]
            raise
        announce(server)
        child = subprocess.Popen(
            bound_to_parent([program, *command[1:]]),
            env=_client_environment(server),
            # A group of its own, for signals reach all of it.
            start_new_session=True,
        )
        try:
            _watch(server, child, wake)
        finally:
            _end_group(child)
        died = server.poll()
        reason = server.reason()
        server.stop()
        _end_orphans()
    if died is not None:
        raise XServerError(f"Xorg ended ({_status(died)}) while {command[0]} was running{reason}")
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _program(command: Sequence[str]) -> str:
    if not command:
        raise ConfigError("there is nothing to run: name a program after --, for example: -- xterm")
    program = shutil.which(command[0])
    if program is None:
        raise ConfigError(f"{command[0]}: there is no such program; install it, or give its path")
    return program


def _client_environment(server: XServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_SESSION}
    return {**kept, "XDG_SESSION_TYPE": "x11", **server.environment}


@contextlib.contextmanager
def _signals() -> Iterator["_Wake"]:
    """Signals become bytes of a pipe, and interrupt nothing."""
    with contextlib.closing(_Wake()) as wake:
        before = {number: signal.signal(number, _nothing) for number in FORWARDED}
        fd_before = signal.set_wakeup_fd(wake.write_fd, warn_on_full_buffer=False)
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(fd_before)
            for number, handler in before.items():
                signal.signal(number, handler)


class _Wake:
    """A pipe that holds the numbers of the signals that came."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.write_fd, False)
        os.set_blocking(self.read_fd, False)

    def take(self) -> list[int]:
        """The numbers of the signals since the last call."""
        with contextlib.suppress(BlockingIOError):
            return list(os.read(self.read_fd, 4096))
        return []

    def close(self) -> None:
        """Give back the pipe."""
        os.close(self.read_fd)
        os.close(self.write_fd)


def _nothing(number: int, frame: object) -> None:
    """A handler that is there for the byte which its signal puts into the pipe."""


def _watch(server: XServer, child: subprocess.Popen[bytes], wake: _Wake) -> None:
    """Until the command has ended, or had its time to after it was asked to or lost its display."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for pid in (server.pid, child.pid):
            fd = os.pidfd_open(pid)
            stack.callback(os.close, fd)
            selector.register(fd, selectors.EVENT_READ, pid)
        selector.register(wake.read_fd, selectors.EVENT_READ, None)
        deadline: float | None = None
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                log.warning("the command did not end within %.0f s", GRACE_S)
                return
            for key, _ in selector.select(left):
                if key.data == child.pid:
                    return
                if key.data == server.pid:
                    selector.unregister(key.fd)
                    # Programs without a window would not notice.
                    _signal_group(child, signal.SIGTERM)
                    deadline = deadline or time.monotonic() + GRACE_S
                    continue
                for number in wake.take():
                    if deadline is not None:
                        return  # asked twice
                    if number in FORWARDED:
                        deadline = time.monotonic() + GRACE_S
                        _signal_group(child, number)


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End what is left of the command and of its group."""
    if child.poll() is None:
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(1.0)
        except subprocess.TimeoutExpired:
            _signal_group(child, signal.SIGKILL)
            child.wait()


def _adopt_orphans() -> None:
    """Processes whose parent has ended become children of this one, and not of the system's first."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        log.warning("cannot adopt what the command leaves behind: %s", os.strerror(ctypes.get_errno()))


def _end_orphans() -> None:
    """End every child that there still is, kindly at first."""
    end = time.monotonic() + 1.0
    asked: set[int] = set()
    while children := _children():
        hard = time.monotonic() > end
        for pid in children:
            if hard or pid not in asked:
                asked.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if hard else signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def _children() -> list[int]:
    """Processes whose parent is this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; what comes after the last one does not.
            parent = path.read_text(errors="replace").rpartition(")")[2].split()[1]
        except (OSError, IndexError):
            continue
        if parent == str(os.getpid()):
            found.append(int(path.parent.name))
    return found


def _status(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
