"""The host's FILE: read where it stands, from pipes too, and what goes wrong is an OSError."""

import os
import threading
from pathlib import Path

import pytest

from gspice.hosts.libspice.replay_file import HostFile
from tests.hosts.libspice.replayed import c_file, libc


def test_it_is_read_from_where_the_host_stands(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 100)
    address = c_file(path)
    assert [libc.fgetc(address) for _ in range(3)] == [0, 1, 2]
    file = HostFile(address)
    assert file.read(2) == b"\3\4"
    target = bytearray(1000)
    assert file.readinto(target) == 1000 and target[:3] == b"\5\6\7"
    assert file.readinto(memoryview(target)[:0]) == 0
    assert len(file.read(1 << 20)) == 25600 - 1005
    assert file.read(10) == b"" and file.readinto(target) == 0
    file.close()


def test_a_pipe_is_read_however_it_comes() -> None:
    reader, writer = os.pipe()

    def write() -> None:
        for part in (b"a", b"bc", b"x" * 200000):
            os.write(writer, part)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    file = HostFile(libc.fdopen(reader, b"r"))
    assert file.read(3) == b"abc"
    assert file.read(1 << 20) == b"x" * 200000
    thread.join()
    file.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    file = HostFile(c_file(tmp_path))
    with pytest.raises(IsADirectoryError):
        file.read(1)
    with pytest.raises(ValueError, match="-1 bytes"):
        file.read(-1)
    file.close()


def test_a_closed_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    file = HostFile(c_file(tmp_path / "file"))
    file.close()
    file.close()
    with pytest.raises(OSError, match="is closed"):
        file.read(1)
