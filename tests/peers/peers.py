"""Real peers as processes: our own ``gspice serve``, spice-gtk, and a screen for clients that want one."""

import contextlib
import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
START_TIMEOUT_S = 30.0


def missing(what: str, package: str) -> None:
    """Skip, or fail where CI must have everything."""
    line = f"{what} is not installed; install it with: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(line)
    pytest.skip(line)


def need_program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        missing(name, package)
    assert path is not None
    return path


class Lines:
    """Lines of a pipe, with a time limit."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = b""
        os.set_blocking(stream.fileno(), False)

    def read(self, timeout: float) -> str | None:
        """The next line without its end; None when the stream has ended. TimeoutError."""
        end = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._stream], [], [], left)[0]:
                raise TimeoutError(f"no line within {timeout} s; so far: {self._buffer[:200]!r}")
            data = os.read(self._stream.fileno(), 1 << 16)
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


class Serve:
    """A running ``gspice serve``."""

    def __init__(self, *options: str, log: Path, port: str = "0", program: str = "gspice.cli.main") -> None:
        self.log_path = log
        self.dump_path = log.with_suffix(".png")
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    program,
                    "serve",
                    f"--port={port}",
                    f"--dump={self.dump_path}",
                    "--log-level=debug",
                    *options,
                ],
                stdout=subprocess.PIPE,
                stderr=out,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self.process.stdout is not None
        self._lines = Lines(self.process.stdout)
        self.line = self._connect_line()
        uri = shlex.split(self.line)[-1]
        numbers = re.search(r"spice://(?:[^:/?]+|\[[^]]+\])(?::(\d+)|\?(.*))", uri)
        query = dict(part.split("=") for part in (numbers[2] or "").split("&") if part) if numbers else {}
        self.port = int(numbers[1] or query.get("port", 0)) if numbers else 0
        self.tls_port = int(query.get("tls-port", 0))

    def _connect_line(self) -> str:
        while (line := self._read()) is not None:
            if "remote-viewer" in line:
                return line.strip()
        self.process.wait(10)
        raise RuntimeError(f"gspice serve ended with {self.process.returncode}: {self.log()}")

    def _read(self) -> str | None:
        return self._lines.read(START_TIMEOUT_S)

    def log(self) -> str:
        return self.log_path.read_text()

    def wait_log(self, text: str, timeout: float = 10.0) -> str:
        """The first log line that holds ``text``."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for line in self.log().splitlines():
                if text in line:
                    return line
            select.select([], [], [], 0.02)
        raise AssertionError(f"{text!r} did not appear in the log:\n{self.log()[-4000:]}")

    def freeze(self, timeout: float = 10.0) -> npt.NDArray[np.uint8]:
        """Stop the desktop; its canvas as an array of shape (height, width, 4), B G R 0."""
        self.dump_path.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + timeout
        while not self.dump_path.exists():
            assert time.monotonic() < end, f"no dump:\n{self.log()[-4000:]}"
            select.select([], [], [], 0.01)
        with Image.open(self.dump_path) as image:
            return as_bgrx(image)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGUSR2)

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it and give its exit code; fails when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"gspice serve did not end:\n{self.log()[-4000:]}") from None
        return self.process.returncode


def as_bgrx(image: Image.Image) -> npt.NDArray[np.uint8]:
    rgb = np.asarray(image.convert("RGB"))
    pixels = np.zeros((*rgb.shape[:2], 4), np.uint8)
    pixels[..., :3] = rgb[..., ::-1]
    return pixels


class SpiceGtk:
    """spice-gtk in a process of its own; each call of ``do`` is one call of the agent's."""

    def __init__(self, directory: Path, *, debug: bool = False) -> None:
        number = len(list(directory.glob("spice-gtk*.log")))
        self._file = directory / f"grab{number}.raw"
        self._log = directory / f"spice-gtk{number}.log"
        self._errors = self._log.open("wb")
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(HERE / "spice_gtk_agent.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **({"SPICE_DEBUG": "1", "G_MESSAGES_DEBUG": "all"} if debug else {})},
        )
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout)

    def do(self, name: str, patience: float = 60.0, **arguments: Any) -> dict[str, Any]:
        """Carry out a call; RuntimeError with the agent's own words where it failed."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": name, **arguments}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._lines.read(patience)
        if line is None:
            raise RuntimeError(f"spice-gtk ended while it did {name}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer

    def connect(self, serve: Serve, **properties: Any) -> None:
        """Open all channels and wait for the picture."""
        answer = self.do("connect", uri=f"spice://127.0.0.1:{serve.port}", **properties)
        assert answer["ok"], f"{answer['events']}\n{serve.log()[-4000:]}"
        assert self.do("wait_primary")["ok"], serve.log()[-4000:]

    def log_text(self) -> str:
        """What spice-gtk wrote to standard error."""
        return self._log.read_text()

    def grab(self) -> npt.NDArray[np.uint8]:
        """The picture that it holds: (height, width, 4), B G R 0."""
        answer = self.do("grab", file=str(self._file))
        assert answer["ok"]
        return np.fromfile(self._file, np.uint8).reshape(answer["height"], answer["width"], 4)

    def grab_settled(self, expected: npt.NDArray[np.uint8], timeout: float = 10.0) -> npt.NDArray[np.uint8]:
        """The picture once it equals ``expected``, or as it is when the time is over."""
        end = time.monotonic() + timeout
        while True:
            picture = self.grab()
            if np.array_equal(picture, expected) or time.monotonic() > end:
                return picture
            self.do("wait", seconds=0.05)

    def signal(self, number: int) -> None:
        """Send its process a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash does; ``close`` is still to be called."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        assert self._process.stdin is not None
        # One that was killed has not taken the last call.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


class Xvfb:
    """A screen without hardware, for clients that want a window."""

    WIDTH, HEIGHT = 1400, 1000

    def __init__(self, log: Path) -> None:
        program = need_program("Xvfb", "xvfb")
        read_fd, write_fd = os.pipe()
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    program,
                    "-displayfd",
                    str(write_fd),
                    "-screen",
                    "0",
                    f"{self.WIDTH}x{self.HEIGHT}x24",
                    "-nolisten",
                    "tcp",
                ],
                pass_fds=[write_fd],
                stdout=out,
                stderr=out,
            )
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as pipe:
            number = Lines(pipe).read(START_TIMEOUT_S)
        self.display = f":{number}"
        self.env = {**os.environ, "DISPLAY": self.display, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1"}

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
