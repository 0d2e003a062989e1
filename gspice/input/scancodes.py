"""Set 1 scancodes as a byte stream: whole codes out of single bytes, with the key each one is about."""

from collections.abc import Iterator
from typing import NamedTuple

RELEASE = 0x80
"""Set in the last byte of a code when the key went up."""

EXTENDED = 0x100
"""Set in a key number when its code has the 0xE0 prefix."""

SCROLL_LOCK = 0x46
NUM_LOCK = 0x45
CAPS_LOCK = 0x3A

_PREFIXES = {0xE0: 1, 0xE1: 2, 0xE2: 1}
"""Prefix byte -> how many bytes follow it. 0xE1 is the Pause key alone, which has two."""


class Scancode(NamedTuple):
    """One whole code, ready for a keyboard."""

    data: bytes
    key: int | None
    """0..0x7F, plus EXTENDED; None for codes that do not say of one key that it went down or up."""
    pressed: bool


def release_of(key: int) -> Scancode:
    """The code that says ``key`` went up."""
    last = key & 0x7F | RELEASE
    return Scancode(bytes((0xE0, last)) if key & EXTENDED else bytes((last,)), key, False)


def press_of(key: int) -> Scancode:
    """The code that says ``key`` went down."""
    last = key & 0x7F
    return Scancode(bytes((0xE0, last)) if key & EXTENDED else bytes((last,)), key, True)


class ScancodeReader:
    """Puts one client's bytes together.

    A code is handed on only when it is whole: a client that leaves after a prefix must not make the first key
    of the next one an extended one.
    """

    def __init__(self) -> None:
        self._partial = b""
        self._missing = 0

    def feed(self, data: bytes) -> Iterator[Scancode]:
        """The codes that ``data`` completes. Zero bytes are no scancodes and are left out."""
        for byte in data:
            if not byte:
                continue
            if byte in _PREFIXES:
                # A second prefix takes the place of the first: nothing whole can begin with both.
                self._partial, self._missing = bytes((byte,)), _PREFIXES[byte]
                continue
            self._partial += bytes((byte,))
            self._missing = max(self._missing - 1, 0)
            if not self._missing:
                whole, self._partial = self._partial, b""
                yield _scancode(whole)

    def reset(self) -> None:
        """Forget a code that was begun."""
        self._partial, self._missing = b"", 0


def _scancode(data: bytes) -> Scancode:
    pressed = not data[-1] & RELEASE
    number = data[-1] & 0x7F
    if len(data) == 1:
        return Scancode(data, number, pressed)
    return Scancode(data, number | EXTENDED if data[0] == 0xE0 else None, pressed)
