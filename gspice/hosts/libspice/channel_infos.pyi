from typing import Any

from gspice.vdi.core import ChannelEventInfo

def write_address(address: tuple[Any, ...] | str, place: int, length: int) -> None:
    """Write a ``struct sockaddr`` into ``*length`` bytes at ``place``; the length becomes that of the whole address.

    OSError: the address is of no kind that C hosts know, or one of the two is NULL.
    """

class ChannelInfo:
    """One SpiceChannelEventInfo in C memory.

    It is freed by ``free`` and by nothing else: hosts keep the pointer from one event to the next.
    """

    @property
    def address(self) -> int: ...
    def update(self, info: ChannelEventInfo) -> None:
        """Write the connection's present state."""
    def free(self) -> None:
        """Once, after the host has been told of the disconnection."""
