"""The rate of a video stream over simulated links, encoders and clients: exact times, no clock."""

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from gspice.stream.byte_window import ByteWindow
from gspice.stream.video_encoder import BIT_RATES, VideoCodec
from gspice.stream.video_rate import (
    ENCODER_SHARE,
    ENOUGH_BITS,
    LEAST_BITS,
    LEAST_FRAMES,
    NO_DECODER,
    START_BIT_RATE,
    UTILISATION,
    VideoRate,
)

MEGABIT = 1e6
MS = 1e-3
MARK = 12
"""Bytes of a PING."""
WIDTH, HEIGHT = 1280, 720


@dataclass
class Stream:
    """A screen that changes evenly, an encoder that keeps to its rate, and a link with a queue."""

    link: float
    """Bits a second."""
    delay: float
    """Seconds there and back."""
    source: float = 30.0
    encode_seconds: float = 4 * MS
    turn: float = float("inf")
    """When ``later`` becomes the link's rate, for what it holds too."""
    later: float = 0.0
    jitter: Callable[[], float] = lambda: 0.0
    spread: Callable[[], float] = lambda: 1.0
    """A frame's size over its share."""
    codec: VideoCodec = VideoCodec.H264
    marks_before: bool = True
    """Whether the answers to the marks before frames are told."""
    now: float = 0.0
    free_at: float = 0.0
    last_answer: float = 0.0
    shown: list[tuple[float, float, int]] = field(default_factory=list)
    """When a frame was offered, how long it took to the client, and its bits."""
    rates: list[tuple[float, int, float]] = field(default_factory=list)
    window: ByteWindow = field(default_factory=ByteWindow)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.rate = VideoRate(self.codec, WIDTH, HEIGHT, self.source)
        self.at(0.0, self.offer)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def until(self, end: float) -> "Stream":
        while self._events and self._events[0][0] <= end:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = end
        return self

    def offer(self) -> None:
        self.at(self.now + 1 / self.source, self.offer)
        offered_at = self.now
        if self.rate.offer(self.now):
            bit_rate, frames = self.rate.rate
            self.rates.append((self.now, bit_rate, frames))
            size = max(int(bit_rate / frames / 8 * self.spread()), 50)
            self.at(self.now + self.encode_seconds, lambda: self.encoded(size, offered_at))

    def encoded(self, size: int, offered_at: float) -> None:
        self.rate.encoded(size, self.encode_seconds, self.now)
        before = self.carry(MARK)
        behind = self.carry(size)
        arrived = self.free_at + self.delay / 4
        self.shown.append((offered_at, arrived - offered_at, 8 * size))
        self.at(before[1], lambda: self.answered(before[0], self.tell_reached))
        self.at(
            behind[1],
            lambda: self.answered(behind[0], lambda now: self.rate.delivered(now, self.window.round_trip)),
        )

    def tell_reached(self, now: float) -> None:
        if self.marks_before:
            self.rate.reached(now)

    def carry(self, size: int) -> tuple[int, float]:
        """The mark behind these bytes, and when it is answered."""
        mark = self.window.sent(size, self.now)
        start = max(self.free_at, self.now + self.delay / 4)
        self.free_at = self.through(8 * size, start)
        answer = self.free_at + 3 * self.delay / 4 + self.jitter()
        self.last_answer = max(answer, self.last_answer)
        return mark, self.last_answer

    def answered(self, mark: int, tell: Callable[[float], None]) -> None:
        assert self.window.answered(mark, self.now)
        tell(self.now)

    def through(self, bits: float, start: float) -> float:
        if start >= self.turn:
            return start + bits / self.later
        end = start + bits / self.link
        return end if end <= self.turn else self.turn + (end - self.turn) * self.link / self.later

    def latency(self, start: float, end: float) -> list[float]:
        return [took for at, took, _ in self.shown if start <= at < end]

    def carried(self, start: float, end: float) -> float:
        """Bits a second."""
        return sum(bits for at, _, bits in self.shown if start <= at < end) / (end - start)

    def frames(self, start: float, end: float) -> float:
        """A second."""
        return len(self.latency(start, end)) / (end - start)


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


