"""The link's queue, on exact times."""

import pytest

from bench.link_queue import SEGMENT, LinkQueue

RATE = 100_000.0


def queue(size: int = 10_000, delay: float = 0.5) -> LinkQueue[str]:
    return LinkQueue(RATE, delay, size)


def test_a_packet_takes_its_size_and_the_delay() -> None:
    link = queue()
    link.push(1000, "a", 5.0)
    assert link.next_arrival() == pytest.approx(5.51)
    assert link.arrivals(5.5099) == []
    assert link.arrivals(5.5101) == ["a"]
    assert link.carried == 1000
    assert link.next_arrival() is None


def test_packets_wait_for_those_before_them_and_fly_together() -> None:
    link = queue()
    for name in "abc":
        link.push(1000, name, 1.0)
    assert link.backlog(1.0) == 3000 == link.longest
    assert link.backlog(1.005) == pytest.approx(2500)
    assert link.arrivals(1.515) == ["a"]
    assert link.backlog(1.515) == 0, "all have passed the bottleneck, two are on their way"
    assert link.next_arrival() == pytest.approx(1.52)
    assert link.arrivals(2.0) == ["b", "c"]


def test_an_idle_link_saves_nothing_up() -> None:
    link = queue()
    link.push(1000, "a", 1.0)
    assert link.arrivals(9.0) == ["a"]
    link.push(1000, "b", 9.0)
    assert link.next_arrival() == pytest.approx(9.51)


def test_late_calls_lose_no_time() -> None:
    link = queue(delay=0.0)
    for number in range(10):
        link.push(1000, str(number), 0.0)
    assert len(link.arrivals(0.0551)) == 5
    assert len(link.arrivals(0.1001)) == 5


def test_a_full_queue_takes_nothing_until_a_lot_has_gone() -> None:
    link = queue(size=4 * SEGMENT)
    for _ in range(4):
        assert link.takes(0.0)
        link.push(SEGMENT, "x", 0.0)
    assert not link.takes(0.0)
    assert link.opens(0.0) == pytest.approx(2 * SEGMENT / RATE)
    assert not link.takes(0.5 * SEGMENT / RATE)
    opens = link.opens(0.0)
    link.arrivals(opens + 1e-6)
    assert link.takes(opens + 1e-6)
    assert link.opens(opens + 1e-6) <= opens + 1e-6


def test_an_end_of_stream_stays_in_its_place() -> None:
    link = queue()
    link.push(1000, "a", 0.0)
    link.push(0, "end of a", 0.0)
    link.push(1000, "b", 0.0)
    assert link.arrivals(0.511) == ["a", "end of a"]


def test_a_new_rate_counts_for_what_waits() -> None:
    link = queue(delay=0.0)
    link.push(1000, "a", 0.0)
    link.push(1000, "b", 0.0)
    assert link.arrivals(0.0101) == ["a"]
    link.rate = RATE / 10
    assert link.arrivals(0.1) == []
    assert link.arrivals(0.111) == ["b"]


@pytest.mark.parametrize(("rate", "delay", "size"), [(0, 0, 10_000), (1e6, -1, 10_000), (1e6, 0, SEGMENT)])
def test_impossible_links(rate: float, delay: float, size: int) -> None:
    with pytest.raises(ValueError, match="a link needs"):
        LinkQueue(rate, delay, size)
