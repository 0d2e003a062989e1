"""What the latencies over slow links are read from: percentiles, and colours that cannot be taken for one another."""

from bench.link_latency import Samples
from bench.link_latency_desktop import COLOURS, colour

AGENT_TOLERANCE = 16


def test_percentiles() -> None:
    samples = Samples(times=[float(time) for time in range(60, 0, -1)])
    assert (samples.at(0.5), samples.at(0.95), samples.at(1.0)) == (31.0, 58.0, 60.0)


def test_each_key_brings_a_colour_that_is_new_and_far_from_the_one_before() -> None:
    assert len({colour(presses) for presses in range(COLOURS)}) == COLOURS
    for presses in range(COLOURS):
        before, after = colour(presses), colour(presses + 1)
        assert max(abs(one - other) for one, other in zip(before, after, strict=True)) > 2 * AGENT_TOLERANCE
