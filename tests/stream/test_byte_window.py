"""The byte window over simulated links: exact times, no clock."""

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from gspice.stream.byte_window import FLOOR, INITIAL_WINDOW, MAX_WINDOW, ByteWindow

MEGABIT = 1e6 / 8
MS = 1e-3


@dataclass
class Link:
    """A bottleneck half way, with a first-in first-out queue before it, and a client that answers at once."""

    rate: float
    """Bytes a second."""
    delay: float
    """Seconds there, and as many back."""
    turn: float = float("inf")
    """When ``later`` becomes the rate, for what is in the queue too."""
    later: float = 0.0
    jitter: Callable[[], float] = lambda: 0.0
    """Seconds that the client takes for an answer; answers stay in order."""
    free_at: float = 0.0
    last_answer: float = 0.0

    def carry(self, size: int, now: float) -> tuple[float, float]:
        """Seconds that the first byte waits, and when the answer to the last byte is back."""
        arrival = now + self.delay / 2
        start = max(self.free_at, arrival)
        self.free_at = self._through(size, start)
        answer = max(self.free_at + 1.5 * self.delay + self.jitter(), self.last_answer)
        self.last_answer = answer
        return start - arrival, answer

    def _through(self, size: int, start: float) -> float:
        if start >= self.turn:
            return start + size / self.later
        end = start + size / self.rate
        return end if end <= self.turn else self.turn + (end - self.turn) * self.rate / self.later

    def could(self, start: float, end: float) -> float:
        """Bytes that it can carry from one time to another."""
        turn = min(max(self.turn, start), end)
        return (turn - start) * self.rate + (end - turn) * self.later


@dataclass
class Run:
    """A channel with pixels to send, a window, and a link; ``waits`` has (time, seconds that a new piece waited)."""

    link: Link
    window: ByteWindow = field(default_factory=ByteWindow)
    now: float = 0.0
    delivered: list[tuple[float, int]] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    trace: list[tuple[float, float, float, int, int]] = field(default_factory=list)
    supply: float = float("inf")
    _events: list[tuple[float, int, int, int]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def push(self) -> None:
        """Send all there is room for."""
        while self.supply > 0 and (room := self.window.room(self.now)) > 0:
            self.send(int(min(room, self.supply)))

    def send(self, size: int) -> None:
        self.supply -= size
        wait, back = self.link.carry(size, self.now)
        self.waits.append((self.now, wait))
        mark = self.window.sent(size, self.now)
        heapq.heappush(self._events, (back, next(self._order), mark, size))

    def until(self, end: float) -> None:
        """Go on to a time, sending as room opens."""
        self.push()
        while True:
            deadline = self.window.deadline() if self.supply > 0 else None
            next_event = self._events[0][0] if self._events else float("inf")
            if deadline is not None and max(deadline, self.now) < next_event:
                if deadline > end:
                    break
                self.now = max(self.now, deadline) + 1e-6  # timers are never early
            elif next_event <= end:
                self.now, _, mark, size = heapq.heappop(self._events)
                assert self.window.answered(mark, self.now)
                self.delivered.append((self.now, size))
            else:
                break
            self.trace.append(
                (
                    self.now,
                    self.window.rate or 0,
                    self.window.round_trip or 0,
                    self.window.window,
                    self.window.under_way,
                )
            )
            self.push()
        self.now = end

    def share(self, start: float, end: float) -> float:
        """The part of what the link could carry then that it did carry."""
        return sum(size for at, size in self.delivered if start < at <= end) / self.link.could(start, end)

    def waited(self, start: float, end: float) -> list[float]:
        return [wait for at, wait in self.waits if start <= at < end]


LINKS = {
    "10 Mbit/s, 80 ms": (10, 40),
    "50 Mbit/s, 20 ms": (50, 10),
    "1 Mbit/s, 200 ms": (1, 100),
    "100 Mbit/s, 2 ms": (100, 1),
    "100 Mbit/s, 100 ms": (100, 50),
}


@pytest.mark.parametrize(("megabits", "delay"), LINKS.values(), ids=list(LINKS))
def test_a_link_is_kept_busy_and_its_queue_short(megabits: float, delay: float) -> None:
    run = Run(Link(megabits * MEGABIT, delay * MS))
    run.until(2)
    run.until(25)
    assert run.share(2, 25) >= 0.93
    waited = sorted(run.waited(2, 25))
    assert statistics.median(waited) <= 60 * MS
    assert waited[len(waited) * 95 // 100] <= 80 * MS
    assert run.window.rate == pytest.approx(megabits * MEGABIT, rel=0.02)
    assert run.window.round_trip == pytest.approx(2 * delay * MS, rel=0.25)


@pytest.mark.parametrize(("megabits", "delay"), [(10, 40), (50, 10)])
def test_the_start_finds_the_rate_within_a_second(megabits: float, delay: float) -> None:
    run = Run(Link(megabits * MEGABIT, delay * MS))
    run.until(1)
    assert run.share(0.5, 1) >= 0.6, "the road was emptied once to see the round trip"
    assert run.window.rate == pytest.approx(megabits * MEGABIT, rel=0.05)


@pytest.mark.parametrize(("megabits", "delay"), [(10_000, 0.05), (3_000, 0.1), (8_000, 0.01)])
def test_a_local_socket_is_not_held_back(megabits: float, delay: float) -> None:
    run = Run(Link(megabits * MEGABIT, delay * MS))
    run.until(0.02)
    assert run.window.window >= 4 << 20
    run.until(0.5)
    assert run.share(0.02, 0.5) >= 0.95


def test_a_big_frame_after_typing_to_a_local_socket() -> None:
    run = Run(Link(8_000 * MEGABIT, 0.05 * MS), supply=0)
    for press in range(50):
        run.supply = 1000
        run.until(press / 10)
    run.supply = 8 << 20
    start = run.now
    run.until(start + 0.030)
    assert run.supply == 0 and not run.window.under_way, "8 MiB take 8.4 ms of that link"


@pytest.mark.parametrize(("megabits", "delay"), [(10, 40), (50, 10), (100, 5)])
def test_a_rate_that_falls_tenfold(megabits: float, delay: float) -> None:
    run = Run(Link(megabits * MEGABIT, delay * MS, turn=5, later=megabits * MEGABIT / 10))
    run.until(15)
    assert max(run.waited(7, 15)) <= 100 * MS
    assert run.share(7, 15) >= 0.93
    assert run.window.rate == pytest.approx(megabits * MEGABIT / 10, rel=0.05)


def test_a_rate_that_falls_under_a_source_which_did_not_fill_it() -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS, turn=5, later=MEGABIT), supply=0)
    for frame in range(30 * 12):
        run.supply = min(run.supply + 10_000, 20_000)  # what is not sent in time is superseded
        run.until(frame / 30)
    assert statistics.median(run.waited(2, 5)) <= 10 * MS
    assert max(run.waited(8, 12)) <= 120 * MS


