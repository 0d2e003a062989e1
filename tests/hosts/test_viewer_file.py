"""The line and the file that open a viewer."""

import configparser
import stat
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.viewer_file import Address, command_line, uri, viewer_file


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (Address(host="127.0.0.1", port=5930), "spice://127.0.0.1:5930"),
        (Address(host="", port=5930), "spice://localhost:5930"),
        (Address(host="0.0.0.0", port=1), "spice://127.0.0.1:1"),
        (Address(host="::", port=5930), "spice://[::1]:5930"),
        (Address(host="h", port=1, tls_port=2), "spice://h?port=1&tls-port=2"),
        (Address(host="h", port=None, tls_port=2), "spice://h?tls-port=2"),
        (Address(host="h", port=None, unix_path="/run/s"), "spice+unix:///run/s"),
    ],
)
def test_uri(address: Address, expected: str) -> None:
    assert uri(address) == expected


def test_command_line_quotes_and_names_the_ca() -> None:
    address = Address(host="h", port=1, tls_port=2, ca_file=Path("/my dir/ca.pem"))
    assert (
        command_line(address)
        == "remote-viewer '--spice-ca-file=/my dir/ca.pem' 'spice://h?port=1&tls-port=2'"
    )


def test_viewer_file_says_everything_and_is_private(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN\nabc\n-----END\n")
    path = tmp_path / "desktop.vv"
    path.touch(mode=0o644)
    viewer_file(path, Address(host="0.0.0.0", port=1, tls_port=2, ca_file=ca), title="t", password="p%w")
    parsed = configparser.RawConfigParser()
    parsed.read(path)
    section = dict(parsed["virt-viewer"])
    assert section == {
        "type": "spice",
        "host": "127.0.0.1",
        "port": "1",
        "tls-port": "2",
        "ca": "-----BEGIN\\nabc\\n-----END\\n",
        "password": "p%w",
        "title": "t",
        "delete-this-file": "0",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_viewer_file_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.vv"
    with pytest.raises(ConfigError, match=r"none/x\.vv"):
        viewer_file(path, Address(host="h", port=1), title="t", password=None)


def test_unix_socket_alone_cannot_be_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="UNIX"):
        viewer_file(tmp_path / "x.vv", Address(host="h", port=None, unix_path="/s"), title="t", password=None)
