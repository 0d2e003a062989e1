"""One Xorg with the spiceqxl driver: a process, its display, and a private directory of files that go with it."""

import contextlib
import logging
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gspice.errors import ConfigError, GSpiceError
from gspice.hosts.xorg.authority import write_authority
from gspice.hosts.xorg.config import XorgConfig

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
"""An X server that takes longer to end is killed."""
PREFIXES = (Path("/usr/lib/xorg"), Path("/usr/lib64/xorg"), Path("/usr/libexec"))
"""Where distributions keep the server itself. The ``Xorg`` of PATH may be a set-user-id wrapper, and such a program
drops LD_LIBRARY_PATH."""
MODULES = (Path("/usr/lib/xorg/modules"), Path("/usr/lib64/xorg/modules"))
DRIVER = Path("drivers/spiceqxl_drv.so")
X11_SOCKETS, X11_LOCKS = Path("/tmp/.X11-unix"), Path("/tmp")
MAX_DISPLAY_BYTES = 16
MAX_REASON_BYTES = 1 << 20
"""Of the X server's output that is searched for what went wrong."""


class XServerError(GSpiceError):
    """The X server did not start, or ended while it was needed; the text has the reason that it gave."""


def find_xorg() -> Path:
    """The X server's program. ConfigError, with what to install, where it or the driver is missing."""
    for prefix in PREFIXES:
        if os.access(program := prefix / "Xorg", os.X_OK):
            break
    else:
        raise ConfigError("Xorg is not installed; install it with: apt-get install xserver-xorg-core")
    if not any((modules / DRIVER).exists() for modules in MODULES):
        raise ConfigError(
            "Xorg's spiceqxl driver is not installed; install it with: apt-get install xserver-xspice"
        )
    return program


def bound_to_parent(command: Sequence[str | Path]) -> list[str]:
    """A command line whose process is asked to end when this one does, however that happens."""
    setpriv = shutil.which("setpriv")
    prefix = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    return [*prefix, *map(str, command)]


class XServer:
    """A running X server; leave the ``with`` block, or call ``stop``, to end it and remove all that it left.

    ``environment`` is set for the X server alone: LD_LIBRARY_PATH there chooses its SPICE library.
    """

    def __init__(
        self, config: XorgConfig, environment: Mapping[str, str], *, give_up: int | None = None
    ) -> None:
        """Start it and wait until it takes clients. ConfigError, or XServerError where it did not come up.

        ``give_up``: a descriptor; once it can be read, waiting is over, which is an XServerError too.
        """
        text = config.render()
        program = find_xorg()
        self.directory = Path(tempfile.mkdtemp(prefix="gspice-xorg-", dir=_runtime_directory()))
        """Nobody else's to look into; removed at the end."""
        self.authority = self.directory / "Xauthority"
        self.log_path = self.directory / "Xorg.log"
        self._output_path = self.directory / "output"
        self._process: subprocess.Popen[bytes] | None = None
        self.display = ""
        # Kernel time stamps lag behind the clock by up to one tick.
        self._started = time.time() - 0.1
        try:
            (self.directory / "xorg.conf").write_text(text)
            write_authority(self.authority)
            self.display = self._start(
                program, {**os.environ, **config.environment(), **environment}, give_up
            )
        except BaseException:
            self.stop()
            raise

    def _start(self, program: Path, environment: dict[str, str], give_up: int | None) -> str:
        command: list[str | Path] = [program]
        command += [
            "-config",
            self.directory / "xorg.conf",
            "-logfile",
            self.log_path,
            "-auth",
            self.authority,
        ]
        # A seat of no hardware: no consoles, no graphics cards, no keyboards but the client's.
        command += ["-noreset", "-nolisten", "tcp", "-seat", "seat-gspice"]
        read_fd, write_fd = os.pipe()
        with os.fdopen(read_fd, "rb", buffering=0) as pipe:
            try:
                with self._output_path.open("wb") as out:
                    self._process = subprocess.Popen(
                        bound_to_parent([*command, "-displayfd", str(write_fd)]),
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=out,
                        env=environment,
                        pass_fds=[write_fd],
                        # Ctrl-C is for the program on the display, which may want to ask something first.
                        start_new_session=True,
                    )
            finally:
                os.close(write_fd)
            return f":{self._read_display(pipe.fileno(), give_up)}"

    def _read_display(self, fd: int, give_up: int | None) -> str:
        """The display's number, which the X server writes once it takes clients; it ends the pipe by ending."""
        text, end = b"", time.monotonic() + START_TIMEOUT_S
        watched = [fd] if give_up is None else [fd, give_up]
        while b"\n" not in text:
            readable = select.select(watched, [], [], max(0.0, end - time.monotonic()))[0]
            if give_up in readable:
                raise XServerError("Xorg was told to end before it was ready")
            if not readable:
                raise XServerError(f"Xorg was not ready after {START_TIMEOUT_S:.0f} s{self.reason()}")
            part = os.read(fd, MAX_DISPLAY_BYTES)
            if not part or len(text) > MAX_DISPLAY_BYTES:
                raise XServerError(f"Xorg did not start{self.reason()}")
            text += part
        return text.decode().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process that is, or was, the X server."""
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """What an X client must have in its environment."""
        return {"DISPLAY": self.display, "XAUTHORITY": str(self.authority)}

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def reason(self) -> str:
        """Why it ended, in the words of the library or the server, led in by a colon; empty where neither said."""
        try:
            with self._output_path.open("rb") as file:
                output = file.read(MAX_REASON_BYTES).decode(errors="replace")
        except OSError:
            return ""
        for pattern in _REASONS:
            if found := pattern.search(output):
                return f": {found[1].strip()}"
        return ""

    def stop(self) -> int | None:
        """End it, by force where it must be; its exit status. Safe to call again."""
        status = None
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            try:
                status = self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                log.warning("Xorg did not end within %.0f s and is killed", STOP_TIMEOUT_S)
                self._process.kill()
                status = self._process.wait()
            _remove_traces(self.display, self._started)
        shutil.rmtree(self.directory, ignore_errors=True)
        return status


# What is said first counts: everything after it, and the backtrace most of all, is a consequence.
_REASONS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^gspice: (?!INFO|DEBUG)(?:[A-Z]+: )?(.+)$",
        r"Spice-(?:WARNING|CRITICAL|ERROR) \*\*: (?:[\d:.]+: )?(?:\S+:\d+:\w+: )?(.+)$",
        r"error while loading shared libraries: (.+)$",
        r"^\(EE\) (.*symbol lookup error.*|.*undefined symbol.*)$",
        r"^Fatal server error:\s*(?:\(EE\) )?(.+)$",
    )
)


def _runtime_directory() -> str | None:
    """Where private directories go: the session's own place, else the system's choice."""
    path = os.environ.get("XDG_RUNTIME_DIR")
    return path if path and os.path.isabs(path) and os.access(path, os.W_OK | os.X_OK) else None


def _remove_traces(display: str, started: float) -> None:
    """Remove the socket that an X server leaves when it is killed or gives up, if it is its own.

    Without a display, it ended before it could say which. A server that chose its display has no lock there.
    """
    for path in [X11_SOCKETS / f"X{display.removeprefix(':')}"] if display else X11_SOCKETS.glob("X*"):
        with contextlib.suppress(OSError):
            owner = path.stat()
            ours = owner.st_uid == os.geteuid() and owner.st_mtime >= started
            if ours and not (X11_LOCKS / f".{path.name}-lock").exists() and _nobody_listens(path):
                path.unlink()


def _nobody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
