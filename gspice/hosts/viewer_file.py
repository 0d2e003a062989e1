"""What an operator gives to a viewer: the command line, and the virt-viewer connection file."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from gspice.errors import ConfigError
from gspice.hosts.whole_file import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server can be reached."""

    host: str
    """Address it listens on; a wildcard is named as this machine itself."""
    port: int | None
    tls_port: int | None = None
    unix_path: str | None = None
    ca_file: Path | None = None

    @property
    def reachable_host(self) -> str:
        """The host as a client names it."""
        wildcards = {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "::1"}
        return wildcards.get(self.host, self.host)


def uri(address: Address) -> str:
    """The spice:// (or spice+unix://) URI of a server."""
    if address.port is None and address.tls_port is None:
        return f"spice+unix://{address.unix_path}"
    host = address.reachable_host
    bracketed = f"[{host}]" if ":" in host else host
    if address.port is None:
        return f"spice://{bracketed}?tls-port={address.tls_port}"
    if address.tls_port is None:
        return f"spice://{bracketed}:{address.port}"
    return f"spice://{bracketed}?port={address.port}&tls-port={address.tls_port}"


def command_line(address: Address) -> str:
    """The line to paste into a terminal."""
    parts = ["remote-viewer"]
    if address.tls_port is not None and address.ca_file is not None:
        parts.append(f"--spice-ca-file={address.ca_file}")
    return shlex.join([*parts, uri(address)])


def viewer_file(path: Path, address: Address, *, title: str, password: str | None) -> None:
    """Write a file that remote-viewer opens; readable by its owner only, for it may hold the password.

    ConfigError where it cannot be written, or where a virt-viewer file cannot say what is needed.
    """
    if address.port is None and address.tls_port is None:
        raise ConfigError("a virt-viewer file cannot name a UNIX socket alone: give --port or --tls-port too")
    lines = ["[virt-viewer]", "type=spice", f"host={address.reachable_host}"]
    if address.port is not None:
        lines.append(f"port={address.port}")
    if address.tls_port is not None:
        lines.append(f"tls-port={address.tls_port}")
    if address.tls_port is not None and address.ca_file is not None:
        # Key files are one line a key: newlines are written as \n.
        escaped = address.ca_file.read_text().replace("\n", "\\n")
        lines.append(f"ca={escaped}")
    if password is not None:
        lines.append(f"password={password}")
    lines += [f"title={title}", "delete-this-file=0", ""]
    write_whole(path, "\n".join(lines).encode(), "the viewer file", private=True)
