"""Where a server is: spice://host:port, spice://host?port=&tls-port=, spice+tls://host:port, spice+unix:///path."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gspice.errors import ConfigError

MAX_PORT = 65535
EXAMPLE = "spice://host:5900"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiceUri:
    """A server's address: a UNIX socket, or a host with one port at least."""

    host: str = ""
    """Name or address; IPv6 without brackets."""
    port: int | None = None
    tls_port: int | None = None
    """Where it is given, everything goes over TLS."""
    unix_path: str | None = None

    @property
    def tls(self) -> bool:
        """Whether connections are TLS."""
        return self.tls_port is not None

    def __str__(self) -> str:
        if self.unix_path is not None:
            return self.unix_path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.tls_port if self.tls else self.port}"


def parse_uri(text: str) -> SpiceUri:
    """Read a URI; ConfigError that says what is wrong with it."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no URI: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise ConfigError(f"{text!r} does not begin with spice://, spice+tls:// or spice+unix://")
    _refuse_secrets(parts)
    if parts.fragment:
        raise ConfigError(f"{text!r} has a fragment (#{parts.fragment}), which means nothing here")
    return _SCHEMES[parts.scheme](text, parts)


def _refuse_secrets(parts: SplitResult) -> None:
    # A command line can be read by every user of the machine; the text is not repeated for the same reason.
    keys = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if "password" in keys or "@" in parts.netloc:
        raise ConfigError("a password does not belong into the URI: put it into a file for --password-file")


def _tcp(text: str, parts: SplitResult) -> SpiceUri:
    host, port = _host(text, parts), _named_port(text, parts)
    ports: dict[str, int | None] = {"port": port, "tls-port": None}
    for key, value in _query(text, parts, allowed=ports):
        if ports[key] is not None:
            raise ConfigError(f"{text!r} gives the {key} twice")
        ports[key] = _port(key, value)
    if ports["port"] is None and ports["tls-port"] is None:
        raise ConfigError(f"{text!r} has no port, for example {EXAMPLE} or spice://host?tls-port=5901")
    return SpiceUri(host=host, port=ports["port"], tls_port=ports["tls-port"])


def _tls(text: str, parts: SplitResult) -> SpiceUri:
    port = _named_port(text, parts)
    _query(text, parts, allowed=())
    if port is None:
        raise ConfigError(f"{text!r} has no port, for example spice+tls://host:5901")
    return SpiceUri(host=_host(text, parts), tls_port=port)


def _unix(text: str, parts: SplitResult) -> SpiceUri:
    _query(text, parts, allowed=())
    if parts.netloc:
        raise ConfigError(
            f"{text!r} names the host {parts.netloc!r}: a socket's path begins with a third slash"
        )
    path = unquote(parts.path)
    if path in ("", "/") or "\0" in path:
        raise ConfigError(f"{text!r} has no path of a socket, for example spice+unix:///run/vm.sock")
    return SpiceUri(unix_path=path)


_SCHEMES = {"spice": _tcp, "spice+tls": _tls, "spice+unix": _unix}


def _host(text: str, parts: SplitResult) -> str:
    if parts.path not in ("", "/"):
        raise ConfigError(f"{text!r} has a path ({parts.path}), which means nothing here")
    if parts.netloc.count(":") > 1 and not parts.netloc.startswith("["):
        raise ConfigError(f"{text!r}: an IPv6 address goes in brackets, for example spice://[::1]:5900")
    if not parts.hostname:
        raise ConfigError(f"{text!r} has no host, for example {EXAMPLE}")
    return unquote(parts.hostname)


def _named_port(text: str, parts: SplitResult) -> int | None:
    after = parts.netloc.rpartition("]")[2] if parts.netloc.startswith("[") else parts.netloc
    _, colon, digits = after.partition(":")
    return _port("port", digits) if colon else None


def _query(text: str, parts: SplitResult, *, allowed: Iterable[str]) -> list[tuple[str, str]]:
    names = list(allowed)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for key, _ in pairs:
        if key not in names:
            known = f"known are {' and '.join(names)}" if names else "none is known with this scheme"
            raise ConfigError(f"{text!r} has the unknown parameter {key!r}; {known}")
    return pairs


def _port(key: str, digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= MAX_PORT):
        raise ConfigError(f"the {key} {digits!r} is no number from 1 to {MAX_PORT}")
    return int(digits)
