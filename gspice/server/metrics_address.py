"""Where metrics are served and fetched: HOST:PORT, [IPv6]:PORT, or unix:/path."""

from dataclasses import dataclass

from gspice.errors import ConfigError

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 9469
UNIX = "unix:"
FORMS = f"HOST:PORT such as {LOOPBACK}:{DEFAULT_PORT}, [IPv6]:PORT, or {UNIX}/path"
MAX_ADDRESS = 300
"""Characters."""


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """A TCP address, or the path of a UNIX socket."""

    host: str = LOOPBACK
    port: int = DEFAULT_PORT
    """0, for listening: any free one."""
    unix_path: str | None = None

    def __str__(self) -> str:
        if self.unix_path is not None:
            return UNIX + self.unix_path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT_ADDRESS = MetricsAddress()


def parse_metrics_address(text: str) -> MetricsAddress:
    """The address that is meant; without a host (``:9469``) it is this machine's own. ConfigError."""
    wrong = ConfigError(f"{text[:MAX_ADDRESS]!r} is no address for metrics: give {FORMS}")
    if len(text) > MAX_ADDRESS or "\0" in text:
        raise wrong
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        # Hosts run anywhere, so that a relative path names nothing.
        if not path.startswith("/"):
            raise wrong
        return MetricsAddress(unix_path=path)
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    # An IPv6 address without brackets could be read in two ways.
    if not colon or (":" in host) != bracketed or not (port.isascii() and port.isdigit()) or len(port) > 5:
        raise wrong
    if int(port) > 65535 or " " in host or not host.isprintable():
        raise wrong
    return MetricsAddress(host or LOOPBACK, int(port))
