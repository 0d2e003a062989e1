"""The half-open links: how many there may be, in all and of one peer, and who makes room for whom."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gspice.server.link_stage import Handshake, LinkPolicy
from gspice.server.tickets import FailedLogins
from gspice.server.transport import Transport
from gspice.vdi.core import CoreInterface

__all__ = ["Handshake", "HandshakeLimits", "Handshakes", "LinkPolicy"]

log = logging.getLogger(__name__)

LOG_EVERY_S = 5.0
"""Links turned away make one line in the log in so many seconds, however many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeLimits:
    """What peers that have not proved themselves may use."""

    total: int = 64
    """Half-open links at a time."""
    per_peer: int = 16
    """Half-open links of one peer (``Transport.peer_group``): a client opens all its channels at once, about ten."""
    deadline_s: float = 10.0
    """From the first byte to the ticket."""


class Handshakes:
    """All links that are not linked yet.

    Where there are too many, an old one makes room for the new one: so whoever only holds places cannot keep
    others out, neither those of other addresses nor those who share his.
    """

    def __init__(
        self,
        loop: CoreInterface,
        policy: LinkPolicy,
        *,
        clock: Callable[[], float],
        limits: HandshakeLimits | None = None,
        failed_logins: FailedLogins | None = None,
    ) -> None:
        self._loop = loop
        self._policy = policy
        self._clock = clock
        self._limits = limits or HandshakeLimits()
        self._failed_logins = failed_logins or FailedLogins()
        self._open: dict[Handshake, None] = {}
        """The oldest first."""
        self._per_peer: Counter[str] = Counter()
        self._unsaid = 0
        self._logged_at = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, transport: Transport, *, skip_auth: bool = False) -> None:
        """Take an accepted connection in; ``policy`` hears how it ended.

        With ``skip_auth`` the ticket is read and must decrypt, but any password will do.
        """
        peer = transport.peer_group
        if not self._make_room(peer):
            self._refuse(transport, "the links of this peer that are half open already all have to stay")
            return
        handshake = Handshake(
            self._loop,
            transport,
            self._policy,
            skip_auth=skip_auth,
            deadline_s=self._limits.deadline_s,
            clock=self._clock,
            failed_logins=self._failed_logins,
            on_over=self._over,
        )
        self._open[handshake] = None
        self._per_peer[peer] += 1

    def close(self) -> None:
        """End all of them; none begins any more, for nobody listens."""
        for handshake in list(self._open):
            handshake.abort("the server is closing")

    def _over(self, handshake: Handshake) -> None:
        peer = handshake.transport.peer_group
        del self._open[handshake]
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]

    def _make_room(self, peer: str) -> bool:
        """End an old link where there is no place for another of this peer; False if none can be ended."""
        of_peer, total = self._per_peer[peer], len(self._open)
        if of_peer >= self._limits.per_peer:
            # What is held back keeps its place: else a guesser would only have to connect anew, and never wait.
            own = [link for link in self._open if link.transport.peer_group == peer and not link.held_back]
            victim = next((link for link in own if not link.granted), None)
            reason = f"{of_peer} links of this peer are half open; the oldest makes room for another"
        elif total >= self._limits.total:
            everyone = [link for link in self._open if not link.granted]
            victim = max(everyone, key=self._dispensability, default=None)
            reason = f"{total} links are half open; the oldest of the peer with most makes room for another"
        else:
            return True
        if victim is None:
            return False
        self._say(victim.transport, reason)
        victim.abort("dropped to make room for a newer link", quiet=True)
        return True

    def _dispensability(self, link: Handshake) -> tuple[int, bool]:
        """Whose link is to go first; of equals ``max`` takes the first, which is the oldest."""
        return self._per_peer[link.transport.peer_group], not link.held_back

    def _refuse(self, transport: Transport, reason: str) -> None:
        transport.close()
        self._say(transport, reason)
        try:
            self._policy.on_failed(transport, reason)
        except Exception:
            log.exception("%s: the owner failed to note a refused connection", transport.peer)

    def _say(self, transport: Transport, reason: str) -> None:
        """Log that a link is turned away, if none was just now."""
        now = self._clock()
        if now - self._logged_at < LOG_EVERY_S:
            self._unsaid += 1
            return
        others = f" ({self._unsaid} others were, unsaid, since the last such line)" if self._unsaid else ""
        log.warning("%s: turned away: %s%s", transport.peer, reason, others)
        self._unsaid = 0
        self._logged_at = now
