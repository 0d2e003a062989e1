"""``gspice replay``: what it prints and writes, and how it fails."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gspice.cli import replay as module
from gspice.cli.replay import replay
from gspice.errors import ConfigError
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
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
        ((tmp_path / "empty.rec", "--hash"), "no primary surface"),
        ((tmp_path / "none.rec",), "No such file"),
        ((recording, "--renderer", "crayon"), "crayon"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, ConfigError)
        assert words in str(result.exception)


def test_the_bar_follows_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with RecordingReader(FIRMWARE) as reader, module._events(reader, FIRMWARE, None) as events:
        number = sum(1 for _ in events)
    assert number == 2174
    shown = capsys.readouterr().err
    assert "firmware.rec.zst" in shown and "100%" in shown
