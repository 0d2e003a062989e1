"""``gspice serve --record``: what was served is replayed to the same picture."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageChops

from gspice.cli.replay import replay
from gspice.cli.screenshot import screenshot
from gspice.cli.serve import serve


def test_what_was_served_is_replayed(tmp_path: Path) -> None:
    recording, dump, seen, again = (
        tmp_path / name for name in ("a.rec.zst", "dump.png", "seen.png", "again.png")
    )
    command = [sys.executable, "-m", "gspice.cli.main", "serve", "--port=0", "--size=640x480"]
    with subprocess.Popen(
        [*command, f"--record={recording}", f"--dump={dump}", "--log-level=info"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        try:
            server.stdout.readline()
            uri = server.stdout.readline().split()[1]
            early = CliRunner().invoke(screenshot, [uri, str(seen), "--settle=0.2"])
            assert early.exit_code == 0, early.output
            server.send_signal(signal.SIGUSR1)
            while "frozen" not in server.stderr.readline():
                assert server.poll() is None
            shot = CliRunner().invoke(screenshot, [uri, str(seen), "--settle=0.1"])
            assert shot.exit_code == 0, shot.output
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=20)
    result = CliRunner().invoke(replay, [str(recording), "--png", str(again)])
    assert result.exit_code == 0, result.output
    with Image.open(dump) as frozen, Image.open(seen) as client, Image.open(again) as replayed:
        assert ImageChops.difference(frozen, client).getbbox() is None
        assert ImageChops.difference(frozen, replayed).getbbox() is None
        assert frozen.getcolors(1) is None, "there is more than one colour"


@pytest.mark.parametrize(
    "option", ["--video=/none.webm", "--vv=/none/x.vv", "--renderer=crayon", "--tls-port=0"]
)
def test_a_start_that_fails_leaves_an_older_recording_alone(tmp_path: Path, option: str) -> None:
    old = tmp_path / "a.rec.zst"
    old.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-m", "gspice.cli.main", "serve", "--port=0", f"--record={old}", option],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode != 0
    assert old.read_bytes() == b"old" and list(tmp_path.iterdir()) == [old]


def test_a_recording_that_failed_is_told_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "a.rec"
    with subprocess.Popen(
        [
            "sh",
            "-c",
            f"ulimit -f 100; exec {sys.executable} -m gspice.cli.main serve --port=0 --record={file}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        try:
            assert "serving" in server.stdout.readline()
            while "the recording ends here" not in server.stderr.readline():
                assert server.poll() is None
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=20)
    assert server.returncode == 1
    assert errors.splitlines()[-1].startswith("gspice: the recording ends here")


def test_a_film_that_failed_is_told_at_the_end_and_stays(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    command = f"ulimit -f 60; exec {sys.executable} -m gspice.cli.main serve --port=0 --record-video={film}"
    with subprocess.Popen(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        try:
            assert "serving" in server.stdout.readline()
            while "the recording of video ends here" not in (line := server.stderr.readline()):
                assert server.poll() is None
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=20)
    assert f"{film}: File too large" in line
    assert server.returncode == 1 and "the recording of video ends here" in errors.splitlines()[-1]
    assert list(tmp_path.iterdir()) == [film]


def test_the_recording_is_no_other_file_and_no_pipe(tmp_path: Path) -> None:
    pipe, same = tmp_path / "pipe", str(tmp_path / "same")
    os.mkfifo(pipe)
    for options, words in (
        ([f"--record={pipe}"], "no regular file"),
        ([f"--record={same}", f"--dump={same}"], "name another"),
        (["--record="], "the name is empty"),
    ):
        result = CliRunner().invoke(serve, ["--port=0", *options])
        assert result.exit_code != 0 and words in f"{result.output}{result.exception}"
