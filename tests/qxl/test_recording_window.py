"""Where the file of a large window goes; what it holds is tested with the decoder that uses it."""

import errno
from pathlib import Path

import pytest

from gspice.qxl.recording_window import FileWindow, directory


def test_the_directory_is_what_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert directory() == str(tmp_path)
    (tmp_path / "file").touch()
    for wrong in ("", str(tmp_path / "none"), str(tmp_path / "file")):
        monkeypatch.setenv("TMPDIR", wrong)
        assert directory() == "/var/tmp"
    monkeypatch.delenv("TMPDIR")
    assert directory() == "/var/tmp"


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    window = FileWindow(1 << 30, 1 << 30)
    assert window.written == 0
    assert not list(tmp_path.iterdir())


def test_more_than_there_are_addresses_is_refused() -> None:
    with pytest.raises(OSError, match=r"no .* bytes of address space") as failed:
        FileWindow(1 << 60, 1 << 31)
    assert failed.value.errno == errno.ENOMEM
