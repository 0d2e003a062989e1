"""Debian's QEMU as a process, with the libspice-server that a test names."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pytest
from PIL import Image

from tests.peers.guest_kernel import GuestKernel
from tests.peers.peers import SpiceGtk, as_bgrx, need_program
from tests.peers.pictures import Picture
from tests.peers.qmp import Qmp
from tests.peers.serial_port import SerialPort

LIBRARIES = ["stock", "gspice"]
"""For tests where it says something that both do the same; ``find_library`` knows the names."""

NOT_LISTENING = "failed to initialize spice server"
"""QEMU's own words, whatever the library says about the reason."""
SONAME = "libspice-server.so.1"
START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 20.0
MAX_LOG = 256 << 10
PORT_TRIES = 5
POLL_S = 0.01
ACCEPTS = 1 << 16
"""Among the flags in /proc/net/unix."""

DISPLAYS = {"qxl": ["-vga", "qxl"], "std": ["-vga", "std"], "virtio": ["-device", "virtio-vga"]}
"""QEMU's options for each kind of display."""


@dataclass(frozen=True)
class Library:
    """Which libspice-server a host loads, and what it needs in its environment."""

    directory: Path | None = None
    """Where libspice-server.so.1 lies; None for the system's own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()
    """A command in front of the host's that sees to its being loaded; without one the environment does."""

    def host_environment(self) -> dict[str, str]:
        """The environment of a host that shall load it."""
        environment = {**os.environ, **self.environment}
        if self.directory and not self.launcher:
            environment["LD_LIBRARY_PATH"] = str(self.directory)
        return environment


