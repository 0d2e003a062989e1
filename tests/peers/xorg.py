"""Debian's Xorg with its spiceqxl driver ("Xspice") under a test, with either SPICE library in it."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ImageGrab

from gspice.errors import ConfigError
from gspice.hosts.libspice.installed import libspice_environment
from gspice.hosts.xorg.config import XorgConfig
from gspice.hosts.xorg.server import XServer, find_xorg
from tests.peers.peers import START_TIMEOUT_S, Lines, SpiceGtk, as_bgrx, missing, need_program

Picture = npt.NDArray[np.uint8]
"""(height, width, 4), B G R 0."""

Environment = Mapping[str, str]
LIBRARIES: dict[str, Callable[[], Environment]] = {"stock": dict, "gspice": libspice_environment}
"""What Xorg needs in its environment to load each SPICE library that is tested."""

WIDTH, HEIGHT = 800, 600


def need_xorg() -> None:
    try:
        find_xorg()
    except ConfigError:
        missing("Xorg with the spiceqxl driver", "xserver-xspice")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A program in a group of its own."""

    def __init__(self, command: Iterable[str], environment: Environment, log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                list(command), env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def output(self) -> str:
        """All that it has written so far."""
        return self._log.read_text(errors="replace")

    def wait_output(self, text: str, timeout: float = 20.0) -> None:
        """Until it has written that; fails with what it did write."""
        wait_until(
            lambda: text in self.output(), f"{text!r} is not in the output of {self._log.name}", timeout
        )

    def end(self, number: int = signal.SIGKILL) -> int:
        """Signal the whole group; the program's exit status."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return self.process.wait(10)


class Screen:
    """An X server's screen: programs started on it, and the picture that the X protocol gives."""

    def __init__(self, directory: Path, environment: Environment) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            **environment,
            "GDK_BACKEND": "x11",
            "GTK_THEME": "Adwaita",
            "NO_AT_BRIDGE": "1",
            "HOME": str(directory),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "XDG_CACHE_HOME": str(directory / "cache"),
            "LC_ALL": "C.UTF-8",
        }
        self.programs: list[Program] = []

    def start(self, *command: str) -> Program:
        """A program on the screen; it ends with the screen."""
        log = self.directory / f"{len(self.programs)}-{Path(command[0]).name}.log"
        self.programs.append(Program(command, self.environment, log))
        return self.programs[-1]

    def ask(self, *command: str, timeout: float = 20.0) -> str:
        """What a program answers that ends by itself."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, check=True, timeout=timeout, text=True
        ).stdout

    def wait_window(self, *criteria: str) -> str:
        """The id of a window that can be seen; ``criteria`` as xdotool search takes them."""
        found: list[str] = []

        def seen() -> bool:
            with contextlib.suppress(subprocess.CalledProcessError):
                found[:] = self.ask("xdotool", "search", "--onlyvisible", *criteria).split()
            return bool(found)

        wait_until(seen, f"there is no window {criteria}")
        return found[0]

    def root(self) -> Picture:
        """The root window with all that is on it, as the X protocol's GetImage gives it."""
        # Not xwd: where windows have several visuals, as GTK's do, it makes up a picture of its own.
        before = os.environ.get("XAUTHORITY")
        os.environ["XAUTHORITY"] = self.environment.get("XAUTHORITY", "")
        try:
            with ImageGrab.grab(xdisplay=self.environment["DISPLAY"]) as image:
                return as_bgrx(image)
        finally:
            if before is None:
                del os.environ["XAUTHORITY"]
            else:
                os.environ["XAUTHORITY"] = before

    def settled(self, timeout: float = 30.0, quiet: int = 4, pause: float = 0.15) -> Picture:
        """The root window once it looked the same ``quiet`` times in a row."""
        end, same, last = time.monotonic() + timeout, 0, self.root()
        while same < quiet:
            assert time.monotonic() < end, f"the screen did not come to rest within {timeout} s"
            select.select([], [], [], pause)
            now = self.root()
            same = same + 1 if np.array_equal(now, last) else 0
            last = now
        return last

    def end_programs(self) -> None:
        """Kill what was started on the screen, groups and all."""
        for program in self.programs:
            program.end()


class Xspice(Screen):
    """Xorg showing its screen over SPICE. ``library``: the directory of another libspice-server.so.1."""

    def __init__(
        self,
        directory: Path,
        *,
        library: Path | None = None,
        environment: Environment | None = None,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        **settings: object,
    ) -> None:
        need_xorg()
        for name, package in (("xdotool", "xdotool"), ("openbox", "openbox")):
            need_program(name, package)
        self.port = free_port()
        chosen = dict(environment or {})
        if library is not None:
            chosen["LD_LIBRARY_PATH"] = str(library)
        config = XorgConfig(size=size, port=self.port, **settings)  # type: ignore[arg-type]
        self.server = XServer(config, chosen)
        super().__init__(directory, self.server.environment)

    def log(self) -> str:
        """What Xorg, the driver and the library wrote."""
        with contextlib.suppress(FileNotFoundError):
            return (self.server.directory / "output").read_text(errors="replace")
        return ""

    def library(self) -> Path:
        """The SPICE library that is mapped into the X server."""
        for line in Path(f"/proc/{self.server.pid}/maps").read_text().splitlines():
            if "libspice-server.so" in line:
                return Path(line.split(maxsplit=5)[5])
        raise AssertionError("there is no SPICE library in the X server")

    def close(self) -> int | None:
        """End the programs and the X server; its exit status."""
        self.end_programs()
        return self.server.stop()


