"""The metrics of a running server, fetched from its listener, as one document."""

import http.client
import socket
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from gspice.errors import ConfigError
from gspice.server.metrics_address import MetricsAddress

TIMEOUT_S = 5.0
MAX_PAGE = 16 << 20
"""Bytes of metrics that are read."""
MAX_SAMPLES = 200_000
PREFIX = "gspice_"

Document = dict[str, Any]


class _Place(NamedTuple):
    """Where the samples of one kind of metric stand in the document."""

    prefix: str
    path: tuple[tuple[str, str], ...]
    """Lists to go down: the key of each, and the label that its entries are told apart by."""
    table: tuple[str, str] | None = None
    """A table in that entry: its key, and the label that names its rows."""


_CLIENT = ("clients", "client")
_DISPLAY = (_CLIENT, ("displays", "display"))
_DEVICE = (("devices", "display"),)
_PLACES = (
    _Place("channel_", (_CLIENT, ("channels", "channel id"))),
    _Place("display_image", _DISPLAY, ("images", "coder")),
    _Place("display_video", _DISPLAY, ("video", "codec")),
    _Place("display_frame_latency_seconds", _DISPLAY),
    _Place("display_", _DISPLAY),
    _Place("commands_not_drawn_total", _DEVICE, ("not_drawn", "kind")),
    _Place("commands_bad_total", _DEVICE),
    _Place("commands_failed_total", _DEVICE),
    _Place("commands_total", _DEVICE, ("commands", "kind")),
    _Place("damage_", _DEVICE),
    _Place("looks_total", _DEVICE),
    _Place("encoder_", (("encoders", ""),)),
)
"""The first whose prefix a name has counts."""
_NUMBERED = ("client", "display", "id")
"""Labels whose values are numbers."""


def fetch(address: MetricsAddress) -> str:
    """The text that is served there. ConfigError: nothing listens, or it is something else."""
    connection: http.client.HTTPConnection
    if address.unix_path is not None:
        connection = _UnixConnection(address.unix_path)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        data = response.read(MAX_PAGE + 1)
    except TimeoutError as error:
        raise ConfigError(f"{address}: no answer within {TIMEOUT_S:g} s") from error
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise ConfigError(
            f"nothing listens at {address}: start the server with --metrics {address}, "
            "or name the address that it was started with"
        ) from error
    except (http.client.HTTPException, ConnectionResetError) as error:
        raise ConfigError(f"what listens at {address} serves no metrics of GSpice's") from error
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"{address}: cannot connect: {getattr(error, 'strerror', None) or error}"
        ) from error
    finally:
        connection.close()
    # What is left: a page that is too long, or one that was cut off.
    if response.status != http.client.OK or response.length or len(data) > MAX_PAGE:
        raise ConfigError(f"what listens at {address} serves no metrics of GSpice's")
    return data.decode(errors="replace")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(self._path)


def document(text: str) -> Document:
    """The metrics by client and device, with keys that stay. ConfigError: these are no metrics of GSpice's."""
    found = _Builder()
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.add(sample.name, sample.labels, float(sample.value))
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise ConfigError("these are no metrics of GSpice's: the text cannot be read") from error
    if not found.document["version"]:
        raise ConfigError("these are no metrics of GSpice's: gspice_info is missing")
    return found.document


class _Builder:
    def __init__(self) -> None:
        self.document: Document = {"version": "", "clients": [], "devices": [], "encoders": {}}
        self._entries: dict[tuple[str, ...], dict[str, Any]] = {(): self.document}
        self._samples = 0

    def add(self, name: str, labels: Mapping[str, str], value: float) -> None:
        """Put a sample where it belongs; those of other programs or later versions are passed over."""
        self._samples += 1
        if not name.startswith(PREFIX) or self._samples > MAX_SAMPLES or not isfinite(value):
            return
        name = name.removeprefix(PREFIX)
        if name == "info":
            self.document["version"] = labels["version"]
        elif name == "client_info":
            entry = self._entry((_CLIENT,), labels)
            entry["peer"], entry["tls"] = labels["peer"], labels["tls"] == "yes"
        elif name == "device_info":
            entry = self._entry(_DEVICE, labels)
            entry["canvas"], entry["canvas_device"] = labels["canvas"], labels["device"]
        else:
            place = next((place for place in _PLACES if name.startswith(place.prefix)), None)
            if place is not None:
                self._put(place, name, labels, value)

    def _put(self, place: _Place, name: str, labels: Mapping[str, str], value: float) -> None:
        whole = value.is_integer() and not name.endswith(("_seconds", "_seconds_total", "_sum"))
        number = int(value) if whole else value
        key = _key(name)
        entry = self._entry(place.path, labels)
        if place.prefix == "display_frame_latency_seconds":
            table = entry.setdefault("frame_latency_seconds", {})
            table[labels.get("quantile") or key.rpartition("_")[2]] = number
        elif place.table is None:
            entry[key] = number
        else:
            rows = entry.setdefault(place.table[0], {})
            row = labels[place.table[1]]
            if place.prefix in ("display_image", "display_video"):
                rows.setdefault(row, {})[key] = number
            else:
                rows[row] = number

    def _entry(self, path: tuple[tuple[str, str], ...], labels: Mapping[str, str]) -> dict[str, Any]:
        """The entry of the document that these labels name, made where it is not there yet."""
        at: tuple[str, ...] = ()
        for key, names in path:
            parent = self._entries[at]
            values = [labels[name] for name in names.split()]
            at = (*at, key, *values)
            if at in self._entries:
                continue
            if not names:
                self._entries[at] = parent[key]
                continue
            entry: dict[str, Any] = {
                name: int(text) if name in _NUMBERED else text
                for name, text in zip(names.split(), values, strict=True)
            }
            parent.setdefault(key, []).append(entry)
            self._entries[at] = entry
        return self._entries[at]


def _key(name: str) -> str:
    """The key of a metric in its entry: its name without what the entry says already."""
    name = name.removesuffix("_total")
    for prefix in ("channel_", "display_image_", "display_video_", "display_", "encoder_", "commands_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name
