"""The operator's configuration: none, valid, wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.gpu import backends
from gspice.hosts.doctor_configuration import look, probe
from gspice.hosts.doctor_findings import Finding, Status


def only(environ: dict[str, str], default: Path) -> Finding:
    (found,) = look(environ, default)
    return found


def test_no_file(tmp_path: Path) -> None:
    found = only({}, tmp_path / "gspice.toml")
    assert found.status is Status.OK and "no " in found.text and found.facts["exists"] is False


def test_a_file_that_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "gspice.toml"
    path.write_text('renderer = "cpu"\n[server]\nname = "desk"\nagent-copypaste = false\n')
    found = only({}, path)
    assert found.status is Status.OK and f"{path} is valid" in found.text and "renderer cpu" in found.text
    assert found.facts["server"] == {"name": "desk", "agent-copypaste": "False"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("renderer = 7", "renderer"),
        ("= what", "TOML"),
        ("moon = 1", "no key moon"),
        ("[server]\nname = 1", "server.name"),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_a_file_that_is_wrong(text: str, words: str, named: bool, tmp_path: Path) -> None:
    path = tmp_path / "gspice.toml"
    path.write_text(text)
    environ = {"GSPICE_CONFIG": str(path)} if named else {}
    found = only(environ, tmp_path / "other.toml" if named else path)
    assert found.status is Status.FAIL and words in found.text and found.mend == f"edit {path}"


def test_a_file_that_is_named_and_not_there(tmp_path: Path) -> None:
    found = only({"GSPICE_CONFIG": str(tmp_path / "x")}, tmp_path / "gspice.toml")
    assert found.status is Status.FAIL and "unset GSPICE_CONFIG" in found.mend


def test_variables(tmp_path: Path) -> None:
    found = only({"GSPICE_LOG_LEVEL": "debug", "OTHER": "x"}, tmp_path / "gspice.toml")
    assert found.status is Status.OK and "GSPICE_LOG_LEVEL=debug" in found.text
    assert found.facts["variables"] == {"GSPICE_LOG_LEVEL": "debug"}
    assert only({"GSPICE_LOG_LEVEL": "loud"}, tmp_path / "gspice.toml").status is Status.FAIL


def test_the_probe_looks_at_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSPICE_CONFIG", "/nonexistent/gspice.toml")
    ((found,),) = [list(step.look()) for step in probe()]
    assert found.status is Status.FAIL and "/nonexistent" in found.text


def failing(environ: dict[str, str], default: Path) -> Finding:
    (found,) = (one for one in look(environ, default) if one.status is Status.FAIL)
    return found


@pytest.mark.parametrize(
    ("text", "environ", "mend"),
    [
        ('renderer-device = "1"', {}, "edit {default}: take renderer-device out"),
        ('renderer = "cpu"\nrenderer-device = "1"', {}, "edit {default}: take renderer-device out"),
        ("", {"GSPICE_RENDERER": "cpu", "GSPICE_RENDERER_DEVICE": "1"}, "unset GSPICE_RENDERER_DEVICE"),
        ("", {"GSPICE_RENDERER_DEVICE": "1"}, "unset GSPICE_RENDERER_DEVICE"),
        ('renderer = "vulkan"\nrenderer-device = "1"', {"GSPICE_RENDERER": "cpu"}, "unset GSPICE_RENDERER"),
    ],
)
def test_a_device_that_the_renderer_does_not_take(
    text: str, environ: dict[str, str], mend: str, tmp_path: Path
) -> None:
    default = tmp_path / "gspice.toml"
    default.write_text(text)
    found = failing(environ, default)
    assert found.name == "renderer" and "takes no device" in found.text
    assert found.mend.startswith(mend.format(default=default))


def test_a_renderer_whose_package_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = backends.Backend("json:X", "json:y", "no_such_package")
    monkeypatch.setitem(backends.GPU_BACKENDS, "opengl", lacking)
    found = failing({"GSPICE_RENDERER": "opengl"}, tmp_path / "none.toml")
    assert found.mend == f"{sys.executable} -m pip install no_such_package"


@pytest.mark.parametrize(("key", "variable"), [("record", "GSPICE_RECORD"), ("log-file", "GSPICE_LOG_FILE")])
def test_a_file_that_cannot_be_written(key: str, variable: str, tmp_path: Path) -> None:
    default = tmp_path / "gspice.toml"
    assert all(one.status is Status.OK for one in look({variable: str(tmp_path / "new")}, default))
    (tmp_path / "file").touch()
    assert all(one.status is Status.OK for one in look({variable: str(tmp_path / "file")}, default))
    found = failing({variable: str(tmp_path)}, default)
    assert found.name == key and "no regular file" in found.text and found.mend == f"unset {variable}"
    found = failing({variable: str(tmp_path / "file" / "x")}, default)
    assert found.name == key and found.mend == f"unset {variable}"
    default.write_text(f"{key} = '{tmp_path}'")
    assert failing({}, default).mend == f"edit {default}: another {key}"


def test_a_folder_that_is_missing_is_made_by_the_mend(tmp_path: Path) -> None:
    environ = {"GSPICE_RECORD": str(tmp_path / "a b" / "c" / "x.rec")}
    found = failing(environ, tmp_path / "gspice.toml")
    subprocess.run(["sh", "-c", found.mend], check=True)
    assert all(one.status is Status.OK for one in look(environ, tmp_path / "gspice.toml"))


def test_a_film_that_cannot_be_made(tmp_path: Path) -> None:
    assert all(
        one.status is Status.OK
        for one in look({"GSPICE_RECORD_VIDEO": str(tmp_path / "new.mp4")}, tmp_path / "none.toml")
    )
    found = failing({"GSPICE_RECORD_VIDEO": str(tmp_path / "x" / "new.mp4")}, tmp_path / "none.toml")
    assert found.name == "record-video" and found.mend == f"mkdir -p {tmp_path / 'x'}"


def test_a_recording_by_its_old_name(tmp_path: Path) -> None:
    found = failing({"SPICE_WORKER_RECORD_FILENAME": str(tmp_path)}, tmp_path / "gspice.toml")
    assert found.mend == "unset SPICE_WORKER_RECORD_FILENAME"


def test_a_log_is_written_on_where_it_lies(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in failing({"GSPICE_LOG_FILE": str(tmp_path / "pipe")}, tmp_path / "x").text
    assert [one.status for one in look({"GSPICE_LOG_FILE": "/dev/null"}, tmp_path / "x")] == [Status.OK]


@pytest.mark.parametrize(
    ("environ", "mend"),
    [
        ({"GSPICE_LOG_LEVEL": "loud"}, "unset GSPICE_LOG_LEVEL"),
        ({"GSPICE_LOG_LEVEL": "loud", "GSPICE_RENDERER": "cpu"}, "unset GSPICE_LOG_LEVEL"),
        (
            {"GSPICE_LOG_LEVEL": "loud", "GSPICE_RENDERER": "cpu", "GSPICE_LOG_FILE": "here"},
            "unset GSPICE_LOG_LEVEL GSPICE_LOG_FILE",
        ),
    ],
)
def test_variables_that_are_wrong_are_named(environ: dict[str, str], mend: str, tmp_path: Path) -> None:
    assert failing(environ, tmp_path / "gspice.toml").mend == mend


def test_a_file_that_this_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gspice.toml"
    path.write_text("")

    def closed(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", closed)
    assert failing({}, path).mend.startswith(f"chmod a+r {path}")
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path)
    assert failing({}, path).mend.startswith(f"chmod a+x {tmp_path} ")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "gspice.toml").mkdir()
    environ = {"GSPICE_CONFIG": str(tmp_path / "gspice.toml")}
    assert failing(environ, tmp_path / "x").mend == "unset GSPICE_CONFIG, or let it name a file"
