"""The cookie that X clients show to their server: the Xauthority file, which both of them read."""

import os
import secrets
import struct
from pathlib import Path

COOKIE_BYTES = 16
PROTOCOL = b"MIT-MAGIC-COOKIE-1"
FAMILY_WILD = 0xFFFF
"""An entry for every address; with an empty display number, for every display too."""


def entry(cookie: bytes) -> bytes:
    """One entry of the file, good for whatever display the server turns out to be."""
    strings = (b"", b"", PROTOCOL, cookie)
    return struct.pack(">H", FAMILY_WILD) + b"".join(struct.pack(">H", len(s)) + s for s in strings)


def write_authority(path: Path) -> None:
    """Make a file of that name, new and readable by its owner only, that holds one random cookie."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(entry(secrets.token_bytes(COOKIE_BYTES)))
