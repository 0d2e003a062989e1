"""The page of metrics, read by Prometheus's own parser."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gspice.server.metrics import NAMES
from gspice.server.metrics_page import REST, SHORTEST_AGE_S, MetricsPage, exposition
from gspice.server.statistics import ServerNumbers
from tests.server.metrics_samples import sample
from tests.server.net import Clock


def samples(page: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        for each in family.samples:
            key = each.name, tuple(sorted(each.labels.items()))
            assert key not in found
            found[key] = each.value
    return found


def test_all_of_it_can_be_read() -> None:
    page = exposition(sample())
    families = {family.name: family for family in text_string_to_metric_families(page.decode())}
    assert set(families) == {name.removesuffix("_total") for name in NAMES}
    assert all(family.documentation for family in families.values())
    assert families["gspice_channel_sent_bytes"].type == "counter"
    assert families["gspice_display_frame_latency_seconds"].type == "summary"
    got = samples(page)
    display = (("client", "3"), ("display", "0"))
    assert (
        got["gspice_channel_sent_bytes_total", (("channel", "main"), ("client", "3"), ("id", "0"))] == 22_000
    )
    assert got["gspice_display_image_sent_bytes_total", (*display[:1], ("coder", "lz4"), *display[1:])] == 400
    latency = "gspice_display_frame_latency_seconds"
    assert got[latency, (*display, ("quantile", "0.95"))] == 0.05
    assert (got[f"{latency}_count", display], got[f"{latency}_sum", display]) == (9, 0.5)
    assert got["gspice_device_info", (("canvas", "vulkan"), ("device", "a GPU"), ("display", "0"))] == 1


@pytest.mark.parametrize(
    "peer", ['a"b', "a\\", 'x"} 1\ngspice_evil 1\n', "{", "\x00\x85\u2028", "ü\U0001f600"]
)
def test_what_clients_choose_stays_in_its_label(peer: str) -> None:
    page = exposition(sample(peer))
    assert set(samples(page)) - set(samples(exposition(sample()))) == {
        key for key in samples(page) if key[0] == "gspice_client_info"
    }


def test_without_clients_there_are_the_heads_and_the_servers_own() -> None:
    page = exposition(ServerNumbers())
    assert b"# TYPE gspice_display_frames_total counter" in page
    assert {name for name, _ in samples(page)} >= {
        "gspice_info",
        "gspice_clients",
        "gspice_encoder_jobs_total",
    }


def test_who_asks_without_end_gets_the_same_page() -> None:
    clock = Clock()
    made = iter(range(100))

    def numbers() -> ServerNumbers:
        next(made)
        return ServerNumbers()

    page = MetricsPage(numbers, clock)
    first = page()
    assert page() is first and next(made) == 1
    clock.now += SHORTEST_AGE_S + 0.01
    assert page() == first and next(made) == 3


def test_a_page_that_is_long_in_the_making_leaves_the_loop_to_others() -> None:
    clock = Clock()
    made = 0

    def numbers() -> ServerNumbers:
        nonlocal made
        made += 1
        clock.now += 0.1
        return ServerNumbers()

    page = MetricsPage(numbers, clock)
    page()
    clock.now += 0.1 * REST - 0.01
    page()
    assert made == 1
    clock.now += 0.02
    page()
    assert made == 2


def test_pages_of_many_clients_are_bounded() -> None:
    """What the document says of its size: a few kilobytes for each client."""

    def clients() -> Iterator[object]:
        yield from sample().clients * 256

    page = exposition(ServerNumbers(clients=tuple(clients())))  # type: ignore[arg-type]
    assert len(page) < 256 * 8192
