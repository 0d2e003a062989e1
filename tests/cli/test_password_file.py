"""Password files."""

import logging
from pathlib import Path

import pytest

from gspice.cli.password_file import read_password_file
from gspice.errors import ConfigError


def test_the_first_line_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "pw"
    path.write_text("  s3cret \r\nnot this\n")
    path.chmod(0o600)
    with caplog.at_level(logging.WARNING):
        assert read_password_file(path) == "  s3cret "
    assert not caplog.records
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        read_password_file(path)
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize("content", [b"", b"\nx", b"\xff\xfe\n"])
def test_bad_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pw"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="pw:"):
        read_password_file(path)
    with pytest.raises(ConfigError, match="missing: cannot read the password: No such file"):
        read_password_file(tmp_path / "missing")