def find_library(name: str) -> Library:
    """ "stock" is the system's, "gspice" is ours, "gspice qemu" is ours as our command starts QEMU with it."""
    if name == "stock":
        return Library()
    program = (sys.executable, "-m", "gspice.cli.main")
    command = [*program, "libspice", "--print-path"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{' '.join(command)}: {done.stderr}"
    path = Path(done.stdout.strip())
    launcher = (*program, "qemu", "--") if name == "gspice qemu" else ()
    return Library(path if path.is_dir() else path.parent, launcher=launcher)


def not_yet(request: pytest.FixtureRequest, library: Library, reason: str) -> None:
    """The test fails with our library, and is to be told when it no longer does."""
    if library.directory is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


ACCELERATOR_VARIABLE = "GSPICE_TEST_ACCEL"
"""What runs the guests' code: tcg (the default) or kvm."""
PROCESSORS_VARIABLE = "GSPICE_TEST_PROCESSORS"
"""How many processors guests have: one by default. Each is a thread of QEMU's."""


def base_options(directory: Path) -> list[str]:
    """Options of every QEMU: a small machine whose monitor and serial port are sockets in ``directory``."""
    accelerator = os.environ.get(ACCELERATOR_VARIABLE, "tcg")
    return [
        *("-machine", f"pc,accel={accelerator}", "-smp", os.environ.get(PROCESSORS_VARIABLE, "1")),
        *("-m", "256", "-nodefaults", "-no-user-config"),
        *("-display", "none", "-name", "guest of a test"),
        *("-qmp", f"unix:{directory / 'qmp'},server=on,wait=off"),
        *("-chardev", f"socket,id=serial,path={directory / 'serial'},server=on,wait=off"),
        *("-serial", "chardev:serial"),
    ]


def qemu_program() -> str:
    """The path of QEMU. Skips, or fails in CI, where it is not installed."""
    return need_program("qemu-system-x86_64", "qemu-system-x86 seabios")


class BoundedLog:
    """The first and the last of what a pipe says: one that says too much is not stopped by it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while data := os.read(self._stream.fileno(), 1 << 16):
                if len(self._head) < MAX_LOG:
                    self._head += data
                else:
                    self._tail = (self._tail + data)[-MAX_LOG:]

    def text(self) -> str:
        return (bytes(self._head) + bytes(self._tail)).decode(errors="replace")

    def wait_end(self, timeout: float) -> None:
        """Until nobody holds the other end any more."""
        self._thread.join(timeout)


class Qemu:
    """A running QEMU. Leaving the block quits it; a QEMU that had ended by then, unasked for, fails the test."""

    def __init__(
        self,
        directory: Path,
        *options: str,
        library: Library,
        display: str | None = "qxl",
        guest: GuestKernel | None = None,
        kernel_words: Sequence[str] = (),
        spice: Sequence[str] = ("disable-ticketing=on",),
        unix: bool = False,
        certificates: Path | None = None,
    ) -> None:
        """``directory`` takes its sockets and pictures; with ``guest`` that kernel boots, else firmware alone.

        ``spice`` are words of ``-spice`` beside the address; with ``certificates`` it has a TLS port as well.
        RuntimeError where QEMU does not start.
        """
        self.directory = directory / f"qemu{len(list(directory.glob('qemu*')))}"
        self.directory.mkdir()
        self.library = library
        self.port = self.tls_port = 0
        self.unix_path = self.directory / "spice" if unix else None
        self._expected_end = False
        self._options = [
            *base_options(self.directory),
            *(DISPLAYS[display] if display else ()),
            *(guest.options(display or "qxl", *kernel_words) if guest else ()),
            *options,
        ]
        self._spice = list(spice)
        self._certificates = certificates
        self._start()
        with contextlib.ExitStack() as undo:
            undo.callback(self.kill)
            undo.callback(self.qmp.close)
            self.serial = SerialPort(self.directory / "serial")
            undo.callback(self.serial.close)
            self._check_library()
            undo.pop_all()

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """What it wrote to its standard output and error."""
        return self._log.text()

    def _start(self) -> None:
        """Start it and connect to its monitor, which answers once SPICE and all devices are there."""
        for left in reversed(range(PORT_TRIES)):
            self._launch()
            try:
                self.qmp = self._monitor()
                self._expected_end = False
                return
            except ConnectionError as error:
                code = self.wait_exit()
                # Somebody else may have taken the port after it was found to be free.
                if not left or self.unix_path or NOT_LISTENING not in self.log():
                    raise RuntimeError(f"QEMU ended with {code}: {self.log()[-4000:]}") from error

    def _launch(self) -> None:
        if self.unix_path:
            address = ["unix=on", f"addr={self.unix_path}"]
        else:
            self.port = free_port()
            address = ["addr=127.0.0.1", f"port={self.port}"]
        if self._certificates:
            self.tls_port = free_port()
            address += [f"tls-port={self.tls_port}", f"x509-dir={self._certificates}"]
        # setpriv, so that QEMU does not outlive a pytest that is killed.
        launcher = ["setpriv", "--pdeathsig", "KILL", *self.library.launcher]
        command = [*launcher, qemu_program(), *self._options]
        self.process = subprocess.Popen(
            [*command, "-spice", ",".join([*address, *self._spice])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.library.host_environment(),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self._log = BoundedLog(self.process.stdout)

    def _monitor(self) -> Qmp:
        """A connection to its monitor; ConnectionError when it ends before that."""
        path = self.directory / "qmp"

        def decided() -> bool:
            return listens(path) or self.process.poll() is not None

        try:
            wait_until(decided, START_TIMEOUT_S, "QEMU's monitor")
            return Qmp(path)
        except TimeoutError:
            self.kill()
            raise

    def _check_library(self) -> None:
        """A host that has found another library than the wanted one proves nothing."""
        maps = Path(f"/proc/{self.pid}/maps").read_text()
        found = {line.split(maxsplit=5)[5] for line in maps.splitlines() if "libspice-server" in line}
        if self.library.directory:
            wanted = (self.library.directory / SONAME).resolve()
            assert found <= {str(wanted)}, f"QEMU has loaded {found} and not {wanted}"
            assert str(wanted) in maps, f"QEMU has not loaded {wanted}"
        else:
            assert len(found) == 1, f"QEMU has loaded {found or 'no libspice-server'}"

    # -- clients and pictures

    def connect(self, client: SpiceGtk, **properties: Any) -> None:
        """Open all channels of spice-gtk and wait for the picture."""
        answer = self.try_connect(client, **properties)
        assert answer["ok"], f"{answer['events']}\n{self.log()[-4000:]}"
        assert client.do("wait_primary")["ok"], self.log()[-4000:]

    def try_connect(self, client: SpiceGtk, **properties: Any) -> dict[str, Any]:
        """Open all channels of spice-gtk; its answer."""
        where: dict[str, Any] = {"unix_path": str(self.unix_path)} if self.unix_path else {"uri": self.uri}
        return client.do("connect", **where, **properties)

    @property
    def uri(self) -> str:
        return f"spice://127.0.0.1:{self.port}"

    def screendump(self, **which: Any) -> Picture:
        """QEMU's own picture of a display: (height, width, 4), B G R 0; ``device`` and ``head`` choose it."""
        path = self.directory / "screen.ppm"
        self.qmp.execute("screendump", filename=str(path), **which)
        with Image.open(path) as image:
            return as_bgrx(image)

    # -- the end

    def wait_exit(self, timeout: float = END_TIMEOUT_S) -> int:
        """The exit code of a QEMU that is told, or expected, to end."""
        self._expected_end = True
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"QEMU did not end within {timeout} s: {self.log()[-4000:]}") from None
        self._log.wait_end(timeout)
        return code

    def quit(self) -> int:
        """Tell it to end; its exit code."""
        with contextlib.suppress(ConnectionError):
            self.qmp.execute("quit")
        return self.wait_exit()

    def kill(self) -> None:
        """End it and everything that it may have started."""
        self._expected_end = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.wait_end(END_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                ended = self.process.poll()
                assert ended is None or self._expected_end, f"QEMU ended with {ended}: {self.log()[-4000:]}"
                if ended is None:
                    code = self.quit()
                    assert code == 0, f"QEMU quit with {code}: {self.log()[-4000:]}"
            elif isinstance(error, Exception):
                error.add_note(f"QEMU said: {self.log()[-4000:]}")
        finally:
            self.kill()
            self.qmp.close()
            self.serial.close()


def wait_until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Look at a condition again and again until it holds. TimeoutError names ``what`` did not come."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(POLL_S)


def listens(path: Path) -> bool:
    """Whether somebody accepts connections at a UNIX socket."""
    sockets = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    # Num RefCount Protocol Flags Type St Inode Path. A socket has its path for a moment before it listens.
    return any(s[7:] == [str(path)] and int(s[3], 16) & ACCEPTS for s in sockets)


def free_port() -> int:
    """A TCP port that nobody uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
