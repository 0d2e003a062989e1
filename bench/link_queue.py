"""One direction of a link: a queue, a rate and a delay, sans-IO."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

SEGMENT = 1448
"""Bytes of a packet, as TCP fills them; fast links carry larger ones, to stay cheap."""
PACKET_SECONDS = 0.0001
LOT_SECONDS = 0.001
"""Of the rate, what must have become free in a full queue before it takes more: a wake-up for every packet is dear."""


class LinkQueue(Generic[T]):
    """First in, first out: a packet waits for those before it, takes its size by the rate, arrives a delay later.

    ``rate`` in bytes a second, ``delay`` in seconds, ``size`` in bytes; each may be changed at any time, for what waits
    too. Times are of one steady clock.
    """

    def __init__(self, rate: float, delay: float, size: int) -> None:
        if rate <= 0 or delay < 0 or size < 2 * SEGMENT:
            raise ValueError(
                f"a link needs a rate above 0, a delay, and a queue of at least {2 * SEGMENT} bytes"
            )
        self.rate, self.delay, self.size = rate, delay, size
        self.carried = 0
        """Bytes that have arrived."""
        self.longest = 0
        """The most bytes that ever waited."""
        self._waiting: deque[tuple[int, T]] = deque()
        self._waiting_bytes = 0
        self._begun = 0.0
        """When the first of those waiting had its turn."""
        self._flying: deque[tuple[float, int, T]] = deque()

    @property
    def packet(self) -> int:
        """The most bytes to push at once."""
        return min(max(SEGMENT, int(self.rate * PACKET_SECONDS)), self.size // 2)

    def backlog(self, now: float) -> float:
        """Bytes that wait; call ``arrivals`` first."""
        if not self._waiting:
            return 0.0
        return max(0.0, self._waiting_bytes - max(0.0, now - self._begun) * self.rate)

    def takes(self, now: float) -> bool:
        """Whether a packet still fits."""
        return self.backlog(now) + self.packet <= self.size

    def opens(self, now: float) -> float:
        """When it is worth while to read again; not after ``now``: at once."""
        return now + (self.backlog(now) - (self.size - self._lot())) / self.rate

    def push(self, size: int, item: T, now: float) -> None:
        """Append a packet; a size of 0 keeps an end of stream in its place."""
        if not self._waiting:
            self._begun = max(self._begun, now)
        self._waiting.append((size, item))
        self._waiting_bytes += size
        self.longest = max(self.longest, int(self.backlog(now)))

    def arrivals(self, now: float) -> list[T]:
        """What has arrived by now, in order."""
        while self._waiting and (left := self._begun + self._waiting[0][0] / self.rate) <= now:
            size, item = self._waiting.popleft()
            self._waiting_bytes -= size
            self._begun = left
            self._flying.append((left + self.delay, size, item))
        arrived = []
        while self._flying and self._flying[0][0] <= now:
            _, size, item = self._flying.popleft()
            self.carried += size
            arrived.append(item)
        return arrived

    def next_arrival(self) -> float | None:
        """When ``arrivals`` has something next."""
        if self._flying:
            return self._flying[0][0]
        if self._waiting:
            return self._begun + self._waiting[0][0] / self.rate + self.delay
        return None

    def _lot(self) -> int:
        return min(max(2 * self.packet, int(self.rate * LOT_SECONDS)), self.size)
