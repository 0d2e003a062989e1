"""One C host with either SPICE library in it, which plays a recording: started, paced, and asked what it has used."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.dropin_hosts import environment
from bench.libspice.build import replay_host
from bench.replay_recordings import short_name, unpacking
from bench.traffic_feeder import Fed
from gspice.errors import ConfigError
from gspice.hosts.libspice import configuration
from tests.peers.peers import START_TIMEOUT_S, Lines

AUTO = "auto"
"""GSpice's own compression. Hosts have no word for it, so that its configuration file says it."""
HOST_DEFAULT = "auto_glz"
"""What hosts set where nobody tells them, and what libspice-server is measured with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a host has done so far."""

    cpu_s: float
    guest_s: float
    """Of ``cpu_s``: reading the recording and making its commands."""
    read: int
    taken: int
    """Commands that were read, and that the library has taken of them."""


class Host:
    """A running host; ``begin`` it once a client is there."""

    def __init__(self, process: subprocess.Popen[bytes], feeder: subprocess.Popen[bytes] | None, log: Path):
        assert process.stdout is not None
        self.process = process
        self.pid = process.pid
        self._feeder = feeder
        self._log = log
        self._lines = Lines(process.stdout)
        self.port = int(self._line("port", START_TIMEOUT_S)[0])

    def begin(self) -> float:
        """Start the clock of a recording that is played at its times; when the host began to read it."""
        if self._feeder is not None:
            assert self._feeder.stdin is not None
            self._feeder.stdin.write(b"\n")
            self._feeder.stdin.flush()
        return float(self._line("begin", START_TIMEOUT_S)[0])

    def end(self, timeout: float) -> float:
        """Wait for the end of the recording; when it was. RuntimeError where it takes too long."""
        return float(self._line("end", timeout)[0])

    def fed(self) -> Fed | None:
        """How the recording was written, where it was played at its times. After ``end``."""
        if self._feeder is None:
            return None
        assert self._feeder.stderr is not None
        text = self._feeder.stderr.read().decode()
        if self._feeder.wait():
            raise RuntimeError(f"the recording could not be fed: {text}")
        return Fed(**json.loads(text))

    def figures(self) -> Figures:
        self.process.send_signal(signal.SIGUSR1)
        cpu_ns, guest_ns, read, taken = map(int, self._line("figures", START_TIMEOUT_S))
        return Figures(cpu_s=cpu_ns * 1e-9, guest_s=guest_ns * 1e-9, read=read, taken=taken)

    def _line(self, name: str, timeout: float) -> list[str]:
        try:
            line = self._lines.read(timeout)
        except TimeoutError as error:
            raise RuntimeError(f"the host said no {name!r} within {timeout:.0f} s: {self.log()}") from error
        if line is None:
            raise RuntimeError(f"the host ended before {name!r}: {self.log()}")
        words = line.split()
        if words[0] != name:
            raise RuntimeError(f"the host said {line!r}, not {name!r}: {self.log()}")
        return words[1:]

    def log(self) -> str:
        return self._log.read_text()[-2000:]


@dataclass(frozen=True, slots=True)
class Library:
    """A library and what it is told."""

    name: str
    """stock or gspice."""
    compression: str
    """What the host sets; for gspice also AUTO."""
    video: tuple[str, ...] = ()
    """What the host is told of video streams, see replay_host.c; without a word there are none."""

    def arguments(self, *, real_time: bool) -> list[str]:
        value = HOST_DEFAULT if self.compression == AUTO else self.compression
        # Ours reads recordings a buffer at a time, in which others' events would be waited for.
        short = ["short-reads"] if real_time and self.name == "gspice" else []
        return [value, "wan", *self.video, *short]

    def environment(self, directory: Path) -> dict[str, str]:
        """Of the host; the configuration file of the machine does not count."""
        if self.name == "stock":
            return dict(os.environ)
        file = directory / "gspice.toml"
        # Told there too: GSpice takes what hosts ask for by default as leave to choose.
        text = compression_key(self.compression)
        file.write_text(text if accepted(text, directory) else "")
        return {**os.environ, **environment(self.name), configuration.CONFIG_VARIABLE: str(file)}


def compression_key(name: str) -> str:
    """What GSpice's configuration file says for one."""
    return f'[server]\nimage-compression = "{name}"\n'


def accepted(text: str, directory: Path) -> bool:
    """Whether this GSpice's configuration file may say so."""
    file = directory / "tried.toml"
    file.write_text(text)
    try:
        configuration.load({configuration.CONFIG_VARIABLE: str(file)})
    except ConfigError:
        return False
    return True


def knows_auto(directory: Path) -> bool:
    """Whether this GSpice can be told to choose."""
    return accepted(compression_key(AUTO), directory)


@contextmanager
def unpacked(path: Path, directory: Path) -> Iterator[Path]:
    """A recording's text in a file, as long as it is wanted: nobody is to unpack while something is measured.

    RuntimeError where there is no room for it; ``directory`` takes up to gigabytes.
    """
    text = directory / f"{short_name(path)}.rec"
    try:
        with unpacking(path) as unpacker, text.open("wb") as file:
            assert unpacker.stdout is not None
            shutil.copyfileobj(unpacker.stdout, file, 1 << 20)
            if unpacker.wait():
                raise RuntimeError(f"{path} cannot be unpacked")
        yield text
    except OSError as error:
        raise RuntimeError(
            f"{path} cannot be unpacked to {directory}, which TMPDIR names: {error}"
        ) from error
    finally:
        text.unlink(missing_ok=True)


@contextmanager
def feeding(text: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that writes each event at its time."""
    feeder = subprocess.Popen(
        [sys.executable, "-m", "bench.traffic_feeder", str(text)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield feeder
    finally:
        feeder.kill()
        feeder.wait()
        for pipe in (feeder.stdin, feeder.stdout, feeder.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def host(library: Library, text: Path, directory: Path, *, real_time: bool) -> Iterator[Host]:
    """A host that listens; ended in the end. RuntimeError with its own words where it does not start."""
    log_path = directory / f"host-{library.name}.log"
    with contextlib.ExitStack() as stack:
        feeder = stack.enter_context(feeding(text)) if real_time else None
        source = text.open("rb") if feeder is None else feeder.stdout
        process = subprocess.Popen(
            [replay_host(), *library.arguments(real_time=real_time)],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(log_path.open("wb")),
            env=library.environment(directory),
        )
        # Only the host is to hold the pipe's end: where it ends, the feeder ends too.
        assert source is not None
        source.close()
        try:
            yield Host(process, feeder, log_path)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()