@pytest.mark.parametrize(("megabits", "delay"), [(10, 40), (50, 10), (100, 5)])
def test_a_rate_that_grows_tenfold(megabits: float, delay: float) -> None:
    run = Run(Link(megabits * MEGABIT, delay * MS, turn=5, later=megabits * MEGABIT * 10))
    run.until(12)
    assert run.share(6, 12) >= 0.93
    assert statistics.median(run.waited(6, 12)) <= 30 * MS


def test_a_rate_that_grows_tenfold_far_away() -> None:
    run = Run(Link(20 * MEGABIT, 100 * MS, turn=5, later=200 * MEGABIT))
    run.until(9)
    assert run.share(6.5, 9) >= 0.9, "doubling takes four round trips"


def test_a_source_that_sends_little_unlearns_nothing() -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS))
    run.until(5)
    learned = run.window.rate
    assert learned is not None
    for press in range(100):
        run.supply = 1000
        run.until(5 + press / 10)
    assert run.window.rate == pytest.approx(learned, rel=0.05)


def test_a_burst_after_stillness_is_spread_over_the_round_trip() -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS))
    run.until(5)
    run.supply = 0
    run.until(6)
    run.supply = float("inf")
    run.until(7)
    assert max(run.waited(6, 7)) <= 40 * MS, "the window itself is 100 ms of the rate"
    assert run.share(6.1, 7) >= 0.95


def test_a_client_that_hesitates_as_it_is_asked_for_the_round_trip() -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS))
    hesitated: list[float] = []

    def hesitate() -> float:
        if run.now < 5 or hesitated or run.window._asking is None or run.window.under_way:
            return 0.0
        hesitated.append(run.now)
        return 0.5

    run.link.jitter = hesitate
    for step in range(20, 80):
        run.until(step / 4)
        assert run.window.round_trip == pytest.approx(80 * MS, rel=0.2)
    assert hesitated


def test_a_source_that_sends_little_does_not_shorten_the_round_trip() -> None:
    chance = random.Random(3)
    run = Run(Link(50 * MEGABIT, 10 * MS, jitter=lambda: chance.uniform(0.1, 8) * MS))
    for step in range(1, 60 * 20):
        run.supply = 2 * FLOOR
        run.until(step / 20)
        assert run.window.round_trip is not None and run.window.round_trip >= 20 * MS


def test_a_round_trip_that_is_seen_again_is_not_asked_for() -> None:
    chance = random.Random(4)
    run = Run(Link(50 * MEGABIT, 10 * MS, jitter=lambda: chance.uniform(0.3, 1) * MS))
    run.until(2)
    for step in range(2 * 20, 40 * 20):
        run.supply = FLOOR
        run.until(step / 20)
        assert step < 4 * 20 or run.window._asking is None


