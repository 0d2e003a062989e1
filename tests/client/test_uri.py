"""URIs of servers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.client.uri import SpiceUri, parse_uri
from gspice.errors import ConfigError

GOOD = {
    "spice://host:5900": SpiceUri(host="host", port=5900),
    "spice://host:5900/": SpiceUri(host="host", port=5900),
    "SPICE://127.0.0.1:1": SpiceUri(host="127.0.0.1", port=1),
    "spice://host?port=5900": SpiceUri(host="host", port=5900),
    "spice://host?tls-port=5901": SpiceUri(host="host", tls_port=5901),
    "spice://host?port=5900&tls-port=5901": SpiceUri(host="host", port=5900, tls_port=5901),
    "spice://host:5900?tls-port=5901": SpiceUri(host="host", port=5900, tls_port=5901),
    "spice://[::1]:5900": SpiceUri(host="::1", port=5900),
    "spice://[fe80::1]?tls-port=65535": SpiceUri(host="fe80::1", tls_port=65535),
    "spice+tls://host:5901": SpiceUri(host="host", tls_port=5901),
    "spice+unix:///run/vm%201.sock": SpiceUri(unix_path="/run/vm 1.sock"),
}


@pytest.mark.parametrize("text", GOOD)
def test_good_uris(text: str) -> None:
    assert parse_uri(text) == GOOD[text]


BAD = {
    "": "does not begin with spice://",
    "host:5900": "does not begin with spice://",
    "vnc://host:5900": "does not begin with spice://",
    "spice://host": "has no port, for example",
    "spice://:5900": "has no host",
    "spice://host:": "the port '' is no number",
    "spice://host:0": "the port '0' is no number from 1 to 65535",
    "spice://host:65536": "no number from 1 to 65535",
    "spice://host:+5": "no number",
    "spice://host:٣": "no number",
    "spice://host?tls-port=x": "the tls-port 'x' is no number",
    "spice://host?port=1&port=2": "gives the port twice",
    "spice://host:1?port=2": "gives the port twice",
    "spice://host:1?sport=2": "unknown parameter 'sport'; known are port and tls-port",
    "spice://host:1/path": "has a path",
    "spice://host:1#x": "has a fragment",
    "spice://::1:5900": "goes in brackets",
    "spice://[::1:5900": "is no URI",
    "spice+tls://host": "has no port",
    "spice+tls://host:1?tls-port=2": "unknown parameter",
    "spice+unix://run/vm.sock": "names the host 'run'",
    "spice+unix:///": "has no path",
    "spice+unix:///a%00b": "has no path",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_uris_say_why(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_uri(text)
    assert BAD[text] in str(caught.value)


@pytest.mark.parametrize("text", ["spice://host:1?password=s3cret", "spice://u:s3cret@host:1"])
def test_passwords_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="--password-file") as caught:
        parse_uri(text)
    assert "s3cret" not in str(caught.value)


@given(st.sampled_from(["spice://", "spice+tls://", "spice+unix://", ""]), st.text("[]:/?#@&=%.1az\0é"))
def test_any_text_is_a_uri_or_a_config_error(scheme: str, rest: str) -> None:
    try:
        uri = parse_uri(scheme + rest)
    except ConfigError:
        return
    assert uri.unix_path or (uri.host and (uri.port or uri.tls_port))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("spice://[::1]:5900", "[::1]:5900"),
        ("spice://host?port=1&tls-port=2", "host:2"),
        ("spice+unix:///run/x", "/run/x"),
    ],
)
def test_a_uri_is_shown_as_what_is_connected_to(text: str, shown: str) -> None:
    assert str(parse_uri(text)) == shown
