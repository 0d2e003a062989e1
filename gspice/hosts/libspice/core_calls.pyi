from collections.abc import Callable

from gspice.vdi.core import WatchEvent

class HostTimer:
    """A timer of the host's; of no use once removed."""

class HostWatch:
    """A watch of the host's; of no use once removed."""

class CoreCalls:
    """The functions of a SpiceCoreInterface, as CoreInterface has them; on the host's main loop.

    InterfaceError: the address is NULL, or functions that no host goes without are.
    """

    description: str
    major: int
    minor: int

    def __init__(self, address: int) -> None: ...
    @property
    def has_channel_event(self) -> bool: ...
    def timer_add(self, callback: Callable[[], None]) -> HostTimer:
        """InterfaceError: the host has made none."""
    def timer_start(self, timer: HostTimer, milliseconds: int) -> None: ...
    def timer_cancel(self, timer: HostTimer) -> None: ...
    def timer_remove(self, timer: HostTimer) -> None:
        """A callback that the host still has pending does nothing from now on."""
    def watch_add(self, fd: int, events: int, callback: Callable[[WatchEvent], None]) -> HostWatch:
        """InterfaceError: the host has made none."""
    def watch_update_mask(self, watch: HostWatch, events: int) -> None: ...
    def watch_remove(self, watch: HostWatch) -> None:
        """The same holds as for timers."""
    def channel_event(self, event: int, info: int) -> None:
        """``info`` is the address of a SpiceChannelEventInfo; does nothing where the host is too old for it."""
