"""How many bytes of pictures may be under way to one client, so that new pixels never queue behind megabytes.

The window is judged from answers. After the messages of a frame, or of a piece of one, the channel sends a PING; its
PONG says that the client has handled everything before it. From these come the rate of the slowest part of the road, be
it the link or the client's own drawing, and the shortest round trip. What the road holds at that rate may be under way,
and a little more to keep its slowest part busy. It is the idea of TCP's BBR, one floor up: what waits in our own socket
buffer, or in the client, makes new pixels as late as what waits in the network.
"""

from collections import deque
from dataclasses import dataclass

INITIAL_WINDOW = 64 << 10
"""Bytes under way before anything has been measured."""
MAX_WINDOW = 64 << 20
"""Bytes under way at the most, however fast a client seems."""
FLOOR = 4 << 10
"""With nothing under way, so much may always go."""
FIRST_PIECE = 16 << 10
"""Bytes between marks while no rate is known: the first answers should come soon."""

STANDING = 0.020
"""Seconds of the rate that may wait before the slowest part: it evens out late answers and the gaps between frames."""
START_GAIN = 2.0
"""Round trips' worth under way while the rate is still found to grow: it then doubles with every round."""
START_PACE = 2.9
STEADY_PACE = 1.25
"""The rate at which room opens, over the measured one: what an idle link takes at once is little."""
GROWTH = 1.25
"""A round that ends with so much more rate than before says that the end is not yet found."""
FLAT_ROUNDS = 2
"""Rounds without growth that end a start-up."""

SLOW_SOURCE = STANDING / 4
"""A source that leaves room unused for longer is not what the link could take."""
RATE_MEMORY = 0.5
RATE_ROUNDS = 3.0
"""The rate is the best sample of that many seconds or round trips, whichever is longer."""
ROUND_TRIP_MEMORY = 10.0
"""Seconds after which the shortest round trip must have been seen again, or is asked for."""
SEEN_AGAIN = 1.1
"""A small lone message that takes no more than this times the shortest round trip has seen it again."""
ASK_AGAIN = 1.0
"""Seconds that a round trip is trusted at least, even when the rate falls."""
FELL = 0.5
"""With so little left of the rate that there was when the round trip was found, it is asked for again."""
ASKS = 3
"""Small lone messages that are tried before a much longer round trip is believed: a client may have hesitated."""


@dataclass(slots=True)
class _Mark:
    """A PING under way, and what stood at the time: bytes handled, when the last were, when those before went."""

    size: int
    sent: float
    delivered: int
    delivered_at: float
    first_sent: float
    alone: bool
    starved: bool


