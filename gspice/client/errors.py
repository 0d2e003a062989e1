"""Why a client gives up, where it is neither the protocol's fault nor a refusal."""

from gspice.errors import GSpiceError


class ConnectError(GSpiceError):
    """The server cannot be reached, or its TLS is not to be trusted: nothing was said in SPICE yet."""


class HangUpError(GSpiceError):
    """The server hung up; the text has its last words where it had any."""


class DeadlineError(GSpiceError):
    """The deadline passed; the text says what was waited for."""


class UnsupportedError(GSpiceError):
    """Content that the protocol allows and this client cannot decode; the text names it."""


MAX_QUOTED = 200
"""Characters of a peer's text that are repeated to the user."""


def quoted(text: str) -> str:
    """A peer's text made fit for one line of a terminal."""
    shown = "".join(character if character.isprintable() else "?" for character in text.strip()[:MAX_QUOTED])
    return f"{shown}..." if len(text.strip()) > MAX_QUOTED else shown
