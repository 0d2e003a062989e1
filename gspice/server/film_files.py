"""Where films of screens are written: a file for each device, and a further one for each size of its screen."""

import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from gspice.errors import ConfigError, EncoderError
from gspice.stream.ffmpeg_encoder import load
from gspice.stream.film_writer import Container, container_of

MOST_PARTS: Final = 1000
"""A guest can change its size as often as it likes."""


class FilmFile:
    """An open file that gets its name with the first picture: until then, what had the name stays."""

    def __init__(self, path: Path) -> None:
        """OSError: it cannot be written."""
        self.path = path
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            raise OSError(0, "it is no regular file; name another")
        # mkstemp lets none but the owner read it, as is right for what a person does.
        descriptor, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent
        )
        self.file: BinaryIO = os.fdopen(descriptor, "wb", buffering=0)
        self._target = target
        self._part: Path | None = Path(name)

    def place(self) -> None:
        """Give it its name; again does nothing. OSError: that cannot be done."""
        if self._part is not None:
            os.replace(self._part, self._target)
            self._part = None

    def close(self) -> None:
        """Close it; without its name, it goes."""
        self.file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None


class FilmFiles:
    """Those of one device. The first is open at once: hosts may be about to give up their rights."""

    def __init__(self, path: Path, qxl_id: int) -> None:
        """ConfigError: no film can be written there, and why; devices after the first have ``name-1.mp4``."""
        self.container: Container = container_of(path)
        self._path = path.with_stem(f"{path.stem}-{qxl_id}") if qxl_id else path
        self._parts = 0
        self._first: FilmFile | None
        try:
            load()
            self._first = FilmFile(self._path)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot record video: {error.strerror}") from error
        except EncoderError as error:
            raise ConfigError(f"{self._path}: cannot record video: {error}") from error

    def next(self) -> FilmFile:
        """The file of the next part: ``name.mp4``, then ``name.part2.mp4``. OSError: there is none."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise OSError(0, f"the screen has changed its size {MOST_PARTS} times")
        if self._parts == 1 and self._first is not None:
            first, self._first = self._first, None
            return first
        return FilmFile(self._path.with_stem(f"{self._path.stem}.part{self._parts}"))

    def close(self) -> None:
        """Nothing more is to come."""
        if self._first is not None:
            self._first.close()
            self._first = None
