"""Addresses of metrics: what is taken, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.server.metrics_address import DEFAULT_ADDRESS, MAX_ADDRESS, MetricsAddress, parse_metrics_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9469", DEFAULT_ADDRESS),
        (":9469", DEFAULT_ADDRESS),
        ("0.0.0.0:0", MetricsAddress("0.0.0.0", 0)),
        ("localhost:65535", MetricsAddress("localhost", 65535)),
        ("[::1]:80", MetricsAddress("::1", 80)),
        ("unix:/run/a b.sock", MetricsAddress(unix_path="/run/a b.sock")),
    ],
)
def test_what_is_an_address(text: str, address: MetricsAddress) -> None:
    assert parse_metrics_address(text) == address
    assert parse_metrics_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "9469", "host", "host:", "host:x", "a host:1", "a\n:1", "host:65536",
     "host:-1", "::1:80", "[::1]", "[::1:80", "[host]:1",
     "host:٣", "host:000080", "unix:", "unix:relative", "unix:/a\0b", "a" * MAX_ADDRESS + ":1"],
)  # fmt: skip
def test_what_is_none_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ConfigError, match=r"HOST:PORT .*unix:/path"):
        parse_metrics_address(text)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_config_error(text: str) -> None:
    try:
        address = parse_metrics_address(text)
    except ConfigError:
        return
    assert parse_metrics_address(str(address)) == address
