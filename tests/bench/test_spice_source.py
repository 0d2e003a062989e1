"""Where libspice's source comes from, without fetching it."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from bench.libspice import spice_source
from bench.libspice.spice_source import (
    ARCHIVE,
    MEMBERS,
    SHA256,
    VERSION,
    archive,
    cache,
    source,
    source_entry,
    unpack,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCH_SPICE_SOURCE", raising=False)


def no_fetch(_: Path) -> Path:
    raise subprocess.CalledProcessError(100, ["apt-get"], stderr="E: first\nE: Could not resolve\n")


def test_where_it_cannot_be_fetched_a_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spice_source, "fetch", no_fetch)
    with pytest.raises(RuntimeError, match=r"\(E: Could not resolve\): put .* name it by BENCH_SPICE_SOURCE"):
        source()


def test_without_apt_get_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="there is no apt-get here"):
        source()


def test_another_archive_than_the_right_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "other.tar.bz2"
    monkeypatch.setenv("BENCH_SPICE_SOURCE", str(path))
    with pytest.raises(RuntimeError, match="no such file"):
        archive()
    path.write_bytes(b"something else")
    with pytest.raises(RuntimeError, match=SHA256):
        archive()


def test_what_was_fetched_is_looked_at_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(directory: Path) -> Path:
        (directory / ARCHIVE).write_bytes(b"a mirror's error page")
        return directory / ARCHIVE

    monkeypatch.setattr(spice_source, "fetch", fetched)
    with pytest.raises(RuntimeError, match="remove it, and try again"):
        source()
    assert [path.name for path in cache().iterdir()] == [ARCHIVE]


def packed(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:bz2") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            file.addfile(member, io.BytesIO(name.encode()))
    return path


def test_only_the_encoders_files_are_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "spice.tar.bz2", [*MEMBERS.values(), "../outside", f"spice-{VERSION}/COPYING"])
    unpack(path, tmp_path / "source")
    found = [found for found in (tmp_path / "source").rglob("*") if found.is_file()]
    assert {str(each.relative_to(tmp_path / "source")): each.read_text() for each in found} == MEMBERS


def test_an_archive_without_one_of_them_is_refused(tmp_path: Path) -> None:
    names = list(MEMBERS.values())
    with pytest.raises(RuntimeError, match=f"has no {names[-1]}"):
        unpack(packed(tmp_path / "spice.tar.bz2", names[:-1]), tmp_path / "source")


def test_sources_are_asked_of_debians_own_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spice_source, "KEYRING", tmp_path / "none")
    targets = """\
Node Source|main|Packages|https://node.example/|nodistro
Debian|main|Translations|http://mirror.example/debian/|bookworm
Debian|main|Packages|http://mirror.example/debian/|bookworm-updates
Debian|main|Packages|http://mirror.example/debian/|bookworm
"""
    entry = source_entry(targets)
    assert (
        entry == "Types: deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm\nComponents: main\n"
    )
    with pytest.raises(RuntimeError, match="no mirror of Debian"):
        source_entry(targets.rpartition("Debian|")[0])
