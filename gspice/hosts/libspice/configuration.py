"""The operator's word to a GSpice that runs inside a host: /etc/gspice.toml and environment variables.

What a host has options for, the host is told. Here is the rest, and every key says what is allowed where it is wrong.
"""

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gspice.errors import ConfigError
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.select import AUTO, backend_names
from gspice.server.metrics_address import FORMS, MetricsAddress, parse_metrics_address
from gspice.server.security import ChannelSecurity
from gspice.server.settings import MOST_CLIENTS
from gspice.stream.compression import COMPRESSIONS, VIDEO_CHROMAS, VIDEO_MODES

DEFAULT_FILE = Path("/etc/gspice.toml")
FILM_SUFFIXES = (".mp4", ".mkv")
"""The kinds of file that films can be."""
MAX_BYTES = 1 << 20
MAX_MIB = 1 << 16
LOG_LEVELS = ("debug", "info", "warning", "error")
VARIABLES = {
    "renderer": "GSPICE_RENDERER",
    "renderer-device": "GSPICE_RENDERER_DEVICE",
    "log-level": "GSPICE_LOG_LEVEL",
    "log-file": "GSPICE_LOG_FILE",
    "record": "GSPICE_RECORD",
    "record-video": "GSPICE_RECORD_VIDEO",
    "metrics": "GSPICE_METRICS",
}
"""Environment variables that count more than the file."""
CONFIG_VARIABLE = "GSPICE_CONFIG"
OLD_RECORD_VARIABLE = "SPICE_WORKER_RECORD_FILENAME"
"""What libspice-server records to; it counts where nothing of ours says so."""


class Settings(Protocol):
    """What of a SpiceServer the file can set; each raises ConfigError for what it does not take."""

    def set_name(self, name: str, /) -> None: ...
    def set_image_compression(self, compression: int, /) -> None: ...
    def set_max_clients(self, count: int, /) -> None: ...
    def set_streaming_video(self, mode: int, /) -> None: ...
    def set_video_codecs(self, codecs: str, /) -> None: ...
    def set_video_chroma(self, full: bool, /) -> None: ...
    def set_channel_security(self, channel: str | None, mask: int, /) -> None: ...
    def set_exit_on_disconnect(self, value: bool, /) -> None: ...
    def set_agent_copypaste(self, value: bool, /) -> None: ...
    def set_agent_file_xfer(self, value: bool, /) -> None: ...
    def set_seamless_migration(self, value: bool, /) -> None: ...


