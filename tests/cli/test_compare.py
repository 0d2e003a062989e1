"""``gspice compare``: its options, what it writes and prints, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gspice.cli.main import cli
from gspice.errors import ConfigError
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.qxl import ops
from tests.hosts import compared
from tests.hosts.compared import record, usual

FIRMWARE = Path(__file__).parent.parent / "data" / "firmware.rec.zst"
FAULTY: dict[str, type[CpuCanvas]] = {
    "cpu": CpuCanvas,
    "spoils": compared.Spoils,
    "raises": compared.Raises,
}


def opener(name: str, device: str | None) -> Canvas:
    if name not in FAULTY:
        raise ConfigError(f"no canvas {name} on {device}")
    return FAULTY[name]()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["compare", *map(str, arguments)], obj=opener)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "a.rec", *usual())


def test_equal(recording: Path, tmp_path: Path) -> None:
    result = run(recording, FIRMWARE, "--renderers", "cpu,cpu", "--report", tmp_path / "new" / "report")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines == ["a.rec: equal", "firmware.rec.zst: equal", "equal: 1389 commands of 2 recordings"]
    values = json.loads((tmp_path / "new" / "report" / "report.json").read_text())
    assert values["equal"] and [one["label"] for one in values["canvases"]] == ["cpu", "cpu (2)"]
    assert sorted(path.name for path in (tmp_path / "new" / "report").iterdir()) == [
        "report.html",
        "report.json",
    ]


def test_a_difference_is_printed_and_recorded(recording: Path, tmp_path: Path) -> None:
    result = run(recording, "--renderers", "cpu, spoils,raises", "--every", 1, "--report", tmp_path)
    assert result.exit_code == 1
    assert "a.rec: spoils differs first at event 7: 1 pixel of surface 0" in result.stdout
    assert "a.rec: raises fails first at event 7: RuntimeError" in result.stdout
    assert "  op: Invers\n" in result.stdout
    assert result.stdout.endswith("raises, spoils: not what the reference draws\n")
    small = [tmp_path / "first-difference.rec", tmp_path / "first-difference-2.rec"]
    assert all(path.is_file() for path in small)
    again = run(small[0], "--renderers", "cpu,spoils")
    assert again.exit_code == 1 and "1 pixel of surface 0 inside (10, 5) to (11, 6)" in again.stdout


def test_without_a_report_nothing_is_written(recording: Path) -> None:
    assert run(recording, "--renderers", "cpu,raises").exit_code == 1
    assert [path.name for path in recording.parent.iterdir()] == ["a.rec"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--renderers", "cpu"], "there is cpu canvas, and nothing to compare it with"),
        (["--renderers", "cpu,none:3"], "no canvas none on 3"),
        (["--renderers", "cpu,,cpu"], "give names with commas between them"),
        (["--renderers", "cpu,gl:"], "give names with commas between them"),
        (
            [],
            "nothing to compare it with; opengl: no canvas opengl on None; vulkan: no canvas vulkan on None",
        ),
        (["--every", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_used(recording: Path, arguments: list[str], words: str) -> None:
    result = run(recording, *arguments)
    assert result.exit_code == 2 and words in result.stderr


def test_what_was_not_asked_for_may_be_missing(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTY, "opengl", CpuCanvas)
    assert run(recording, "--report", tmp_path).exit_code == 0
    values = json.loads((tmp_path / "report.json").read_text())
    assert values["missing"] == [{"name": "vulkan", "reason": "no canvas vulkan on None"}]


def test_unreadable_files(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "text", "pipe"):
        result = run(recording, tmp_path / name, "--renderers", "cpu,cpu")
        assert result.exit_code == 2 and result.stderr.startswith("gspice: "), name
    assert run("--renderers", "cpu,cpu").exit_code == 2
    (tmp_path / "file").touch()
    assert run(recording, "--renderers", "cpu,cpu", "--report", tmp_path / "file").exit_code == 2


def test_damage_is_2_and_a_difference_before_it_1(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-20])
    result = run(recording, "--renderers", "cpu,cpu")
    assert result.exit_code == 2 and "recording damaged" in result.stdout
    assert run(recording, "--renderers", "cpu,raises").exit_code == 1


def test_the_command_itself(tmp_path: Path) -> None:
    """By its real canvases: the CPU's, twice."""
    command = [sys.executable, "-m", "gspice.cli.main", "compare", str(FIRMWARE), "--renderers", "cpu,cpu"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("equal: 1376 commands of 1 recording\n")


def test_ctrl_c_ends_it_with_what_there_is(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupting(CpuCanvas):
        """Ctrl-C comes while it draws."""

        def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
            os.kill(os.getpid(), signal.SIGINT)
            return super().submit(batch)

    monkeypatch.setitem(FAULTY, "opengl", Interrupting)
    # Whoever runs the tests in the background has them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = run(FIRMWARE, recording, "--renderers", "cpu,opengl", "--report", tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.exit_code == 130
    values = json.loads((tmp_path / "report.json").read_text())
    assert values["equal"] and not values["complete"] and len(values["files"]) == 1
    assert 0 < values["files"][0]["events"] < 2174
