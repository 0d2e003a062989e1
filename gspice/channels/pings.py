"""The main channel's pings: the net test first, then one at a time to see whether the client is there."""

from collections.abc import Callable

from gspice.channels.base import RoundTrip
from gspice.channels.net_test import PAYLOADS, NetResult, NetTest
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping

PING_INTERVAL = 10.0
"""Seconds from an answered ping to the next."""

SILENCE = 120.0
"""Seconds that a client may leave pings unanswered: one that stood still for a minute shall find its desktop again."""


class LinePings:
    """The pings of one client. ``start`` it, hand in pongs, and call ``on_timer`` at ``deadline()``."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.round_trip = RoundTrip()
        self._send = send
        self._net_test: NetTest | None = None
        self._next_id = 1
        self._sent_at: dict[int, float] = {}
        """Pings without an answer."""
        self._heard_at = 0.0
        """When the last answer came, or since when the next is awaited."""
        self._next_at = 0.0

    @property
    def net_result(self) -> NetResult | None:
        """What the net test found, once it has."""
        return self._net_test.result if self._net_test is not None else None

    def start(self, now: float, *, net_test: bool) -> None:
        """Send the first ping, or the net test's."""
        self._heard_at = now
        if net_test:
            self._net_test = NetTest(self._next_id, now)
        for size in PAYLOADS if net_test else (0,):
            self._ping(size, now)

    def pong(self, ping_id: int, now: float) -> bool:
        """An answer; whether the net test is over by it. Answers to nothing that was asked are ignored."""
        sent_at = self._sent_at.pop(ping_id, None)
        if sent_at is None:
            return False
        self._heard_at = now
        self._next_at = now + PING_INTERVAL
        test = self._net_test
        if test is None or not test.running:
            self.round_trip.add(now - sent_at)
            return False
        test.pong(ping_id, now)
        if test.result is None:
            return False
        self.round_trip.add(test.result.latency)
        return True

    def deadline(self) -> float:
        """When to call ``on_timer``."""
        return self._heard_at + SILENCE if self._sent_at else self._next_at

    def on_timer(self, now: float) -> bool:
        """Send a ping if it is time for one. False: the client has been silent for too long."""
        if self._sent_at:
            return now < self._heard_at + SILENCE
        if now >= self._next_at:
            self._heard_at = now
            self._ping(0, now)
        return True

    def _ping(self, size: int, now: float) -> None:
        ping_id = self._next_id
        self._next_id = (ping_id + 1) & 0xFFFFFFFF
        self._sent_at[ping_id] = now
        self._send(Ping(id=ping_id, timestamp=int(now * 1e6), data=bytes(size)))
