"""The operator's configuration: none, valid, wrong."""

from pathlib import Path

import pytest

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
