"""Who may enter: the ticket (the session's password) and what is remembered of peers that guessed wrong."""

import hmac
from collections import OrderedDict

from gspice.errors import ConfigError

MAX_PASSWORD = 60
"""Longest password in bytes (SPICE_MAX_PASSWORD_LENGTH): clients refuse to send longer ones."""


class TicketStore:
    """The ticket in force. Until one is set, or ``noauth`` is, nobody enters."""

    def __init__(self, *, noauth: bool = False) -> None:
        self.noauth = noauth
        """Every ticket that decrypts is let in."""
        self._password: bytes | None = None
        self._expires: float | None = None

    def set_ticket(self, password: str | None, lifetime_s: float = 0, now: float = 0.0) -> None:
        """Ask for this password from now on, for ``lifetime_s`` seconds (0: for good); None lets nobody in.

        It ends ``noauth``. ConfigError: no client could send that password; the ticket in force then stays.
        """
        encoded = None if password is None else _encoded(password)
        if lifetime_s < 0:
            raise ConfigError(f"the ticket's lifetime is {lifetime_s} s; give 0 (for good) or more")
        self.noauth = False
        self._password = encoded
        self._expires = now + lifetime_s if lifetime_s else None

    def set_noauth(self) -> None:
        """Let everybody in; a ticket set earlier is forgotten."""
        self.noauth = True
        self._password = None

    def check(self, password: bytes, now: float) -> bool:
        """Whether this password opens the door now; the time taken does not tell how much of it was right."""
        return self.refusal(password, now) is None

    def refusal(self, password: bytes, now: float) -> str | None:
        """Why ``check`` says no, for the log; None if it says yes."""
        if self.noauth:
            return None
        if self._password is None:
            return "no password is set"
        if not hmac.compare_digest(self._password, password):
            return "wrong password"
        if self._expires is not None and now >= self._expires:
            return "the ticket has expired"
        return None


def _encoded(password: str) -> bytes:
    encoded = password.encode()
    if len(encoded) > MAX_PASSWORD:
        raise ConfigError(
            f"the password has {len(encoded)} bytes; at most {MAX_PASSWORD} can be sent by clients"
        )
    if b"\0" in encoded:
        raise ConfigError("the password holds a NUL character, which ends a password for every client")
    return encoded


class FailedLogins:
    """How often each peer gave a wrong ticket lately, and so how long its refusal is held back.

    Only time makes it forget: were a good ticket enough, whoever has one would let others guess at his address.
    It remembers a bounded number of peers: the one that failed longest ago is forgotten first.
    """

    def __init__(
        self, *, first_s: float = 0.25, longest_s: float = 4.0, forget_s: float = 60.0, peers: int = 1024
    ) -> None:
        self._first = first_s
        self._longest = longest_s
        self._forget = forget_s
        self._limit = peers
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, peer: str, now: float) -> float:
        """Note a failure; seconds to wait before the refusal is answered, doubling each time."""
        count, last = self._failures.pop(peer, (0, now))
        if now - last >= self._forget:
            count = 0
        self._failures[peer] = (count + 1, now)
        if len(self._failures) > self._limit:
            self._failures.popitem(last=False)
        # The exponent is clamped: a guesser of a thousand passwords must not overflow the float.
        return min(self._first * 2.0 ** min(count, 32), self._longest)
