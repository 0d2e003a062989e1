"""Files that appear whole or not at all, and that are never written through something else's name."""

import os
import stat
import tempfile
from pathlib import Path

from gspice.errors import ConfigError

PUBLIC, PRIVATE = 0o644, 0o600


def check_target(path: Path, what: str) -> Path:
    """Where a file of this name really lies. ConfigError where it could not be written, naming ``what`` it is.

    Devices, pipes and directories are refused: replacing one would take it from everybody else.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except OSError as error:
        raise ConfigError(f"{path}: cannot write {what}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: cannot write {what}: it is no regular file; name another")
    if not target.parent.is_dir():
        raise ConfigError(f"{path}: cannot write {what}: there is no directory {target.parent}")
    if not os.access(target.parent, os.W_OK):
        raise ConfigError(f"{path}: cannot write {what}: {target.parent} cannot be written to")
    return target


def check_apart(**files: Path | None) -> None:
    """ConfigError where two of these are one file: what is written last would take the other's place."""
    seen: dict[str, str] = {}
    for name, path in files.items():
        if path is None:
            continue
        target = os.path.realpath(path)
        for other, other_name in seen.items():
            if target == other or (
                os.path.exists(target) and os.path.exists(other) and os.path.samefile(target, other)
            ):
                raise ConfigError(f"{path}: is named as the {other_name} and as the {name}: name another")
        seen[target] = name


def write_whole(path: Path, data: bytes, what: str, *, private: bool = False) -> None:
    """Write a file by way of a new one beside it; ConfigError where that cannot be done.

    ``private``: for the owner's eyes only, also where a file of that name was readable before.
    """
    target = check_target(path, what)
    part = ""
    try:
        # A new name that nobody can have prepared, with nobody else allowed in.
        fd, part = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            if not private:
                os.fchmod(out.fileno(), PUBLIC)
        os.replace(part, target)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot write {what}: {error.strerror or error}") from error