@pytest.mark.parametrize(("megabits", "delay"), [(10, 40), (50, 10), (1, 100), (1000, 0.1)])
def test_late_answers_do_not_cost_the_rate(megabits: float, delay: float) -> None:
    chance = random.Random(1)
    run = Run(Link(megabits * MEGABIT, delay * MS, jitter=lambda: chance.uniform(0, 10 * MS)))
    run.until(20)
    assert run.share(2, 20) >= 0.93
    assert statistics.median(run.waited(2, 20)) <= 60 * MS


def test_a_client_that_hesitates_now_and_then() -> None:
    chance = random.Random(2)
    run = Run(Link(10 * MEGABIT, 40 * MS, jitter=lambda: 0.3 if chance.random() < 0.01 else 0.0))
    run.until(30)
    assert run.share(2, 30) >= 0.6, "it is away for a good fifth of the time"
    assert run.window.round_trip == pytest.approx(80 * MS, rel=0.2)


@pytest.mark.parametrize("later", [10, 150])
def test_a_new_route_is_found_out(later: float) -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS))
    run.until(5)
    run.link.delay = later * MS
    run.until(30)
    assert run.window.round_trip == pytest.approx(2 * later * MS, rel=0.25)
    assert run.share(17, 30) >= 0.85
    assert statistics.median(run.waited(17, 30)) <= 30 * MS


@pytest.mark.parametrize("seed", range(20))
def test_it_is_never_stuck(seed: int) -> None:
    """Any source, any sizes, messages far beyond the room, links that change: there is always a way to go on."""
    chance = random.Random(seed)
    link = Link(
        chance.choice([0.05, 1, 30, 5000]) * MEGABIT,
        chance.uniform(0, 0.3),
        turn=chance.uniform(0, 10),
        later=chance.choice([0.1, 2, 1000]) * MEGABIT,
        jitter=lambda: chance.choice([0.0, 0.0, 0.01, 0.5]),
    )
    run = Run(link)

    def push() -> None:
        while run.supply > 0 and run.window.room(run.now) > 0 and len(run.waits) < 5000:
            run.send(chance.choice([0, 1, 100, 5000, 100_000]))

    run.push = push  # type: ignore[method-assign]
    for step in range(1, 40):
        run.supply = chance.choice([0, 1, float("inf")])
        run.until(step / 2)
        window = run.window
        assert window.under_way >= 0 and FLOOR <= window.window <= MAX_WINDOW
        assert window.under_way or window.room(run.now) >= FLOOR
    run.supply = 0
    run.until(1e6)
    assert run.window.under_way == 0
    assert run.window.room(run.now) >= FLOOR


def test_room_before_anything_is_known() -> None:
    window = ByteWindow()
    assert window.round_trip is None and window.rate is None
    total = 0
    while room := window.room(5.0):
        total += room
        window.sent(room, 5.0)
    assert total == INITIAL_WINDOW == window.under_way
    assert window.deadline() is None
    assert window.room(500.0) == 0, "only an answer opens the window"


def test_room_opens_with_time_once_the_rate_is_known() -> None:
    run = Run(Link(10 * MEGABIT, 40 * MS))
    run.until(5)
    run.supply = 0
    run.until(6)
    window = run.window
    room = 0
    while (piece := window.room(6.0)) > 0:
        window.sent(piece, 6.0)
        room += piece
    assert 15 * MS <= room / (10 * MEGABIT) <= 30 * MS, "what goes at once is a fraction of a round trip"
    opens = window.deadline()
    assert opens is not None and opens > 6.0
    assert window.room(6.0) == 0
    assert window.room(opens + 1e-6) > 0


def test_an_answer_answers_for_those_before_it() -> None:
    window = ByteWindow()
    first, second, third = (window.sent(1000, 0.0) for _ in range(3))
    assert window.answered(second, 0.1)
    assert window.under_way == 1000
    assert not window.answered(first, 0.1)
    assert not window.answered(second, 0.2)
    assert not window.answered(third + 1, 0.2)
    assert window.answered(third, 0.2)
    assert not window.answered(third + 1, 0.2)
    assert window.under_way == 0


def test_marks_fit_a_ping_forever() -> None:
    window = ByteWindow()
    window._next_mark = 0xFFFFFFFF
    marks = [window.sent(10, 0.0) for _ in range(3)]
    assert marks == [0xFFFFFFFF, 0, 1]
    assert window.answered(0, 0.1)
    assert window.under_way == 10
    assert window.answered(1, 0.1)


def test_an_answer_in_the_same_instant_measures_nothing() -> None:
    window = ByteWindow()
    assert window.answered(window.sent(100, 1.0), 1.0)
    assert window.rate is None
    assert window.room(1.0) >= FLOOR
    assert window.answered(window.sent(100, 1.0), 1.001)
    assert window.rate == pytest.approx(100_000)


def test_answers_in_a_bunch_are_no_fast_link() -> None:
    window = ByteWindow()
    first = window.sent(10_000, 0.0)
    window.sent(10_000, 0.5)
    assert window.answered(first, 1.0)
    third = window.sent(10_000, 1.0)
    assert window.answered(third, 1.001)
    assert window.rate is not None and window.rate <= 20_000
