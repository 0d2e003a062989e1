"""``gspice replay``: what it prints and writes, and how it fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gspice.cli.replay import replay
from gspice.errors import ConfigError
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import MessageNumber, RecordedPrimary, RecordingError
from gspice.qxl.recording_writer import RecordingWriter
from tests.qxl.recording_samples import drawn

FIRMWARE = Path(__file__).parent.parent / "data" / "firmware.rec.zst"
HASH = "d83751ecf606836ffcc2b5c6df9bfd832c1a692057ee969d2a8df21bb145b481"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(replay, [str(argument) for argument in arguments])


def printed(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A primary of 64x64, filled three times: events 0 to 3."""
    path = tmp_path / "three.rec"
    with RecordingWriter(path) as writer:
        primary = RecordedPrimary(width=64, height=64, stride=256, format=32)
        writer.message(MessageNumber.CREATE_PRIMARY, 0, primary)
        for color in (0x0000FF, 0x00FF00, 0xFF0000):
            writer.command(drawn(ops.Fill(ops.Brush(1, color), 8, ops.Mask())), 0)
    return path


@pytest.mark.parametrize("options", [(), ("--port", "0", "--speed", "max")])
def test_the_hash_is_that_of_the_last_picture(options: tuple[str, ...]) -> None:
    assert printed(FIRMWARE, "--hash", *options) == f"{HASH}\n"


@pytest.mark.parametrize(("until", "color"), [(1, (0, 0, 255)), (2, (0, 255, 0)), (9, (255, 0, 0))])
def test_png_and_until(recording: Path, tmp_path: Path, until: int, color: tuple[int, ...]) -> None:
    png = tmp_path / "picture.png"
    assert printed(recording, "--until", until, "--png", png) == ""
    with Image.open(png) as picture:
        assert picture.size == (64, 64)
        assert picture.getpixel((11, 21)) == color
        assert picture.getpixel((0, 0)) == (0, 0, 0)


def test_statistics(recording: Path) -> None:
    with RecordingWriter(recording) as writer:
        primary = RecordedPrimary(width=64, height=64, stride=256, format=32)
        writer.message(MessageNumber.CREATE_PRIMARY, 0, primary)
        for surface_id in (0, 0, 5, 6, 7, 8, 8):
            writer.command(drawn(ops.Blackness(ops.Mask()), surface_id), 0)
        writer.command(
            ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.A8, width=1, height=1, stride=1), 0
        )
    lines = printed(recording, "--stats").splitlines()
    assert [line.split()[:3] for line in lines[1:2]] == [["Blackness", "7", "5"]]
    assert lines[2] == "  2 not drawn: surface 8 does not exist"
    assert "  1 not drawn for other reasons" in lines
    assert [line.split()[:3] for line in lines if "SurfaceCreate" in line] == [["SurfaceCreate", "1", "0"]]
    assert lines[-1].endswith(" s in all, reading included")
    lines = printed(recording, "--stats", "--port", "0", "--speed", "max").splitlines()
    assert ["Blackness", "2"] in [line.split() for line in lines]


def test_what_is_good_of_a_damaged_recording_is_shown(recording: Path, tmp_path: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-5])
    png = tmp_path / "picture.png"
    result = run(recording, "--png", png)
    assert isinstance(result.exception, RecordingError)
    with Image.open(png) as picture:
        assert picture.getpixel((11, 21)) == (0, 255, 0)


@pytest.mark.parametrize("options", [("--speed", "real"), ("--wait",), ("--stay",)])
def test_options_for_clients_need_a_port(recording: Path, options: tuple[str, ...]) -> None:
    result = run(recording, *options)
    assert result.exit_code == 2
    assert "give --port" in result.output


def test_no_picture_no_file_no_renderer(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.rec").write_bytes(b"SPICE_REPLAY 1\n")
    for arguments, words in (
        ((tmp_path / "empty.rec", "--hash"), "no event up to there makes one"),
        ((tmp_path / "none.rec",), "No such file"),
        ((recording, "--renderer", "crayon"), "crayon"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, ConfigError)
        assert words in str(result.exception)


def process(*arguments: object, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gspice.cli.main", "replay", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("options", [(), ("--port", "0", "--speed", "max")])
def test_a_signal_ends_it_also_where_the_file_stalls(
    recording: Path, tmp_path: Path, number: int, options: tuple[str, ...]
) -> None:
    pipe, png = tmp_path / "pipe", tmp_path / "then.png"
    os.mkfifo(pipe)
    with process(pipe, "--png", png, *options) as program, pipe.open("wb") as feed:
        assert program.stderr is not None
        feed.write(recording.read_bytes() + b"event 9")
        feed.flush()
        if options:
            while "remote-viewer" not in program.stderr.readline():
                assert program.poll() is None
        program.send_signal(number)
        program.send_signal(number)  # as `timeout` does
        _, errors = program.communicate(timeout=20)
    assert program.returncode == 128 + number
    assert "stopped at" in errors and "Traceback" not in errors


def test_staying_until_a_signal_is_no_early_end(recording: Path) -> None:
    with process(recording, "--port", "0", "--speed", "max", "--stay") as program:
        assert program.stderr is not None
        while "remote-viewer" not in program.stderr.readline():
            assert program.poll() is None
        # Its end comes at once, but from another thread.
        while "replay reader" in threads(program.pid):
            assert program.poll() is None
        program.send_signal(signal.SIGTERM)
        _, errors = program.communicate(timeout=20)
    assert program.returncode in (0, 143)
    assert (program.returncode == 0) != ("stopped at" in errors)


def threads(pid: int) -> list[str]:
    return [path.read_text().strip() for path in Path(f"/proc/{pid}/task").glob("*/comm")]


def test_the_same_file_twice_an_empty_name_and_no_directory_are_refused_first(
    recording: Path, tmp_path: Path
) -> None:
    before = recording.read_bytes()
    (tmp_path / "link").symlink_to(recording)
    for arguments, words in (
        ((recording, "--png", recording), "name another"),
        ((recording, "--png", tmp_path / "link"), "name another"),
        ((recording, "--png", ""), "the name is empty"),
        (("",), "the name is empty"),
        ((tmp_path / "none.rec", "--png", tmp_path / "no" / "x.png"), "there is no directory"),
    ):
        result = run(*arguments)
        assert result.exit_code != 0
        assert words in f"{result.output}{result.exception}"
    assert recording.read_bytes() == before


@pytest.mark.parametrize("options", [(), ("--port", "0", "--speed", "max")])
def test_why_there_is_no_primary_surface(recording: Path, options: tuple[str, ...]) -> None:
    with RecordingWriter(recording) as writer:
        primary = RecordedPrimary(width=64, height=64, stride=256, format=33)
        writer.message(MessageNumber.CREATE_PRIMARY, 0, primary)
    result = run(recording, "--hash", *options)
    assert isinstance(result.exception, ConfigError)
    assert "format 33 is not known" in str(result.exception)


def test_results_that_cannot_be_printed_are_an_error(recording: Path, tmp_path: Path) -> None:
    png = tmp_path / "a.png"
    with process(recording, "--hash", "--png", png, preexec_fn=lambda: os.close(1)) as program:
        _, errors = program.communicate(timeout=20)
    assert (program.returncode, errors.count("\n")) == (1, 1) and "standard output" in errors
    assert png.exists()


def test_no_standard_error_is_needed(recording: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gspice.cli.main", "replay", str(recording), "--hash"],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.close(2),
        check=False,
    )
    assert done.returncode == 0 and len(done.stdout) == 65
