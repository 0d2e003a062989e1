"""``gspice compare``: its options, what it writes and prints, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gspice.cli import compare as command
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
    "same": CpuCanvas,
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
    result = run(recording, FIRMWARE, "--renderers", "cpu,same", "--report", tmp_path / "new" / "report")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines == [
        "a.rec: equal",
        "firmware.rec.zst: equal",
        "equal on cpu and same: 1389 commands of 2 recordings",
    ]
    values = json.loads((tmp_path / "new" / "report" / "report.json").read_text())
    assert values["equal"] and [one["label"] for one in values["canvases"]] == ["cpu", "same"]
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
    assert result.stdout.endswith("raises, spoils: not what the reference, cpu, draws\n")
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
        (["--renderers", "cpu"], "there is only cpu, and nothing to compare it with"),
        (["--renderers", "cpu,none:3"], "no canvas none on 3"),
        (["--renderers", "cpu,,same"], "give names with commas between them"),
        (["--renderers", "cpu,same,cpu"], "name each once"),
        (["--renderers", "same:0,same:0"], "name each once"),
        (["--renderers", "cpu:0,same"], "cpu takes no device"),
        (["--renderers", "same,cpu:foo"], "cpu takes no device"),
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
    result = run(recording, "--report", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        "equal on cpu and opengl: 13 commands of 1 recording; vulkan was left out: no canvas vulkan on None"
    )
    values = json.loads((tmp_path / "report.json").read_text())
    assert values["missing"] == [{"name": "vulkan", "reason": "no canvas vulkan on None"}]


def test_unreadable_files(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "text", "pipe"):
        result = run(tmp_path / name, recording, "--renderers", "cpu,same")
        assert result.exit_code == 2 and result.stdout.startswith(f"{name}: "), name
        assert "a.rec: equal\n" in result.stdout, "the others are compared all the same"
        assert result.stdout.endswith(f"of 1 recording; not compared: {name}\n")
        assert run(tmp_path / name, recording, "--renderers", "cpu,raises").exit_code == 1
    assert run(tmp_path / "text", "--renderers", "cpu,same").stdout.endswith("nothing was compared: text\n")
    assert run("--renderers", "cpu,same").exit_code == 2
    (tmp_path / "file").touch()
    assert run(recording, "--renderers", "cpu,same", "--report", tmp_path / "file").exit_code == 2


def test_damage_is_2_and_a_difference_before_it_1(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-20])
    result = run(recording, "--renderers", "cpu,same")
    assert result.exit_code == 2 and "recording damaged" in result.stdout
    assert run(recording, "--renderers", "cpu,raises").exit_code == 1


def test_files_of_one_name_are_told_apart(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    other = record(tmp_path / "b" / "a.rec", *usual())
    out = run(recording, other, "--renderers", "cpu,same").stdout
    assert f"{recording}: equal" in out and f"{other}: equal" in out


def test_names_stay_on_their_line(tmp_path: Path) -> None:
    file = record(tmp_path / os.fsdecode(b"a\n\xff.rec"), *usual())
    result = run(file, "--renderers", "cpu,same", "--report", tmp_path / "report")
    assert result.exit_code == 0 and result.stdout.splitlines()[0] == r"a\n\udcff.rec: equal"
    text = (tmp_path / "report" / "report.json").read_text()
    json.loads(text)["files"][0]["file"].encode()
    assert (tmp_path / "report" / "report.html").read_text()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'moon'"), "gspice: No module named 'moon'\n"),
        (MemoryError(), "gspice: MemoryError\n"),
        (OSError("full"), "gspice: full\n"),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh\n"),
    ],
)
def test_1_is_for_differences_alone(
    error: Exception, words: str, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(command, "facts", fail)
    result = run(recording, "--renderers", "cpu,raises")
    assert result.exit_code == 2 and result.stderr.endswith(words)


@pytest.mark.parametrize(
    ("redirect", "words"), [(">&-", "output is closed"), (">/dev/full", "No space left"), ("| true", "")]
)
def test_a_result_that_cannot_be_printed_is_2(redirect: str, words: str, recording: Path) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'"$0" -c "$1" "$2" {redirect}; exit ${{PIPESTATUS[0]}}',
            sys.executable,
            ITSELF,
            recording,
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if redirect != "| true":  # which may or may not read on for so long
        assert done.returncode == 2 and words in done.stderr
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr


ITSELF = """
import sys
from gspice.cli import compare, main
from gspice.gpu.cpu.canvas import CpuCanvas
compare.open_canvas = lambda name, device: CpuCanvas()
sys.argv[1:] = ["compare", *sys.argv[1:], "--renderers", "cpu,same"]
sys.exit(main.main())
"""
"""The command as it is, with two canvases that every machine has."""


def test_the_command_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ITSELF, str(FIRMWARE)], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("equal on cpu and same: 1376 commands of 1 recording\n")


def test_a_terminal_gets_one_line_for_each_file(recording: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(ours, (24, 80))
        other = record(tmp_path / "other.rec", *usual())
        done = subprocess.run(
            [sys.executable, "-c", ITSELF, str(recording), str(other)],
            env={**os.environ, "TERM": "xterm"},
            check=False,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=60,
        )
        said = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert [line.rpartition("\r")[2] for line in said.split("\r\n")] == ["a.rec 100%", "other.rec 100%", ""]


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
