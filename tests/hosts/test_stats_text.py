"""The tables that people read."""

import pytest

from gspice.hosts.stats_fetch import document
from gspice.hosts.stats_text import _BYTES, amount, render
from gspice.server.metrics_page import exposition
from gspice.server.statistics import ServerNumbers
from tests.server.metrics_samples import sample

WHOLE = """\
GSpice {version}, 1 client

client 3  192.0.2.7:5123  TLS
  channel    received     sent  queued  round trip
  main 0         11 B  22.0 kB    33 B           -
  display 0      11 B  22.0 kB    33 B      2.0 ms
  display 0: 10 frames, 2 solid fills, 3 moves, 4 backdrop copies
    stale 77 px, lossy 66 px; rate 2.50 MB/s, 4.10 kB of 65.5 kB under way
    from damage to the client's answer: median 10.0 ms, 95 % within 50.0 ms
    images  number    pixels      raw   sent  ratio
    lz4          5  1.00 kpx  4.00 kB  400 B   10.0
    solid        2     50 px    200 B    8 B   25.0
    all          7  1.05 kpx  4.20 kB  408 B   10.3
    2 video streams were begun
    video  frames     sent  a frame
    vp8        30  60.0 kB  2.00 kB

display device 0, drawn by vulkan (a GPU)
  damage: 1.00 kpx declared in 5 looks, 300 px changed (30 %), 200 px moved (20 %)
  commands: Copy 70, Fill 7
  dropped: bad 2, failed 1, not drawn: Stroke 3

encoders: 2 threads, 8 frames packed, each 250.0 ms after 31.2 ms of waiting; 1 frames wait"""


def test_everything_is_shown() -> None:
    got = document(exposition(sample()).decode())
    assert render(got) == WHOLE.format(version=got["version"])


def test_nothing_is_shown_as_nothing() -> None:
    lines = render(document(exposition(ServerNumbers()).decode())).splitlines()
    assert lines[0].endswith("0 clients")
    assert lines[-1] == "encoders: 0 threads, 0 frames packed; 0 frames wait"


def test_with_an_earlier_document_bytes_are_shown_a_second() -> None:
    before, after = (document(exposition(sample()).decode()) for _ in range(2))
    after["clients"][0]["channels"][1]["sent_bytes"] += 5_000_000
    lines = render(after, before, 2.0).splitlines()
    assert lines[3].split() == ["channel", "received", "sent", "sent/s", "queued", "round", "trip"]
    assert lines[5].split()[5:9] == ["MB", "2.50", "MB", "33"]
    before["clients"][0]["channels"][1]["sent_bytes"] = before["clients"][0]["channels"][0]["sent_bytes"] = (
        1 << 40
    )
    assert "sent/s" not in render(after, before, 2.0), "another server, and another client"
    before["clients"] = []
    assert "sent/s" not in render(after, before, 2.0), "a new client has no rate yet"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (999.6, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"),
     (99_960, "100 kB"), (999_600, "1.00 MB"), (2e18, "2000000 TB")],
)  # fmt: skip
def test_amounts_have_three_figures(value: float | None, shown: str) -> None:
    assert amount(value, _BYTES) == shown
