"""Numbers of what was sent, and of how soon it was there."""

import pytest

from gspice.pixels import BitmapFormat
from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.statistics import LATENCIES, MOST_MARKS, DamageStatistics, DisplayStatistics


def test_images_are_counted_by_coder() -> None:
    statistics = DisplayStatistics()
    statistics.image(EncodedImage(10, 20, BitmapFormat.XRGB32, Coder.LZ, bytes(30)))
    statistics.image(EncodedImage(10, 20, BitmapFormat.RGB555, Coder.LZ, bytes(5)))
    statistics.image(EncodedImage(1, 1, BitmapFormat.XRGB32, Coder.SOLID, bytes(4)))
    lz = statistics.coders[Coder.LZ]
    assert (lz.images, lz.pixels, lz.raw_bytes, lz.sent_bytes) == (2, 400, 1200, 35)
    assert set(statistics.coders) == {Coder.LZ, Coder.SOLID}


def test_a_copy_stays_as_it_was() -> None:
    statistics = DisplayStatistics()
    image = EncodedImage(10, 20, BitmapFormat.XRGB32, Coder.LZ, bytes(30))
    statistics.image(image)
    before = statistics.numbers()
    statistics.image(image)
    statistics.frames += 1
    assert before.coders["lz"].images == 1 and before.frames == 0
    assert statistics.numbers().coders["lz"].images == 2 and statistics.numbers() != before


def frame(statistics: DisplayStatistics, mark: int, *, whole: bool = True) -> None:
    statistics.taken(whole=whole)
    statistics.sent(mark)


def test_latency_is_from_the_oldest_damage_to_the_answer() -> None:
    statistics = DisplayStatistics()
    statistics.damaged(1.0)
    statistics.damaged(2.0)
    frame(statistics, 1)
    statistics.damaged(4.0)  # while the first is under way
    statistics.answered(1, 5.0)
    assert list(statistics.latencies) == [4.0]
    frame(statistics, 2)
    statistics.answered(2, 5.5)
    assert list(statistics.latencies) == [4.0, 1.5]
    numbers = statistics.numbers()
    assert (numbers.latency_count, numbers.latency_sum) == (2, 5.5)


def test_what_is_left_of_damage_keeps_its_age() -> None:
    statistics = DisplayStatistics()
    statistics.damaged(1.0)
    frame(statistics, 1, whole=False)
    frame(statistics, 2)
    statistics.answered(1, 2.0)
    statistics.answered(2, 3.0)
    frame(statistics, 3)  # without damage: what was lossy comes again
    statistics.answered(3, 9.0)
    assert list(statistics.latencies) == [1.0, 2.0]


def test_one_answer_is_for_all_before_it_and_an_old_one_for_nothing() -> None:
    statistics = DisplayStatistics()
    first = (1 << 32) - 2
    for at in range(4):  # the marks wrap
        statistics.damaged(float(at))
        frame(statistics, (first + at) & 0xFFFFFFFF)
    statistics.answered(first - 1, 10.0)
    assert not statistics.latencies
    statistics.answered(0, 10.0)
    assert list(statistics.latencies) == [10.0, 9.0, 8.0]
    statistics.answered(1, 10.0)
    assert list(statistics.latencies) == [10.0, 9.0, 8.0, 7.0]


def test_what_was_behind_a_screen_that_is_gone_is_nobodys_latency() -> None:
    statistics = DisplayStatistics()
    statistics.damaged(1.0)
    statistics.forgiven()
    frame(statistics, 1)
    statistics.answered(1, 3600.0)
    assert not statistics.latencies


def test_memory_is_bounded() -> None:
    statistics = DisplayStatistics()
    for mark in range(3 * MOST_MARKS):
        statistics.damaged(0.0)
        frame(statistics, mark)
    statistics.answered(3 * MOST_MARKS - 1, 1.0)
    assert len(statistics.latencies) == LATENCIES and statistics.latency_count == MOST_MARKS


@pytest.mark.parametrize(
    ("latencies", "p50", "p95"),
    [([], None, None), ([3.0], 3.0, 3.0), ([float(n) for n in range(100, 0, -1)], 51.0, 96.0)],
)
def test_quantiles(latencies: list[float], p50: float | None, p95: float | None) -> None:
    statistics = DisplayStatistics()
    statistics.latencies.extend(latencies)
    numbers = statistics.numbers()
    assert (numbers.latency_p50, numbers.latency_p95) == (p50, p95)


def test_damage_is_copied() -> None:
    damage = DamageStatistics(looks=1, declared=40, changed=30, moved=20)
    before = damage.numbers()
    damage.looks += 1
    assert (before.looks, before.declared, before.changed, before.moved) == (1, 40, 30, 20)
