"""The whole report: on this machine, and where packages, drivers and libraries are missing or broken."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.hosts import doctor
from gspice.hosts.doctor import TOPICS, Topic, examine, main, shown
from gspice.hosts.doctor_findings import Finding, Status

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def well(topic: Topic) -> list[Finding]:
    return [Finding(name=topic.key, status=Status.OK, text="well")]


def bad(topic: Topic) -> list[Finding]:
    return [Finding(name=topic.key, status=topic.failing, text="bad")]


def test_sections_are_in_order_and_each_is_asked_once() -> None:
    asked: list[str] = []

    def ask_about(topic: Topic) -> list[Finding]:
        asked.append(topic.key)
        return well(topic)

    report = examine(ask_about)
    assert sorted(asked) == sorted(topic.key for topic in TOPICS)
    assert [section.key for section in report.sections] == [topic.key for topic in TOPICS]
    assert report.fit


def test_what_makes_a_host_unfit_by_not_being_known() -> None:
    report = examine(bad)
    assert [finding.name for finding in report.of_status(Status.FAIL)] == ["python", "modules", "canvas"]


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals(environ: dict[str, str], coloured: bool) -> None:
    report = examine(well)
    assert ("\x1b" in shown(report, as_json=False, stream=Terminal(), environ=environ)) is coloured
    assert "\x1b" not in shown(report, as_json=False, stream=io.StringIO(), environ=environ)
    assert json.loads(shown(report, as_json=True, stream=Terminal(), environ=environ))["fit"] is True


@pytest.mark.parametrize(("ask_about", "code"), [(well, 0), (bad, 1)])
def test_the_bare_command(
    ask_about: doctor.Ask, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = examine(ask_about)
    monkeypatch.setattr(doctor, "examine", lambda: report)
    assert main([]) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith("fit" if code == 0 else "not fit")
    assert main(["--json"]) == code
    assert json.loads(capsys.readouterr().out)["fit"] is (code == 0)
    assert main(["--what"]) == 2
    assert capsys.readouterr().err.startswith("usage:")


def run(environment: dict[str, str]) -> tuple[int, dict[str, dict[str, dict[str, object]]]]:
    """The doctor in such an environment: its exit code, and findings by section and name."""
    path = os.pathsep.join(filter(None, (environment.pop("PYTHONPATH", ""), str(ROOT))))
    done = subprocess.run(
        [sys.executable, "-m", "gspice.hosts.doctor", "--json"],
        env={**os.environ, **environment, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["fit"] is (done.returncode == 0)
    found = {
        key: {finding["name"]: finding for finding in section["findings"]}
        for key, section in report["sections"].items()
    }
    return done.returncode, found


def test_without_video_gpu_packages_and_drivers(tmp_path: Path) -> None:
    for name in ("av", "moderngl", "glcontext", "wgpu"):
        (tmp_path / f"{name}.py").write_text(HIDDEN)
    for name in ("libEGL.so.1", "libvulkan.so.1"):
        (tmp_path / name).write_text("no library")
    code, found = run({"PYTHONPATH": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path)})
    assert code == 0
    assert found["python"]["av"]["status"] == "warn" and found["python"]["numpy"]["status"] == "ok"
    assert found["encoders"]["PyAV"]["status"] == "note"
    for section, name in (("opengl", "EGL"), ("vulkan", "Vulkan")):
        assert found[section][name]["status"] == "note" and "no library" not in str(found[section][name])
        assert str(found[section][name]["mend"]).startswith("unset LD_LIBRARY_PATH")
    assert "not installed" in str(found["vulkan"]["wgpu"]["text"])
    assert found["canvas"]["auto"]["facts"]["canvas"] == "cpu"  # type: ignore[index]


def test_without_a_package_that_a_server_needs(tmp_path: Path) -> None:
    (tmp_path / "lz4.py").write_text(HIDDEN)
    code, found = run({"PYTHONPATH": str(tmp_path)})
    assert code == 1
    assert found["python"]["lz4"]["status"] == "fail" and "pip install" in str(found["python"]["lz4"]["mend"])
    assert found["modules"]["the server"]["status"] == "fail"
    assert found["python"]["numpy"]["status"] == "ok"


def test_with_a_package_that_crashes(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("import os; os.abort()\n")
    code, found = run({"PYTHONPATH": str(tmp_path)})
    assert code == 1
    assert found["python"]["cryptography"]["status"] == "fail"
    assert "SIGABRT" in str(found["python"]["cryptography"]["text"])
    assert found["python"]["zstandard"]["status"] == "ok"


def test_with_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "gspice.toml").write_text("renderer = 1\n")
    code, found = run({"GSPICE_CONFIG": str(tmp_path / "gspice.toml")})
    assert code == 1 and found["configuration"]["configuration"]["status"] == "fail"


def test_the_document_has_all_sections_and_keys() -> None:
    text = (ROOT / "docs" / "doctor.md").read_text()
    report = examine(well).as_json()
    keys = {*report, *(topic.key for topic in TOPICS), *report["sections"]["python"]["findings"][0]}
    assert keys <= set(re.findall(r"`(\w+)`", text))


def test_few_descriptors_are_enough_for_the_look() -> None:
    found = run_limited(20)
    assert found["python"]["numpy"]["status"] == "ok"
    assert found["system"]["open files"]["status"] == "warn"


def run_limited(files: int) -> dict[str, dict[str, dict[str, object]]]:
    command = f"ulimit -n {files}; exec {sys.executable} -m gspice.hosts.doctor --json"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, check=False, capture_output=True, text=True, timeout=100
    )
    assert done.stderr == ""
    sections = json.loads(done.stdout)["sections"]
    return {
        key: {finding["name"]: finding for finding in section["findings"]}
        for key, section in sections.items()
    }


@pytest.mark.parametrize(("redirect", "words"), [(">&-", "is closed"), (">/dev/full", "No space left")])
def test_nowhere_to_print_to(redirect: str, words: str) -> None:
    code = (
        "import sys; from gspice.hosts import doctor; r = doctor.examine(lambda topic: []); "
        "doctor.examine = lambda: r; sys.exit(doctor.main([]))"
    )
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirect}', sys.executable, code],
        cwd=ROOT,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=100,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("gspice: ") and words in done.stderr and done.stderr.count("\n") == 1
