"""The messages that cross from the host's threads to a RedWorker: one plain value each.

The names are those of the spice_qxl_* calls they stand for. ``cookie`` not None: the worker ends with
``QXLInterface.async_complete(cookie)``, whatever happened.
"""

from typing import Any

from gspice.geometry import Rect
from gspice.server.owned_descriptors import OwnedDescriptors
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot
from gspice.wire.values import Value, value


@value
class Wakeup(Value):
    """The rings hold commands."""


@value
class Oom(Value):
    """The guest is out of command memory."""


@value
class Start(Value):
    """The machine runs: take commands."""


@value
class Stop(Value):
    """The machine stands still: leave guest memory alone. Acknowledged."""


@value
class AddMemslot(Value):
    slot: MemSlot
    cookie: int | None = None


@value
class DelMemslot(Value):
    group: int
    slot_id: int


@value
class ResetMemslots(Value):
    pass


@value
class CreatePrimary(Value):
    surface_id: int
    surface: DevSurfaceCreate
    cookie: int | None = None


@value
class DestroyPrimary(Value):
    surface_id: int
    cookie: int | None = None


@value
class DestroySurfaces(Value):
    cookie: int | None = None


@value
class DestroySurface(Value):
    surface_id: int
    cookie: int | None = None


@value
class UpdateArea(Value):
    """Bring guest memory up to date; the result is the list of rectangles that changed since the last clear."""

    surface_id: int
    rect: Rect
    clear: bool
    cookie: int | None = None


@value
class FlushSurfaces(Value):
    cookie: int | None = None


@value
class MonitorsConfigAsync(Value):
    address: int
    group: int
    cookie: int


@value
class SetMaxMonitors(Value):
    """Clients may be told of no more monitors than this, whatever the guest allows."""

    count: int


@value
class SetDisplaySettings(Value):
    """How images are packed, for clients that have not asked for anything else (``DisplaySettings``)."""

    settings: Any


@value
class GlScanout(Value):
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


@value
class GlDraw(Value):
    """This part of the host's buffer is new."""

    rect: Rect
    cookie: int


@value
class LoadVmCommands(Value):
    commands: tuple[CommandExt, ...]


@value
class ResetImageCache(Value):
    pass


@value
class ResetCursor(Value):
    pass


@value
class DriverUnload(Value):
    pass


@value
class SetMouseMode(Value):
    client_mode: bool


@value
class ConnectChannel(Value):
    """A client's display or cursor channel, linked and authenticated: ``transport`` changes owner with it."""

    transport: Any
    link: Any
    leftover: bytes
    token: object
    """Names the connection towards the host loop."""


@value
class DisconnectClient(Value):
    """Drop the channels with these tokens."""

    tokens: frozenset[object]
    reason: str


@value
class Snapshot(Value):
    """Give the newest pixels of the primary surface (``Pixels`` or None). Acknowledged; for tests and screendumps."""


@value
class ReadStatistics(Value):
    """Give the worker's counters. Acknowledged."""


@value
class Encoded(Value):
    """An encoder has done its job: call this."""

    deliver: Any


@value
class Quit(Value):
    """End the thread once its channels are closed. Acknowledged."""
