"""The parent's side: a probe that crashes, hangs or talks nonsense is a finding, and the rest is still said."""

import errno
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.hosts import doctor_child
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.no_wayland import NOWHERE

HEAD = """
import ctypes, os, signal, subprocess, sys
from gspice.hosts.doctor_findings import Finding, Status, Step

def well(name):
    return Step(name, lambda: [Finding(name=name, status=Status.OK, text="well")])

def probe():
    yield well("first")
"""

Make = Callable[[str], str]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A module with a probe of these lines, between a step before and one behind."""

    def make(lines: str) -> str:
        body = "".join(f"    {line}\n" for line in lines.splitlines())
        (tmp_path / "made_probe.py").write_text(HEAD + body + '    yield well("last")\n')
        monkeypatch.syspath_prepend(tmp_path)
        return "made_probe"

    return make


def names(found: list[Finding]) -> list[str]:
    return [finding.name for finding in found]


def test_a_probe_that_is_well(made: Make) -> None:
    assert names(ask(made(""))) == ["first", "last"]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed (SIGSEGV)"),
        ("ctypes.string_at(8)", "crashed (SIGSEGV)"),
        ("os.abort()", "crashed (SIGABRT)"),
        ("os._exit(3)", "exit code 3"),
        ("(os.write(2, b'one\\ntwo\\n'), os._exit(1))", "exit code 1: two"),
        ("sys.exit(4)", "exit code 4"),
    ],
)
def test_a_step_that_ends_the_process_is_one_finding(made: Make, act: str, words: str) -> None:
    found = ask(made(f"yield Step('bad', lambda: {act}, Status.FAIL, 'do this')"))
    assert found[1].mend == "do this"
    assert names(found) == ["first", "bad", "last"]
    assert found[1].status is Status.FAIL and words in found[1].text and found[1].facts == {"failed": True}


def test_a_step_that_hangs_is_ended_with_all_that_it_started(made: Make, tmp_path: Path) -> None:
    name = made(
        "def hang():\n"
        "    child = subprocess.Popen(['sleep', '1000'])\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "    signal.pause()\n"
        "yield Step('stuck', hang)"
    )
    start = time.monotonic()
    found = ask(name, step_timeout_s=1)
    assert time.monotonic() - start < 15
    assert names(found) == ["first", "stuck", "last"]
    assert found[1].status is Status.WARN and "no answer within 1 s" in found[1].text
    pid = int((tmp_path / "pid").read_text())
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return
    assert state == "Z", "it is still running"


def test_several_that_crash(made: Make) -> None:
    found = ask(made("for n in range(3):\n    yield Step(f'bad {n}', os.abort)"))
    assert names(found) == ["first", "bad 0", "bad 1", "bad 2", "last"]


def test_there_is_an_end_to_crashes(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_child, "MAX_RESTARTS", 3)
    found = ask(made("for n in range(9):\n    yield Step(f'bad {n}', os.abort)"))
    assert names(found) == ["first", "bad 0", "bad 1", "bad 2"]


@pytest.mark.parametrize("line", ["os.abort()", "raise OSError('no')", "sys.exit(0)"])
def test_a_probe_that_fails_between_steps_does_so_once(made: Make, line: str) -> None:
    found = ask(made(line), failing=Status.FAIL)
    assert names(found) == ["first", "made_probe"] and found[1].status is Status.FAIL


def test_a_probe_that_is_not_there() -> None:
    (found,) = ask("no_such_probe", failing=Status.FAIL)
    assert found.status is Status.FAIL and "no_such_probe" in found.text


def test_what_a_driver_writes_is_no_answer(made: Make, capfd: pytest.CaptureFixture[str]) -> None:
    name = made("""yield Step('loud', lambda: os.write(1, b'{"end": true}\\n') and ())""")
    assert names(ask(name)) == ["first", "last"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"step": 1}', '{"findings": [{}], "step": 1}'])
def test_an_answer_that_is_none(made: Make, line: str) -> None:
    found = ask(made(f"os.write(int(sys.argv[3]), b'''{line}\\n''')"))
    assert names(found) == ["first", "made_probe"] and "cannot be read" in found[1].text


def test_too_long_an_answer(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_child, "MAX_OUTPUT", 1 << 16)
    found = ask(made("for _ in range(99):\n    os.write(int(sys.argv[3]), bytes(4096))"))
    assert "said more" in found[-1].text


def test_no_python_to_run(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    name = made("")
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    (found,) = ask(name)
    assert "cannot run /nonexistent/python: No such file" in found.text


def test_environment_and_limits(made: Make) -> None:
    found = ask(
        made(
            "import resource\n"
            "cores = resource.getrlimit(resource.RLIMIT_CORE)[0]\n"
            "text = f'{os.environ[\"MADE\"]} {cores} {os.getsid(0) == os.getpid()}'\n"
            "yield Step('s', lambda: [Finding(name='s', status=Status.OK, text=text)])"
        ),
        environment={"MADE": "made"},
    )
    assert found[1].text == "made 0 True"


def test_nothing_is_left_open(made: Make) -> None:
    name = made("yield Step('bad', os.abort)")
    before = len(os.listdir("/proc/self/fd"))
    ask(name)
    assert len(os.listdir("/proc/self/fd")) == before
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL


SPY = "import pathlib\npathlib.Path({marker!r}).touch()\nraise SystemExit(9)\n"


def test_nothing_of_the_working_directory_is_run(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, marker, folder = made(""), tmp_path / "marker", tmp_path / "anybodys"
    folder.mkdir()
    for module in ("json", "numpy", "gspice", "encodings", "sitecustomize"):
        (folder / f"{module}.py").write_text(SPY.format(marker=str(marker)))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert names(ask(name)) == ["first", "last"]
    (configuration, *_) = ask("configuration")
    assert configuration.name == "configuration" and not configuration.facts.get("failed")
    assert not marker.exists()


def test_no_python_is_started_that_would() -> None:
    package = Path(doctor_child.__file__).parents[1]
    starts = [
        line
        for path in package.rglob("*.py")
        for line in re.findall(r"\[sys\.executable, .*", path.read_text())
    ]
    assert starts and all(line.startswith('[sys.executable, "-P",') for line in starts)


def test_mesa_has_nothing_to_complain_of(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    name = made(
        "text = os.environ['XDG_RUNTIME_DIR']\n"
        "yield Step('s', lambda: [Finding(name='s', status=Status.OK, text=text)])"
    )
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert ask(name)[1].text == NOWHERE
    assert "XDG_RUNTIME_DIR" not in os.environ
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert ask(name)[1].text == "/run/user/7"


@pytest.mark.parametrize(("number", "mends"), [(errno.EMFILE, True), (errno.ENOSPC, False)])
@pytest.mark.parametrize("place", [(tempfile, "TemporaryFile"), (os, "pipe")])
def test_where_it_cannot_even_be_begun(
    place: tuple[object, str], number: int, mends: bool, made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    name = made("")
    monkeypatch.setattr(*place, none)
    (found,) = ask(name, failing=Status.FAIL)
    assert found.status is Status.FAIL and os.strerror(number) in found.text and found.facts["failed"]
    assert ("nofile" in found.mend or "ulimit -n" in found.mend) is mends
