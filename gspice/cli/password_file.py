"""Passwords come from files, never from the command line, where every user of the machine could read them."""

import logging
import stat
from pathlib import Path

from gspice.errors import ConfigError

log = logging.getLogger(__name__)


def read_password_file(path: Path) -> str:
    """The first line of a file. ConfigError where it cannot be read or is empty; warns where others may read it."""
    try:
        text = path.read_text()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot read the password: {reason}") from error
    if not (password := text.partition("\n")[0].rstrip("\r")):
        raise ConfigError(f"{path}: the first line is empty, and an empty password lets nobody in")
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s can be read by other users; make it yours alone: chmod 600 %s", path, path)
    return password
