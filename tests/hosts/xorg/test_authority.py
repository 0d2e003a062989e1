"""The Xauthority file, as the X server and ``xauth`` read it."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from gspice.hosts.xorg.authority import COOKIE_BYTES, entry, write_authority


def test_an_entry_is_laid_out_as_xau_reads_it() -> None:
    cookie = bytes(range(COOKIE_BYTES))
    assert entry(cookie) == b"\xff\xff\0\0\0\0\0\x12MIT-MAGIC-COOKIE-1\0\x10" + cookie


def test_the_file_is_private_new_and_never_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write_authority(one)
    write_authority(other)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert one.read_bytes() != other.read_bytes()
    assert len(one.read_bytes()) == len(other.read_bytes()) == len(entry(bytes(COOKIE_BYTES)))
    with pytest.raises(FileExistsError):
        write_authority(one)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_authority(tmp_path / "link")


@pytest.mark.skipif(shutil.which("xauth") is None, reason="xauth is not installed")
def test_xauth_reads_the_same_cookie(tmp_path: Path) -> None:
    file = tmp_path / "authority"
    write_authority(file)
    said = subprocess.run(
        ["xauth", "-f", str(file), "nlist"], capture_output=True, check=True, text=True
    ).stdout
    assert file.read_bytes()[-COOKIE_BYTES:].hex() in said
    assert said.startswith("ffff ")
