"""The half-open links: how many there may be, in all and of one peer, and who is turned away."""

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
"""Peers turned away at the door make one line in the log in so many seconds, however many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeLimits:
    """What peers that have not proved themselves may use."""

    total: int = 64
    """Half-open links at a time."""
    per_peer: int = 16
    """Half-open links of one address: a client opens all its channels at once, about ten."""
    deadline_s: float = 10.0
    """From the first byte to the ticket."""


class Handshakes:
    """All links that are not linked yet: it counts them and turns away those that are too many."""

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
        self._open: set[Handshake] = set()
        self._per_peer: Counter[str] = Counter()
        self._turned_away = 0
        self._logged_at = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, transport: Transport, *, skip_auth: bool = False) -> None:
        """Take an accepted connection in; ``policy`` hears how it ended.

        With ``skip_auth`` the ticket is read and must decrypt, but any password will do.
        """
        peer = transport.peer_group
        if len(self._open) >= self._limits.total:
            self._turn_away(transport, f"{len(self._open)} links are half open already")
            return
        if self._per_peer[peer] >= self._limits.per_peer:
            self._turn_away(transport, f"{self._per_peer[peer]} links of this peer are half open already")
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
        self._open.add(handshake)
        self._per_peer[peer] += 1

    def close(self) -> None:
        """End all of them; none begins any more, for nobody listens."""
        for handshake in list(self._open):
            handshake.abort("the server is closing")

    def _over(self, handshake: Handshake) -> None:
        peer = handshake.transport.peer_group
        self._open.discard(handshake)
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]

    def _turn_away(self, transport: Transport, reason: str) -> None:
        transport.close()
        self._turned_away += 1
        now = self._clock()
        if now - self._logged_at >= LOG_EVERY_S:
            log.warning("%s: turned away: %s (%d since last said)", transport.peer, reason, self._turned_away)
            self._turned_away = 0
            self._logged_at = now
        try:
            self._policy.on_failed(transport, reason)
        except Exception:
            log.exception("%s: the owner failed to note a refused connection", transport.peer)
