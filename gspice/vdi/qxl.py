"""The QXL interface: a display device of the host, and the plain values that cross it.

Layouts and numbers are those of spice-server's public headers. Threads: ``attached_worker``,
``set_compression_level`` and ``client_monitors_config`` are called on the host's main loop; all that concerns
commands and completions on the RedWorker's thread.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gspice.geometry import Rect
from gspice.vdi.base import Interface


class CommandExt(NamedTuple):
    """A command as the ring holds it (QXLCommandExt): where it lies, and how to read it."""

    data: int
    """QXL address of the command's structure."""
    type: int
    """QXL_CMD_*."""
    group_id: int
    flags: int = 0
    """1: old (COMPAT) drawable layout; 2: that with a 16-bit primary."""


class ReleaseInfo(NamedTuple):
    """Names guest memory that the server is done with (QXLReleaseInfoExt)."""

    address: int
    """Host address of the command's QXLReleaseInfo."""
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DevInitInfo:
    """How a device lays out its memory slots (QXLDevInitInfo)."""

    memslots_groups: int
    memslots: int
    """Slots in each group."""
    generation_bits: int
    id_bits: int
    ram_size: int
    """Bytes; also a hint for the client's caches."""
    internal_group: int
    surfaces: int
    """Surface ids are below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemSlot:
    """A window of host memory that guest addresses may name (QXLDevMemSlot)."""

    group_id: int
    slot_id: int
    generation: int
    virt_start: int
    virt_end: int
    addr_delta: int
    """Added to the offset part of a guest address to give the host address; modulo 2**64."""
    ram_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DevSurfaceCreate:
    """A primary surface in guest memory (QXLDevSurfaceCreate)."""

    width: int
    height: int
    stride: int
    """Bytes from a row to the next; negative: the first row lies last in memory."""
    format: int
    mem: int
    """QXL address of the lowest byte."""
    group_id: int
    position: int = 0
    mouse_mode: int = 1
    """Whether an absolute pointer may be used with it."""
    flags: int = 0
    """1: keep what the memory holds."""
    type: int = 0


class Head(NamedTuple):
    """One monitor's piece of a surface."""

    id: int
    surface_id: int
    x: int
    y: int
    width: int
    height: int
    flags: int = 0


@dataclass(frozen=True, slots=True)
class MonitorsConfig:
    """Where monitors lie on the surface, as the guest's driver says (QXLMonitorsConfig)."""

    max_allowed: int
    heads: tuple[Head, ...]


class ClientMonitor(NamedTuple):
    """One monitor that the client wishes for (VDAgentMonConfig)."""

    width: int
    height: int
    x: int = 0
    y: int = 0
    depth: int = 32


class QXLInterface(Interface):
    """One display device. Callbacks must not block."""

    TYPE = "qxl"
    MAJOR = 3
    MINOR = 3

    id: int = 0
    """Display and cursor channel id; not negative and not taken."""

    worker: Any = None
    """Set by ``add_interface``: the device's way to the server (gspice.server.qxl_worker.QXLWorker)."""

    def attached_worker(self) -> None:
        """The server has made this device's worker; ``self.worker`` may be used from now on."""
        return None

    def set_compression_level(self, level: int) -> None:
        """1 when streaming is off and images are QUIC, else 0; older drivers read it."""
        return None

    def set_mm_time(self, mm_time: int) -> None:
        """Never called; it keeps its place in the table."""
        return None

    @abstractmethod
    def get_init_info(self) -> DevInitInfo: ...

    @abstractmethod
    def get_command(self) -> CommandExt | None:
        """Take the next command from the display ring; None when it is empty."""

    def get_commands(self, limit: int) -> list[CommandExt]:
        """Take up to ``limit`` commands from the display ring, fewer only where it holds no more."""
        return _taken(self.get_command, limit)

    @abstractmethod
    def req_cmd_notification(self) -> bool:
        """Ask to be woken at the next display command. False: one came meanwhile, so take it now."""

    @abstractmethod
    def release_resource(self, release: ReleaseInfo) -> None:
        """The server needs this command's guest memory no more: exactly once per command."""

    def release_resources(self, releases: Sequence[ReleaseInfo]) -> None:
        """``release_resource`` for each, in order."""
        for release in releases:
            self.release_resource(release)

    @abstractmethod
    def get_cursor_command(self) -> CommandExt | None: ...

    def get_cursor_commands(self, limit: int) -> list[CommandExt]:
        """As ``get_commands``, from the cursor ring."""
        return _taken(self.get_cursor_command, limit)

    @abstractmethod
    def req_cursor_notification(self) -> bool: ...

    @abstractmethod
    def notify_update(self, update_id: int) -> None:
        """A QXL_CMD_UPDATE was carried out."""

    @abstractmethod
    def flush_resources(self) -> int:
        """Out of memory: push what was released to the guest; how many resources that freed."""

    @abstractmethod
    def async_complete(self, cookie: int) -> None:
        """The asynchronous call with this cookie is done. Without it the guest hangs."""

    @abstractmethod
    def update_area_complete(self, surface_id: int, rects: Sequence[Rect]) -> None:
        """The rectangles that an asynchronous update_area refreshed; comes before its ``async_complete``."""

    def set_client_capabilities(self, present: bool, caps: bytes) -> None:
        """Minor 2: whether a client looks, and the 58 bytes of capabilities that all display clients share."""
        return None

    def client_monitors_config(self, monitors: Sequence[ClientMonitor] | None) -> bool:
        """Minor 3: the client's wished-for monitors; None only asks whether the device can follow."""
        return False


def _taken(take: Callable[[], CommandExt | None], limit: int) -> list[CommandExt]:
    commands: list[CommandExt] = []
    while len(commands) < limit and (command := take()) is not None:
        commands.append(command)
    return commands