Read = Callable[[object], Any]
"""Makes a key's value of what the file has, or raises ValueError with what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the file and the environment say; ``apply`` hands the server its part."""

    renderer: str = AUTO
    renderer_device: str | None = None
    log_level: str = "info"
    log_file: Path | None = None
    """None: standard error, which hosts send to their own log."""
    record: Path | None = None
    """Where to record what the guests draw."""
    record_video: Path | None = None
    """Where to make a film of what clients see."""
    metrics: MetricsAddress | None = None
    """Where to serve metrics."""
    budgets: GpuBudgets = field(default_factory=GpuBudgets)
    """The table ``[gpu]``."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """The keys of table ``[server]``, checked."""

    def apply(self, server: Settings) -> None:
        """Set what table ``[server]`` says. Call it after the host's own settings: the operator's word is the last.

        ConfigError where the server refuses a value.
        """
        for key, value in self.server.items():
            SERVER_KEYS[key][1](server, value)


def load(environ: Mapping[str, str] | None = None) -> Configuration:
    """What the operator says, now. ConfigError with file or variable, key, and what is allowed.

    A process that runs with more rights than its user believes the default file alone.
    """
    if environ is None:
        trusted = os.getuid() == os.geteuid() and os.getgid() == os.getegid()
        environ = os.environ if trusted else {}
    named = environ.get(CONFIG_VARIABLE)
    values = _read_file(Path(named) if named else DEFAULT_FILE, required=bool(named))
    if environ.get(OLD_RECORD_VARIABLE):
        # libspice-server takes a name in the directory that the host runs in.
        old = {OLD_RECORD_VARIABLE: os.path.abspath(environ[OLD_RECORD_VARIABLE])}
        values.setdefault("record", _read_text("record", old, OLD_RECORD_VARIABLE))
    values.update(
        {key: _read_text(key, environ, name) for key, name in VARIABLES.items() if environ.get(name)}
    )
    return Configuration(**{key.replace("-", "_"): value for key, value in values.items()})


# Kinds of values


def _choice(*names: str) -> Read:
    def read(value: object) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return str(value)

    return read


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _mebibytes(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_MIB:
        raise ValueError(f"a number of MiB, from 1 to {MAX_MIB}")
    return value


def _clients(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_CLIENTS:
        raise ValueError(f"a number of clients, from 1 to {MOST_CLIENTS}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text that is not empty")
    return value


def _path(value: object) -> Path:
    """Hosts run anywhere, so that a relative path names nothing."""
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise ValueError("a path that begins with /")
    return Path(value)


def _film(value: object) -> Path:
    path = _path(value)
    if path.suffix.lower() not in FILM_SUFFIXES:
        raise ValueError(f"a path that begins with / and ends in {' or '.join(FILM_SUFFIXES)}")
    return path


def _metrics(value: object) -> MetricsAddress:
    try:
        return parse_metrics_address(str(value) if isinstance(value, str) else "")
    except ConfigError:
        raise ValueError(FORMS) from None


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _secure_channels(server: Settings, names: tuple[str, ...]) -> None:
    for name in names:
        server.set_channel_security(name, int(ChannelSecurity.SSL))


KEYS: dict[str, Read] = {
    "renderer": _choice(*backend_names()),
    "renderer-device": _text,
    "log-level": _choice(*LOG_LEVELS),
    "log-file": _path,
    "record": _path,
    "record-video": _film,
    "metrics": _metrics,
}
GPU_KEYS: dict[str, Read] = {
    "image-cache": _mebibytes,
    "comparison": _mebibytes,
    "staging": _mebibytes,
    "journal": _mebibytes,
}
SERVER_KEYS: dict[str, tuple[Read, Callable[[Settings, Any], object]]] = {
    "name": (_text, lambda server, name: server.set_name(name)),
    "image-compression": (
        _choice(*COMPRESSIONS),
        lambda server, name: server.set_image_compression(COMPRESSIONS[name]),
    ),
    "max-clients": (_clients, lambda server, count: server.set_max_clients(count)),
    "streaming-video": (
        _choice(*VIDEO_MODES),
        lambda server, name: server.set_streaming_video(VIDEO_MODES[name]),
    ),
    "video-codecs": (_text, lambda server, codecs: server.set_video_codecs(codecs)),
    "video-chroma": (
        _choice(*VIDEO_CHROMAS),
        lambda server, name: server.set_video_chroma(VIDEO_CHROMAS[name]),
    ),
    "secure-channels": (_texts, _secure_channels),
    "exit-on-disconnect": (_boolean, lambda server, value: server.set_exit_on_disconnect(value)),
    "agent-copypaste": (_boolean, lambda server, value: server.set_agent_copypaste(value)),
    "agent-file-xfer": (_boolean, lambda server, value: server.set_agent_file_xfer(value)),
    "seamless-migration": (_boolean, lambda server, value: server.set_seamless_migration(value)),
}
"""What only one of the hosts has an option for, or none; with the setter that takes it."""


# Reading


def _read_file(path: Path, *, required: bool) -> dict[str, Any]:
    """The keys of a file, checked."""
    try:
        # Opening a pipe that nobody writes would stand still, and the host with it.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: the configuration must be a regular file")
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        if not required:
            return {}
        raise ConfigError(f"{path}: there is no such file; {CONFIG_VARIABLE} must name one") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read the configuration: {error.strerror}; the user that the host runs as must be able to"
        ) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: the configuration has more than {MAX_BYTES} bytes")
    try:
        document = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the configuration is not UTF-8 text") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    table = document.pop("server", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: server must be a table: write its keys below a line [server]")
    budgets = document.pop("gpu", {})
    if not isinstance(budgets, dict):
        raise ConfigError(f"{path}: gpu must be a table: write its keys below a line [gpu]")
    values = _check(path, document, KEYS, "")
    checked = _check(path, budgets, GPU_KEYS, "gpu.")
    values["budgets"] = GpuBudgets(**{key.replace("-", "_"): value for key, value in checked.items()})
    values["server"] = _check(path, table, {key: read for key, (read, _) in SERVER_KEYS.items()}, "server.")
    return values


def _check(path: Path, table: Mapping[str, object], keys: Mapping[str, Read], prefix: str) -> dict[str, Any]:
    values = {}
    for key, value in table.items():
        if key not in keys:
            raise ConfigError(
                f"{path}: there is no key {prefix}{key}; here are allowed: {', '.join(sorted(keys))}"
            )
        try:
            values[key] = keys[key](value)
        except ValueError as error:
            raise ConfigError(f"{path}: {prefix}{key} = {value!r}: it must be {error}") from error
    return values


def _read_text(key: str, environ: Mapping[str, str], name: str) -> Any:
    """A key's value from the environment, where everything is text."""
    try:
        return KEYS[key](environ[name])
    except ValueError as error:
        raise ConfigError(f"{name}={environ[name]}: it must be {error}") from error
