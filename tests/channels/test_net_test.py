"""The net test's arithmetic."""

import pytest

from gspice.channels.net_test import LOW_BANDWIDTH, PAYLOADS, NetTest


def run(times: tuple[float, float, float]) -> NetTest:
    test = NetTest(7, 100.0)
    for index, time in enumerate(times):
        assert test.running
        assert test.pong(7 + index, 100.0 + time)
    return test


def test_three_pings_with_the_payload_last() -> None:
    assert PAYLOADS == (0, 0, 256_000)


def test_latency_does_not_count_as_transfer() -> None:
    result = run((0.30, 0.10, 1.10)).result
    assert result is not None
    assert result.latency == pytest.approx(0.10)
    assert result.bits_per_second == pytest.approx(256_000 * 8)
    assert result.low_bandwidth


@pytest.mark.parametrize(("factor", "low"), [(0.99, False), (1.01, True)])
def test_the_threshold(factor: float, low: bool) -> None:
    result = run((0.1, 0.1, 0.1 + 256_000 * 8 / LOW_BANDWIDTH * factor)).result
    assert result is not None
    assert result.low_bandwidth is low


def test_a_payload_as_fast_as_nothing_is_a_fast_line() -> None:
    result = run((0.1, 0.2, 0.2)).result
    assert result is not None
    assert result.bits_per_second == 0
    assert not result.low_bandwidth


@pytest.mark.parametrize("ping_id", [6, 8, 9, 0])
def test_other_pongs_are_not_ours(ping_id: int) -> None:
    test = NetTest(7, 0)
    assert not test.pong(ping_id, 1)
    assert test.running


def test_a_finished_test_takes_nothing_more() -> None:
    test = run((0.1, 0.1, 0.2))
    assert not test.pong(9, 200)
    assert not test.running
