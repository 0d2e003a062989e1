"""The messages that cross from the host's threads to a RedWorker: one plain value each.

The names are those of the spice_qxl_* calls they stand for. ``cookie`` not None: the worker ends with
``QXLInterface.async_complete(cookie)``, whatever happened.
"""

from dataclasses import dataclass
from typing import Any

from gspice.geometry import Rect
from gspice.server.owned_descriptors import OwnedDescriptors
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot


@dataclass(frozen=True, slots=True)
class Wakeup:
    """The rings hold commands."""


@dataclass(frozen=True, slots=True)
class Oom:
    """The guest is out of command memory."""


@dataclass(frozen=True, slots=True)
class Start:
    """The machine runs: take commands."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The machine stands still: leave guest memory alone. Acknowledged."""


@dataclass(frozen=True, slots=True)
class AddMemslot:
    slot: MemSlot
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class DelMemslot:
    group: int
    slot_id: int


@dataclass(frozen=True, slots=True)
class ResetMemslots:
    pass


@dataclass(frozen=True, slots=True)
class CreatePrimary:
    surface_id: int
    surface: DevSurfaceCreate
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class DestroyPrimary:
    surface_id: int
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class DestroySurfaces:
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class DestroySurface:
    surface_id: int
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateArea:
    """Bring guest memory up to date; the result is the list of rectangles that changed since the last clear."""

    surface_id: int
    rect: Rect
    clear: bool
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class FlushSurfaces:
    cookie: int | None = None


@dataclass(frozen=True, slots=True)
class MonitorsConfigAsync:
    address: int
    group: int
    cookie: int


@dataclass(frozen=True, slots=True)
class SetMaxMonitors:
    """Clients may be told of no more monitors than this, whatever the guest allows."""

    count: int


@dataclass(frozen=True, slots=True)
class SetImageCompression:
    """SPICE_IMAGE_COMPRESSION_*, for clients that have not asked for another."""

    compression: int


@dataclass(frozen=True, slots=True)
class GlScanout:
    """The host draws into this buffer of its own from now on; no descriptors: no more."""

    fds: OwnedDescriptors
    """One for each plane; they belong to whoever has the message."""
    width: int
    height: int
    offsets: tuple[int, ...]
    strides: tuple[int, ...]
    fourcc: int
    """DRM_FORMAT_*."""
    modifier: int
    """DRM_FORMAT_MOD_*."""
    y_0_top: bool
    """The first row is the picture's top."""


@dataclass(frozen=True, slots=True)
class GlDraw:
    """This part of the host's buffer is new."""

    rect: Rect
    cookie: int


@dataclass(frozen=True, slots=True)
class LoadVmCommands:
    commands: tuple[CommandExt, ...]


@dataclass(frozen=True, slots=True)
class ResetImageCache:
    pass


@dataclass(frozen=True, slots=True)
class ResetCursor:
    pass


@dataclass(frozen=True, slots=True)
class DriverUnload:
    pass


@dataclass(frozen=True, slots=True)
class SetMouseMode:
    client_mode: bool


@dataclass(frozen=True, slots=True)
class ConnectChannel:
    """A client's display or cursor channel, linked and authenticated: ``transport`` changes owner with it."""

    transport: Any
    link: Any
    leftover: bytes
    token: object
    """Names the connection towards the host loop."""


@dataclass(frozen=True, slots=True)
class DisconnectClient:
    """Drop the channels with these tokens."""

    tokens: frozenset[object]
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Give the newest pixels of the primary surface (``Pixels`` or None). Acknowledged; for tests and screendumps."""


@dataclass(frozen=True, slots=True)
class ReadStatistics:
    """Give the worker's counters. Acknowledged."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the thread once its channels are closed. Acknowledged."""
