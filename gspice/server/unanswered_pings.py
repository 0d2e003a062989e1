"""The pings that a client has not answered yet, and the round trips that the answers tell of."""

from typing import Final

from gspice.channels.base import RoundTrip
from gspice.wire.messages.base import Ping, Pong

MAX_PINGS: Final = 16
"""Unanswered pings that are remembered: the oldest is forgotten first."""


class UnansweredPings:
    """Those of one connection."""

    def __init__(self) -> None:
        self.round_trip = RoundTrip()
        """From the empty pings; their wait in the queue is part of it."""
        self._sent: dict[int, float | None] = {}
        """When each was sent; None if it carries data and tells of bandwidth instead."""

    def __len__(self) -> int:
        return len(self._sent)

    def sent(self, ping: Ping, now: float) -> None:
        """A ping was queued."""
        if len(self._sent) >= MAX_PINGS:
            del self._sent[next(iter(self._sent))]
        self._sent[ping.id] = None if len(ping.data) else now

    def answered(self, pong: Pong, now: float) -> bool:
        """A pong came; False if it answers no ping that is remembered."""
        if pong.id not in self._sent:
            return False
        sent_at = self._sent.pop(pong.id)
        if sent_at is not None:
            self.round_trip.add(now - sent_at)
        return True