class PlainXvfb(Screen):
    """The same screen without SPICE, drawn by the X server's own software renderer."""

    def __init__(self, directory: Path, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        program = need_program("Xvfb", "xvfb")
        read_fd, write_fd = os.pipe()
        with (directory / "xvfb.log").open("wb") as out:
            self.process = subprocess.Popen(
                [
                    program,
                    "-displayfd",
                    str(write_fd),
                    "-screen",
                    "0",
                    f"{size[0]}x{size[1]}x24",
                    "-noreset",
                    "-dpi",
                    "96",
                ],
                pass_fds=[write_fd],
                stdout=out,
                stderr=out,
            )
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as pipe:
            number = Lines(pipe).read(START_TIMEOUT_S)
        super().__init__(directory, {"DISPLAY": f":{number}"})

    def close(self) -> None:
        self.end_programs()
        self.process.terminate()
        self.process.wait(10)


FONTS = "Xft.dpi: 96\nXft.antialias: 1\nXft.rgba: none\nXft.hinting: 1\nXft.hintstyle: hintslight\n"
"""What programs otherwise ask the X server for, and servers differ in."""


def desktop(screen: Screen) -> None:
    """A window manager, and a pointer that is out of the way."""
    need_program("xrdb", "x11-xserver-utils")
    resources = screen.directory / "resources"
    resources.write_text(FONTS)
    screen.ask("xrdb", "-merge", str(resources))
    ready = screen.directory / "openbox-is-ready"
    ready.unlink(missing_ok=True)
    screen.start("openbox", "--startup", f"touch {ready}")
    # It forgets windows that come while it starts, and says that it is there long before it is.
    wait_until(ready.exists, "openbox did not start")
    screen.ask("xsetroot", "-solid", "#204060")
    screen.ask("xdotool", "mousemove", "790", "590")


def terminal(screen: Screen) -> None:
    need_program("xterm", "xterm")
    script = "seq 40; printf '\\033[1;31mred \\033[44mon blue\\033[0m\\n'; exec sleep 1000"
    screen.start("xterm", "-geometry", "60x20+20+40", "-fn", "fixed", "-e", "sh", "-c", script)
    screen.wait_window("--class", "xterm")


def gtk(screen: Screen) -> None:
    need_program("zenity", "zenity")
    screen.start(
        "zenity", "--list", "--title=List", "--column=A", "--column=B", "one", "two", "three", "four"
    )
    screen.wait_window("--class", "zenity")


def connect(client: SpiceGtk, xspice: Xspice, **properties: str) -> None:
    """Open all channels of a spice-gtk client and wait for the picture."""
    answer = client.do("connect", 60.0, uri=f"spice://127.0.0.1:{xspice.port}", **properties)
    assert answer["ok"], f"{answer['events']}\n{xspice.log()[-4000:]}"
    assert client.do("wait_primary")["ok"], xspice.log()[-4000:]


def assert_shown(client: SpiceGtk, screen: Screen) -> Picture:
    """The client's picture equals the screen's, byte for byte, once both have come to rest; gives the picture."""
    expected = screen.settled()
    found = client.grab_settled(expected)
    if not np.array_equal(found, expected):
        # A caret may have blinked in between.
        expected = screen.settled()
        found = client.grab_settled(expected)
    assert not differing(found, expected), f"client and X server differ: {differing(found, expected)}"
    return expected


def wait_until(condition: Callable[[], object], what: str, timeout: float = 20.0) -> None:
    """Fails with ``what`` where the condition did not become true in time."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, what
        select.select([], [], [], 0.05)


def differing(one: Picture, other: Picture) -> str:
    """Where two pictures differ, for the message of an assertion; empty where they do not."""
    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}"
    ys, xs = np.nonzero((one != other).any(axis=2))
    if not len(ys):
        return ""
    return f"{len(ys)} pixels in {xs.min()},{ys.min()}..{xs.max()},{ys.max()}"


CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-default-browser-check",
    "--password-store=basic",
    "--force-device-scale-factor=1",
    "--window-position=40,30",
    "--window-size=640,480",
    "--test-type",
)


def chromium(page: Path, profile: Path) -> Iterable[str]:
    """The command line of a browser that shows one page and nothing else."""
    program = shutil.which("chromium")
    if program is None:
        missing("chromium", "chromium")
    return [str(program), *CHROMIUM_FLAGS, f"--user-data-dir={profile}", f"--app={page.as_uri()}"]
