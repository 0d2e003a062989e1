"""The net test: how fast the line to a client is, from three pings at the start of a session."""

from dataclasses import dataclass

PAYLOADS = (0, 0, 256_000)
"""Bytes with each ping: the first warms the path up, the second gives the latency, the third the bit rate."""

LOW_BANDWIDTH = 10 * 1024 * 1024
"""Bits a second below which a line counts as slow."""


@dataclass(frozen=True, slots=True)
class NetResult:
    """What the test found."""

    latency: float
    """Round trip in seconds."""
    bits_per_second: float
    """0 where the line was too fast to measure."""

    @property
    def low_bandwidth(self) -> bool:
        return 0 < self.bits_per_second < LOW_BANDWIDTH


class NetTest:
    """One run. Send a ping for each of ``PAYLOADS`` with ids from ``first_id`` on, and hand in the pongs."""

    def __init__(self, first_id: int, now: float) -> None:
        self.first_id = first_id
        self.result: NetResult | None = None
        self._sent_at = now
        self._answered = 0
        self._latency = 0.0

    @property
    def running(self) -> bool:
        return self.result is None

    def pong(self, ping_id: int, now: float) -> bool:
        """Take an answer in; whether it was the awaited one. Only our own clock measures."""
        if not self.running or ping_id != self.first_id + self._answered:
            return False
        round_trip = now - self._sent_at
        payload = PAYLOADS[self._answered]
        self._answered += 1
        if self._answered < len(PAYLOADS):
            self._latency = round_trip
            return True
        spent = round_trip - self._latency
        # A payload that took no longer than an empty ping says nothing but that the line is fast.
        rate = payload * 8 / spent if spent > 0 else 0.0
        self.result = NetResult(self._latency, rate)
        return True
