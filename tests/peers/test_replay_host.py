"""A C host on spice_replay_*, the same program with either library: what spice-gtk shows is what was recorded."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import zstandard

from bench.libspice.build import replay_host
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.libspice.installed import libspice_environment
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_picture import bgrx
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordingError
from tests.peers.peers import START_TIMEOUT_S, Lines, SpiceGtk, missing
from tests.peers.pictures import Picture

pytestmark = pytest.mark.peer

DATA = Path(__file__).parent.parent / "data"
RECORDINGS = {
    "firmware": "d83751ecf606836ffcc2b5c6df9bfd832c1a692057ee969d2a8df21bb145b481",
    "qxl-xorg": "39d375a1e7c564c0197d3260a6f656f3fd56c688ba49bc69242b79eee97aed80",
}
"""And the sha256 of the last picture, as spice-gtk had it of libspice-server when they were recorded."""
LIBRARIES: dict[str, Callable[[], Mapping[str, str]]] = {"stock": dict, "gspice": libspice_environment}
PICTURE_TIMEOUT_S = 60.0


def need_spice_server() -> Path:
    for program in ("cc", "pkg-config"):
        if shutil.which(program) is None:
            missing(program, "build-essential pkg-config")
    if subprocess.run(["pkg-config", "--exists", "spice-server"], check=False).returncode:
        missing("libspice-server's headers", "libspice-server-dev")
    return replay_host()


class Host:
    """A running replay_host."""

    def __init__(self, library: str, recording: Path, directory: Path, compression: str = "off") -> None:
        self._log = directory / "replay_host.log"
        with recording.open("rb") as source, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [need_spice_server(), compression],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **LIBRARIES[library]()},
            )
        assert self.process.stdout is not None
        line = Lines(self.process.stdout).read(START_TIMEOUT_S)
        assert line is not None, self.log()
        self.port = int(line.removeprefix("port "))

    def log(self) -> str:
        return self._log.read_text()

    def loaded(self) -> str:
        """The library that it runs."""
        maps = Path(f"/proc/{self.process.pid}/maps").read_text()
        (path,) = {line.split()[-1] for line in maps.splitlines() if "libspice-server" in line}
        return path

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        finally:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    running: list[Host] = []

    def start(library: str, recording: Path, compression: str = "off") -> Host:
        running.append(Host(library, recording, tmp_path, compression))
        return running[-1]

    yield start
    for host in running:
        host.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The recordings as libspice-server wrote them."""
    directory = tmp_path_factory.mktemp("recordings")
    paths = {}
    for name in RECORDINGS:
        paths[name] = directory / f"{name}.rec"
        with (DATA / f"{name}.rec.zst").open("rb") as source, paths[name].open("wb") as target:
            zstandard.ZstdDecompressor(max_window_size=1 << 31).copy_stream(source, target)
    return paths


def drawn(recording: Path) -> Picture:
    """The last primary surface, drawn straight on a canvas."""
    canvas = CpuCanvas()
    replay = CanvasReplay(canvas, time.perf_counter)
    try:
        for event in RecordingReader(recording):
            replay.event(event)
    except RecordingError:
        pass  # up to where it is damaged
    replay.finish()
    assert replay.picture is not None
    pixels = bgrx(replay.picture)
    canvas.close()
    return np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width, 4)


def shown(client: SpiceGtk, host: Host, expected: Picture) -> Picture:
    """What the client shows once it is what was expected, or when the time is over."""
    assert client.do("connect", uri=f"spice://127.0.0.1:{host.port}")["ok"], host.log()
    assert client.do("wait_primary")["ok"], host.log()
    end = time.monotonic() + PICTURE_TIMEOUT_S
    while True:
        # Primary surfaces of other sizes may come and go meanwhile.
        picture = client.grab()
        if np.array_equal(picture, expected) or time.monotonic() > end or host.process.poll() is not None:
            return picture
        client.do("wait", seconds=0.1)


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_the_same_host_shows_what_was_recorded_with_either_library(
    start_host: Callable[..., Host], spice_gtk: SpiceGtk, plain: dict[str, Path], library: str, name: str
) -> None:
    host = start_host(library, plain[name])
    assert ("gspice/hosts/libspice/dropin" in host.loaded()) == (library == "gspice")
    expected = drawn(plain[name])
    assert hashlib.sha256(expected.tobytes()).hexdigest() == RECORDINGS[name]
    assert np.array_equal(shown(spice_gtk, host, expected), expected), host.log()
    assert host.process.poll() is None


def test_ours_reads_compressed_recordings_and_compresses_images(
    start_host: Callable[..., Host], spice_gtk: SpiceGtk
) -> None:
    recording = DATA / "qxl-xorg.rec.zst"
    host = start_host("gspice", recording, "lz")
    expected = drawn(recording)
    assert np.array_equal(shown(spice_gtk, host, expected), expected), host.log()


def test_a_damaged_recording_is_shown_up_to_there(
    start_host: Callable[..., Host], spice_gtk: SpiceGtk, plain: dict[str, Path], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.rec"
    damaged.write_bytes(plain["firmware"].read_bytes()[:9_000_000])
    host = start_host("gspice", damaged)
    expected = drawn(damaged)
    assert np.array_equal(shown(spice_gtk, host, expected), expected), host.log()
    assert "spice_replay_next_cmd: recording damaged at byte" in host.log()
    assert host.process.poll() is None, "the host goes on"