class ByteWindow:
    """The bytes under way on one connection; sizes in bytes, times in seconds of one steady clock.

    Send no more than ``room`` gives, then a PING with the number that ``sent`` returns; ask for ``room`` again until
    it is 0, then after an answer or at ``deadline``. A message that cannot be split may be longer than the room: the
    window then waits until enough has been handled. Whether an answer comes at all is not watched here.
    """

    def __init__(self) -> None:
        self.under_way = 0
        """Bytes sent and not yet known to be handled."""
        self._marks: deque[_Mark] = deque()
        self._next_mark = 1
        self._delivered = 0
        self._delivered_at = 0.0
        self._first_sent = 0.0
        self._starved_until = -1
        self._open_since: float | None = None

        self._rates: deque[tuple[float, float]] = deque()
        self._round_trip: float | None = None
        self._round_trip_at = 0.0
        self._round_trip_rate = 0.0
        self._round_trip_sure = False
        self._asking: list[float] | None = None

        self._starting = True
        self._tried = False
        self._flat_rounds = 0
        self._best_rate = 0.0
        self._round_ends = 0
        self._round_shortest = float("inf")
        self._round_starved = False

        self._waiting = 0.0
        self._waiting_at = 0.0

    @property
    def round_trip(self) -> float | None:
        """Seconds to the client and back when nothing is in the way; None before the first answer."""
        return self._round_trip

    @property
    def rate(self) -> float | None:
        """Bytes a second that the client takes; None before the first answer."""
        return self._rates[0][1] if self._rates else None

    @property
    def window(self) -> int:
        """Bytes that may be under way now."""
        if self._asking is not None:
            return FLOOR
        if self._round_trip is None or not self._rates:
            return INITIAL_WINDOW
        trips = START_GAIN if self._starting else 1.0
        window = int(self._rates[0][1] * self._round_trip * trips) + self._standing()
        return min(max(window, 2 * FLOOR if self._tried else INITIAL_WINDOW), MAX_WINDOW)

    def room(self, now: float) -> int:
        """Bytes that may be sent now; 0: wait for an answer, or until ``deadline``."""
        if not self.under_way:
            return max(self._open(now), FLOOR)
        if self._asking is not None:
            return 0
        room = self._open(now)
        return room if room >= self._least() else 0

    def deadline(self) -> float | None:
        """When there will be room without an answer; None: only an answer opens it, or there is some already."""
        if not self.under_way or not self._rates or self._asking is not None:
            return None
        if self.window - self.under_way < self._least():
            return None
        standing = self._standing()
        # Half of it, so that the timer of a busy channel does not fire for every few hundred bytes.
        excess = self._waiting - standing / 2
        return self._waiting_at + excess / self._pace() if excess > 0 else None

    def sent(self, size: int, now: float) -> int:
        """Note bytes that were just handed over; the number returned goes into the PING right behind them."""
        self._note_starved(now)
        alone = not self.under_way
        if alone:
            self._delivered_at = self._first_sent = now
        mark = _Mark(
            size=size,
            sent=now,
            delivered=self._delivered,
            delivered_at=self._delivered_at,
            first_sent=self._first_sent,
            alone=alone,
            starved=self._asking is not None or self._delivered <= self._starved_until,
        )
        self._marks.append(mark)
        self.under_way += size
        self._waiting = self._still_waiting(now) + size
        self._waiting_at = now
        self._note_open(now)
        number = self._next_mark
        self._next_mark = (number + 1) & 0xFFFFFFFF
        return number

    def answered(self, mark: int, now: float) -> bool:
        """Take the PONG of a mark, which answers for those before it too; False: no such mark is under way."""
        count = ((mark - self._next_mark + len(self._marks)) & 0xFFFFFFFF) + 1
        if count > len(self._marks):
            return False
        self._note_starved(now)
        for _ in range(count):
            last = self._marks.popleft()
            self.under_way -= last.size
            self._delivered += last.size
        self._delivered_at, self._first_sent = now, last.sent
        self._sample_rate(last, now)
        self._sample_round_trip(last, now)
        self._round_shortest = min(self._round_shortest, now - last.sent)
        self._round_starved |= last.starved
        if last.delivered >= self._round_ends:
            self._end_round()
        self._note_open(now)
        return True

    # The room

    def _open(self, now: float) -> int:
        room = self.window - self.under_way
        if not self._rates:
            return min(room, FIRST_PIECE)
        standing = self._standing()
        return min(room, standing - int(self._still_waiting(now)), max(standing // 2, FLOOR))

    def _least(self) -> int:
        """Less room than this is none: many small messages cost more than they hasten."""
        return max(FLOOR // 2, self._standing() // 8)

    def _standing(self) -> int:
        return max(FLOOR, int((self.rate or 0.0) * STANDING))

    def _pace(self) -> float:
        return self._rates[0][1] * (START_PACE if self._starting else STEADY_PACE)

    def _still_waiting(self, now: float) -> float:
        """Bytes thought to be in front of the slowest part, had it nothing else to do."""
        if not self._rates:
            return self._waiting
        return max(0.0, self._waiting - self._pace() * (now - self._waiting_at))

    # The rate

    def _note_open(self, now: float) -> None:
        if self.room(now) > 0:
            self._open_since = now if self._open_since is None else min(self._open_since, now)
        else:
            self._open_since = self.deadline()

    def _note_starved(self, now: float) -> None:
        """Remember whether the source left room unused for a while: what is measured then is not the link's rate."""
        if self._open_since is not None and now > self._open_since + SLOW_SOURCE:
            self._starved_until = self._delivered + self.under_way

    def _sample_rate(self, mark: _Mark, now: float) -> None:
        # Over the longer of the times in which they were sent and answered: answers that come in a bunch after a
        # pause would else seem a fast link.
        seconds = max(now - mark.delivered_at, mark.sent - mark.first_sent)
        size = self._delivered - mark.delivered
        if seconds <= 0 or size <= 0:
            return
        rate = size / seconds
        self._tried |= size >= INITIAL_WINDOW // 2
        if mark.starved and self._rates and rate < self._rates[0][1]:
            return
        rates = self._rates
        while rates and rates[-1][1] <= rate:
            rates.pop()
        rates.append((now, rate))
        self._round_trip_rate = max(self._round_trip_rate, rate)
        oldest = now - max(RATE_MEMORY, RATE_ROUNDS * (self._round_trip or 0.0))
        while rates[0][0] < oldest:
            rates.popleft()

    # The round trip

    def _sample_round_trip(self, mark: _Mark, now: float) -> None:
        seconds = now - mark.sent
        small = mark.alone and mark.size <= 2 * FLOOR
        known = self._round_trip
        if known is None or seconds <= known:
            self._set_round_trip(seconds, now, sure=small)
        elif self._asking is not None and mark.alone:
            # Less what the mark's own bytes took at the best rate; of one that is not small, less is believed. The
            # rate may be its source's, and its bytes faster than that: what was longer is not taken for shorter.
            own = mark.size / self._round_trip_rate if self._round_trip_rate else 0.0
            self._asking.append(max(seconds - own, known) if small else min(seconds, known * GROWTH))
            shortest = min(self._asking)
            if len(self._asking) >= ASKS or shortest <= known * GROWTH + STANDING / 2:
                self._set_round_trip(shortest, now, sure=True)
        elif self._asking is None:
            if small and seconds <= known * SEEN_AGAIN:
                self._round_trip_at, self._round_trip_sure = now, True
            age = now - self._round_trip_at
            fell = (self.rate or 0.0) < FELL * self._round_trip_rate
            unsure = not self._starting and not self._round_trip_sure
            if age > ROUND_TRIP_MEMORY or (age > ASK_AGAIN and fell) or unsure:
                self._asking = []

    def _set_round_trip(self, seconds: float, now: float, *, sure: bool) -> None:
        self._round_trip, self._round_trip_at = seconds, now
        self._round_trip_rate = self._rates[0][1] if self._rates else 0.0
        self._round_trip_sure |= sure
        if self._asking is not None:
            # The road is empty now: the next marks see no queue and no full rate.
            self._asking, self._starved_until = None, self._delivered

    # Rounds: from a mark to the first that was sent after its answer

    def _end_round(self) -> None:
        shortest, starved = self._round_shortest, self._round_starved
        self._round_ends = self._delivered
        self._round_shortest, self._round_starved = float("inf"), False
        if starved or self._asking is not None or self._round_trip is None or not self._rates:
            return
        rate, queue = self._rates[0][1], shortest - self._round_trip
        if not self._starting:
            # The standing bytes should be seen waiting; when they are not, the link has become faster.
            if queue < STANDING / 4:
                self._starting, self._flat_rounds, self._best_rate = True, 0, rate
        elif rate > self._best_rate * GROWTH:
            self._flat_rounds, self._best_rate = 0, rate
        else:
            self._flat_rounds += 1
            if self._flat_rounds >= FLAT_ROUNDS or queue > STANDING:
                self._starting = False
