"""The files of films: their names, when they get them, and what stands in the way."""

import os
from pathlib import Path

import pytest

from gspice.errors import ConfigError, EncoderError
from gspice.server import film_files
from gspice.server.film_files import FilmFiles


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_has_its_name_once_there_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")
    files = FilmFiles(path, 0)
    first = files.next()
    assert path.read_bytes() == b"old"
    first.file.write(b"new")
    first.place()
    first.place()
    assert path.read_bytes() == b"new" and first.path == path
    assert os.stat(path).st_mode & 0o077 == 0, "nobody else may see what a person does"
    first.close()
    files.close()
    assert names(tmp_path) == ["film.mp4"]


def test_devices_and_sizes_have_files_of_their_own(tmp_path: Path) -> None:
    files = FilmFiles(tmp_path / "a.film.mkv", 2)
    for part in [files.next() for _ in range(3)]:
        part.place()
        part.close()
    files.close()
    assert names(tmp_path) == ["a.film-2.mkv", "a.film-2.part2.mkv", "a.film-2.part3.mkv"]


def test_without_pictures_nothing_is_left(tmp_path: Path) -> None:
    for take in (False, True):
        files = FilmFiles(tmp_path / "film.mp4", 0)
        if take:
            files.next().close()
        files.close()
        files.close()
        assert names(tmp_path) == []


def test_parts_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_files, "MOST_PARTS", 1)
    files = FilmFiles(tmp_path / "film.mp4", 0)
    files.next().close()
    with pytest.raises(OSError, match="changed its size"):
        files.next()


def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"\.mp4 or \.mkv"):
        FilmFiles(tmp_path / "film.webm", 0)
    with pytest.raises(ConfigError, match="cannot record video: No such file"):
        FilmFiles(tmp_path / "none" / "film.mp4", 0)
    (tmp_path / "dir.mp4").mkdir()
    with pytest.raises(ConfigError, match="no regular file"):
        FilmFiles(tmp_path / "dir.mp4", 0)

    def load() -> None:
        raise EncoderError("video needs PyAV")

    monkeypatch.setattr(film_files, "load", load)
    with pytest.raises(ConfigError, match="PyAV"):
        FilmFiles(tmp_path / "film.mp4", 0)
    assert names(tmp_path) == ["dir.mp4"]
