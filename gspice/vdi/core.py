"""The core interface: the host's main loop, and where the server reports what channels do."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

from gspice.vdi.base import Interface


class WatchEvent(IntFlag):
    """What a watch waits for, and what it reports."""

    READ = 1
    WRITE = 2


class ChannelEvent(IntEnum):
    """SPICE_CHANNEL_EVENT_*: a connection's life as hosts see it."""

    CONNECTED = 1
    """Accepted; nothing known of it yet."""
    INITIALIZED = 2
    """Linked and authenticated."""
    DISCONNECTED = 3


@dataclass(slots=True)
class ChannelEventInfo:
    """One connection. The same object goes with all three events: hosts keep it and compare by identity."""

    local_address: tuple[Any, ...] | str
    peer_address: tuple[Any, ...] | str
    tls: bool = False
    connection_id: int = 0
    channel_type: int = 0
    channel_id: int = 0


class CoreInterface(Interface):
    """Timers and watches on the host's main loop. Every method is called from that loop's thread only.

    Timers and watches are opaque handles that the host makes; callbacks run on the main loop.
    """

    TYPE = "core"
    MAJOR = 1
    MINOR = 3

    @abstractmethod
    def timer_add(self, callback: Callable[[], None]) -> object:
        """A new timer, not running."""

    @abstractmethod
    def timer_start(self, timer: object, milliseconds: int) -> None:
        """Run its callback once, that long from now; starting a running timer moves it."""

    @abstractmethod
    def timer_cancel(self, timer: object) -> None: ...

    @abstractmethod
    def timer_remove(self, timer: object) -> None:
        """Cancel it and free it; the handle is dead afterwards."""

    @abstractmethod
    def watch_add(self, fd: int, events: WatchEvent, callback: Callable[[WatchEvent], None]) -> object:
        """Call back when the descriptor is ready; level-triggered."""

    @abstractmethod
    def watch_update_mask(self, watch: object, events: WatchEvent) -> None:
        """Change what it waits for; an empty mask pauses it."""

    @abstractmethod
    def watch_remove(self, watch: object) -> None:
        """Stop and free it, before the descriptor is closed."""

    def channel_event(self, event: ChannelEvent, info: ChannelEventInfo) -> None:
        """Minor 3: a connection came, was let in, or went."""
        return None
