"""Files that appear whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.whole_file import check_apart, check_target, write_whole


def test_a_file_appears_with_its_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_whole(path, b"one", "it")
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    write_whole(path, b"two", "it", private=True)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["x"]


def test_a_link_stays_one_and_what_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", b"1", "it")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"1"


def test_a_prepared_part_file_is_left_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    for name in ("x.part", ".x.part"):
        (tmp_path / name).symlink_to(victim)
    write_whole(tmp_path / "x", b"1", "it")
    assert victim.read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["directory", "pipe", "device"])
def test_what_is_no_regular_file_is_refused_and_kept(tmp_path: Path, kind: str) -> None:
    path = {"directory": tmp_path, "pipe": tmp_path / "pipe", "device": Path("/dev/null")}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    before = path.stat()
    with pytest.raises(ConfigError, match="cannot write it: it is no regular file"):
        write_whole(path, b"1", "it")
    assert (path.stat().st_mode, path.stat().st_ino) == (before.st_mode, before.st_ino)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none/x: cannot write it: there is no directory .*none"):
        check_target(tmp_path / "none" / "x", "it")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="Not a directory"):
        check_target(tmp_path / "file" / "x", "it")


def test_one_file_under_two_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"")
    check_apart(a=one, b=other, c=None)
    other.hardlink_to(one)
    for same in (one, other, tmp_path / "." / "one"):
        with pytest.raises(ConfigError, match="as the a and as the b"):
            check_apart(a=one, b=same)