MOST = ENOUGH_BITS[VideoCodec.H264] * WIDTH * HEIGHT * 30
LINKS = {
    "10 Mbit/s, 80 ms": (10, 80),
    "3 Mbit/s, 20 ms": (3, 20),
    "2 Mbit/s, 200 ms": (2, 200),
    "5 Mbit/s, 1 ms": (5, 1),
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("rough", [False, True])
def test_a_link_is_used_and_nothing_queues(name: str, rough: bool) -> None:
    megabits, delay = LINKS[name]
    link, trip = megabits * MEGABIT, delay * MS
    stream = Stream(link, trip)
    if rough:
        chance = random.Random(1)
        stream.jitter = lambda: chance.expovariate(1 / (3 * MS))
        stream.spread = lambda: chance.uniform(0.5, 1.5)
    stream.until(30.0)
    used = stream.carried(10, 30) / min(UTILISATION * link, MOST)
    assert (0.7 if rough else 0.9) < used < 1.05
    latency = stream.latency(10, 30)
    assert percentile(latency, 95) < trip / 2 + (2.5 if rough else 1.5) / 30 + stream.encode_seconds
    assert stream.frames(10, 30) > (25 if not rough else 22)


def test_without_marks_before_frames_the_link_is_seen_too() -> None:
    stream = Stream(6 * MEGABIT, 20 * MS, turn=10.0, later=1.0 * MEGABIT, marks_before=False).until(30.0)
    assert stream.carried(5, 10) == pytest.approx(UTILISATION * 6 * MEGABIT, rel=0.15)
    # What waited for the frame before it was not the link's work.
    assert min(bits for at, bits, _ in stream.rates if at > 10) > 0.7 * UTILISATION * MEGABIT
    assert stream.carried(13, 30) == pytest.approx(UTILISATION * MEGABIT, rel=0.15)


def test_a_frame_much_too_large_is_alone_on_its_way() -> None:
    rate = VideoRate(VideoCodec.H264, WIDTH, HEIGHT, 30.0)
    now = 0.0
    for size in [12_500] * 10 + [1_250_000]:
        assert rate.offer(now)
        rate.encoded(size, 0.004, now)
        if size == 12_500:
            rate.reached(now + 0.020)
            rate.delivered(now + 0.030, 0.020)  # 10 Mbit/s
        now += 1 / 30
    assert not rate.offer(now)


def test_a_fast_link_gets_all_that_helps() -> None:
    stream = Stream(1000 * MEGABIT, 1 * MS).until(20.0)
    assert stream.rate.rate.bit_rate == pytest.approx(MOST, rel=0.06)
    assert stream.rate.rate.frames_per_second == pytest.approx(30, rel=0.05)
    assert stream.rate.dropped == 0
    assert max(stream.latency(0, 20)) < 20 * MS


def test_a_link_that_slows_down_makes_frames_late_once_and_drops_the_others() -> None:
    stream = Stream(10 * MEGABIT, 40 * MS, turn=10.0, later=1.5 * MEGABIT).until(25.0)
    assert max(stream.latency(0, 9.5)) < 120 * MS
    # The three frames that went before the first answer was missing, at a seventh of the rate.
    assert max(stream.latency(9.5, 25)) < 550 * MS
    assert percentile(stream.latency(11.5, 25), 95) < 140 * MS
    assert 0.5 < stream.carried(13, 25) / (1.5 * MEGABIT) < 0.9


def test_a_link_that_gets_faster_is_filled_again() -> None:
    stream = Stream(1.5 * MEGABIT, 40 * MS, turn=10.0, later=10 * MEGABIT).until(25.0)
    assert stream.carried(6, 10) < 1.5 * MEGABIT
    reached = next(at for at, bits, _ in stream.rates if bits > 0.9 * UTILISATION * min(10 * MEGABIT, MOST))
    assert 10 < reached < 16


def test_a_very_slow_link_gets_few_frames_rather_than_blurred_ones() -> None:
    stream = Stream(0.35 * MEGABIT, 60 * MS).until(40.0)
    assert LEAST_FRAMES - 1 < stream.frames(15, 40) < 15
    least = LEAST_BITS[VideoCodec.H264] * WIDTH * HEIGHT
    assert statistics.mean(bits for at, _, bits in stream.shown if at > 15) > 0.85 * least
    assert stream.carried(15, 40) < 0.35 * MEGABIT


def test_below_the_least_frames_they_get_worse() -> None:
    stream = Stream(0.1 * MEGABIT, 60 * MS).until(60.0)
    assert 2 < stream.frames(30, 60) <= LEAST_FRAMES + 1
    assert percentile(stream.latency(30, 60), 95) < 400 * MS


def test_an_encoder_that_is_slow_gets_fewer_frames_one_at_a_time() -> None:
    stream = Stream(100 * MEGABIT, 10 * MS, encode_seconds=60 * MS).until(10.0)
    assert stream.rate.rate.frames_per_second == pytest.approx(ENCODER_SHARE / 0.060, rel=0.06)
    assert stream.frames(2, 10) <= 1 + ENCODER_SHARE / 0.060
    assert max(stream.latency(2, 10)) < 60 * MS + 30 * MS


def test_what_link_and_encoder_would_take_is_told_whatever_there_is() -> None:
    assert Stream(100 * MEGABIT, 10 * MS, source=12.0).until(5.0).rate.most_frames > 60
    slow = Stream(100 * MEGABIT, 10 * MS, source=12.0, encode_seconds=40 * MS).until(5.0)
    assert slow.rate.most_frames == pytest.approx(ENCODER_SHARE / 0.040, rel=0.06)


def test_a_source_that_is_slow_is_learnt() -> None:
    stream = Stream(100 * MEGABIT, 10 * MS, source=12.0)
    stream.rate = VideoRate(VideoCodec.H264, WIDTH, HEIGHT, 60.0)
    stream.until(10.0)
    assert stream.rate.rate.frames_per_second == pytest.approx(12, rel=0.06)
    assert stream.frames(1, 10) == pytest.approx(12, rel=0.05)


def test_no_frame_is_taken_while_one_is_encoded() -> None:
    rate = VideoRate(VideoCodec.VP8, WIDTH, HEIGHT, 30.0)
    assert rate.offer(0.0)
    assert not rate.offer(0.5)
    rate.encoded(0, 0.004, 0.5)  # it was given up: nothing is on its way
    assert rate.offer(0.6)
    assert (rate.frames, rate.dropped) == (2, 1)


def test_without_answers_no_frames_follow() -> None:
    rate = VideoRate(VideoCodec.VP8, WIDTH, HEIGHT, 30.0)
    now = 0.0
    for _ in range(60):
        if rate.offer(now):
            rate.encoded(5000, 0.004, now + 0.004)
        now += 1 / 30
    assert rate.frames <= 12
    rate.delivered(now, 0.1)
    assert not rate.offer(now)  # of many, one was answered
    for _ in range(rate.frames):
        rate.delivered(now, 0.1)
    assert rate.offer(now + 0.1)


def test_answers_to_nothing_are_passed_over() -> None:
    rate = VideoRate(VideoCodec.VP8, WIDTH, HEIGHT, 30.0)
    before = rate.rate
    rate.delivered(1.0, 0.01)
    rate.reached(1.0)
    assert rate.rate == before


def test_it_begins_with_what_the_window_knows() -> None:
    def begun(link_rate: float | None) -> int:
        return VideoRate(VideoCodec.H264, WIDTH, HEIGHT, 30.0, link_rate=link_rate).rate.bit_rate

    assert begun(None) == START_BIT_RATE
    assert begun(250_000.0) == pytest.approx(0.5 * UTILISATION * 2_000_000)
    assert begun(1e12) == pytest.approx(MOST)
    assert begun(1.0) == BIT_RATES.start


def reported(*reports: tuple[int, int, int], first: float = 5.0) -> tuple[VideoRate, float, float]:
    """After five seconds of a fast link: the rate before, and after reports of frames, drops and delay."""
    stream = Stream(100 * MEGABIT, 10 * MS).until(first)
    before = stream.rate.rate.bit_rate
    for frames, drops, delay in reports:
        stream.rate.reported(frames, drops, delay, stream.now)
    return stream.rate, before, stream.rate.rate.bit_rate


def test_a_client_that_keeps_up_changes_nothing() -> None:
    _, before, after = reported((5, 0, 40), (5, 0, 0), (5, 0, -14), (0, 0, -500))
    assert after == before


@pytest.mark.parametrize(
    ("report", "part"), [((30, 1, 40), 0.8), ((30, 3, 40), 0.5), ((5, 5, -900), 0.5), ((5, 0, -16), 0.85)]
)
def test_a_client_that_stays_in_trouble_gets_less(report: tuple[int, int, int], part: float) -> None:
    rate, before, after = reported(report)
    assert after == before, "frames that come late once are stamped later"
    rate, before, after = reported(report, (5, 0, 30), report)
    assert after == before
    rate, before, after = reported(report, report)
    assert after == pytest.approx(part * before, rel=0.01)
    assert not rate.refused


def test_after_trouble_the_rate_is_held_and_then_grows() -> None:
    stream = Stream(100 * MEGABIT, 10 * MS).until(5.0)
    for _ in range(2):
        stream.rate.reported(10, 5, 0, stream.now)
    low = stream.rate.rate.bit_rate
    stream.until(6.9)
    assert stream.rate.rate.bit_rate == low
    stream.until(12.0)
    assert stream.rate.rate.bit_rate == pytest.approx(MOST, rel=0.06)


def test_endless_trouble_has_an_end() -> None:
    _, _, after = reported(*[(10, 10, -1000)] * 200)
    assert after == BIT_RATES.start


def test_a_client_without_a_decoder_is_noticed() -> None:
    rate, before, after = reported((0, NO_DECODER, 0))
    assert rate.refused
    assert after == before
    assert not reported((3, NO_DECODER, 0))[0].refused


def test_small_changes_are_no_new_rate() -> None:
    stream = Stream(10 * MEGABIT, 40 * MS, spread=random.Random(3).random).until(30.0)
    changes = sum(one[1:] != other[1:] for one, other in itertools.pairwise(stream.rates[300:]))
    assert changes < len(stream.rates) / 8


def test_the_delay_that_time_stamps_need_is_that_of_the_slowest_frame() -> None:
    stream = Stream(10 * MEGABIT, 80 * MS).until(10.0)
    slowest = max(stream.latency(0, 9.5))
    assert slowest <= stream.rate.needed_delay + 0.1 * MS
    assert stream.rate.needed_delay < slowest + 45 * MS


def test_numbers_at_random_raise_nothing() -> None:
    chance = random.Random(7)
    rate = VideoRate(VideoCodec.MJPEG, 3, 2, 60.0)
    now = 0.0
    for _ in range(3000):
        now += chance.expovariate(60)
        match chance.randrange(5):
            case 0:
                rate.offer(now)
            case 1:
                rate.encoded(chance.randrange(1 << 20), chance.random(), now)
            case 2:
                rate.delivered(now, chance.choice([None, 0.0, 0.3]))
            case 3:
                rate.reached(now)
            case _:
                rate.reported(
                    chance.randrange(1 << 32),
                    chance.randrange(1 << 32),
                    chance.randrange(-(1 << 31), 1 << 31),
                    now,
                )
        bit_rate, frames = rate.rate
        assert bit_rate in BIT_RATES and 1 <= frames <= 240


def test_a_frame_that_is_offered_again_is_no_other_frame() -> None:
    rate = VideoRate(VideoCodec.H264, WIDTH, HEIGHT, 10.0)
    now = 5.0
    for number in range(300):
        taken = rate.offer(now + number / 10)
        assert taken == (number == 0), "the first is still being encoded"
        for part in range(1, 6):
            assert not rate.offer(now + number / 10 + part / 60, again=True)
    assert rate.dropped == 299
    assert rate.rate.frames_per_second == pytest.approx(10, abs=0.1)
