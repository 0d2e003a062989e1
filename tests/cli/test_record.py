"""``gspice serve --record``: what was served is replayed to the same picture."""

import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from PIL import Image, ImageChops

from gspice.cli.replay import replay
from gspice.cli.screenshot import screenshot


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
