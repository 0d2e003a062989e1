"""Metrics fetched and put together as one document; and what else may listen there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.hosts.stats_fetch import document, fetch
from gspice.server.metrics_address import MetricsAddress
from gspice.server.metrics_page import exposition
from gspice.server.statistics import ServerNumbers
from tests.server.metrics_samples import sample


@contextmanager
def says(*pieces: bytes, path: Path | None = None) -> Iterator[MetricsAddress]:
    """Somebody who answers the first who connects with these bytes, whatever is asked."""
    if path is None:
        server = socket.create_server(("127.0.0.1", 0))
        address = MetricsAddress(port=server.getsockname()[1])
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
        address = MetricsAddress(unix_path=str(path))

    def serve() -> None:
        with server, server.accept()[0] as sock:
            sock.recv(4096)
            for piece in pieces:
                sock.sendall(piece)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield address
    finally:
        thread.join()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na 1\n\n"


def test_the_text_is_fetched(tmp_path: Path) -> None:
    with says(OK) as address:
        assert fetch(address) == "a 1\n\n"
    with says(OK, path=tmp_path / "socket") as address:
        assert fetch(address) == "a 1\n\n"


def test_nobody_there_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = MetricsAddress(port=server.getsockname()[1])
    with pytest.raises(ConfigError, match=f"nothing listens at {free}: start the server with --metrics"):
        fetch(free)
    with pytest.raises(ConfigError, match="nothing listens at unix:/"):
        fetch(MetricsAddress(unix_path=str(tmp_path / "none")))
    with pytest.raises(ConfigError, match="cannot connect"):
        fetch(MetricsAddress("a..b", 1))


@pytest.mark.parametrize(
    "answer",
    [
        b"REDQ\x02\0\0\0",
        b"",
        b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
    ],
)
def test_somebody_else_there_is_said(answer: bytes) -> None:
    with says(answer) as address, pytest.raises(ConfigError, match="serves no metrics of GSpice's"):
        fetch(address)


def test_the_document_has_all_that_the_page_has() -> None:
    got = document(exposition(sample()).decode())
    (client,), (device,) = got["clients"], got["devices"]
    assert (client["client"], client["peer"], client["tls"]) == (3, "192.0.2.7:5123", True)
    assert client["channels"] == [
        {"channel": "main", "id": 0, "received_bytes": 11, "sent_bytes": 22_000, "queue_bytes": 33},
        {"channel": "display", "id": 0, "received_bytes": 11, "sent_bytes": 22_000, "queue_bytes": 33,
         "round_trip_seconds": 0.002},
    ]  # fmt: skip
    assert client["displays"] == [
        {
            "display": 0,
            "frames": 10,
            "moves": 3,
            "backdrop_copies": 4,
            "images": {
                "lz4": {"images": 5, "pixels": 1000, "raw_bytes": 4000, "sent_bytes": 400},
                "solid": {"images": 2, "pixels": 50, "raw_bytes": 200, "sent_bytes": 8},
            },
            "streams": 2,
            "video": {"vp8": {"frames": 30, "sent_bytes": 60_000}},
            "stale_pixels": 77,
            "lossy_pixels": 66,
            "rate_bytes_per_second": 2_500_000,
            "window_bytes": 65536,
            "under_way_bytes": 4096,
            "frame_latency_seconds": {"0.5": 0.01, "0.95": 0.05, "count": 9, "sum": 0.5},
        }
    ]
    assert device == {
        "display": 0,
        "canvas": "vulkan",
        "canvas_device": "a GPU",
        "commands": {"Fill": 7, "Copy": 70},
        "not_drawn": {"Stroke": 3},
        "bad": 2,
        "failed": 1,
        "looks": 5,
        "damage_declared_pixels": 1000,
        "damage_changed_pixels": 300,
        "damage_moved_pixels": 200,
    }
    assert got["encoders"] == {
        "threads": 2, "queue_jobs": 1, "jobs": 8, "wait_seconds": 0.25, "busy_seconds": 2.0,
    }  # fmt: skip
    assert document(exposition(ServerNumbers()).decode())["clients"] == []


def test_what_others_and_later_versions_count_is_passed_over() -> None:
    text = exposition(sample()).decode()
    more = "process_cpu_seconds_total 1\ngspice_weather_celsius 20\ngspice_display_new_total"
    more += '{client="3",display="0"} 7\n'
    got = document(text + more)
    assert got["clients"][0]["displays"][0].pop("new") == 7
    assert got == document(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "a 1\n",
        'gspice_info{version="1"} 1\ngspice_client_info{client="x",peer="",tls=""} 1\n',
        "gspice_info 1\n",
        'gspice_info{version="1"} 1\ngspice_looks_total 1\n',
    ],
)
def test_what_is_no_metrics_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="no metrics of GSpice's"):
        document(text)


@given(st.text(), st.sampled_from(["NaN", "+Inf", "1e400", "-1", "x", "1 2 3"]))
def test_nothing_but_a_config_error_comes_of_any_text(text: str, value: str) -> None:
    page = f'gspice_info{{version="1"}} 1\ngspice_looks_total{{display="0"}} {value}\n{text}\n'
    with suppress(ConfigError):
        document(page)
